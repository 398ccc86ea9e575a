"""The list in its order, kept from poll to poll: what did not change is neither compared nor moved again.

A hundred thousand rows take half a second to sort. Keys must be answered in between, so all work comes in steps; the
list changes in the last of them, at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from itertools import chain, compress
from operator import is_not
from typing import Any, Final, TypeVar, overload

from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import Key, SortOrder, row_of, sort_key_function, uuid_of

_Item = TypeVar("_Item")

_STEP: Final = 2000
"""Rows in one step."""


def chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items, as many at a time as one step may take."""
    return (items[at : at + _STEP] for at in range(0, len(items), _STEP))


def merge_sorted(
    runs: Sequence[list[_Item]], key: Callable[[_Item], Any] | None = None
) -> Generator[None, None, list[_Item]]:
    """Merge sorted lists into one, a pair at a time."""
    while len(runs) > 1:
        pairs = []
        for at in range(0, len(runs), 2):
            # The built-in sort finds the two runs and merges them.
            both = [*chain.from_iterable(runs[at : at + 2])]
            both.sort(key=key)
            pairs.append(both)
            yield
        runs = pairs
    return runs[0] if runs else []


_FEW: Final = 2000
"""Moving that many one by one takes as long as a step may."""


class SortedRows(Sequence[TaskRow]):
    """Rows in an order. Reading takes no time worth the name, whatever the length."""

    def __init__(self, max_moves: int = _FEW) -> None:
        """Up to `max_moves` rows are moved one by one; when more changed, the whole list is sorted."""
        self._few = max_moves
        self._order = SortOrder()
        self._rows: Sequence[TaskRow] = ()
        self._keys: dict[str, Key] = {}
        self._sorted: list[Key] = []
        self._released: tuple[list[Key], dict[str, Key]] = ([], {})
        self.successor_uuid: str | None = None
        """After the newest change: the uuid of the neighbour of the anchor, when that is gone."""

    @property
    def order(self) -> SortOrder:
        """What the rows are sorted by."""
        return self._order

    def __len__(self) -> int:
        return len(self._sorted)

    @overload
    def __getitem__(self, index: int) -> TaskRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRow]: ...
    def __getitem__(self, index: int | slice) -> TaskRow | list[TaskRow]:
        if isinstance(index, slice):
            return [row_of(key) for key in self._sorted[index]]
        return row_of(self._sorted[index])

    @property
    def uuids(self) -> Set[str]:
        """The uuids of all rows."""
        return self._keys.keys()

    def snapshot(self, places: Iterable[slice] = (slice(None),), only: Set[str] | None = None) -> Sequence[TaskRow]:
        """The rows as they stand now, for somebody who takes his time: at some places, or `only` some by uuid."""
        keys = [*chain.from_iterable(self._sorted[piece] for piece in places)]
        return _Frozen(keys if only is None else [key for key in keys if uuid_of(key) in only])

    def index_of(self, uuid: str | None) -> int | None:
        """Where a task stands; None when it is not in the list."""
        key = self._keys.get(uuid) if uuid is not None else None
        return bisect_left(self._sorted, key) if key is not None else None

    def update_steps(
        self, rows: Sequence[TaskRow], order: SortOrder, anchor: Callable[[], str | None] = lambda: None
    ) -> Iterator[None]:
        """Take `rows` in `order`, a step at a time; given up halfway, the list is what it was.

        `anchor` is asked in the last step for the uuid of the row that somebody stands on. Rows come each uuid once,
        and are the same object as long as they did not change.
        """
        yield from self.release_old()
        key_of = sort_key_function(order)
        changed: Sequence[TaskRow] = rows
        gone: frozenset[str] = frozenset()
        is_kept = order == self._order and bool(self._sorted)
        if is_kept:
            changed, gone = yield from self._differences(rows)
        if not is_kept or len(changed) + len(gone) > self._few:
            keys = yield from self._sorted_anew(rows, key_of, order)
            by_uuid: dict[str, Key] = {}
            for piece in chunks(keys):
                by_uuid.update((uuid_of(key), key) for key in piece)
                yield
            self.successor_uuid = self._heir_of(anchor(), lambda uuid: uuid in by_uuid)
            self._released = (self._sorted, self._keys)
            self._sorted, self._keys = keys, by_uuid
        else:
            keys = [key_of(row) for row in changed]
            yield
            self.successor_uuid = self._heir_of(anchor(), lambda uuid: uuid not in gone)
            self._move(keys, gone)
        self._rows, self._order = rows, order

    def release_old(self) -> Iterator[None]:
        """Let go of the keys of the list before, and of its rows with them, a step at a time.

        All at once, a hundred thousand would hold a key up; kept until the next list, they are a fleet of their own.
        """
        keys, by_uuid = waste = self._released
        count = max(1, self._few)
        while len(keys) > count:
            for key in keys[-count:]:
                by_uuid.pop(uuid_of(key), None)
            del keys[-count:]
            yield
        if self._released is waste:
            self._released = ([], {})

    def _differences(self, rows: Sequence[TaskRow]) -> Generator[None, None, tuple[Sequence[TaskRow], frozenset[str]]]:
        """Rows that are new or other objects, and uuids that are gone."""
        keys = self._keys
        if len(rows) == len(self._rows):
            # Most polls: the same tasks in the same places, which needs no look at any uuid.
            changed = list(compress(rows, map(is_not, rows, self._rows)))
            yield
            if len(changed) <= self._few and all(row.task.uuid in keys for row in changed):
                return changed, frozenset()
        changed, newcomers = [], 0
        for piece in chunks(rows):
            for row in piece:
                key = keys.get(row.task.uuid)
                if key is None or row_of(key) is not row:
                    changed.append(row)
                    newcomers += key is None
            yield
        if len(rows) - newcomers == len(keys):
            return changed, frozenset()
        there: set[str] = set()
        for piece in chunks(rows):
            there.update(row.task.uuid for row in piece)
            yield
        return changed, frozenset(keys.keys() - there)

    def _sorted_anew(
        self, rows: Sequence[TaskRow], key_of: Callable[[TaskRow], Key], order: SortOrder
    ) -> Generator[None, None, list[Key]]:
        known = self._keys if order == self._order else {}
        runs: list[list[Key]] = []
        for piece in chunks(rows):
            run = []
            for row in piece:
                key = known.get(row.task.uuid)
                run.append(key if key is not None and row_of(key) is row else key_of(row))
            run.sort()
            runs.append(run)
            yield
        return (yield from merge_sorted(runs))

    def _move(self, keys: Sequence[Key], gone: frozenset[str]) -> None:
        """Put the rows of `keys` where they belong, and take out those that are gone."""
        ordered = self._sorted
        left: list[int] = []
        moved: list[Key] = []
        for key in keys:
            uuid = uuid_of(key)
            old = self._keys.get(uuid)
            self._keys[uuid] = key
            if old is not None:
                at = bisect_left(ordered, old)
                if old[:-1] == key[:-1]:
                    ordered[at] = key
                    continue
                left.append(at)
            moved.append(key)
        left += [bisect_left(ordered, self._keys.pop(uuid)) for uuid in gone]
        if left or moved:
            self._sorted = _with(_without(ordered, sorted(left)), sorted(moved))

    def _heir_of(self, uuid: str | None, is_there: Callable[[str], bool]) -> str | None:
        """The nearest row below that is still there, else above; None for a row that is there itself."""
        at = self.index_of(uuid)
        if uuid is None or at is None or is_there(uuid):
            return None
        neighbours = chain(range(at + 1, len(self._sorted)), range(at - 1, -1, -1))
        return next((other for index in neighbours if is_there(other := uuid_of(self._sorted[index]))), None)


class _Frozen(Sequence[TaskRow]):
    """Rows that stand still. Made in no time: what is kept are the keys."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> TaskRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRow]: ...
    def __getitem__(self, index: int | slice) -> TaskRow | list[TaskRow]:
        if isinstance(index, slice):
            return [row_of(key) for key in self._keys[index]]
        return row_of(self._keys[index])


def arrange(rows: Sequence[TaskRow], order: SortOrder) -> list[TaskRow]:
    """Return `rows` in `order`, once."""
    arrangement = SortedRows()
    for _ in arrangement.update_steps(rows, order):
        pass
    return list(arrangement)


def _without(keys: list[Key], places: Sequence[int]) -> list[Key]:
    """The list without what stands at `places`, which are ascending; copied in runs."""
    kept: list[Key] = []
    start = 0
    for at in places:
        kept += keys[start:at]
        start = at + 1
    return kept + keys[start:]


def _with(keys: list[Key], newcomers: Sequence[Key]) -> list[Key]:
    """The list with `newcomers`, which are in order as well."""
    merge_sorted: list[Key] = []
    start = 0
    for key in newcomers:
        at = bisect_left(keys, key, start)
        merge_sorted += keys[start:at]
        merge_sorted.append(key)
        start = at
    return merge_sorted + keys[start:]
