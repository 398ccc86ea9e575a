"""The one registry of columns: heading, width, what a cell says, what it sorts by, and what of it goes into a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from cdptui.models.aggregates import GroupSummary
from cdptui.models.severity import status_severity
from cdptui.models.task_row import TaskRow
from cdptui.render import cells, group_cells
from cdptui.render.cells import BAR_CELLS, CellContext
from cdptui.render.span import Line

SortValue = tuple[bool, float | str]
"""Unknown sorts after known in either direction: the flag comes first."""

_UNKNOWN: Final[SortValue] = (True, 0.0)
_UNKNOWN_TEXT: Final[SortValue] = (True, "")
"""In a column of texts: numbers and texts cannot be compared."""


class Datum(Struct, frozen=True):
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
    data: tuple[Datum, ...]
    align: Literal["left", "right"] = "left"
    flex: int = 0
    """Up to how many cells it may grow beyond `width`."""
    worst_first: bool = False
    """Whether sorting by it begins with the largest value."""
    total: Callable[[GroupSummary, CellContext], Line] | None = None
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


_LAST_OP_AT: Final = Datum("last_op_at", lambda row, _: row.task.last_op_at)
_RESOURCES: Final = (Datum("resource_names", _resource_names), Datum("resource_uuids", _resource_uuids))

NAME: Final = Column(
    "name",
    "NAME",
    "Name of the task",
    16,
    cells.name,
    lambda row: (False, row.task.name.casefold()),
    (Datum("name", lambda row, _: row.task.name),),
    flex=28,
    total=group_cells.title,
)
STATUS: Final = Column(
    "status",
    "STATUS",
    "What it does, worst first",
    13,
    cells.status,
    _status_value,
    (Datum("status", lambda row, _: row.task.status),),
    worst_first=True,
    total=group_cells.health,
)
STATE: Final = Column(
    "state",
    "STATE",
    "The switch",
    8,
    cells.state,
    lambda row: (False, row.task.state.casefold()),
    (Datum("state", lambda row, _: row.task.state),),
)
USED: Final = Column(
    "used",
    "USED",
    "Used capacity on the backup storage",
    8,
    cells.used,
    lambda row: _number(row.task.used_bytes),
    (Datum("used_bytes", lambda row, _: row.task.used_bytes),),
    align="right",
    worst_first=True,
    total=group_cells.used,
)
PLAN: Final = Column(
    "plan",
    "PLAN",
    "Planned capacity; a task that reaches it stops protecting",
    8,
    cells.plan,
    lambda row: _number(row.task.plan_bytes),
    (Datum("plan_bytes", lambda row, _: row.task.plan_bytes),),
    align="right",
    worst_first=True,
    total=group_cells.plan,
)
USE: Final = Column(
    "use",
    "USE",
    "Used of plan",
    6 + BAR_CELLS,
    cells.use,
    lambda row: _number(row.task.used_ratio),
    (Datum("used_ratio", lambda row, _: row.task.used_ratio),),
    worst_first=True,
    total=group_cells.use,
)
RPO: Final = Column(
    "rpo",
    "RPO",
    "Recovery point offset as last measured, and its target",
    11,
    cells.rpo,
    lambda row: _number(row.task.rpo_ratio),
    (
        Datum("rpo_ms", lambda row, _: row.task.rpo_ms),
        Datum("rpo_target_ms", lambda row, _: row.task.rpo_target_ms),
    ),
    align="right",
    worst_first=True,
    total=group_cells.rpo,
)
GROWTH: Final = Column(
    "growth",
    "GROWTH",
    "New data per hour, from used capacity over time",
    11,
    cells.growth,
    lambda row: _number(row.growth.bytes_per_s if row.growth else None),
    (Datum("growth_bytes_per_s", lambda row, _: row.growth.bytes_per_s if row.growth else None),),
    align="right",
    worst_first=True,
    total=group_cells.growth,
)
FULL_IN: Final = Column(
    "full-in",
    "FULL IN",
    "Time until used capacity reaches the plan",
    7,
    cells.full_in,
    lambda row: _number(row.full_in_s),
    (Datum("full_in_s", lambda row, _: row.full_in_s),),
    align="right",
)
PROTECTS: Final = Column(
    "protects",
    "PROTECTS",
    "The resources that it protects",
    12,
    cells.protects,
    lambda row: _number(len(row.task.resource_refs)),
    _RESOURCES,
    flex=16,
)
LAST_OP: Final = Column(
    "last-op",
    "LAST OP",
    "Age of the last operation",
    7,
    cells.last_op,
    lambda row: _moment(row.task.last_op_at),
    (_LAST_OP_AT,),
    align="right",
)
REASON: Final = Column(
    "reason",
    "REASON",
    "The worst of what is said of it; the tab Why has all of it",
    16,
    cells.reason,
    lambda row: _number(row.severity if row.reasons else None),
    (
        Datum("severity", lambda row, _: row.severity.name.lower()),
        Datum("reasons", lambda row, _: tuple(reason.kind.value for reason in row.reasons)),
    ),
    flex=4,
    worst_first=True,
)
STORAGE: Final = Column(
    "storage",
    "STORAGE",
    "The backup storage that it writes to",
    16,
    cells.storage,
    lambda row: _text(row.task.backup_storage_uuid),
    (
        Datum("storage_name", lambda row, context: context.names.get(row.task.backup_storage_uuid or "")),
        Datum("storage_uuid", lambda row, _: row.task.backup_storage_uuid),
    ),
    flex=16,
)
POLICY: Final = Column(
    "policy",
    "POLICY",
    "The policy that it follows",
    16,
    cells.policy,
    lambda row: _text(row.task.policy_uuid),
    (
        Datum("policy_name", lambda row, context: context.names.get(row.task.policy_uuid or "")),
        Datum("policy_uuid", lambda row, _: row.task.policy_uuid),
    ),
    flex=16,
)
VM: Final = Column(
    "vm",
    "VM",
    "All that it protects by name, by uuid where that is not known",
    16,
    cells.vm,
    lambda row: _text(row.task.resource_refs[0].resource_uuid if row.task.resource_refs else None),
    _RESOURCES,
    flex=16,
)
LIMIT: Final = Column(
    "limit",
    "LIMIT",
    "Bandwidth limit of each volume; not a throughput",
    10,
    cells.limit,
    lambda row: _number(row.task.bandwidth_limit_bps),
    (Datum("limit_bytes_per_s_a_volume", lambda row, _: row.task.bandwidth_limit_bps),),
    align="right",
    worst_first=True,
)
CREATED: Final = Column(
    "created",
    "CREATED",
    "When it was created",
    26,
    cells.created,
    lambda row: _moment(row.task.created_at),
    (Datum("created_at", lambda row, _: row.task.created_at),),
    flex=3,
)
LAST_OP_DATE: Final = Column(
    "last-op-date",
    "LAST OP DATE",
    "When the last operation was",
    26,
    cells.last_op_date,
    lambda row: _moment(row.task.last_op_at),
    (_LAST_OP_AT,),
    flex=3,
)
UUID: Final = Column(
    "uuid",
    "UUID",
    "Uuid of the task",
    32,
    cells.uuid,
    lambda row: _text(row.task.uuid),
    (Datum("uuid", lambda row, _: row.task.uuid),),
)
DESCRIPTION: Final = Column(
    "description",
    "DESCRIPTION",
    "What somebody wrote about it",
    16,
    cells.description,
    lambda row: _text(row.task.description),
    (Datum("description", lambda row, _: row.task.description),),
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

PRIORITY: Final = (
    *(NAME, STATUS, USE, RPO),
    *(REASON, STORAGE, POLICY, VM, LIMIT, UUID, DESCRIPTION, CREATED, LAST_OP_DATE),
    *(USED, GROWTH, FULL_IN, PROTECTS, PLAN, LAST_OP, STATE),
)
"""Which stay when the screen is narrow, the most needed first. Those that are only there because somebody chose them
stay before most of those that are there anyway."""
