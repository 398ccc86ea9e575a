"""The order of the list: what it is sorted by, and a key for each row that stands for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from cdptui.models.task_row import TaskRow
from cdptui.render.columns import BY_KEY, COLUMNS, Column
from cdptui.render.groups import BY_KEY as BY_GROUPING

WORST_FIRST: Final = "health"
"""Key of the default order, which belongs to no column."""


class SortOrder(Struct, frozen=True):
    """What the list is sorted by."""

    key: str = WORST_FIRST
    is_inverted: bool = False
    group: str = ""
    """Key of the grouping whose values stand together; empty for none."""

    @property
    def column(self) -> Column | None:
        """The column that is sorted by, None for the default."""
        return BY_KEY.get(self.key)

    @property
    def is_descending(self) -> bool:
        """Whether the largest value comes first."""
        column = self.column
        return (column is None or column.descending_first) != self.is_inverted

    def inverted(self) -> SortOrder:
        """The same the other way round."""
        return structs.replace(self, is_inverted=not self.is_inverted)

    def by_column(self, key: str) -> SortOrder:
        """The order by a column, in that one's own direction, grouped as before."""
        return SortOrder(key, group=self.group)

    def toggled(self, key: str | None) -> SortOrder:
        """The order by a column, None being the default; the same one again turns round.

        >>> SortOrder().toggled("name").toggled("name").is_inverted
        True
        """
        key = key or WORST_FIRST
        return self.inverted() if key == self.key else self.by_column(key)

    def next_column(self, step: int, columns: Sequence[Column] = COLUMNS) -> SortOrder:
        """The order by the next (1) or previous (-1) of some columns; the default stands before the first."""
        keys = (WORST_FIRST, *(column.key for column in columns))
        # By a column that is not among them: as if by the default.
        at = keys.index(self.key) if self.key in keys else 0
        return self.by_column(keys[(at + step) % len(keys)])


Key = tuple[Any, ...]
"""Values that compare in the order of the list, that of the group first. The last three are the name, the uuid and
the row itself, which no comparison comes to: no two rows have one uuid."""


def uuid_of(key: Key) -> str:
    """The uuid of the row that a key stands for."""
    uuid: str = key[-2]
    return uuid


def row_of(key: Key) -> TaskRow:
    """The row that a key stands for."""
    row: TaskRow = key[-1]
    return row


def sort_key_function(order: SortOrder) -> Callable[[TaskRow], Key]:
    """Return what gives a row its key.

    The default is worst first: severity with all reasons, then RPO against its target, then used of plan. Equal rows
    stand by name and uuid, so that nothing moves without a reason; unknown values come last in either direction. The
    rows of a group stand together.
    """
    key_of = _ungrouped(order)
    if not order.group:
        return key_of
    value = BY_GROUPING[order.group].value
    return lambda row: (value(row), *key_of(row))


def _ungrouped(order: SortOrder) -> Callable[[TaskRow], Key]:
    column = order.column
    if column is None:
        return _worst_key if order.is_descending else _best_key
    sort_value, is_descending = column.sort_value, order.is_descending

    def key(row: TaskRow) -> Key:
        is_unknown, value = sort_value(row)
        if is_unknown:
            value = _MAX_TEXT if isinstance(value, str) else math.inf
        elif is_descending:
            value = _reversed_text(value) if isinstance(value, str) else -value
        task = row.task
        return (value, _folded(task.name), task.uuid, row)

    return key


def _folded(name: str) -> str:
    """The name for comparing; no second text where it is the same."""
    folded = name.casefold()
    return name if folded == name else folded


_LAST: Final = 0x10FFFF

_MAX_TEXT: Final = chr(_LAST) * 2
"""Behind every text, upside down or not: no text holds that character."""


def _reversed_text(text: str) -> str:
    """A text that sorts the other way round; the end marker puts a word behind those that it begins."""
    return "".join([chr(_LAST - ord(char)) for char in text]) + chr(_LAST)


def _worst_key(row: TaskRow) -> Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    return (
        -row.severity,
        math.inf if rpo is None else -rpo,
        math.inf if used is None else -used,
        _folded(task.name),
        task.uuid,
        row,
    )


def _best_key(row: TaskRow) -> Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    return (
        int(row.severity),
        math.inf if rpo is None else rpo,
        math.inf if used is None else used,
        _folded(task.name),
        task.uuid,
        row,
    )
