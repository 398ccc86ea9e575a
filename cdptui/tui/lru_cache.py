"""A least-recently-used cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """A least-recently-used cache of at most `maxsize` entries.

    Unlike those of `textual.cache.LRUCache`, which are linked in a ring, cleared entries are freed at once, without the
    garbage collector.

    >>> squares = LRUCache[int, int](2)
    >>> [squares.get(n, lambda n=n: n * n) for n in (2, 3, 2, 4)], 3 in squares
    ([4, 9, 4, 16], False)
    """

    def __init__(self, maxsize: int) -> None:
        self._maxsize = maxsize
        self._entries: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`; create it with `make` if it is not cached."""
        entries = self._entries
        if key in entries:
            entries.move_to_end(key)
            return entries[key]
        value = entries[key] = make()
        if len(entries) > self._maxsize:
            entries.popitem(last=False)
        return value

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
