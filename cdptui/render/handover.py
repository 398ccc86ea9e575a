"""A handover as Markdown or as plain text: a page that one can send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Final

import msgspec
from msgspec import Struct

from cdptui.models.estimate import full_in_range
from cdptui.models.event import Event
from cdptui.models.handover import Handover
from cdptui.models.task_row import TaskRow
from cdptui.models.trend import Gap
from cdptui.render import formatting
from cdptui.render.event_text import event_text
from cdptui.render.growth_text import full_in_range_text
from cdptui.render.reason_messages import ReasonContext, ReasonText, describe_reason
from cdptui.render.rpo_table import share_text
from cdptui.render.statuses import SIGNS

MAX_EVENTS: Final = 100
"""Events that are listed, the newest ones."""

_NONE: Final = "none"


class HandoverContext(Struct, frozen=True):
    """What the text needs besides the handover."""

    node: str
    account: str
    zone: tzinfo | None
    """The zone of times; None for that of this machine."""


class _Section(Struct, frozen=True):
    title: str
    items: Sequence[Sequence[str]]
    """Each with its first line, and further ones."""


def handover_markdown(handover: Handover, context: HandoverContext) -> str:
    """Return the page as Markdown. Names are escaped: they are text, not markup."""
    lines = [f"# {_escaped(_title(context))}", "", _escaped(_span(handover, context))]
    for section in _sections(handover, context):
        lines += ["", f"## {section.title}", ""]
        for first, *others in section.items or [[_NONE]]:
            lines += [f"- {_escaped(first)}", *(f"  {_escaped(line)}" for line in others)]
    return "\n".join(lines) + "\n"


def handover_text(handover: Handover, context: HandoverContext) -> str:
    """Return the page as plain text."""
    lines = [_title(context), _span(handover, context)]
    for section in _sections(handover, context):
        lines += ["", section.title.upper()]
        for first, *others in section.items or [[_NONE]]:
            lines += [f"  {first}", *(f"    {line}" for line in others)]
    return "\n".join(lines) + "\n"


def handover_json(handover: Handover, context: HandoverContext) -> str:
    """Return the page as a JSON object: numbers in seconds and bytes, times with their offset, null for unknown."""
    time, zone = handover.time, context.zone
    now, then = _reason_contexts(handover, zone)
    data = {
        "node": context.node,
        "account": context.account,
        "since": _iso(time.since_ms, zone),
        "until": _iso(time.until_ms, zone),
        "unhealthy": [_task_data(row, now) for row in handover.unhealthy],
        "recovered": [_task_data(row, then) for row in handover.recovered],
        "full_next": [_full_data(row) for row in handover.full_next],
        "rpo": {
            "share_within": handover.rpo.share_within,
            "covered_seconds": handover.rpo.covered_ms / 1000,
            "breaches": handover.rpo.breaches,
        },
        "events": [
            {
                "time": _iso(event.at_ms, zone),
                "kind": event.kind.value,
                "severity": event.severity.name.lower(),
                "task": event.task_uuid or None,
                "text": event_text(event, handover.names),
            }
            for event in handover.events
        ],
        "gaps": [
            {"from": _iso(gap.start_ms, zone), "to": _iso(gap.end_ms, zone), "is_outage": gap.is_outage}
            for gap in handover.gaps
        ],
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def _iso(at_ms: int, zone: tzinfo | None) -> str:
    return formatting.local_time(at_ms, zone).isoformat(timespec="milliseconds")


def _task_data(row: TaskRow, context: ReasonContext) -> dict[str, object]:
    texts = [(reason, describe_reason(reason, row, context)) for reason in row.reasons]
    return {
        "uuid": row.task.uuid,
        "name": row.task.name,
        "status": row.task.status,
        "state": row.task.state,
        "severity": row.severity.name.lower(),
        "problems": [
            {
                "kind": reason.kind.value,
                "severity": reason.severity.name.lower(),
                "since": reason.since.isoformat() if reason.since is not None else None,
                "text": text.sentence,
                "next_step": text.next_step or None,
            }
            for reason, text in texts
        ],
    }


def _full_data(row: TaskRow) -> dict[str, object]:
    earliest_s, latest_s = full_in_range(row.task, row.growth) or (None, None)
    return {
        "uuid": row.task.uuid,
        "name": row.task.name,
        "full_in_seconds": row.trusted_full_in_s,
        "earliest_seconds": earliest_s,
        "latest_seconds": latest_s,
        "used_bytes": row.task.used_bytes,
        "plan_bytes": row.task.plan_bytes,
    }


def _title(context: HandoverContext) -> str:
    return f"Handover of {context.node}, account {context.account}"


def _span(handover: Handover, context: HandoverContext) -> str:
    time, zone = handover.time, context.zone
    start, end = (formatting.timestamp(formatting.local_time(at, zone), zone) for at in (time.since_ms, time.until_ms))
    return f"{start} to {end} ({formatting.duration((time.until_ms - time.since_ms) / 1000)})"


def _sections(handover: Handover, context: HandoverContext) -> Iterator[_Section]:
    zone = context.zone
    now, then = _reason_contexts(handover, zone)
    unhealthy = [_task(row, now, has_next_step=True) for row in handover.unhealthy]
    yield _Section(f"Unhealthy now: {len(unhealthy)}", unhealthy)
    recovered = [_task(row, then, has_next_step=False) for row in handover.recovered]
    yield _Section(f"Healthy again, or gone: {len(recovered)}", recovered)
    yield _Section("Full next", [[_full_in(row)] for row in handover.full_next])
    yield _Section("RPO", [[line] for line in _rpo(handover)])
    events = handover.events[-MAX_EVENTS:]
    left_out = len(handover.events) - len(events)
    lines = [[_event(event, handover, zone)] for event in events]
    yield _Section("What happened", [*([[f"{left_out} earlier ones are not listed"]] if left_out else []), *lines])
    yield _Section("Not watched", [[_gap(gap, zone)] for gap in handover.gaps])


def _reason_contexts(handover: Handover, zone: tzinfo | None) -> tuple[ReasonContext, ReasonContext]:
    """Return the contexts of problems at the end, and at the beginning."""
    end_ms, start_ms = handover.time.until_ms, handover.time.since_ms
    now, then = (ReasonContext(formatting.local_time(at, zone), zone, handover.names) for at in (end_ms, start_ms))
    return now, then


def _task(row: TaskRow, context: ReasonContext, *, has_next_step: bool) -> list[str]:
    name, sign = row.task.name or row.task.uuid, SIGNS[row.severity]
    if not row.reasons:
        return [f"{sign} {name}: {row.task.status}"]
    texts = [describe_reason(reason, row, context) for reason in row.reasons]
    lines = [f"{sign} {name}: {_with_since(texts[0])}", *map(_with_since, texts[1:])]
    return [*lines, f"Next step: {texts[0].next_step}"] if has_next_step and texts[0].next_step else lines


def _with_since(text: ReasonText) -> str:
    return f"{text.sentence}, {text.since}" if text.since else text.sentence


def _full_in(row: TaskRow) -> str:
    name, full_in = row.task.name or row.task.uuid, formatting.duration(row.trusted_full_in_s)
    return f"{name}: full in {full_in}{full_in_range_text(row)}, {formatting.percent(row.task.used_ratio or 0.0)} used"


def _rpo(handover: Handover) -> Iterator[str]:
    statistics = handover.rpo
    if statistics.share_within is None:
        return
    yield f"{share_text(statistics.share_within)} of the time within the targets, breaches: {statistics.breaches}"
    for what, breach in (("longest", statistics.longest), ("worst", statistics.worst)):
        if breach is not None:
            name = handover.names.get(breach.task_uuid, breach.task_uuid)
            over, worst = formatting.duration(breach.over_ms / 1000), formatting.latency(breach.worst_ms)
            yield f"{what} breach: {name}, {over} over its target, up to {worst}"


def _event(event: Event, handover: Handover, zone: tzinfo | None) -> str:
    return f"{_short_time(event.at_ms, zone)} {event_text(event, handover.names)}"


def _gap(gap: Gap, zone: tzinfo | None) -> str:
    start, end = (_short_time(at_ms, zone) for at_ms in (gap.start_ms, gap.end_ms))
    cause = "the node did not answer" if gap.is_outage else "no monitor ran"
    return f"{start} to {end} ({formatting.duration((gap.end_ms - gap.start_ms) / 1000)}): {cause}"


def _short_time(at_ms: int, zone: tzinfo | None) -> str:
    return f"{formatting.local_time(at_ms, zone):%m-%d %H:%M:%S}"


_MARKUP: Final = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"})


def _escaped(text: str) -> str:
    return text.translate(_MARKUP)
