"""What happened to a task or a backup storage, derived from what was known of it before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from cdptui.models.inventory import BackupStorage
from cdptui.models.reasons import STOP_CAUSES, Reason, ReasonKind
from cdptui.models.severity import Severity, is_rpo_judged, status_severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow

PLAN_LEVELS: Final = (80, 90, 95, 100)
"""Used percent of the plan that are events when they are reached."""

_LEVEL_MARGIN: Final = 2
"""Percent by which the use must fall below a level before reaching it is an event again."""

_FREED_SHARE: Final = 0.01
_FREED_BYTES: Final = 1 << 30
"""Used capacity that falls by less than a GiB, or by less than one percent of it, is no event: merging does that."""


class EventKind(StrEnum):
    """Kinds of events. The values are stored, and are words of the filter language."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    STATUS = "status"
    STATE = "state"
    NAME = "name"
    DESCRIPTION = "description"
    PLAN = "plan"
    LIMIT = "limit"
    POLICY = "policy"
    STORAGE = "storage"
    RPO_TARGET = "rpo-target"
    RPO_MISSED = "rpo-missed"
    """The RPO passed its target."""
    RPO_MET = "rpo-met"
    """The RPO is within its target again: `old` is the worst RPO, `new` the milliseconds for which it was over."""
    PLAN_LEVEL = "plan-level"
    """The use of the plan reached one of `PLAN_LEVELS`, which is `new`."""
    FREED = "freed"
    """Used capacity fell: `old` and `new` are bytes."""
    STORAGE_DISCONNECTED = "storage-disconnected"
    """The node lost a backup storage: `name` is its name, `new` the number of tasks on it."""
    STORAGE_CONNECTED = "storage-connected"
    """The node has it again: `old` is the milliseconds for which it had not, `new` the number of tasks on it."""
    SESSION_ENDED = "session-ended"
    """The server no longer accepts the session: `new` is `RENEWED` when the monitor logs in again."""
    SESSION_TAKEN_OVER = "session-taken-over"
    """The session that followed ended as well: another login of the account, or restarts of the node."""
    NOTE = "note"
    """A user wrote about a task: `old` is the name of the user, `new` the text."""
    MONITOR_STARTED = "monitor-started"
    MONITOR_STOPPED = "monitor-stopped"
    OUTAGE_BEGAN = "outage-began"
    OUTAGE_ENDED = "outage-ended"
    GAP = "gap"
    """No monitor ran: `old` and `new` are the times in milliseconds at which one ran last and first again."""


RENEWED: Final = "renewed"


class Event(Struct, frozen=True):
    """Something that happened."""

    at_ms: int
    """The time of the poll that showed it, in milliseconds since 1970."""
    kind: EventKind
    severity: Severity
    task_uuid: str = ""
    """Empty for an event of the node, of a storage or of the monitor."""
    name: str = ""
    old: str | None = None
    new: str | None = None
    """In base units: bytes, milliseconds, or the word of the server."""
    cause: str = ""
    """The cause of a stop: a value of `ReasonKind`; empty when it is not known."""


_MAX_DIGITS: Final = 18


def event_number(value: str | None) -> int:
    """Return the number that an event has as its old or new value; 0 for none, and for what damage made of one.

    >>> event_number("600000"), event_number(None), event_number("6o0")
    (600000, 0, 0)
    """
    is_number = value is not None and len(value) <= _MAX_DIGITS and value.isascii() and value.isdecimal()
    return int(value or 0) if is_number else 0


class Progress(Struct, frozen=True, gc=False):
    """What is under way in a task: most have none, and share `NO_PROGRESS`."""

    level: int = 0
    """The highest of `PLAN_LEVELS` that is reached; 0 for none."""
    missed_since_ms: int | None = None
    """Since when the RPO is over its target; None while it is not."""
    worst_rpo_ms: int = 0
    """The worst RPO since then."""


NO_PROGRESS: Final = Progress()


class TaskFacts(Struct, frozen=True, gc=False):
    """What is known of a task for its next events."""

    name: str
    status: str
    state: str
    description: str | None
    plan_bytes: int | None
    limit_bps: int | None
    policy_uuid: str | None
    storage_uuid: str | None
    rpo_target_ms: int | None
    used_bytes: int | None
    progress: Progress = NO_PROGRESS


_COMPARED: Final = (
    ("state", EventKind.STATE),
    ("name", EventKind.NAME),
    ("description", EventKind.DESCRIPTION),
    ("plan_bytes", EventKind.PLAN),
    ("limit_bps", EventKind.LIMIT),
    ("policy_uuid", EventKind.POLICY),
    ("storage_uuid", EventKind.STORAGE),
    ("rpo_target_ms", EventKind.RPO_TARGET),
)


def advance(before: TaskFacts | None, row: TaskRow, at_ms: int) -> tuple[TaskFacts, list[Event]]:
    """Return what is known of a task after a poll, and what happened to it since the poll before.

    Without facts from before, the task appeared.
    """
    facts = facts_of(row.task, _progress(before.progress if before is not None else NO_PROGRESS, row.task, at_ms))
    if before is None:
        return facts, [_event(EventKind.APPEARED, row, at_ms, stop_severity(row), None, row.task.status)]
    return facts, list(_differences(before, facts, row, at_ms))


def vanished(facts: TaskFacts, uuid: str, at_ms: int) -> Event:
    """Return the event of a task that is no longer listed. An enabled one is a warning."""
    severity = Severity.NOTICE if facts.state == "Disabled" else Severity.WARNING
    return Event(at_ms, EventKind.VANISHED, severity, uuid, facts.name, facts.status, None)


def _differences(before: TaskFacts, facts: TaskFacts, row: TaskRow, at_ms: int) -> Iterator[Event]:
    if before.status != facts.status:
        cause = stop_cause(row.reasons)
        yield _event(EventKind.STATUS, row, at_ms, stop_severity(row), before.status, facts.status, cause)
    for field, kind in _COMPARED:
        old, new = getattr(before, field), getattr(facts, field)
        if old != new:
            severity = stop_severity(row) if kind is EventKind.STATE else Severity.HEALTHY
            yield _event(kind, row, at_ms, severity, _text(old), _text(new))
    was, now = before.progress, facts.progress
    if was.missed_since_ms is None and now.missed_since_ms is not None:
        target = _text(facts.rpo_target_ms)
        yield _event(EventKind.RPO_MISSED, row, at_ms, Severity.WARNING, target, _text(row.task.rpo_ms))
    elif was.missed_since_ms is not None and now.missed_since_ms is None:
        over_ms = at_ms - was.missed_since_ms
        yield _event(EventKind.RPO_MET, row, at_ms, Severity.HEALTHY, _text(was.worst_rpo_ms), _text(over_ms))
    if now.level > was.level:
        severity = Severity.CRITICAL if now.level >= PLAN_LEVELS[-1] else Severity.NOTICE
        yield _event(EventKind.PLAN_LEVEL, row, at_ms, severity, None, _text(now.level))
    if before.used_bytes is not None and facts.used_bytes is not None:
        freed = before.used_bytes - facts.used_bytes
        if freed >= max(_FREED_BYTES, _FREED_SHARE * before.used_bytes):
            used = _text(facts.used_bytes)
            yield _event(EventKind.FREED, row, at_ms, Severity.HEALTHY, _text(before.used_bytes), used)


class StorageFacts(Struct, frozen=True):
    """What is known of a backup storage for its next events."""

    name: str
    disconnected_since_ms: int | None = None
    """Since when the node has no connection to it; None while it has."""


def advance_storage(
    before: StorageFacts | None, storage: BackupStorage, at_ms: int
) -> tuple[StorageFacts, EventKind | None]:
    """Return what is known of a storage after it was read, and what happened to it since it was read before.

    A storage that was never read before has no events, and one that is connecting has none yet.
    """
    name = storage.name or storage.uuid
    since_ms = before.disconnected_since_ms if before is not None else None
    if storage.is_disconnected:
        facts = StorageFacts(name, at_ms if since_ms is None else since_ms)
        is_new = before is not None and since_ms is None
        return facts, EventKind.STORAGE_DISCONNECTED if is_new else None
    if since_ms is None or storage.is_connected:
        return StorageFacts(name), EventKind.STORAGE_CONNECTED if since_ms is not None else None
    return StorageFacts(name, since_ms), None


def storage_event(kind: EventKind, before: StorageFacts, facts: StorageFacts, task_count: int, at_ms: int) -> Event:
    """Return the event of a storage that `advance_storage` found."""
    if kind is EventKind.STORAGE_DISCONNECTED:
        return Event(at_ms, kind, Severity.CRITICAL, name=facts.name, new=str(task_count))
    since_ms = before.disconnected_since_ms
    over_ms = 0 if since_ms is None else at_ms - since_ms
    return Event(at_ms, kind, Severity.HEALTHY, name=facts.name, old=str(over_ms), new=str(task_count))


def facts_of(task: Task, progress: Progress) -> TaskFacts:
    """Return the facts of a task."""
    return TaskFacts(
        task.name,
        task.status,
        task.state,
        task.description,
        task.plan_bytes,
        task.bandwidth_limit_bps,
        task.policy_uuid,
        task.backup_storage_uuid,
        task.rpo_target_ms,
        task.used_bytes,
        progress,
    )


def _progress(before: Progress, task: Task, at_ms: int) -> Progress:
    missed_since_ms, worst_ms = before.missed_since_ms, before.worst_rpo_ms
    if is_rpo_judged(task):
        rpo_ms = task.rpo_ms or 0
        if (task.rpo_ratio or 0.0) <= 1.0:
            missed_since_ms, worst_ms = None, 0
        else:
            # The RPO grows by a second each second: the excess is the time since it passed the target.
            since_ms = at_ms - (rpo_ms - (task.rpo_target_ms or 0))
            missed_since_ms = since_ms if missed_since_ms is None else missed_since_ms
            worst_ms = max(worst_ms, rpo_ms)
    level = _level(task.used_ratio, before.level)
    return NO_PROGRESS if not level and missed_since_ms is None else Progress(level, missed_since_ms, worst_ms)


def _level(ratio: float | None, before: int) -> int:
    """Return the highest level that is reached, or is left by less than the margin."""
    if ratio is None:
        return before
    percent = 100 * ratio
    reached = max((level for level in PLAN_LEVELS if percent >= level), default=0)
    held = before if before and percent > before - _LEVEL_MARGIN else 0
    return max(reached, held)


def stop_severity(row: TaskRow) -> Severity:
    """Return the severity of the status of a task: that of the cause of its stop, if there is one."""
    stop = next((reason.severity for reason in row.reasons if reason.kind in STOP_CAUSES), None)
    return stop if stop is not None else status_severity(row.task.status, row.task.state)


def stop_cause(reasons: Sequence[Reason]) -> str:
    """Return the cause of a stop as events have it; empty when it is not known."""
    kinds = (reason.kind for reason in reasons if reason.kind in STOP_CAUSES)
    return next((kind.value for kind in kinds if kind is not ReasonKind.STOPPED), "")


def _event(
    kind: EventKind, row: TaskRow, at_ms: int, severity: Severity, old: str | None, new: str | None, cause: str = ""
) -> Event:
    return Event(at_ms, kind, severity, row.task.uuid, row.task.name, old, new, cause)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
