"""Why a task is judged as it is: from plain evidence to reasons. No words here; render has them, by `kind`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

from cdptui.models.capacity import DAY_S, CapacitySample, GrowthRate, median
from cdptui.models.severity import Severity, is_near_full, status_severity
from cdptui.models.task import Task

LONG_START_S: Final = 600.0
"""A start that takes longer is told."""

FORGOTTEN_S: Final = 7 * DAY_S
"""A task that is switched off for longer may have been forgotten."""

FULL_SOON_S: Final = DAY_S

_TRUSTED_SPAN_S: Final = 1800.0
"""A rate that rests on less is shown, and wakes nobody."""

_REFRESH_S: Final = 300.0
"""How often the server itself looks at used capacity."""

_REFRESHES: Final = 3
_MIN_MOVES: Final = 4
"""Changes that must have been seen before standing still means anything: a VM that seldom writes is no news."""

_RECENT_MOVES: Final = 12
_AHEAD_S: Final = 60.0
"""Clocks that are a few seconds off are no news."""


class ReasonKind(Enum):
    """What can be said of a task; of two that are equally bad the one that tells more stands first.

    The values are words for filters, and never change once released.
    """

    STORAGE = "storage"
    """Its backup storage is disconnected."""
    FULL = "full"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    FULL_SOON = "full-soon"
    RPO = "rpo"
    NO_VM = "no-vm"
    TWO_TASKS = "two-tasks"
    """Another task protects the same VM."""
    STARTING = "starting"
    """Starting for longer than `LONG_START_S`."""
    ACTIVE_WHILE_DISABLED = "disabled-active"
    """Switched off, but its status is none of rest."""
    UNKNOWN_STATUS = "unknown-status"
    """A status that this version has no word for."""
    UNREADABLE = "unreadable"
    NEAR_FULL = "near-full"
    POLICY = "policy"
    """Its policy is not among those of the node."""
    STALLED = "stalled"
    """Running, but used capacity stopped moving."""
    LONG_DISABLED = "disabled-long"
    CLOCK_SKEW = "clock"
    """Its last operation lies in the future."""


class Reason(Struct, frozen=True, gc=False):
    """One thing that is said of a task. What it rests on stands in the task and its vitals."""

    kind: ReasonKind
    severity: Severity
    since: datetime | None = None
    """Since when it is so, at the latest; None when nobody can know."""
    other: str = ""
    """Uuid of what else it concerns: the other task, the storage, the policy."""


class Evidence(Struct, frozen=True):
    """What the task's own record does not say."""

    now: datetime
    unchanged_s: float = 0.0
    """For how long its status and state were seen as they are."""
    growth: GrowthRate | None = None
    full_in_s: float | None = None
    still_since: datetime | None = None
    """When used capacity moved last, if that is remarkably long ago."""
    duplicate_task_uuid: str = ""
    """Uuid of another task on the same VM."""
    is_storage_disconnected: bool = False
    is_policy_missing: bool = False


NONE: Final[tuple[Reason, ...]] = ()
"""What most tasks have: one object for all of them."""


def find_reasons(task: Task, evidence: Evidence, before: Sequence[Reason] = ()) -> tuple[Reason, ...]:
    """Return what is to be said of `task`, worst first.

    `before` is what was said last: what has not ended began when it was first known to.
    """
    found = [] if is_obviously_healthy(task, evidence) else list(_found(task, evidence))
    if not found:
        return NONE
    known = {reason.kind: reason for reason in before}
    kept = [_with_beginning(reason, known.get(reason.kind)) for reason in found]
    kept.sort(key=lambda reason: (-reason.severity, _RANKS[reason.kind]))
    return _shared(tuple(kept)) if all(reason.since is None for reason in kept) else tuple(kept)


def is_obviously_healthy(task: Task, evidence: Evidence) -> bool:
    """Whether nothing is to be said, told by what most tasks are: most of them are looked at and passed over."""
    ratio, seconds, last_op_at = task.rpo_ratio, evidence.full_in_s, task.last_op_at
    return (
        task.status == "Running"
        and task.state == "Enabled"
        and not (
            evidence.duplicate_task_uuid
            or evidence.is_storage_disconnected
            or evidence.is_policy_missing
            or evidence.still_since
        )
        and (ratio is None or ratio <= 1.0)
        and (seconds is None or seconds >= FULL_SOON_S)
        and (last_op_at is None or last_op_at <= evidence.now)
        and bool(task.resource_refs)
        and not task.unreadable_fields
        and not is_near_full(task)
    )


def overall_severity(task: Task, reasons: Sequence[Reason]) -> Severity:
    """The severity of a task with all that is said of it."""
    worst = status_severity(task.status, task.state)
    for reason in reasons:
        worst = max(worst, reason.severity)
    return worst


def next_time_trigger_s(task: Task, steady_s: float) -> float | None:
    """Seconds until time alone gives a reason; None when that is not to be foreseen or far away."""
    return LONG_START_S - steady_s if task.status == "Starting" and steady_s < LONG_START_S else None


def stalled_s(points: Sequence[CapacitySample], now: float) -> float | None:
    """Seconds for which used capacity has not moved, if it used to move far more often; else None.

    The server looks every five minutes, so three of its looks without a change is the least that counts, and three
    times what was usual: idle VMs are many, and none of them is a fault.

    >>> moving = [CapacitySample(300.0 * n, n) for n in range(6)]
    >>> stalled_s(moving, 1500.0 + 899), stalled_s(moving, 1500.0 + 900)
    (None, 900.0)
    """
    recent = points[-_RECENT_MOVES:]
    if len(recent) <= _MIN_MOVES:
        return None
    usual_s = median(after.at - before.at for before, after in pairwise(recent))
    seconds = now - recent[-1].at
    return seconds if seconds >= _REFRESHES * max(_REFRESH_S, usual_s) else None


_RANKS: Final = {kind: rank for rank, kind in enumerate(ReasonKind)}
_OUTAGES: Final = {"Stopped": ReasonKind.STOPPED, "Failed": ReasonKind.FAILED, "Unknown": ReasonKind.UNKNOWN}


def _found(task: Task, evidence: Evidence) -> Iterator[Reason]:
    is_on = task.state != "Disabled"
    yield from _of_status(task, evidence, is_on=is_on)
    if is_on:
        yield from _of_protection(task, evidence)
    if not task.resource_refs and "resourceRefs" not in task.unreadable_fields:
        yield Reason(ReasonKind.NO_VM, Severity.WARNING if is_on else Severity.NOTICE)
    if evidence.duplicate_task_uuid:
        yield Reason(ReasonKind.TWO_TASKS, Severity.WARNING, other=evidence.duplicate_task_uuid)
    if task.unreadable_fields:
        yield Reason(ReasonKind.UNREADABLE, Severity.WARNING)
    if evidence.is_policy_missing:
        yield Reason(ReasonKind.POLICY, Severity.NOTICE, other=task.policy_uuid or "")
    if evidence.is_storage_disconnected:
        severity = Severity.CRITICAL if is_on else Severity.NOTICE
        yield Reason(ReasonKind.STORAGE, severity, other=task.backup_storage_uuid or "")
    if task.last_op_at is not None and (task.last_op_at - evidence.now).total_seconds() >= _AHEAD_S:
        # Usually the clock of the node, and then it is so for all of them: no reason to stand first.
        yield Reason(ReasonKind.CLOCK_SKEW, Severity.HEALTHY)


def _of_status(task: Task, evidence: Evidence, *, is_on: bool) -> Iterator[Reason]:
    status, severity = task.status, status_severity(task.status, task.state)
    if severity >= Severity.WARNING:
        known = _OUTAGES.get(status) if is_on else ReasonKind.ACTIVE_WHILE_DISABLED
        yield Reason(known or ReasonKind.UNKNOWN_STATUS, severity, _unchanged_since(task, evidence))
    elif not is_on and severity is Severity.CALM:
        since = _unchanged_since(task, evidence)
        if (evidence.now - since).total_seconds() >= FORGOTTEN_S:
            yield Reason(ReasonKind.LONG_DISABLED, Severity.NOTICE, since)
    elif status == "Starting":
        since = _unchanged_since(task, evidence)
        if (evidence.now - since).total_seconds() >= LONG_START_S:
            # A first full copy takes hours, and is seen to come along.
            is_copying = evidence.growth is not None and evidence.growth.bytes_per_s > 0
            yield Reason(ReasonKind.STARTING, Severity.NOTICE if is_copying else Severity.WARNING, since)


def _of_protection(task: Task, evidence: Evidence) -> Iterator[Reason]:
    seconds, ratio = evidence.full_in_s, task.rpo_ratio
    if seconds is not None and seconds <= 0:
        yield Reason(ReasonKind.FULL, Severity.CRITICAL)
    elif seconds is not None and seconds < FULL_SOON_S and _is_trusted(evidence.growth):
        yield Reason(ReasonKind.FULL_SOON, Severity.WARNING)
    elif is_near_full(task):
        yield Reason(ReasonKind.NEAR_FULL, Severity.NOTICE)
    if ratio is not None and ratio > 1.0:
        # The offset grows by a second each second: what is above the target is how long it has been so.
        over = timedelta(milliseconds=min((task.rpo_ms or 0) - (task.rpo_target_ms or 0), _LONGEST_MS))
        yield Reason(ReasonKind.RPO, Severity.WARNING, evidence.now - over)
    if evidence.still_since is not None and task.status == "Running":
        yield Reason(ReasonKind.STALLED, Severity.NOTICE, evidence.still_since)


def _is_trusted(rate: GrowthRate | None) -> bool:
    return rate is None or rate.span_s >= _TRUSTED_SPAN_S


_LONGEST_MS: Final = int(10 * 365 * DAY_S * 1000)
"""Ten years: numbers from outside must not lead out of the calendar."""


def _unchanged_since(task: Task, evidence: Evidence) -> datetime:
    """Since when status and state are as they are, at the latest: a record that was not written since is unchanged."""
    seen = evidence.now - timedelta(seconds=evidence.unchanged_s)
    return seen if task.last_op_at is None else min(seen, task.last_op_at)


def _with_beginning(reason: Reason, before: Reason | None) -> Reason:
    if before is None or before == reason:
        return before or reason
    if reason.since is not None and before.since is not None and before.since < reason.since:
        return Reason(reason.kind, reason.severity, before.since, reason.other)
    return reason


@lru_cache(maxsize=256)
def _shared(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """One object for all tasks of which the same is said."""
    return reasons
