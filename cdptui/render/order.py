"""The order of the list."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

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


def arrange(rows: Iterable[Vitals], order: Order) -> list[Vitals]:
    """Return `rows` in `order`.

    The default is worst first: severity, then RPO against its target, then used of plan, then name. Equal rows stand
    by name and uuid, so that nothing moves without a reason; unknown values come last in either direction.
    """
    column = order.column
    ordered = sorted(rows, key=_name_key)
    if column is None:
        unknown = -1.0 if order.is_descending else math.inf
        return sorted(ordered, key=lambda row: _worst_key(row, unknown), reverse=order.is_descending)
    value = column.sort_value
    known = [row for row in ordered if not value(row)[0]]
    valueless = [row for row in ordered if value(row)[0]]
    # Reversing a stable sort would reverse names among equals as well; sorting with `reverse` does not.
    return sorted(known, key=lambda row: value(row)[1], reverse=order.is_descending) + valueless


def _worst_key(row: Vitals, unknown: float) -> tuple[int, float, float]:
    rpo, used = row.task.rpo_ratio, row.task.used_ratio
    return (int(row.severity), unknown if rpo is None else rpo, unknown if used is None else used)


def _name_key(row: Vitals) -> tuple[str, str]:
    return (row.task.name.casefold(), row.task.uuid)
