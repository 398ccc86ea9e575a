"""Cells of the list: text and role of each column for a task, and the bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.models.estimate import FAR_S, full_in_severity
from cdptui.models.problem_labels import DISABLED, is_shown_as_disabled
from cdptui.models.severity import NEAR_RPO_RATIO, Severity, is_rpo_judged, is_rpo_measured
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, status_line

if TYPE_CHECKING:
    from cdptui.models.day_trend import DayTrend
    from cdptui.models.storages import StorageSummary

BAR_CELLS: Final = 6
SHARE_CELLS: Final = 5
"""Cells of a percentage in a column."""
PROBLEM_CELLS: Final = 18
_DAY_S: Final = 86400.0
_MAX_NAMED: Final = 20
"""Resources of a task that the VM column lists."""
DOUBT_TEXT: Final = {
    Doubt.SHORT: "measured over a short time",
    Doubt.FREED: "used capacity also fell",
    Doubt.PAUSED: "growth has paused",
    Doubt.CHANGING: "the growth is changing",
}
"""Why an estimate is not reliable, after a colon."""

BLOCKS: Final = "▁▂▃▄▅▆▇█"
"""The levels of a sparkline."""

FLAT: Final = "─"
"""What did not move: a level would show it at the bottom, as if it had fallen."""

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def no_day_trend(_: str) -> DayTrend | None:
    """Return that nothing is known, before there is a monitor."""
    return None


class CellContext(Struct, frozen=True):
    """What a cell needs besides its task."""

    now: datetime
    """Wall-clock time of the snapshot: ages change with the data, not every second."""
    names: Mapping[str, str]
    """Names of resources, backup storages and policies by UUID, as far as they are known."""
    zone: tzinfo | None = None
    """The zone of dates; None is the local one."""
    storages: Mapping[str, StorageSummary] = {}
    """Backup storages by UUID; empty while nothing shows them."""
    day_trend: Callable[[str], DayTrend | None] = no_day_trend
    """Returns the used capacity of a task in the last day, by its UUID; None when it is not known."""


def name(row: TaskRow, _: CellContext) -> Line:
    """Return the name of the task."""
    if not row.task.name:
        return (Span("(no name)", Role.DIM),)
    return (Span(row.task.name, Role.BAD if row.task.unreadable_fields else Role.TEXT),)


def status(row: TaskRow, _: CellContext) -> Line:
    """Return the status with its glyph; quiet where the task has a problem that the status does not show."""
    return status_line(row)


def state(row: TaskRow, _: CellContext) -> Line:
    """Return Enabled or Disabled."""
    return (Span(row.task.state, Role.DIM if row.task.state == "Enabled" else Role.CALM),)


def used(row: TaskRow, _: CellContext) -> Line:
    """Return the used capacity."""
    if row.task.used_bytes is None and "usedCapacity" in row.task.unreadable_fields:
        return (Span("bad", Role.BAD),)
    return (Span(formatting.size(row.task.used_bytes)),)


def plan(row: TaskRow, _: CellContext) -> Line:
    """Return the planned capacity."""
    if row.task.plan_bytes is None and "maxCapacity" in row.task.unreadable_fields:
        return (Span("bad", Role.BAD),)
    if row.task.plan_bytes == 0:
        return (Span("none", Role.DIM),)
    return (Span(formatting.size(row.task.plan_bytes), Role.DIM),)


def use(row: TaskRow, _: CellContext) -> Line:
    """Return the used share of the plan, as a percentage and a bar."""
    ratio = row.task.used_ratio
    if ratio is None:
        return ()
    return used_share(ratio, row.use_severity, width=SHARE_CELLS)


def rpo(row: TaskRow, _: CellContext) -> Line:
    """Return the recovery point offset and its target."""
    task = row.task
    if task.rpo_ms is None:
        return (Span("bad", Role.BAD),) if "lastLatency" in task.unreadable_fields else ()
    role = task_rpo_role(task)
    if not is_rpo_measured(task):
        # A task that never ran, or whose last latency was cleared, has 0.
        return (Span(f"last {formatting.latency(task.rpo_ms)}" if task.rpo_ms else formatting.UNKNOWN, role),)
    if not task.rpo_target_ms:
        return (Span(formatting.latency(task.rpo_ms), role),)
    return (Span(formatting.latency(task.rpo_ms), role), Span(f"/{formatting.latency(task.rpo_target_ms)}", Role.DIM))


def growth(row: TaskRow, _: CellContext) -> Line:
    """Return the growth per hour."""
    if row.growth is None:
        return ()
    return (Span(formatting.rate(row.growth.bytes_per_s), Role.DIM if is_zero(row.growth) else Role.TEXT),)


def is_zero(rate: GrowthRate) -> bool:
    """Return whether a rate is less than a byte per hour, which is shown as none."""
    return round(rate.bytes_per_s * 3600) == 0


def full_in(row: TaskRow, _: CellContext) -> Line:
    """Return the time until the plan is full."""
    if row.seconds_until_full is None:
        return ()
    if row.seconds_until_full <= 0:
        return (Span("full", Role.BAD),)
    if row.seconds_until_full > FAR_S:
        return (Span("> 1 y", Role.DIM),)
    return (Span(full_in_text(row), full_in_role(row.trusted_full_in_s)),)


def full_in_text(row: TaskRow) -> str:
    """Return the time until the plan is full, marked if it is not trusted."""
    text = formatting.duration(row.seconds_until_full)
    return text if row.full_in_doubt is None else f"~{text}"


def is_marked_rough(row: TaskRow) -> bool:
    """Return whether the time until full is marked `~`."""
    return row.full_in_doubt is not None and (row.seconds_until_full or 0.0) <= FAR_S


def trend(row: TaskRow, context: CellContext) -> Line:
    """Return the used capacity over the last day as a sparkline."""
    found = context.day_trend(row.task.uuid)
    return () if found is None else sparkline(found.used_bytes)


@lru_cache(maxsize=1024)
def sparkline(values: tuple[int | None, ...]) -> Line:
    """Return a cell for each value, on a scale from the lowest to the highest; unknown ones are blank.

    >>> sparkline((1, 1, None, 8))[0].text, sparkline((7, 7, 7))[0].text
    ('▁▁ █', '───')
    """
    known = [value for value in values if value is not None]
    low, span = min(known), max(known) - min(known)
    levels = [None if value is None else (value - low) * (len(BLOCKS) - 1) for value in values]
    # Half of a level is rounded up, so that the highest and the lowest level have the same width.
    cells = [" " if level is None else BLOCKS[(2 * level + span) // (2 * span)] if span else FLAT for level in levels]
    return (Span("".join(cells), Role.BAR if span else Role.DIM),)


def protected_resources(row: TaskRow, context: CellContext) -> Line:
    """Return the name of the protected VM, or the number of resources."""
    refs = row.task.resource_refs
    if not refs:
        return (Span("none", Role.WARN),)
    if len(refs) > 1:
        return (Span(f"{len(refs)} resources"),)
    name = context.names.get(refs[0].resource_uuid)
    return (Span(name),) if name else (Span(resource_kind(refs[0].resource_type), Role.DIM),)


def last_op(row: TaskRow, context: CellContext) -> Line:
    """Return the age of the last operation."""
    at = row.task.last_op_at
    if at is not None and formatting.is_in_future(at, context.now):
        return (Span("ahead", Role.WARN),)
    return (Span(formatting.age(at, context.now), Role.DIM),)


def problem(row: TaskRow, context: CellContext) -> Line:
    """Return the most severe problem, and the number of others."""
    if not row.reasons:
        return (Span(DISABLED, Role.DIM),) if is_shown_as_disabled(row) else ()
    # The module is large, and the first list may have no problems.
    from cdptui.render.reason_messages import ReasonContext, reason_label

    worst, more = row.reasons[0], len(row.reasons) - 1
    label = reason_label(worst, row, ReasonContext(context.now, context.zone, context.names))
    text = f"{label} +{more}" if more else label
    # The number of others is a hint, which must not cut the problem.
    return (Span(text if len(text) <= PROBLEM_CELLS else label, ROLES[worst.severity]),)


def uuid(row: TaskRow, _: CellContext) -> Line:
    """Return the UUID of the task."""
    return (Span(row.task.uuid, Role.DIM),)


def policy(row: TaskRow, context: CellContext) -> Line:
    """Return the policy, by name if it is known."""
    return _named(row.task.policy_uuid, context)


def storage(row: TaskRow, context: CellContext) -> Line:
    """Return the backup storage, by name if it is known."""
    return _named(row.task.backup_storage_uuid, context)


def vm(row: TaskRow, context: CellContext) -> Line:
    """Return all resources, by name where it is known."""
    refs = row.task.resource_refs
    if not refs:
        return (Span("none", Role.WARN),)
    # No column is wide enough for more, and a task can have 100,000.
    uuids = [ref.resource_uuid for ref in refs[:_MAX_NAMED]]
    role = Role.TEXT if all(uuid in context.names for uuid in uuids) else Role.DIM
    more = f" and {len(refs) - len(uuids)} more" if len(refs) > len(uuids) else ""
    return (Span(", ".join(context.names.get(uuid, uuid) for uuid in uuids) + more, role),)


def limit(row: TaskRow, _: CellContext) -> Line:
    """Return the bandwidth limit per volume."""
    if row.task.bandwidth_limit_bps is None:
        return ()
    if not row.task.bandwidth_limit_bps:
        return (Span("none", Role.DIM),)
    return (Span(f"{formatting.size(row.task.bandwidth_limit_bps)}/s"),)


def created(row: TaskRow, context: CellContext) -> Line:
    """Return the creation time."""
    return (Span(formatting.timestamp(row.task.created_at, context.zone), Role.DIM),)


def last_op_date(row: TaskRow, context: CellContext) -> Line:
    """Return the time of the last operation."""
    at = row.task.last_op_at
    is_ahead = at is not None and formatting.is_in_future(at, context.now)
    return (Span(formatting.timestamp(at, context.zone), Role.WARN if is_ahead else Role.DIM),)


def description(row: TaskRow, _: CellContext) -> Line:
    """Return the description."""
    return (Span(row.task.description or "", Role.DIM),)


def _named(uuid: str | None, context: CellContext) -> Line:
    if not uuid:
        return (Span("none", Role.DIM),)
    name = context.names.get(uuid)
    return (Span(name),) if name else (Span(uuid, Role.DIM),)


def used_share(ratio: float, severity: Severity | None, *, cells: int = BAR_CELLS, width: int = 0) -> Line:
    """Return a used share as a percentage, at least `width` cells wide, and a bar of `cells` cells.

    `severity` is that of the problem that it is, which gives both their role.
    """
    return (
        Span(f"{formatting.percent(ratio):>{width}} ", problem_role(severity)),
        *bar(ratio, cells, problem_role(severity, quiet=Role.BAR)),
    )


def bar(ratio: float, cells: int, role: Role = Role.BAR) -> Line:
    """Return a bar of `cells` cells, filled in eighths of a cell.

    >>> bar(0.5, 4)[0].text, bar(0.5, 4)[1].text
    ('██', '░░')
    """
    eighths = round(min(1.0, max(0.0, ratio)) * cells * 8)
    if ratio > 0:
        eighths = max(1, eighths)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    spans = (Span(filled, role), Span("░" * (cells - len(filled)), Role.TRACK))
    return tuple(span for span in spans if span.text)


def problem_role(severity: Severity | None, quiet: Role = Role.TEXT) -> Role:
    """Return the role of a figure that is a problem of a severity; `quiet` for None, when it is none."""
    return quiet if severity is None else ROLES[severity]


def task_rpo_role(task: Task) -> Role:
    """Return the role of the RPO of a task, which is only a last measured value while the task does not protect."""
    return rpo_role(task.rpo_ratio) if is_rpo_judged(task) else Role.DIM


def rpo_role(ratio: float | None) -> Role:
    """Return the role of an RPO against its target: near it and over it, that of the severity of the problem."""
    if ratio is None:
        return Role.DIM
    return Role.WARN if ratio >= NEAR_RPO_RATIO else Role.TEXT


def full_in_role(seconds: float | None) -> Role:
    """Return the role of the time until a plan or a storage is full; None for an estimate that is not trusted."""
    return Role.DIM if seconds is None else problem_role(full_in_severity(seconds))


def resource_kind(resource_type: str) -> str:
    """Return a resource type of the server in a readable form.

    >>> resource_kind("VmInstanceVO"), resource_kind("SomethingElse")
    ('VM', 'SomethingElse')
    """
    return "VM" if resource_type.startswith("VmInstance") else resource_type.removesuffix("VO")
