"""The one registry of columns: heading, width, what a cell says, what it sorts by, and what of it goes into a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from cdptui.models.aggregates import GroupSummary
from cdptui.models.severity import status_severity
from cdptui.models.task_row import TaskRow
from cdptui.render import groups, task_cells
from cdptui.render.spans import Line
from cdptui.render.task_cells import BAR_CELLS, CellContext

SortValue = tuple[bool, float | str]
"""Unknown sorts after known in either direction: the flag comes first."""

_UNKNOWN: Final[SortValue] = (True, 0.0)
_UNKNOWN_TEXT: Final[SortValue] = (True, "")
"""In a column of texts: numbers and texts cannot be compared."""


class ExportField(Struct, frozen=True):
    """One value of a column for a file: in base units, its name says in which."""

    name: str
    value: Callable[[TaskRow, CellContext], DatumValue]


DatumValue = str | int | float | datetime | tuple[str, ...] | None


class Column(Struct, frozen=True):
    """One column. Width in cells; `flex` columns share what is left."""

    key: str
    """For configuration and saved views; never changes once released."""
    heading: str
    help: str
    width: int
    cell: Callable[[TaskRow, CellContext], Line]
    sort_value: Callable[[TaskRow], SortValue]
    data: tuple[ExportField, ...]
    align: Literal["left", "right"] = "left"
    flex: int = 0
    """Up to how many cells it may grow beyond `width`."""
    descending_first: bool = False
    """Whether sorting by it begins with the largest value."""
    group_cell: Callable[[GroupSummary, CellContext], Line] | None = None
    """What the row of a group says under it."""

    @property
    def natural_width(self) -> int:
        """Cells that it takes where there is room without end."""
        return self.width + self.flex


def _number(value: float | None) -> SortValue:
    return _UNKNOWN if value is None else (False, value)


def _text(value: str | None) -> SortValue:
    return (False, value.casefold()) if value else _UNKNOWN_TEXT


def _moment(value: datetime | None) -> SortValue:
    return _UNKNOWN if value is None else (False, -value.timestamp())


def _status_value(row: TaskRow) -> SortValue:
    return (False, float(status_severity(row.task.status, row.task.state)))


def _resource_names(row: TaskRow, context: CellContext) -> tuple[str, ...]:
    return tuple(context.names.get(ref.resource_uuid, "") for ref in row.task.resource_refs)


def _resource_uuids(row: TaskRow, _: CellContext) -> tuple[str, ...]:
    return tuple(ref.resource_uuid for ref in row.task.resource_refs)


_LAST_OP_AT: Final = ExportField("last_op_at", lambda row, _: row.task.last_op_at)
_RESOURCES: Final = (ExportField("resource_names", _resource_names), ExportField("resource_uuids", _resource_uuids))

NAME: Final = Column(
    "name",
    "NAME",
    "Name of the task",
    16,
    task_cells.name,
    lambda row: (False, row.task.name.casefold()),
    (ExportField("name", lambda row, _: row.task.name),),
    flex=28,
    group_cell=groups.title,
)
STATUS: Final = Column(
    "status",
    "STATUS",
    "What it does, worst first",
    13,
    task_cells.status,
    _status_value,
    (ExportField("status", lambda row, _: row.task.status),),
    descending_first=True,
    group_cell=groups.health,
)
STATE: Final = Column(
    "state",
    "STATE",
    "The switch",
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
    "Planned capacity; a task that reaches it stops protecting",
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
    "Used of plan",
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
    "Recovery point offset as last measured, and its target",
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
    "Time until used capacity reaches the plan",
    7,
    task_cells.full_in,
    lambda row: _number(row.full_in_s),
    (ExportField("full_in_s", lambda row, _: row.full_in_s),),
    align="right",
)
PROTECTS: Final = Column(
    "protects",
    "PROTECTS",
    "The resources that it protects",
    12,
    task_cells.protected_resources,
    lambda row: _number(len(row.task.resource_refs)),
    _RESOURCES,
    flex=16,
)
LAST_OP: Final = Column(
    "last-op",
    "LAST OP",
    "Age of the last operation",
    7,
    task_cells.last_op,
    lambda row: _moment(row.task.last_op_at),
    (_LAST_OP_AT,),
    align="right",
)
REASON: Final = Column(
    "reason",
    "REASON",
    "The worst of what is said of it; the tab Why has all of it",
    16,
    task_cells.reason,
    lambda row: _number(row.severity if row.reasons else None),
    (
        ExportField("severity", lambda row, _: row.severity.name.lower()),
        ExportField("reasons", lambda row, _: tuple(reason.kind.value for reason in row.reasons)),
    ),
    flex=4,
    descending_first=True,
)
STORAGE: Final = Column(
    "storage",
    "STORAGE",
    "The backup storage that it writes to",
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
    "The policy that it follows",
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
    "All that it protects by name, by uuid where that is not known",
    16,
    task_cells.vm,
    lambda row: _text(row.task.resource_refs[0].resource_uuid if row.task.resource_refs else None),
    _RESOURCES,
    flex=16,
)
LIMIT: Final = Column(
    "limit",
    "LIMIT",
    "Bandwidth limit of each volume; not a throughput",
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
    "When it was created",
    26,
    task_cells.created,
    lambda row: _moment(row.task.created_at),
    (ExportField("created_at", lambda row, _: row.task.created_at),),
    flex=3,
)
LAST_OP_DATE: Final = Column(
    "last-op-date",
    "LAST OP DATE",
    "When the last operation was",
    26,
    task_cells.last_op_date,
    lambda row: _moment(row.task.last_op_at),
    (_LAST_OP_AT,),
    flex=3,
)
UUID: Final = Column(
    "uuid",
    "UUID",
    "Uuid of the task",
    32,
    task_cells.uuid,
    lambda row: _text(row.task.uuid),
    (ExportField("uuid", lambda row, _: row.task.uuid),),
)
DESCRIPTION: Final = Column(
    "description",
    "DESCRIPTION",
    "What somebody wrote about it",
    16,
    task_cells.description,
    lambda row: _text(row.task.description),
    (ExportField("description", lambda row, _: row.task.description),),
    flex=24,
)

DEFAULT_COLUMNS: Final = (NAME, STATUS, STATE, USED, PLAN, USE, RPO, GROWTH, FULL_IN, PROTECTS, LAST_OP)
"""Those of a list that nobody has chosen columns for, in their order on screen."""

COLUMNS: Final = (
    *DEFAULT_COLUMNS,
    REASON,
    STORAGE,
    POLICY,
    VM,
    LIMIT,
    CREATED,
    LAST_OP_DATE,
    UUID,
    DESCRIPTION,
)
"""All of them, in the order of a wide list."""

BY_KEY: Final = {column.key: column for column in COLUMNS}

KEEP_PRIORITY: Final = (
    *(NAME, STATUS, USE, RPO),
    *(REASON, STORAGE, POLICY, VM, LIMIT, UUID, DESCRIPTION, CREATED, LAST_OP_DATE),
    *(USED, GROWTH, FULL_IN, PROTECTS, PLAN, LAST_OP, STATE),
)
"""Which stay when the screen is narrow, the most needed first. Those that are only there because somebody chose them
stay before most of those that are there anyway."""
