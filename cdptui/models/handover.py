"""What one shift tells the next one: what is wrong now, what happened, what will be full, and what was not watched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from cdptui.models.event import Event
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow, urgency
from cdptui.models.trend import Gap

MAX_FULL_NEXT: Final = 5

_REPORTED_FROM: Final = Severity.NOTICE
"""Events that are less severe are left out, and so are problems."""


class HandoverTime(Struct, frozen=True):
    """The time of a handover, in milliseconds since 1970."""

    since_ms: int
    until_ms: int


class FleetThen(Struct, frozen=True):
    """The tasks at a moment, and the names of what they refer to."""

    rows: Sequence[TaskRow]
    names: Mapping[str, str] = {}


class Handover(Struct, frozen=True):
    """What is to be told."""

    time: HandoverTime
    unhealthy: Sequence[TaskRow]
    """Now, most urgent first."""
    recovered: Sequence[TaskRow]
    """As they were at the beginning: these have no problem now, or are gone."""
    events: Sequence[Event]
    """What matters, oldest first."""
    full_next: Sequence[TaskRow]
    """Those with a trusted estimate, soonest first."""
    rpo: RpoStatistics
    gaps: Sequence[Gap]
    """Times in which nothing was recorded, cut at the ends."""
    names: Mapping[str, str]
    """Of tasks and of what they refer to, by UUID."""


def build_handover(
    time: HandoverTime,
    before: FleetThen,
    now: FleetThen,
    events: Iterable[Event],
    rpo: RpoStatistics,
    gaps: Iterable[Gap],
) -> Handover:
    """Compare the tasks at the end of a time with those at its beginning. `events` are oldest first."""
    unhealthy = [row for row in now.rows if _is_unhealthy(row)]
    still = {row.task.uuid for row in unhealthy}
    estimated = [row for row in now.rows if row.trusted_full_in_s]
    return Handover(
        time,
        sorted(unhealthy, key=urgency),
        sorted((row for row in before.rows if _is_unhealthy(row) and row.task.uuid not in still), key=urgency),
        [event for event in events if event.severity >= _REPORTED_FROM],
        sorted(estimated, key=lambda row: row.trusted_full_in_s or 0.0)[:MAX_FULL_NEXT],
        rpo,
        [cut for gap in gaps if (cut := _cut(gap, time)) is not None],
        {
            **before.names,
            **now.names,
            **{row.task.uuid: row.task.name for rows in (before.rows, now.rows) for row in rows},
        },
    )


def _is_unhealthy(row: TaskRow) -> bool:
    return row.severity >= _REPORTED_FROM


def _cut(gap: Gap, time: HandoverTime) -> Gap | None:
    start_ms, end_ms = max(gap.start_ms, time.since_ms), min(gap.end_ms, time.until_ms)
    return Gap(start_ms, end_ms, gap.is_outage) if start_ms < end_ms else None
