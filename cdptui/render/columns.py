"""The registry of columns: heading, width, cell, sort value and exported fields of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from cdptui.models import estimate
from cdptui.models.aggregates import GroupSummary
from cdptui.models.day_trend import TREND_CELLS
from cdptui.models.reasons import judged_status_severity
from cdptui.models.task_row import TaskRow
from cdptui.render import groups, task_cells
from cdptui.render.spans import Line
from cdptui.render.task_cells import BAR_CELLS, PROBLEM_CELLS, CellContext

SortValue = tuple[bool, float | str]
"""A flag for unknown values, which sort last in either direction, and the value."""

_UNKNOWN: Final[SortValue] = (True, 0.0)
_UNKNOWN_TEXT: Final[SortValue] = (True, "")
"""The unknown value of a text column: numbers and texts cannot be compared."""


class ExportField(Struct, frozen=True):
    """An exported value of a column, in the base unit that its name ends with."""

    name: str
    value: Callable[[TaskRow, CellContext], DatumValue]


DatumValue = str | int | float | datetime | tuple[str, ...] | None


class Column(Struct, frozen=True):
    """A column of the list. Widths are in cells; columns with `flex` share the free cells."""

    key: str
    """Name in the configuration and in saved views; must not change after a release."""
    heading: str
    help: str
    width: int
    cell: Callable[[TaskRow, CellContext], Line]
    sort_value: Callable[[TaskRow], SortValue]
    data: tuple[ExportField, ...]
    align: Literal["left", "right"] = "left"
    flex: int = 0
    """Cells by which it may grow beyond `width`."""
    descending_first: bool = False
    """True when sorting by it begins with the largest value."""
    is_severity: bool = False
    """True when its colour is the severity, which the row under the cursor keeps."""
    group_cell: Callable[[GroupSummary, CellContext], Line] | None = None
    """The cell in the row of a group; None for an empty one."""

    @property
    def min_width(self) -> int:
        """Cells of the heading with the arrow of the sort order."""
        return len(self.heading) + 1

    @property
    def natural_width(self) -> int:
        """Cells that it takes where width is not limited."""
        return self.width + self.flex


def _number(value: float | None) -> SortValue:
    return _UNKNOWN if value is None else (False, value)


def _text(value: str | None) -> SortValue:
    return (False, value.casefold()) if value else _UNKNOWN_TEXT


def _timestamp(value: datetime | None) -> SortValue:
    return _UNKNOWN if value is None else (False, -value.timestamp())


def _full_in(row: TaskRow) -> SortValue:
    seconds = row.seconds_until_full
    return _UNKNOWN if seconds is None else (False, estimate.full_in_rank(seconds, row.full_in_doubt))


def _status_value(row: TaskRow) -> SortValue:
    return (False, float(judged_status_severity(row.task, row.reasons)))


def _resource_names(row: TaskRow, context: CellContext) -> tuple[str, ...]:
    return tuple(context.names.get(ref.resource_uuid, "") for ref in row.task.resource_refs)


def _resource_uuids(row: TaskRow, _: CellContext) -> tuple[str, ...]:
    return tuple(ref.resource_uuid for ref in row.task.resource_refs)


def _trend_values(row: TaskRow, context: CellContext) -> tuple[str, ...]:
    trend = context.day_trend(row.task.uuid)
    return () if trend is None else tuple("" if value is None else str(value) for value in trend.used_bytes)


def _growth_of_day(row: TaskRow, context: CellContext) -> int | None:
    trend = context.day_trend(row.task.uuid)
    return None if trend is None else trend.growth_bytes


_LAST_OP_AT: Final = ExportField("last_op_at", lambda row, _: row.task.last_op_at)
_RESOURCES: Final = (ExportField("resource_names", _resource_names), ExportField("resource_uuids", _resource_uuids))

NAME: Final = Column(
    "name",
    "NAME",
    "Task name",
    18,
    task_cells.name,
    lambda row: (False, row.task.name.casefold()),
    (ExportField("name", lambda row, _: row.task.name),),
    flex=26,
    group_cell=groups.title,
)
STATUS: Final = Column(
    "status",
    "STATUS",
    "Task status",
    13,
    task_cells.status,
    _status_value,
    (ExportField("status", lambda row, _: row.task.status),),
    descending_first=True,
    is_severity=True,
    group_cell=groups.health,
)
PROBLEM: Final = Column(
    "problem",
    "PROBLEM",
    "Most severe problem, and how many others; the Why tab has all",
    PROBLEM_CELLS,
    task_cells.problem,
    lambda row: _number(row.severity if row.reasons else None),
    (
        ExportField("severity", lambda row, _: row.severity.name.lower()),
        ExportField("problems", lambda row, _: tuple(reason.kind.value for reason in row.reasons)),
        ExportField("since", lambda row, _: row.reasons[0].since if row.reasons else None),
    ),
    flex=6,
    descending_first=True,
    is_severity=True,
    group_cell=groups.problem,
)
STATE: Final = Column(
    "state",
    "STATE",
    "Enabled or disabled",
    8,
    task_cells.state,
    lambda row: (False, row.task.state.casefold()),
    (ExportField("state", lambda row, _: row.task.state),),
)
USED: Final = Column(
    "used",
    "USED",
    "Used capacity on the backup storage",
    8,
    task_cells.used,
    lambda row: _number(row.task.used_bytes),
    (ExportField("used_bytes", lambda row, _: row.task.used_bytes),),
    align="right",
    descending_first=True,
    group_cell=groups.used,
)
PLAN: Final = Column(
    "plan",
    "PLAN",
    "Planned capacity; protection stops when it is reached",
    8,
    task_cells.plan,
    lambda row: _number(row.task.plan_bytes),
    (ExportField("plan_bytes", lambda row, _: row.task.plan_bytes),),
    align="right",
    descending_first=True,
    group_cell=groups.plan,
)
USE: Final = Column(
    "use",
    "USE",
    "Used share of the plan",
    6 + BAR_CELLS,
    task_cells.use,
    lambda row: _number(row.task.used_ratio),
    (ExportField("used_ratio", lambda row, _: row.task.used_ratio),),
    descending_first=True,
    group_cell=groups.use,
)
RPO: Final = Column(
    "rpo",
    "RPO",
    "Last measured RPO, and its target",
    11,
    task_cells.rpo,
    lambda row: _number(row.task.rpo_ratio),
    (
        ExportField("rpo_ms", lambda row, _: row.task.rpo_ms),
        ExportField("rpo_target_ms", lambda row, _: row.task.rpo_target_ms),
    ),
    align="right",
    descending_first=True,
    group_cell=groups.rpo,
)
GROWTH: Final = Column(
    "growth",
    "GROWTH",
    "New data per hour, from used capacity over time",
    11,
    task_cells.growth,
    lambda row: _number(row.growth.bytes_per_s if row.growth else None),
    (ExportField("growth_bytes_per_s", lambda row, _: row.growth.bytes_per_s if row.growth else None),),
    align="right",
    descending_first=True,
    group_cell=groups.growth,
)
FULL_IN: Final = Column(
    "full-in",
    "FULL IN",
    "Time until used capacity reaches the plan; ~ marks a rough estimate, sorted after the reliable ones",
    8,
    task_cells.full_in,
    _full_in,
    (
        ExportField("full_in_s", lambda row, _: row.seconds_until_full),
        ExportField("full_in_doubt", lambda row, _: row.full_in_doubt.value if row.full_in_doubt else None),
    ),
    align="right",
    group_cell=groups.full_in,
)
PROTECTS: Final = Column(
    "protects",
    "PROTECTS",
    "Protected VM or number of resources",
    12,
    task_cells.protected_resources,
    lambda row: _number(len(row.task.resource_refs)),
    _RESOURCES,
    flex=16,
    group_cell=groups.free,
)
LAST_OP: Final = Column(
    "last-op",
    "LAST OP",
    "Age of the last operation",
    8,
    task_cells.last_op,
    lambda row: _timestamp(row.task.last_op_at),
    (_LAST_OP_AT,),
    align="right",
)
TREND: Final = Column(
    "trend",
    "TREND",
    "Used capacity over the last 24 h, three hours a cell, on a scale of its own; sorts by growth",
    TREND_CELLS,
    task_cells.trend,
    GROWTH.sort_value,
    (ExportField("trend_used_bytes", _trend_values), ExportField("growth_of_day_bytes", _growth_of_day)),
    descending_first=True,
)
STORAGE: Final = Column(
    "storage",
    "STORAGE",
    "Backup storage",
    16,
    task_cells.storage,
    lambda row: _text(row.task.backup_storage_uuid),
    (
        ExportField("storage_name", lambda row, context: context.names.get(row.task.backup_storage_uuid or "")),
        ExportField("storage_uuid", lambda row, _: row.task.backup_storage_uuid),
    ),
    flex=16,
)
POLICY: Final = Column(
    "policy",
    "POLICY",
    "Policy",
    16,
    task_cells.policy,
    lambda row: _text(row.task.policy_uuid),
    (
        ExportField("policy_name", lambda row, context: context.names.get(row.task.policy_uuid or "")),
        ExportField("policy_uuid", lambda row, _: row.task.policy_uuid),
    ),
    flex=16,
)
VM: Final = Column(
    "vm",
    "VM",
    "Protected VMs, by name or UUID",
    16,
    task_cells.vm,
    lambda row: _text(row.task.resource_refs[0].resource_uuid if row.task.resource_refs else None),
    _RESOURCES,
    flex=16,
)
LIMIT: Final = Column(
    "limit",
    "LIMIT",
    "Bandwidth limit per volume; not a throughput",
    10,
    task_cells.limit,
    lambda row: _number(row.task.bandwidth_limit_bps),
    (ExportField("limit_bytes_per_s_a_volume", lambda row, _: row.task.bandwidth_limit_bps),),
    align="right",
    descending_first=True,
)
CREATED: Final = Column(
    "created",
    "CREATED",
    "Creation time",
    26,
    task_cells.created,
    lambda row: _timestamp(row.task.created_at),
    (ExportField("created_at", lambda row, _: row.task.created_at),),
    flex=3,
)
LAST_OP_DATE: Final = Column(
    "last-op-date",
    "LAST OP DATE",
    "Time of the last operation",
    26,
    task_cells.last_op_date,
    lambda row: _timestamp(row.task.last_op_at),
    (_LAST_OP_AT,),
    flex=3,
)
UUID: Final = Column(
    "uuid",
    "UUID",
    "Task UUID",
    32,
    task_cells.uuid,
    lambda row: _text(row.task.uuid),
    (ExportField("uuid", lambda row, _: row.task.uuid),),
)
DESCRIPTION: Final = Column(
    "description",
    "DESCRIPTION",
    "Description",
    16,
    task_cells.description,
    lambda row: _text(row.task.description),
    (ExportField("description", lambda row, _: row.task.description),),
    flex=24,
)

DEFAULT_COLUMNS: Final = (NAME, STATUS, PROBLEM, STATE, USED, PLAN, USE, RPO, GROWTH, FULL_IN, PROTECTS, LAST_OP)
"""The columns of a list without chosen columns, in their order on screen."""

COLUMNS: Final = (
    *DEFAULT_COLUMNS,
    TREND,
    STORAGE,
    POLICY,
    VM,
    LIMIT,
    CREATED,
    LAST_OP_DATE,
    UUID,
    DESCRIPTION,
)
"""All columns, in the order of a wide list."""

BY_KEY: Final = {column.key: column for column in COLUMNS}

KEEP_PRIORITY: Final = (
    *(NAME, PROBLEM, STATUS),
    *(TREND, STORAGE, POLICY, VM, LIMIT, UUID, DESCRIPTION, CREATED, LAST_OP_DATE),
    *(USE, RPO, USED, GROWTH, FULL_IN, PROTECTS, PLAN, LAST_OP, STATE),
)
"""Columns by importance, for a screen that is too narrow for all. Columns that are shown only when the user chose them
come before most of the default ones."""

IDENTIFYING: Final = (UUID, STORAGE, POLICY, PROBLEM)
"""Columns that an export of the default columns has as well: what a task is, on what it depends, and what is wrong."""
