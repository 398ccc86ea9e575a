"""What was made lately, to be had again without being made again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """Keeps the things that were asked for last, so many at most.

    Textual has such a cache, whose links are a ring: what is cleared there stays until the collector comes by.

    >>> squares = LRUCache[int, int](2)
    >>> [squares.get(n, lambda n=n: n * n) for n in (2, 3, 2, 4)], 3 in squares
    ([4, 9, 4, 16], False)
    """

    def __init__(self, maxsize: int) -> None:
        self._most = maxsize
        self._kept: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The thing of that key; made, if it was not asked for lately."""
        kept = self._kept
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
        value = kept[key] = make()
        if len(kept) > self._most:
            kept.popitem(last=False)
        return value

    def clear(self) -> None:
        """Keep nothing of it."""
        self._kept.clear()
