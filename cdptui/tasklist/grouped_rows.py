"""The list as it stands on screen: its rows, or its groups with their rows below, folded or not.

The arrangement keeps the rows of a group together, in the order of their values; the outline says in which order the
groups stand and which of them are folded. So a group that becomes the worst moves without a row being sorted.
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
from cdptui.tasklist.sort_order import SortOrder
from cdptui.tasklist.sorted_rows import SortedRows, chunks, merge_sorted

_rank: Final = attrgetter("rank")


class GroupedRows(Sequence[TaskRow | GroupSummary]):
    """Lines of the list. Reading takes no time worth the name, whatever the length."""

    def __init__(self, rows: SortedRows | None = None) -> None:
        self.rows = rows if rows is not None else SortedRows()
        """All rows, folded or not; those of a group stand together."""
        self._groups: tuple[GroupSummary, ...] = ()
        """As they stand on screen: worst first."""
        self._places: dict[str, int] = {}
        """Place among them, by value."""
        self._starts: list[int] = []
        """Where the rows of each begin."""
        self._tops: list[int] = []
        """The line of each, and behind them all the number of lines."""
        self._summed_rows: Sequence[TaskRow] = ()
        self._folded: dict[str, set[str]] = {}
        """Values of what is folded, by grouping: who comes back to a grouping finds it as it was left."""

    @property
    def order(self) -> SortOrder:
        """What the rows are sorted and grouped by."""
        return self.rows.order

    @property
    def successor_uuid(self) -> str | None:
        """After the newest change: the uuid of the neighbour of the anchor, when that is gone."""
        return self.rows.successor_uuid

    @property
    def groups(self) -> tuple[GroupSummary, ...]:
        """The groups, worst first; none when the list is not grouped."""
        return self._groups

    def __len__(self) -> int:
        return self._tops[-1] if self._groups else len(self.rows)

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
        below = line - self._tops[at]
        return self.rows[self._starts[at] + below - 1] if below else self._groups[at]

    def group_of_line(self, line: int) -> GroupSummary | None:
        """The group that a line belongs to; None when the list is not grouped."""
        return self._groups[self._group_at(line)] if self._groups and line < len(self) else None

    def index_of(self, uuid: str | None) -> int | None:
        """The line of a task, of its group where that is folded; None when it is not in the list."""
        index = self.rows.index_of(uuid)
        if index is None or not self._groups:
            return index
        at = self._places[BY_KEY[self.order.group].value(self.rows[index])]
        return self._tops[at] if self._is_folded(at) else self._tops[at] + 1 + index - self._starts[at]

    def index_of_group(self, key: str | None) -> int | None:
        """The line of a group."""
        at = self._places.get(key) if key is not None else None
        return self._tops[at] if at is not None else None

    def first_of(self, group: GroupSummary) -> TaskRow:
        """The first row of a group."""
        return self.rows[self._starts[self._places[group.key]]]

    def members(self, group: GroupSummary) -> Sequence[TaskRow]:
        """The rows of a group."""
        start = self._starts[self._places[group.key]]
        return self.rows[start : start + group.count]

    def tasks(self, only: Set[str] | None = None) -> Sequence[TaskRow]:
        """All rows as they stand now, or `only` some by uuid, in the order on screen, those that are folded too."""
        if not self._groups:
            return self.rows.snapshot(only=only)
        starts = zip(self._starts, self._groups, strict=True)
        return self.rows.snapshot((slice(start, start + group.count) for start, group in starts), only)

    # Folding

    def is_folded(self, group: GroupSummary) -> bool:
        """Whether the rows of a group are out of sight."""
        return group.key in self._folded.get(group.by, ())

    def fold(self, group: GroupSummary) -> bool:
        """Fold a group, or unfold it; whether it is folded now."""
        folded = self._folded.setdefault(group.by, set())
        folded ^= {group.key}
        self._measure()
        return group.key in folded

    def fold_all(self) -> bool:
        """Fold every group, or unfold them all when none is left to fold; whether they are folded now."""
        if not self._groups:
            return False
        keys = {group.key for group in self._groups}
        folded = self._folded.setdefault(self._groups[0].by, set())
        is_to_fold = not keys <= folded
        self._folded[self._groups[0].by] = keys if is_to_fold else set()
        self._measure()
        return is_to_fold

    # What comes in

    def update_steps(
        self, rows: Sequence[TaskRow], order: SortOrder, anchor: Callable[[], str | None] = lambda: None
    ) -> Iterator[None]:
        """Take `rows` in `order`, a step at a time, as the arrangement does; all of it changes in the last step."""
        if rows is not self._summed_rows or order.group != self.order.group:
            sums = yield from _added_up(rows, order.group)
            ranked = yield from _ranked(sums)
            starts = yield from _starts(sums)
            places: dict[str, int] = {}
            for piece in chunks(ranked):
                places.update((group.key, place) for place, group in enumerate(piece, len(places)))
                yield
            yield from self.rows.update_steps(rows, order, anchor)
            # Nothing is yielded from here on: lines and rows change together.
            self._groups, self._places = tuple(ranked), places
            self._starts = [starts[group.key] for group in ranked]
            self._measure()
            self._summed_rows = rows
        else:
            # The same rows in another order: the sums are what they were.
            yield from self.rows.update_steps(rows, order, anchor)

    def clear_away(self) -> Iterator[None]:
        """Let go of the rows before, a step at a time."""
        return self.rows.release_old()

    def _measure(self) -> None:
        lines = [1 if self._is_folded(at) else 1 + group.count for at, group in enumerate(self._groups)]
        self._tops = [*accumulate(lines, initial=0)]

    def _is_folded(self, at: int) -> bool:
        return self.is_folded(self._groups[at])

    def _group_at(self, line: int) -> int:
        return bisect_right(self._tops, line) - 1


def _added_up(rows: Sequence[TaskRow], by: str) -> Generator[None, None, list[GroupAccumulator]]:
    """The groups, in the order of their values: that in which the arrangement has them."""
    if not by:
        return []
    value = BY_KEY[by].value
    sums: dict[str, GroupAccumulator] = {}
    for piece in chunks(rows):
        for row in piece:
            key = value(row)
            found = sums.get(key)
            if found is None:
                found = sums[key] = GroupAccumulator(by, key)
            found.add(row)
        yield
    keys = yield from merge_sorted([sorted(piece) for piece in chunks([*sums])])
    return [sums[key] for key in keys]


def _ranked(sums: Sequence[GroupAccumulator]) -> Generator[None, None, list[GroupSummary]]:
    """The groups, worst first."""
    runs = []
    for piece in chunks(sums):
        runs.append(sorted((found.total() for found in piece), key=_rank))
        yield
    return (yield from merge_sorted(runs, _rank))


def _starts(sums: Sequence[GroupAccumulator]) -> Generator[None, None, dict[str, int]]:
    """Where the rows of each group begin."""
    starts: dict[str, int] = {}
    start = 0
    for piece in chunks(sums):
        for found in piece:
            starts[found.key] = start
            start += found.count
        yield
    return starts
