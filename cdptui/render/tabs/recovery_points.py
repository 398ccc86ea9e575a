"""The tab Recovery points: what can be restored of each volume, where there are gaps, and how much changes."""

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

_WHOLE: Final = 0.999
_MOST_LULLS: Final = 8
_MOST_LOCKED: Final = 20
_NOT_BY_ITSELF: Final = "they are not tried again by themselves; {refresh} tries again"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """All lines."""
    top = [title_line(row, context.points, context.at), *spacer(height)]
    if not row.task.resource_refs:
        return [*top, *wrap("no VM is attached to this task: there is nothing to restore", width, Role.WARN)]
    part, policy = context.points, _policy(row, context)
    body = [*fetch_status(part, context, "recovery points", width, _NOT_BY_ITSELF)]
    if part.value is None:
        if part.failure is None and not has_value(part):
            body += wrap("they come from the backup storage itself, which takes its time", width, Role.DIM)
        return [*top, *body]
    found = volume_histories(part.value, policy.interval_s if policy is not None else None)
    if not found:
        return [*top, *body, BLANK, *wrap("there is no recovery point: nothing can be restored", width, Role.BAD)]
    for history in found:
        body += [*(spacer(height) if history is found[0] else [BLANK]), *_volume(history, row.task, context, width)]
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
        labeled("last 24 h", Span(f"{history.count} points listed"), *_lull_count(history)),
    ]
    if history.bytes_per_s is not None:
        lines.append(labeled("changes", Span(formatting.rate(history.bytes_per_s)), Span("  by their sizes", Role.DIM)))
    lines += [_gap_line(lull.start, lull.end, context) for lull in history.gaps[:_MOST_LULLS]]
    if len(history.gaps) > _MOST_LULLS:
        lines.append((Span(f"  … and {len(history.gaps) - _MOST_LULLS} shorter gaps", Role.DIM),))
    if locked:
        lines.append(labeled("protected", Span(f"{len(locked)} kept from being thinned out")))
        lines += [_locked(point, context) for point in locked[:_MOST_LOCKED]]
    return lines


def _volume_name(history: VolumeHistory, context: DetailContext) -> str:
    machine = context.machine.value
    volumes = machine.volumes if machine is not None else ()
    known = next((volume for volume in volumes if volume.uuid == history.volume_uuid), None)
    if known is None:
        return f"volume {history.volume_uuid}"
    return " ".join(part for part in (known.kind, known.name or known.uuid) if part)


def _age_role(history: VolumeHistory, task: Task, context: DetailContext) -> Role:
    """What can be restored at best counts against the RPO target."""
    if history.newest is None or not task.rpo_target_ms or task.state == "Disabled":
        return Role.DIM
    return Role.BAD if (context.now - history.newest).total_seconds() * 1000 > task.rpo_target_ms else Role.DIM


def _moment(at: datetime | None, context: DetailContext, role: Role = Role.DIM) -> list[Span]:
    if at is None:
        return [Span("not known", Role.DIM)]
    return [
        Span(at.astimezone(context.zone).strftime("%Y-%m-%d %H:%M:%S"), Role.STRONG),
        Span(f"  {formatting.ago(at, context.now)}", role),
    ]


def _strip(history: VolumeHistory, points: RecoveryPoints, width: int) -> list[Line]:
    """A day in one line: full where points came as they should, low where some are missing, a dot where all are."""
    cells = max(8, width - 2)
    spans: list[Span] = [Span("▕", Role.TRACK)]
    for share in coverage(history, points.start, points.end, cells):
        sign, role = ("█", Role.BAR) if share >= _WHOLE else ("▄", Role.WARN) if share > 0 else ("·", Role.BAD)
        if spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + sign, role)
        else:
            spans.append(Span(sign, role))
    left, right = "-24 h", "now"
    rule = "─" * max(0, cells - len(left) - len(right))
    return [(*spans, Span("▏", Role.TRACK)), (Span(f" {left}{rule}{right}", Role.DIM),)]


def _lull_count(history: VolumeHistory) -> list[Span]:
    count = len(history.gaps)
    gaps = f"{count} gap{'' if count == 1 else 's'}"
    if history.seconds_since_newest is not None:
        silence = f"none for {formatting.duration(history.seconds_since_newest)}"
        return [Span(f"  ▲ {gaps}, and {silence}" if count else f"  ▲ {silence}", Role.WARN)]
    if not count:
        return [Span("  ✔ no gap", Role.OK)]
    return [Span(f"  ▲ {gaps}, the longest {formatting.duration(history.gaps[0].seconds)}", Role.WARN)]


def _gap_line(start: datetime, end: datetime, context: DetailContext) -> Line:
    begin, close = (at.astimezone(context.zone) for at in (start, end))
    length = formatting.duration((end - start).total_seconds())
    return (
        Span("  gap  ", Role.WARN),
        Span(f"{begin:%m-%d %H:%M:%S} to {close:%H:%M:%S}"),
        Span(f"  {length}", Role.DIM),
    )


def _locked(point: RecoveryPoint, context: DetailContext) -> Line:
    at = point.at.astimezone(context.zone).strftime("%Y-%m-%d %H:%M:%S") if point.at is not None else formatting.UNKNOWN
    return (
        Span("  ◆ ", Role.ACCENT),
        Span(at),
        Span(f"  {formatting.size(point.size_bytes)}", Role.DIM),
        Span(f"  {point.description}" if point.description else ""),
    )


def _footnotes(points: RecoveryPoints, policy: Policy | None, width: int, refresh: str) -> list[Line]:
    if policy is not None and policy.interval_s:
        every = formatting.duration(policy.interval_s)
        unseen = "the server lists one a minute, so shorter gaps stay unseen"
        told = f"a gap is told from {formatting.duration(GAP_FACTOR * policy.interval_s)} on"
        words = f"the policy takes a point every {every}; {unseen if policy.interval_s < RESOLUTION_S else told}"
    else:
        words = "the policy's interval is not known; a gap is told from two minutes on"
    lines = wrap(words, width, Role.DIM)
    if points.is_truncated:
        lines += wrap("the server has, or may have, more recovery points than it listed", width, Role.WARN)
    return [*lines, *wrap(f"they are read on demand only; {refresh} reads them again", width, Role.DIM)]
