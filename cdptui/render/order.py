"""The order of the list."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from cdptui.models.vitals import Vitals
from cdptui.render.columns import COLUMNS, Column

WORST_FIRST: Final = "health"
"""Key of the default order, which belongs to no column."""


class Order(NamedTuple):
    """What the list is sorted by."""

    key: str = WORST_FIRST
    is_inverted: bool = False

    @property
    def column(self) -> Column | None:
        """The column that is sorted by, None for the default."""
        return next((column for column in COLUMNS if column.key == self.key), None)

    @property
    def is_descending(self) -> bool:
        """Whether the largest value comes first."""
        column = self.column
        return (column is None or column.worst_first) != self.is_inverted

    def inverted(self) -> Order:
        """The same the other way round."""
        return self._replace(is_inverted=not self.is_inverted)

    def moved(self, step: int) -> Order:
        """The order by the next (1) or previous (-1) column; the default stands before the first."""
        keys = (WORST_FIRST, *(column.key for column in COLUMNS))
        return Order(keys[(keys.index(self.key) + step) % len(keys)])


class Arrangement:
    """The list in its order, kept from poll to poll: what did not change is neither compared nor moved again.

    The default is worst first: severity, then RPO against its target, then used of plan, then name. Equal rows stand
    by name and uuid, so that nothing moves without a reason; unknown values come last in either direction.
    """

    def __init__(self) -> None:
        self._order = Order()
        self._rows: dict[str, Vitals] = {}
        self._keys: dict[str, _Key] = {}
        self._sorted: list[_Key] = []

    def arrange(self, rows: Iterable[Vitals], order: Order) -> list[Vitals]:
        """Return `rows` in `order`."""
        if order != self._order:
            self._order = order
            self._rows, self._keys, self._sorted = {}, {}, []
        key_of = _key_function(order)
        before, now = self._rows, {row.task.uuid: row for row in rows}
        moved: list[_Key] = []
        left: set[_Key] = {self._keys.pop(uuid) for uuid in before.keys() - now.keys()}
        for uuid, row in now.items():
            if before.get(uuid) is row:
                continue
            key, old = key_of(row), self._keys.get(uuid)
            if key != old:
                self._keys[uuid] = key
                moved.append(key)
                if old is not None:
                    left.add(old)
        if left:
            self._sorted = [key for key in self._sorted if key not in left]
        if moved:
            # Two runs, the second a small one: what the built-in sort is best at.
            self._sorted += sorted(moved)
            self._sorted.sort()
        self._rows = now
        return [now[key[-1]] for key in self._sorted]


def arrange(rows: Iterable[Vitals], order: Order) -> list[Vitals]:
    """Return `rows` in `order`, once."""
    return Arrangement().arrange(rows, order)


_Key = tuple[Any, ...]
"""Values that compare in the order of the list; the last is the uuid."""


class _Reversed(str):
    """A text that sorts the other way round."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def _key_function(order: Order) -> Callable[[Vitals], _Key]:
    column, is_descending = order.column, order.is_descending
    if column is None:
        return _worst_key if is_descending else _best_key

    def key(row: Vitals) -> _Key:
        is_unknown, value = column.sort_value(row)
        if is_descending:
            value = _Reversed(value) if isinstance(value, str) else -value
        return (is_unknown, value, row.task.name.casefold(), row.task.uuid)

    return key


def _worst_key(row: Vitals) -> _Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    unknown = math.inf
    return (
        -row.severity,
        unknown if rpo is None else -rpo,
        unknown if used is None else -used,
        task.name.casefold(),
        task.uuid,
    )


def _best_key(row: Vitals) -> _Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    unknown = math.inf
    return (
        int(row.severity),
        unknown if rpo is None else rpo,
        unknown if used is None else used,
        task.name.casefold(),
        task.uuid,
    )
