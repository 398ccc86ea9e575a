"""The rows in their order, updated incrementally: unchanged rows are neither compared nor moved again.

Sorting 100,000 rows takes half a second. Keys must be handled meanwhile, so updates run in steps; the list changes only
in the last one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from itertools import chain, compress
from operator import is_not
from typing import Any, Final, TypeVar, overload

from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import Key, TaskOrder, row_of, sort_key_function, task_order, uuid_of

_Item = TypeVar("_Item")

_STEP: Final = 2000
"""Rows per step."""


def chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Yield the items in chunks of one step."""
    return (items[at : at + _STEP] for at in range(0, len(items), _STEP))


def merge_sorted(
    runs: Sequence[list[_Item]], key: Callable[[_Item], Any] | None = None
) -> Generator[None, None, list[_Item]]:
    """Merge sorted lists into one, one pair per step."""
    while len(runs) > 1:
        pairs = []
        for at in range(0, len(runs), 2):
            # The built-in sort detects the two runs and merges them.
            both = [*chain.from_iterable(runs[at : at + 2])]
            both.sort(key=key)
            pairs.append(both)
            yield
        runs = pairs
    return runs[0] if runs else []


_MAX_MOVES: Final = 2000
"""Moving this many rows one by one takes about as long as a step."""


class SortedRows(Sequence[TaskRow]):
    """Rows in an order. Reading a row takes constant time."""

    def __init__(self, max_moves: int = _MAX_MOVES) -> None:
        """Move up to `max_moves` changed rows one by one; sort the whole list when more changed."""
        self._max_moves = max_moves
        self._order = task_order()
        self._rows: Sequence[TaskRow] = ()
        self._keys: dict[str, Key] = {}
        self._sorted: list[Key] = []
        self._released: tuple[list[Key], dict[str, Key]] = ([], {})
        self.successor_uuid: str | None = None
        """UUID of the row that takes the cursor when the last update removed the anchor row; None otherwise."""

    @property
    def order(self) -> TaskOrder:
        """The order of the rows."""
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
        """The UUIDs of all rows."""
        return self._keys.keys()

    def snapshot(self, places: Iterable[slice] = (slice(None),), only: Set[str] | None = None) -> Sequence[TaskRow]:
        """Return a snapshot of the rows that later updates do not change: at some places, or `only` some by UUID."""
        keys = [*chain.from_iterable(self._sorted[piece] for piece in places)]
        return _RowsSnapshot(keys if only is None else [key for key in keys if uuid_of(key) in only])

    def index_of(self, uuid: str | None) -> int | None:
        """Return the index of a task; None when it is not in the list."""
        key = self._keys.get(uuid) if uuid is not None else None
        return bisect_left(self._sorted, key) if key is not None else None

    def update_steps(
        self, rows: Sequence[TaskRow], order: TaskOrder, anchor: Callable[[], str | None] = lambda: None
    ) -> Iterator[None]:
        """Update the list to `rows` in `order`, in steps. An update that is abandoned halfway changes nothing.

        `anchor` returns the UUID of the row with the cursor, and is called in the last step. Each UUID occurs once in
        `rows`, and unchanged rows must be the same objects as before.
        """
        yield from self.release_old()
        key_of = sort_key_function(order)
        changed: Sequence[TaskRow] = rows
        removed: frozenset[str] = frozenset()
        is_incremental = order == self._order and bool(self._sorted)
        if is_incremental:
            changed, removed = yield from self._differences(rows)
        if not is_incremental or len(changed) + len(removed) > self._max_moves:
            keys = yield from self._sort_all(rows, key_of, order)
            by_uuid: dict[str, Key] = {}
            for piece in chunks(keys):
                by_uuid.update((uuid_of(key), key) for key in piece)
                yield
            self.successor_uuid = self._find_successor(anchor(), lambda uuid: uuid in by_uuid)
            self._released = (self._sorted, self._keys)
            self._sorted, self._keys = keys, by_uuid
        else:
            keys = [key_of(row) for row in changed]
            yield
            self.successor_uuid = self._find_successor(anchor(), lambda uuid: uuid not in removed)
            self._move(keys, removed)
        self._rows, self._order = rows, order

    def release_old(self) -> Iterator[None]:
        """Release the keys and rows of the previous list, in steps.

        Releasing 100,000 at once would delay a key press; keeping them until the next list would double the memory.
        """
        keys, by_uuid = old = self._released
        count = max(1, self._max_moves)
        while len(keys) > count:
            for key in keys[-count:]:
                by_uuid.pop(uuid_of(key), None)
            del keys[-count:]
            yield
        if self._released is old:
            self._released = ([], {})

    def _differences(self, rows: Sequence[TaskRow]) -> Generator[None, None, tuple[Sequence[TaskRow], frozenset[str]]]:
        """Return new and changed rows, and the UUIDs of removed ones."""
        keys = self._keys
        if len(rows) == len(self._rows):
            # Usually the same tasks are in the same places, which needs no lookup by UUID.
            changed = list(compress(rows, map(is_not, rows, self._rows)))
            yield
            if len(changed) <= self._max_moves and all(row.task.uuid in keys for row in changed):
                return changed, frozenset()
        changed, new_count = [], 0
        for piece in chunks(rows):
            for row in piece:
                key = keys.get(row.task.uuid)
                if key is None or row_of(key) is not row:
                    changed.append(row)
                    new_count += key is None
            yield
        if len(rows) - new_count == len(keys):
            return changed, frozenset()
        present: set[str] = set()
        for piece in chunks(rows):
            present.update(row.task.uuid for row in piece)
            yield
        return changed, frozenset(keys.keys() - present)

    def _sort_all(
        self, rows: Sequence[TaskRow], key_of: Callable[[TaskRow], Key], order: TaskOrder
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

    def _move(self, keys: Sequence[Key], removed: frozenset[str]) -> None:
        """Move the rows of `keys` to their new places, and remove those in `removed`."""
        ordered = self._sorted
        old_places: list[int] = []
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
                old_places.append(at)
            moved.append(key)
        old_places += [bisect_left(ordered, self._keys.pop(uuid)) for uuid in removed]
        if old_places or moved:
            self._sorted = _with(_without(ordered, sorted(old_places)), sorted(moved))

    def _find_successor(self, uuid: str | None, exists: Callable[[str], bool]) -> str | None:
        """Return the nearest row below that still exists, else the nearest above; None when the row itself exists."""
        at = self.index_of(uuid)
        if uuid is None or at is None or exists(uuid):
            return None
        neighbours = chain(range(at + 1, len(self._sorted)), range(at - 1, -1, -1))
        return next((other for index in neighbours if exists(other := uuid_of(self._sorted[index]))), None)


class _RowsSnapshot(Sequence[TaskRow]):
    """A snapshot of rows. Cheap to make, as it only copies the keys."""

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


def arrange(rows: Sequence[TaskRow], order: TaskOrder) -> list[TaskRow]:
    """Return `rows` in `order`, once."""
    sorted_rows = SortedRows()
    for _ in sorted_rows.update_steps(rows, order):
        pass
    return list(sorted_rows)


def _without(keys: list[Key], places: Sequence[int]) -> list[Key]:
    """Return the list without the keys at `places`, which are ascending."""
    remaining: list[Key] = []
    start = 0
    for at in places:
        remaining += keys[start:at]
        start = at + 1
    return remaining + keys[start:]


def _with(keys: list[Key], new_keys: Sequence[Key]) -> list[Key]:
    """Return the list with `new_keys`, which are sorted as well."""
    merged: list[Key] = []
    start = 0
    for key in new_keys:
        at = bisect_left(keys, key, start)
        merged += keys[start:at]
        merged.append(key)
        start = at
    return merged + keys[start:]
