"""The lines of the list on screen: rows, or groups with their rows below, each folded or not.

The sorted rows keep the rows of a group together, in the order of the group values. This class has the order of the
groups and which are folded, so that a group that becomes the worst moves without sorting any row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence, Set
from itertools import accumulate
from operator import attrgetter
from typing import Final, overload

from cdptui.models.aggregates import GroupAccumulator, GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.groups import BY_KEY
from cdptui.tasklist.sort_order import TaskOrder
from cdptui.tasklist.sorted_rows import SortedRows, chunks, merge_sorted

_rank: Final = attrgetter("rank")


class GroupedRows(Sequence[TaskRow | GroupSummary]):
    """The lines of the list. Reading a line takes constant or logarithmic time."""

    def __init__(self, rows: SortedRows | None = None) -> None:
        self.rows = rows if rows is not None else SortedRows()
        """All rows, folded or not; those of a group are adjacent."""
        self._groups: tuple[GroupSummary, ...] = ()
        """The groups in their order on screen: worst first."""
        self._indexes: dict[str, int] = {}
        """Index in `_groups` by group value."""
        self._starts: list[int] = []
        """Index of the first row of each group in `rows`."""
        self._lines: list[int] = []
        """The line of each group; the last element is the number of lines."""
        self._grouped_rows: Sequence[TaskRow] = ()
        self._folded: dict[str, set[str]] = {}
        """Values of the folded groups by grouping, so that they stay folded when the user returns to a grouping."""

    @property
    def order(self) -> TaskOrder:
        """The sorting and the grouping of the rows."""
        return self.rows.order

    @property
    def successor_uuid(self) -> str | None:
        """UUID of the row that takes the cursor when the last update removed the anchor row; None otherwise."""
        return self.rows.successor_uuid

    @property
    def groups(self) -> tuple[GroupSummary, ...]:
        """The groups, worst first; empty when the list is not grouped."""
        return self._groups

    def __len__(self) -> int:
        return self._lines[-1] if self._groups else len(self.rows)

    @overload
    def __getitem__(self, index: int) -> TaskRow | GroupSummary: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TaskRow | GroupSummary]: ...
    def __getitem__(self, index: int | slice) -> TaskRow | GroupSummary | Sequence[TaskRow | GroupSummary]:
        if not self._groups:
            return self.rows[index]
        if isinstance(index, slice):
            return [self[line] for line in range(len(self))[index]]
        line = range(len(self))[index]
        at = self._group_at(line)
        below = line - self._lines[at]
        return self.rows[self._starts[at] + below - 1] if below else self._groups[at]

    def group_of_line(self, line: int) -> GroupSummary | None:
        """Return the group of a line; None when the list is not grouped."""
        return self._groups[self._group_at(line)] if self._groups and line < len(self) else None

    def index_of(self, uuid: str | None) -> int | None:
        """Return the line of a task, or of its group if that is folded; None when it is not in the list."""
        index = self.rows.index_of(uuid)
        if index is None or not self._groups:
            return index
        at = self._indexes[BY_KEY[self.order.group].value(self.rows[index])]
        return self._lines[at] if self._is_folded(at) else self._lines[at] + 1 + index - self._starts[at]

    def index_of_group(self, key: str | None) -> int | None:
        """Return the line of a group; None when there is no such group."""
        at = self._indexes.get(key) if key is not None else None
        return self._lines[at] if at is not None else None

    def first_of(self, group: GroupSummary) -> TaskRow:
        """Return the first row of a group."""
        return self.rows[self._starts[self._indexes[group.key]]]

    def members(self, group: GroupSummary) -> Sequence[TaskRow]:
        """Return the rows of a group."""
        start = self._starts[self._indexes[group.key]]
        return self.rows[start : start + group.count]

    def tasks(self, only: Set[str] | None = None) -> Sequence[TaskRow]:
        """Return a snapshot of all rows, or of `only` some by UUID, in the order on screen, including folded ones."""
        if not self._groups:
            return self.rows.snapshot(only=only)
        starts = zip(self._starts, self._groups, strict=True)
        return self.rows.snapshot((slice(start, start + group.count) for start, group in starts), only)

    # Folding

    def is_folded(self, group: GroupSummary) -> bool:
        """Return whether a group is folded."""
        return group.key in self._folded.get(group.by, ())

    def fold(self, group: GroupSummary) -> bool:
        """Fold or unfold a group. Return whether it is folded now."""
        folded = self._folded.setdefault(group.by, set())
        folded ^= {group.key}
        self._update_lines()
        return group.key in folded

    def fold_all(self) -> bool:
        """Fold all groups, or unfold them if all are folded. Return whether they are folded now."""
        if not self._groups:
            return False
        keys = {group.key for group in self._groups}
        folded = self._folded.setdefault(self._groups[0].by, set())
        must_fold = not keys <= folded
        self._folded[self._groups[0].by] = keys if must_fold else set()
        self._update_lines()
        return must_fold

    # Updates

    def update_steps(
        self, rows: Sequence[TaskRow], order: TaskOrder, anchor: Callable[[], str | None] = lambda: None
    ) -> Iterator[None]:
        """Update the list to `rows` in `order`, in steps; all lines change in the last one. See `SortedRows`."""
        if rows is not self._grouped_rows or order.group != self.order.group:
            totals = yield from group_totals(rows, order.group)
            ranked = yield from _ranked(totals)
            starts = yield from _first_rows(totals)
            places: dict[str, int] = {}
            for piece in chunks(ranked):
                places.update((group.key, place) for place, group in enumerate(piece, len(places)))
                yield
            yield from self.rows.update_steps(rows, order, anchor)
            # No yield from here on, as lines and rows must change together.
            self._groups, self._indexes = tuple(ranked), places
            self._starts = [starts[group.key] for group in ranked]
            self._update_lines()
            self._grouped_rows = rows
        else:
            # The same rows in another order have the same totals.
            yield from self.rows.update_steps(rows, order, anchor)

    def release_old(self) -> Iterator[None]:
        """Release the rows of the previous list, in steps."""
        return self.rows.release_old()

    def _update_lines(self) -> None:
        lines = [1 if self._is_folded(at) else 1 + group.count for at, group in enumerate(self._groups)]
        self._lines = [*accumulate(lines, initial=0)]

    def _is_folded(self, at: int) -> bool:
        return self.is_folded(self._groups[at])

    def _group_at(self, line: int) -> int:
        return bisect_right(self._lines, line) - 1


def group_totals(rows: Sequence[TaskRow], by: str) -> Generator[None, None, list[GroupAccumulator]]:
    """Return the groups in the order of their values, as the sorted rows have them."""
    if not by:
        return []
    value = BY_KEY[by].value
    totals: dict[str, GroupAccumulator] = {}
    for piece in chunks(rows):
        for row in piece:
            key = value(row)
            group = totals.get(key)
            if group is None:
                group = totals[key] = GroupAccumulator(by, key)
            group.add(row)
        yield
    keys = yield from merge_sorted([sorted(piece) for piece in chunks([*totals])])
    return [totals[key] for key in keys]


def _ranked(totals: Sequence[GroupAccumulator]) -> Generator[None, None, list[GroupSummary]]:
    """Return the groups, worst first."""
    runs = []
    for piece in chunks(totals):
        runs.append(sorted((group.total() for group in piece), key=_rank))
        yield
    return (yield from merge_sorted(runs, _rank))


def _first_rows(totals: Sequence[GroupAccumulator]) -> Generator[None, None, dict[str, int]]:
    """Return the index of the first row of each group."""
    starts: dict[str, int] = {}
    start = 0
    for piece in chunks(totals):
        for group in piece:
            starts[group.key] = start
            start += group.count
        yield
    return starts
