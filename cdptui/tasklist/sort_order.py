"""The order of the list, and the sort key of each row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from cdptui.models.task_row import TaskRow, urgency
from cdptui.render.columns import BY_KEY, COLUMNS, PROBLEM, WORST_FIRST, Column, order_text
from cdptui.render.groups import BY_KEY as BY_GROUPING


class SortOrder(Struct, frozen=True):
    """The sorting and the grouping of the list."""

    key: str = WORST_FIRST
    is_inverted: bool = False
    group: str = ""
    """Key of the grouping; empty for none."""

    @property
    def column(self) -> Column | None:
        """The column of the order; None for the default order."""
        return BY_KEY.get(self.key)

    @property
    def is_descending(self) -> bool:
        """True when the largest value comes first."""
        column = self.column
        return (column is None or column.descending_first) != self.is_inverted

    @property
    def text(self) -> str:
        """The order in words.

        >>> SortOrder().text, SortOrder("name").inverted().text
        ('worst first', 'by name, reversed')
        """
        column = self.column
        return order_text(column.heading if column is not None else None, is_inverted=self.is_inverted)

    def inverted(self) -> SortOrder:
        """Return the reversed order."""
        return structs.replace(self, is_inverted=not self.is_inverted)

    def by_column(self, key: str) -> SortOrder:
        """Return the order by a column, in its default direction, with the same grouping."""
        return SortOrder(key, group=self.group)

    def toggled(self, key: str | None) -> SortOrder:
        """Return the order by a column, or the default order for None; the same column again reverses it.

        >>> SortOrder().toggled("name").toggled("name").is_inverted
        True
        """
        key = key or WORST_FIRST
        return self.inverted() if key == self.key else self.by_column(key)

    def next_column(self, step: int, columns: Sequence[Column] = COLUMNS) -> SortOrder:
        """Return the order by the next (1) or previous (-1) of some columns; the default order is before the first."""
        keys = (WORST_FIRST, *(column.key for column in columns))
        # A column that is not among them counts as the default order.
        at = keys.index(self.key) if self.key in keys else 0
        return self.by_column(keys[(at + step) % len(keys)])


Key = tuple[Any, ...]
"""Values that compare in the order of the list, the group value first. The last three are the name, the UUID and the
row; rows are never compared, as UUIDs are unique."""


def uuid_of(key: Key) -> str:
    """Return the UUID of the row of a key."""
    uuid: str = key[-2]
    return uuid


def row_of(key: Key) -> TaskRow:
    """Return the row of a key."""
    row: TaskRow = key[-1]
    return row


def sort_key_function(order: SortOrder) -> Callable[[TaskRow], Key]:
    """Return the function that computes the key of a row.

    The default order is worst first: by severity, then by the urgency of the worst problem, RPO against its target and
    used share of the plan. Equal rows are sorted by name and UUID, so that they do not move; unknown values are last in
    either direction. The rows of a group are adjacent.
    """
    key_of = _ungrouped_key_function(order)
    if not order.group:
        return key_of
    value = BY_GROUPING[order.group].value
    return lambda row: (value(row), *key_of(row))


def _urgent_key_function(order: SortOrder) -> Callable[[TaskRow], Key]:
    """Sort by the worst problem, the more urgent first, as in the default order; rows without one are last."""
    sign = 1 if order.is_descending else -1

    def key(row: TaskRow) -> Key:
        value = (0, *(sign * part for part in urgency(row))) if row.reasons else (1,)
        return (value, _folded(row.task.name), row.task.uuid, row)

    return key


def _ungrouped_key_function(order: SortOrder) -> Callable[[TaskRow], Key]:
    column = order.column
    if column is None:
        return _worst_key if order.is_descending else _best_key
    if column is PROBLEM:
        return _urgent_key_function(order)
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
    """Return the case-folded name, the same object if nothing changes."""
    folded = name.casefold()
    return name if folded == name else folded


_MAX_CODE_POINT: Final = 0x10FFFF

_MAX_TEXT: Final = chr(_MAX_CODE_POINT) * 2
"""Sorts after every text, reversed or not, as no text contains this character."""


def _reversed_text(text: str) -> str:
    """Return a text that sorts in the reverse order; the end marker sorts a text after those that it is a prefix of."""
    return "".join([chr(_MAX_CODE_POINT - ord(char)) for char in text]) + chr(_MAX_CODE_POINT)


def _worst_key(row: TaskRow) -> Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    return (
        *urgency(row),
        math.inf if rpo is None else -rpo,
        math.inf if used is None else -used,
        _folded(task.name),
        task.uuid,
        row,
    )


def _best_key(row: TaskRow) -> Key:
    task = row.task
    rpo, used = task.rpo_ratio, task.used_ratio
    severity, rank, measure = urgency(row)
    return (
        -severity,
        -rank,
        -measure,
        math.inf if rpo is None else rpo,
        math.inf if used is None else used,
        _folded(task.name),
        task.uuid,
        row,
    )
