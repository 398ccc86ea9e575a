"""The one registry of columns: heading, width, what a cell says, and what the column sorts by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from cdptui.models.severity import NEAR_FULL_RATIO, severity_of
from cdptui.models.vitals import Vitals
from cdptui.render import units
from cdptui.render.span import Line, Role, Span
from cdptui.render.statuses import status_span

SortValue = tuple[bool, float | str]
"""Unknown sorts after known in either direction: the flag comes first."""

_UNKNOWN: Final[SortValue] = (True, 0.0)
_DAY_S: Final = 86400.0
_BAR_CELLS: Final = 6
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


class CellContext(NamedTuple):
    """What a cell may need beside its task."""

    now: datetime
    """Wall clock of the snapshot, for ages: they move with the data, not with every tick."""
    names: Mapping[str, str]
    """Names of resources by uuid, as far as they are known."""


class Column(Struct, frozen=True):
    """One column. Width in cells; `flex` columns share what is left."""

    key: str
    heading: str
    help: str
    width: int
    cell: Callable[[Vitals, CellContext], Line]
    sort_value: Callable[[Vitals], SortValue]
    align: Literal["left", "right"] = "left"
    flex: int = 0
    """Up to how many cells it may grow beyond `width`."""
    worst_first: bool = False
    """Whether sorting by it begins with the largest value."""


class Placed(NamedTuple):
    """A column with its place on a line."""

    column: Column
    x: int
    width: int


def _number(value: float | None) -> SortValue:
    return _UNKNOWN if value is None else (False, value)


def _text(value: str) -> SortValue:
    return (False, value.casefold())


def _name(row: Vitals, _: CellContext) -> Line:
    if not row.task.name:
        return (Span("(no name)", Role.DIM),)
    return (Span(row.task.name, Role.BAD if row.task.bad_fields else Role.TEXT),)


def _status(row: Vitals, _: CellContext) -> Line:
    return status_span(row.task.status, row.task.state)


def _state(row: Vitals, _: CellContext) -> Line:
    return (Span(row.task.state, Role.DIM if row.task.state == "Enabled" else Role.CALM),)


def _used(row: Vitals, _: CellContext) -> Line:
    if row.task.used_bytes is None and "usedCapacity" in row.task.bad_fields:
        return (Span("bad", Role.BAD),)
    return (Span(units.size(row.task.used_bytes)),)


def _plan(row: Vitals, _: CellContext) -> Line:
    if row.task.plan_bytes is None and "maxCapacity" in row.task.bad_fields:
        return (Span("bad", Role.BAD),)
    if row.task.plan_bytes == 0:
        return (Span("none", Role.DIM),)
    return (Span(units.size(row.task.plan_bytes), Role.DIM),)


def _use(row: Vitals, _: CellContext) -> Line:
    ratio = row.task.used_ratio
    if ratio is None:
        return ()
    return (Span(f"{units.percent(ratio):>5} ", fill_role(ratio)), *bar(ratio, _BAR_CELLS))


def _rpo(row: Vitals, _: CellContext) -> Line:
    task = row.task
    if task.rpo_ms is None:
        return (Span("bad", Role.BAD),) if "lastLatency" in task.bad_fields else ()
    role = rpo_role(task.rpo_ratio, is_on=task.state != "Disabled")
    if not task.rpo_target_ms:
        return (Span(units.latency(task.rpo_ms), role),)
    return (Span(units.latency(task.rpo_ms), role), Span(f"/{units.latency(task.rpo_target_ms)}", Role.DIM))


def _growth(row: Vitals, _: CellContext) -> Line:
    if row.growth is None:
        return ()
    is_still = round(row.growth.bytes_per_s * 3600) == 0
    return (Span(units.rate(row.growth.bytes_per_s), Role.DIM if is_still else Role.TEXT),)


def _full_in(row: Vitals, _: CellContext) -> Line:
    if row.full_in_s is None:
        return ()
    if row.full_in_s <= 0:
        return (Span("full", Role.BAD),)
    if row.full_in_s > 365 * _DAY_S:
        return (Span("> 1 y", Role.DIM),)
    return (Span(units.duration(row.full_in_s), full_in_role(row.full_in_s)),)


def _protects(row: Vitals, context: CellContext) -> Line:
    refs = row.task.resource_refs
    if not refs:
        return (Span("nothing", Role.WARN),)
    if len(refs) > 1:
        return (Span(f"{len(refs)} resources"),)
    name = context.names.get(refs[0].resource_uuid)
    return (Span(name),) if name else (Span(short_type(refs[0].resource_type), Role.DIM),)


def _last_op(row: Vitals, context: CellContext) -> Line:
    at = row.task.last_op_at
    if at is not None and units.is_ahead(at, context.now):
        return (Span("ahead", Role.WARN),)
    return (Span(units.age(at, context.now), Role.DIM),)


def _severity_value(row: Vitals) -> SortValue:
    return (False, float(severity_of(row.task.status, row.task.state)))


NAME: Final = Column("name", "NAME", "Name of the task", 16, _name, lambda row: _text(row.task.name), flex=28)
STATUS: Final = Column("status", "STATUS", "What it does, worst first", 13, _status, _severity_value, worst_first=True)
STATE: Final = Column("state", "STATE", "The switch", 8, _state, lambda row: _text(row.task.state))
USED: Final = Column(
    "used",
    "USED",
    "Used capacity on the backup storage",
    8,
    _used,
    lambda row: _number(row.task.used_bytes),
    align="right",
    worst_first=True,
)
PLAN: Final = Column(
    "plan",
    "PLAN",
    "Planned capacity; a task that reaches it stops protecting",
    8,
    _plan,
    lambda row: _number(row.task.plan_bytes),
    align="right",
    worst_first=True,
)
USE: Final = Column(
    "use",
    "USE",
    "Used of plan",
    6 + _BAR_CELLS,
    _use,
    lambda row: _number(row.task.used_ratio),
    worst_first=True,
)
RPO: Final = Column(
    "rpo",
    "RPO",
    "Recovery point offset as last measured, and its target",
    11,
    _rpo,
    lambda row: _number(row.task.rpo_ratio),
    align="right",
    worst_first=True,
)
GROWTH: Final = Column(
    "growth",
    "GROWTH",
    "New data per hour, from used capacity over time",
    11,
    _growth,
    lambda row: _number(row.growth.bytes_per_s if row.growth else None),
    align="right",
    worst_first=True,
)
FULL_IN: Final = Column(
    "full-in",
    "FULL IN",
    "Time until used capacity reaches the plan",
    7,
    _full_in,
    lambda row: _number(row.full_in_s),
    align="right",
)
PROTECTS: Final = Column(
    "protects",
    "PROTECTS",
    "The resources that it protects",
    12,
    _protects,
    lambda row: _number(len(row.task.resource_refs)),
    flex=16,
)
LAST_OP: Final = Column(
    "last-op",
    "LAST OP",
    "Age of the last operation",
    7,
    _last_op,
    lambda row: _number(None if row.task.last_op_at is None else -row.task.last_op_at.timestamp()),
    align="right",
)

COLUMNS: Final = (NAME, STATUS, STATE, USED, PLAN, USE, RPO, GROWTH, FULL_IN, PROTECTS, LAST_OP)
"""In the order on screen."""

PRIORITY: Final = (NAME, STATUS, USE, RPO, USED, GROWTH, FULL_IN, PROTECTS, PLAN, LAST_OP, STATE)
"""Which stay when the screen is narrow, the most needed first."""

GAP: Final = 1


def place(width: int, columns: Sequence[Column] = COLUMNS) -> tuple[Placed, ...]:
    """Fit columns into `width` cells: by priority, then the rest goes to those that can use it.

    >>> [placed.column.key for placed in place(60)]
    ['name', 'status', 'use', 'rpo']
    """
    chosen: list[Column] = []
    left = width
    for column in PRIORITY:
        needed = column.width + (GAP if chosen else 0)
        if column in columns and (needed <= left or not chosen):
            chosen.append(column)
            left -= needed
    widths = {column.key: min(column.width, max(1, width)) for column in chosen}
    for column in chosen:
        extra = max(0, min(left, column.flex))
        widths[column.key] += extra
        left -= extra
    placed: list[Placed] = []
    x = 0
    for column in columns:
        if column in chosen:
            placed.append(Placed(column, x, widths[column.key]))
            x += widths[column.key] + GAP
    return tuple(placed)


def bar(ratio: float, cells: int) -> Line:
    """A bar of `cells` cells, filled in eighths.

    >>> bar(0.5, 4)[0].text, bar(0.5, 4)[1].text
    ('██', '░░')
    """
    eighths = round(min(1.0, max(0.0, ratio)) * cells * 8)
    if ratio > 0:
        eighths = max(1, eighths)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    spans = (Span(filled, fill_role(ratio, quiet=Role.BAR)), Span("░" * (cells - len(filled)), Role.TRACK))
    return tuple(span for span in spans if span.text)


def fill_role(ratio: float, quiet: Role = Role.TEXT) -> Role:
    """The role of a share of the plan."""
    if ratio >= 1:
        return Role.BAD
    return Role.WARN if ratio >= NEAR_FULL_RATIO else quiet


def rpo_role(ratio: float | None, *, is_on: bool) -> Role:
    """The role of an RPO against its target."""
    if ratio is None or not is_on:
        return Role.DIM
    if ratio > 1:
        return Role.BAD
    return Role.WARN if ratio > 0.8 else Role.TEXT


def full_in_role(seconds: float) -> Role:
    """The role of a time until full."""
    if seconds < _DAY_S:
        return Role.BAD
    return Role.WARN if seconds < 3 * _DAY_S else Role.TEXT


def short_type(resource_type: str) -> str:
    """A class name of the server as a word.

    >>> short_type("VmInstanceVO"), short_type("SomethingElse")
    ('VM', 'SomethingElse')
    """
    return "VM" if resource_type.startswith("VmInstance") else resource_type.removesuffix("VO")
