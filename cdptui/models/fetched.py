"""A value from the management node, with the age that it had on arrival."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Fetched(Struct, Generic[T], frozen=True):
    """A fetched value. Caches between the node and this machine may have answered in place of the node."""

    value: T
    cached_s: float = 0.0
    """Seconds that the oldest response spent in caches."""
