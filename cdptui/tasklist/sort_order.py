"""The order of the list, and the sort key of each row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from cdptui.models.task_row import TaskRow, urgency
from cdptui.render.columns import COLUMNS, PROBLEM, Column
from cdptui.render.groups import BY_KEY as BY_GROUPING
from cdptui.render.sort_order import WORST_FIRST, SortOrder

TaskOrder = SortOrder[Column]
"""An order of the task list."""


def task_order(key: str = WORST_FIRST, *, is_inverted: bool = False, group: str = "") -> TaskOrder:
    """Return the order of the task list by a column.

    >>> task_order().text, task_order("name").inverted().text
    ('worst first', 'by name, reversed')
    >>> task_order().toggled("name").toggled("name").is_inverted
    True
    """
    return SortOrder(COLUMNS, key, is_inverted, group)


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


def sort_key_function(order: TaskOrder) -> Callable[[TaskRow], Key]:
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


def _urgent_key_function(order: TaskOrder) -> Callable[[TaskRow], Key]:
    """Sort by the worst problem, the more urgent first, as in the default order; rows without one are last."""
    sign = 1 if order.is_descending else -1

    def key(row: TaskRow) -> Key:
        value = (0, *(sign * part for part in urgency(row))) if row.reasons else (1,)
        return (value, _folded(row.task.name), row.task.uuid, row)

    return key


def _ungrouped_key_function(order: TaskOrder) -> Callable[[TaskRow], Key]:
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
