"""The Recovery points tab: newest and oldest point, gaps and change rate of each volume."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cdptui.models.inventory import Policy
from cdptui.models.recovery_points import (
    GAP_FACTOR,
    RESOLUTION_S,
    RecoveryPoint,
    RecoveryPoints,
    VolumeHistory,
    coverage,
    protected_points,
    volume_histories,
)
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.tabs.blocks import BLANK, fetch_status, has_value, heading, labeled, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext

_FULL_COVERAGE: Final = 0.999
_MAX_GAPS: Final = 8
_MAX_LOCKED: Final = 20
_NOT_RETRIED: Final = "Not retried automatically; {refresh} retries"

_BELOW_RESOLUTION: Final = (
    "Policy interval {interval}; the server lists one point per minute, so shorter gaps are not visible"
)
_INTERVAL_KNOWN: Final = "Policy interval {interval}; gaps over {gap} are reported"
_INTERVAL_UNKNOWN: Final = "Policy interval not known; gaps over {gap} are reported"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines."""
    top = [title_line(row, context.points, context.at), *spacer(height)]
    if not row.task.resource_refs:
        return [*top, *wrap("No VM attached: nothing to restore", width, Role.WARN)]
    part, policy = context.points, _policy(row, context)
    body = [*fetch_status(part, context, "recovery points", width, _NOT_RETRIED)]
    if part.value is None:
        if part.failure is None and not has_value(part):
            body += wrap("Read from the backup storage; this can take a minute", width, Role.DIM)
        return [*top, *body]
    histories = volume_histories(part.value, policy.interval_s if policy is not None else None)
    if not histories:
        return [*top, *body, BLANK, *wrap("No recovery points: nothing can be restored", width, Role.BAD)]
    for history in histories:
        body += [*([BLANK] if body else []), *_volume(history, row.task, context, width)]
    return [*top, *body, BLANK, *_footnotes(part.value, policy, width, context.keys["refresh"])]


def _policy(row: TaskRow, context: DetailContext) -> Policy | None:
    return (context.policies.value or {}).get(row.task.policy_uuid or "")


def _volume(history: VolumeHistory, task: Task, context: DetailContext, width: int) -> list[Line]:
    points = context.points.value
    if points is None:
        return []
    locked = protected_points(points, history.volume_uuid)
    lines = [
        heading(_volume_name(history, context), width),
        labeled("newest", *_moment(history.newest, context, _age_role(history, task, context))),
        labeled("oldest", *_moment(history.oldest, context)),
        *_strip(history, points, width),
        labeled("last 24 h", Span(f"{history.count} points listed"), *_gap_summary(history)),
    ]
    if history.bytes_per_s is not None:
        lines.append(
            labeled(
                "change rate",
                Span(formatting.rate(history.bytes_per_s).removeprefix("+")),
                Span("  (from recovery point sizes)", Role.DIM),
            )
        )
    lines += [_gap_line(gap.start, gap.end, context) for gap in history.gaps[:_MAX_GAPS]]
    if len(history.gaps) > _MAX_GAPS:
        lines.append((Span(f"  … {len(history.gaps) - _MAX_GAPS} shorter gaps not shown", Role.DIM),))
    if locked:
        lines.append(labeled("locked", Span("1 point" if len(locked) == 1 else f"{len(locked)} points")))
        lines += [_locked(point, context) for point in locked[:_MAX_LOCKED]]
    return lines


def _volume_name(history: VolumeHistory, context: DetailContext) -> str:
    vm = context.machine.value
    volumes = vm.volumes if vm is not None else ()
    known = next((volume for volume in volumes if volume.uuid == history.volume_uuid), None)
    if known is None:
        return f"volume {history.volume_uuid}"
    return " ".join(part for part in (known.kind, known.name or known.uuid) if part)


def _age_role(history: VolumeHistory, task: Task, context: DetailContext) -> Role:
    """Return the role of the newest point's age: bad when it exceeds the RPO target."""
    if history.newest is None or not task.rpo_target_ms or task.state == "Disabled":
        return Role.DIM
    return Role.BAD if (context.now - history.newest).total_seconds() * 1000 > task.rpo_target_ms else Role.DIM


def _moment(at: datetime | None, context: DetailContext, role: Role = Role.DIM) -> list[Span]:
    if at is None:
        return [Span("not known", Role.DIM)]
    return [
        Span(formatting.timestamp(at, context.zone), Role.STRONG),
        Span(f"  {formatting.ago(at, context.now)}", role),
    ]


def _strip(history: VolumeHistory, points: RecoveryPoints, width: int) -> list[Line]:
    """Return a day on one line: full blocks where no point is missing, half blocks where some are, else dots."""
    cells = max(8, width - 2)
    spans: list[Span] = [Span("▕", Role.TRACK)]
    for share in coverage(history, points.start, points.end, cells):
        sign, role = ("█", Role.BAR) if share >= _FULL_COVERAGE else ("▄", Role.WARN) if share > 0 else ("·", Role.BAD)
        if spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + sign, role)
        else:
            spans.append(Span(sign, role))
    left, right = "-24 h", "now"
    rule = "─" * max(0, cells - len(left) - len(right))
    return [(*spans, Span("▏", Role.TRACK)), (Span(f" {left}{rule}{right}", Role.DIM),)]


def _gap_summary(history: VolumeHistory) -> list[Span]:
    count = len(history.gaps)
    gaps = "1 gap" if count == 1 else f"{count} gaps"
    if history.seconds_since_newest is not None:
        overdue = formatting.duration(history.seconds_since_newest)
        return [Span(f"  ▲ {gaps}, no point for {overdue}" if count else f"  ▲ no point for {overdue}", Role.WARN)]
    if not count:
        return [Span("  ✔ no gaps", Role.OK)]
    return [Span(f"  ▲ {gaps}, longest {formatting.duration(history.gaps[0].seconds)}", Role.WARN)]


def _gap_line(start: datetime, end: datetime, context: DetailContext) -> Line:
    begin, close = (at.astimezone(context.zone) for at in (start, end))
    length = formatting.duration((end - start).total_seconds())
    return (
        Span("  gap  ", Role.WARN),
        Span(f"{begin:%m-%d %H:%M:%S} to {close:%H:%M:%S} {formatting.utc_offset(end, context.zone)}"),
        Span(f"  {length}", Role.DIM),
    )


def _locked(point: RecoveryPoint, context: DetailContext) -> Line:
    return (
        Span("  ◆ ", Role.ACCENT),
        Span(formatting.timestamp(point.at, context.zone)),
        Span(f"  {formatting.size(point.size_bytes)}", Role.DIM),
        Span(f"  {point.description}" if point.description else ""),
    )


def _footnotes(points: RecoveryPoints, policy: Policy | None, width: int, refresh: str) -> list[Line]:
    if policy is None or not policy.interval_s:
        interval = _INTERVAL_UNKNOWN
    elif policy.interval_s < RESOLUTION_S:
        interval = _BELOW_RESOLUTION
    else:
        interval = _INTERVAL_KNOWN
    interval_s = policy.interval_s if policy is not None else None
    reported_s = GAP_FACTOR * max(interval_s or RESOLUTION_S, RESOLUTION_S)
    note = interval.format(interval=formatting.duration(interval_s), gap=formatting.duration(reported_s))
    lines = wrap(note, width, Role.DIM)
    if points.is_truncated:
        lines += wrap("List may be incomplete: the server may have more recovery points", width, Role.WARN)
    return [*lines, *wrap(f"Loaded on demand; {refresh} reloads", width, Role.DIM)]
