"""Sequences of lines that are rendered when they are read, so that a pane renders only its visible lines.

A task with 100,000 resources would otherwise take seconds per key press.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar, overload

from cdptui.render.spans import Line

T = TypeVar("T")


class ItemLines(Sequence[Line], Generic[T]):
    """The lines of many items, with the same number of lines per item.

    >>> from cdptui.render.spans import Span
    >>> lines = ItemLines("ab", 2, lambda item: [(Span(item),), ()])
    >>> len(lines), lines[2], lines[-1]
    (4, (Span(text='b', role=<Role.TEXT: 'text'>),), ())
    """

    def __init__(self, items: Sequence[T], lines_per_item: int, render: Callable[[T], Sequence[Line]]) -> None:
        """`render` returns exactly `lines_per_item` lines."""
        self._items = items
        self._lines_per_item = lines_per_item
        self._render = render

    def __len__(self) -> int:
        return len(self._items) * self._lines_per_item

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        item, line = divmod(range(len(self))[index], self._lines_per_item)
        return self._render(self._items[item])[line]


class JoinedLines(Sequence[Line]):
    """Concatenated blocks of lines.

    >>> lines = JoinedLines([()], ItemLines("ab", 1, lambda _: [()]), [])
    >>> len(lines), list(lines)
    (3, [(), (), ()])
    """

    def __init__(self, *blocks: Sequence[Line]) -> None:
        self.blocks = [block for block in blocks if block]
        self._ends = list(accumulate(len(block) for block in self.blocks))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        block = bisect_right(self._ends, at)
        return self.blocks[block][at - (self._ends[block - 1] if block else 0)]
