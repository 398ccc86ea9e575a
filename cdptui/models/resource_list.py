"""A list of resources that may be incomplete."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class ResourceList(Struct, Generic[T], frozen=True):
    """The resources of one kind that are visible to the account, as far as the server listed them."""

    items: tuple[T, ...] = ()
    is_partial: bool = False
    """True when the server has, or may have, more."""
