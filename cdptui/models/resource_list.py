"""A list of resources that may not be whole."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class ResourceList(Struct, Generic[T], frozen=True):
    """The resources of one kind that the account sees, as far as the server listed them."""

    items: tuple[T, ...] = ()
    is_partial: bool = False
    """Whether the server has, or may have, more."""
