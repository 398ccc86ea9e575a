"""Reasons for the severity of a task, found from evidence. `render.reason_messages` has the text of each kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec import Struct, structs

from cdptui.models.capacity import DAY_S, CapacitySample, GrowthRate, median
from cdptui.models.estimate import FULL_SOON_S, find_doubt, full_in_severity
from cdptui.models.severity import NEAR_RPO_RATIO, Severity, is_near_rpo, status_severity, task_use_severity
from cdptui.models.task import Task

LONG_START_S: Final = 600.0
"""A start that takes longer is a problem."""

LONG_DISABLED_S: Final = 7 * DAY_S
"""A task that is disabled for longer may have been forgotten."""

_REFRESH_S: Final = 300.0
"""How often the server itself refreshes used capacity."""

_STALLED_FACTOR: Final = 3
_MIN_CHANGES: Final = 4
"""Changes that must have been seen before a task can be stalled: many VMs rarely write."""

RECENT_CHANGES: Final = 12
_AHEAD_S: Final = 60.0
"""A clock difference of a few seconds is not a problem."""


class ReasonKind(Enum):
    """Kinds of problems of a task. Of two with the same severity, the one that is first here is listed first.

    The values are words of the filter language, and must not change after a release.
    """

    STORAGE = "storage"
    """The backup storage is disconnected."""
    FULL = "full"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    """Stopped without a known cause; the causes follow, and below in the order of their severity."""
    STOPPED_PLAN_FULL = "stopped-plan-full"
    STOPPED_STORAGE_FULL = "stopped-storage-full"
    STOPPED_STORAGE_GONE = "stopped-storage-gone"
    STOPPED_STORAGE_OFFLINE = "stopped-storage-offline"
    FULL_SOON = "full-soon"
    STOPPED_VM_GONE = "stopped-vm-gone"
    NO_VM = "no-vm"
    STOPPED_RPO = "stopped-rpo"
    """The server stops a task whose RPO passes its target, and resumes it by itself."""
    RPO = "rpo"
    NEAR_RPO = "near-rpo"
    """The RPO is `NEAR_RPO_RATIO` of its target or more."""
    TWO_TASKS = "two-tasks"
    """Another task protects the same VM."""
    STARTING = "starting"
    """Starting for longer than `LONG_START_S`."""
    ACTIVE_WHILE_DISABLED = "disabled-active"
    """Disabled, but the status is not one of rest."""
    UNKNOWN_STATUS = "unknown-status"
    """A status that this version does not know."""
    UNREADABLE = "unreadable"
    NEAR_FULL = "near-full"
    POLICY = "policy"
    """The policy is not among the known policies."""
    STALLED = "stalled"
    """Running, but used capacity stopped changing."""
    STOPPED_VM_OFF = "stopped-vm-off"
    """The VM is off, so there is nothing to record."""
    LONG_DISABLED = "disabled-long"
    """Disabled for longer than `LONG_DISABLED_S`."""
    CLOCK_SKEW = "clock"
    """The last operation is in the future."""


STOP_CAUSES: Final = {
    ReasonKind.STOPPED: Severity.CRITICAL,
    ReasonKind.STOPPED_PLAN_FULL: Severity.CRITICAL,
    ReasonKind.STOPPED_STORAGE_FULL: Severity.CRITICAL,
    ReasonKind.STOPPED_STORAGE_GONE: Severity.CRITICAL,
    ReasonKind.STOPPED_STORAGE_OFFLINE: Severity.CRITICAL,
    ReasonKind.STOPPED_VM_GONE: Severity.WARNING,
    ReasonKind.STOPPED_RPO: Severity.WARNING,
    ReasonKind.STOPPED_VM_OFF: Severity.NOTICE,
}
"""Severity of a stop of an enabled task by its cause."""


EXPLAINED: Final = {ReasonKind.STOPPED_PLAN_FULL: ReasonKind.FULL, ReasonKind.STOPPED_RPO: ReasonKind.RPO}
"""Problems that are not repeated beside the stop that they caused, by its cause."""


class VmCondition(Enum):
    """What the states of the VMs of a task say about a stop."""

    ON = "on"
    OFF = "off"
    DELETED = "deleted"
    MISSING = "missing"
    """Not visible to this account: deleted, or without permission."""


class Reason(Struct, frozen=True, gc=False):
    """One problem of a task. Its figures are in the task and its row."""

    kind: ReasonKind
    severity: Severity
    since: datetime | None = None
    """Latest possible start of the problem; None when it cannot be known."""
    other: str = ""
    """UUID of the other task, the storage or the policy that it is about."""
    is_likely: bool = False
    """True when the evidence for this cause is thin."""
    is_last_op: bool = False
    """True when `since` is the server's date of the last operation: the problem is older than the first poll."""
    ruled_out: tuple[ReasonKind, ...] = ()
    """Of a stop without a known cause: the causes which the state of the VM and of the storage exclude."""


class Evidence(Struct, frozen=True):
    """What is known about a task besides its own record."""

    now: datetime
    unchanged_s: float = 0.0
    """Seconds for which status and state were polled without a change."""
    is_change_seen: bool = False
    """True when the change to this status and state was polled: no date of the server is needed then."""
    growth: GrowthRate | None = None
    seconds_until_full: float | None = None
    stalled_since: datetime | None = None
    """When used capacity changed last, if that is unusually long ago."""
    duplicate_task_uuid: str = ""
    """UUID of another task on the same VM."""
    is_storage_disconnected: bool = False
    is_policy_missing: bool = False
    is_storage_missing: bool = False
    """True when the backup storage is not in the complete list of the server."""
    is_storage_listed: bool = False
    """True when the backup storage is in the list of the server, so that its connection is known."""
    storage_free_percent: int | None = None
    """Free share of the backup storage; None when it is unknown, or not small."""
    vm: VmCondition | None = None
    """Condition of the VMs of a task that does not run; None when unknown."""


NONE: Final[tuple[Reason, ...]] = ()
"""No problems: one shared object, as most tasks have none."""


def find_reasons(task: Task, evidence: Evidence, before: Sequence[Reason] = ()) -> tuple[Reason, ...]:
    """Return the problems of `task`, worst first.

    `before` are the problems of the previous poll: one that continues keeps its earlier start.
    """
    found = [] if is_obviously_healthy(task, evidence) else list(_found(task, evidence, before))
    if not found:
        return NONE
    known = {reason.kind: reason for reason in before}
    reasons = [_with_earliest_start(reason, known.get(reason.kind)) for reason in found]
    reasons.sort(key=lambda reason: (-reason.severity, RANKS[reason.kind]))
    return _shared(tuple(reasons)) if all(reason.since is None for reason in reasons) else tuple(reasons)


def is_obviously_healthy(task: Task, evidence: Evidence) -> bool:
    """Return True when a quick test shows that a task has no problem, as for most tasks; False when it may have one."""
    ratio, seconds, last_op_at = task.rpo_ratio, evidence.seconds_until_full, task.last_op_at
    return (
        task.status == "Running"
        and task.state == "Enabled"
        and not (
            evidence.duplicate_task_uuid
            or evidence.is_storage_disconnected
            or evidence.is_policy_missing
            or evidence.stalled_since
        )
        and (ratio is None or ratio < NEAR_RPO_RATIO)
        and (seconds is None or seconds >= FULL_SOON_S)
        and (last_op_at is None or last_op_at <= evidence.now)
        and bool(task.resource_refs)
        and not task.unreadable_fields
        and task_use_severity(task) is None
    )


def judged_status_severity(task: Task, reasons: Sequence[Reason]) -> Severity:
    """Return the severity of the status of a task: a stop is as severe as its cause."""
    for reason in reasons:
        if reason.kind in STOP_CAUSES:
            return reason.severity
    return status_severity(task.status, task.state)


def overall_severity(task: Task, reasons: Sequence[Reason]) -> Severity:
    """Return the worst severity of the status and of the problems of a task."""
    worst = judged_status_severity(task, reasons)
    for reason in reasons:
        worst = max(worst, reason.severity)
    return worst


def next_time_trigger_s(task: Task, unchanged_s: float) -> float | None:
    """Return the seconds until the task gets a problem without any change; None when it does not, or not soon."""
    return LONG_START_S - unchanged_s if task.status == "Starting" and unchanged_s < LONG_START_S else None


def stalled_s(points: Sequence[CapacitySample], now: float) -> float | None:
    """Return the seconds for which used capacity has not changed, if it changed far more often before; else None.

    The server refreshes used capacity every five minutes, so the minimum is three refreshes without a change, and three
    times the usual time between changes: many VMs are idle, which is not a problem.

    >>> growing = [CapacitySample(300.0 * n, n) for n in range(6)]
    >>> stalled_s(growing, 1500.0 + 899), stalled_s(growing, 1500.0 + 900)
    (None, 900.0)
    """
    recent = points[-RECENT_CHANGES:]
    if len(recent) <= _MIN_CHANGES:
        return None
    seconds = now - recent[-1].at
    if seconds < _STALLED_FACTOR * _REFRESH_S:
        # Nearly always: the capacity has just changed.
        return None
    usual_s = median(after.at - before.at for before, after in pairwise(recent))
    return seconds if seconds >= _STALLED_FACTOR * usual_s else None


RANKS: Final = {kind: rank for rank, kind in enumerate(ReasonKind)}
_OUTAGES: Final = {"Failed": ReasonKind.FAILED, "Unknown": ReasonKind.UNKNOWN}


def _found(task: Task, evidence: Evidence, before: Sequence[Reason] = ()) -> Iterator[Reason]:
    is_enabled = task.state != "Disabled"
    stop = _stop(task, evidence, before) if is_enabled and task.status == "Stopped" else None
    if stop is not None:
        yield stop
    else:
        yield from _status_reasons(task, evidence, is_enabled=is_enabled)
    if is_enabled:
        yield from (
            reason
            for reason in _protection_reasons(task, evidence)
            if stop is None or EXPLAINED.get(stop.kind) is not reason.kind
        )
    if not task.resource_refs and "resourceRefs" not in task.unreadable_fields:
        yield Reason(ReasonKind.NO_VM, Severity.WARNING if is_enabled else Severity.NOTICE)
    if evidence.duplicate_task_uuid:
        yield Reason(ReasonKind.TWO_TASKS, Severity.WARNING, other=evidence.duplicate_task_uuid)
    if task.unreadable_fields:
        yield Reason(ReasonKind.UNREADABLE, Severity.WARNING)
    if evidence.is_policy_missing:
        yield Reason(ReasonKind.POLICY, Severity.NOTICE, other=task.policy_uuid or "")
    if evidence.is_storage_disconnected:
        severity = Severity.CRITICAL if is_enabled else Severity.NOTICE
        yield Reason(ReasonKind.STORAGE, severity, other=task.backup_storage_uuid or "")
    if task.last_op_at is not None and (task.last_op_at - evidence.now).total_seconds() >= _AHEAD_S:
        # Usually the clock of the node, which affects all tasks: it must not change the order.
        yield Reason(ReasonKind.CLOCK_SKEW, Severity.HEALTHY)


def _status_reasons(task: Task, evidence: Evidence, *, is_enabled: bool) -> Iterator[Reason]:
    status, severity = task.status, status_severity(task.status, task.state)
    if severity >= Severity.WARNING:
        known = _OUTAGES.get(status) if is_enabled else ReasonKind.ACTIVE_WHILE_DISABLED
        yield _status_reason(known or ReasonKind.UNKNOWN_STATUS, severity, task, evidence)
    elif not is_enabled and severity is Severity.CALM:
        if (evidence.now - _unchanged_since(task, evidence)).total_seconds() >= LONG_DISABLED_S:
            yield _status_reason(ReasonKind.LONG_DISABLED, Severity.NOTICE, task, evidence)
    elif status == "Starting" and (evidence.now - _unchanged_since(task, evidence)).total_seconds() >= LONG_START_S:
        # A first full copy takes hours, during which used capacity grows.
        is_copying = evidence.growth is not None and evidence.growth.bytes_per_s > 0
        severity = Severity.NOTICE if is_copying else Severity.WARNING
        yield _status_reason(ReasonKind.STARTING, severity, task, evidence)


_NEARLY_FULL_RATIO: Final = 0.98
"""The server refreshes used capacity only every five minutes: a task that stopped may have reached its plan since."""

_STORAGE_FULL_PERCENT: Final = 1
STORAGE_NEARLY_FULL_PERCENT: Final = 5
"""Free shares of a backup storage. It keeps a reserve, so that it is full before nothing is free."""


def _stop(task: Task, evidence: Evidence, before: Sequence[Reason]) -> Reason:
    """Return the stop of an enabled task, with the cause that the evidence shows best."""
    certain, likely = _causes(task, evidence, before)
    kind = next((kind for kind, is_shown in certain.items() if is_shown), None)
    is_likely = kind is None
    if kind is None:
        kind = next((kind for kind, is_shown in likely.items() if is_shown), ReasonKind.STOPPED)
    return _status_reason(
        kind,
        STOP_CAUSES[kind],
        task,
        evidence,
        other=(task.backup_storage_uuid or "") if kind in _STORAGE_CAUSES else "",
        is_likely=is_likely and kind is not ReasonKind.STOPPED,
        ruled_out=_ruled_out(evidence) if kind is ReasonKind.STOPPED else (),
    )


def _ruled_out(evidence: Evidence) -> tuple[ReasonKind, ...]:
    """Return the causes that do not follow from the task's own record, and that the evidence excludes."""
    is_excluded = {
        ReasonKind.STOPPED_VM_OFF: evidence.vm is VmCondition.ON,
        ReasonKind.STOPPED_STORAGE_OFFLINE: evidence.is_storage_listed,
    }
    return tuple([kind for kind, excluded in is_excluded.items() if excluded])


_STORAGE_CAUSES: Final = frozenset(
    {ReasonKind.STOPPED_STORAGE_FULL, ReasonKind.STOPPED_STORAGE_GONE, ReasonKind.STOPPED_STORAGE_OFFLINE}
)


def _causes(
    task: Task, evidence: Evidence, before: Sequence[Reason]
) -> tuple[dict[ReasonKind, bool], dict[ReasonKind, bool]]:
    """Return which causes the evidence shows, and which it only makes likely."""
    used, rpo, free = task.used_ratio or 0.0, task.rpo_ratio or 0.0, evidence.storage_free_percent
    certain = {
        ReasonKind.STOPPED_STORAGE_OFFLINE: evidence.is_storage_disconnected,
        ReasonKind.STOPPED_VM_GONE: evidence.vm is VmCondition.DELETED,
        ReasonKind.STOPPED_VM_OFF: evidence.vm is VmCondition.OFF,
        ReasonKind.STOPPED_PLAN_FULL: used >= 1.0,
        ReasonKind.STOPPED_STORAGE_FULL: free is not None and free <= _STORAGE_FULL_PERCENT,
        ReasonKind.STOPPED_RPO: rpo >= NEAR_RPO_RATIO and any(_is_rpo_wall(reason) for reason in before),
    }
    likely = {
        ReasonKind.STOPPED_STORAGE_GONE: evidence.is_storage_missing,
        ReasonKind.STOPPED_VM_GONE: evidence.vm is VmCondition.MISSING,
        ReasonKind.STOPPED_PLAN_FULL: used >= _NEARLY_FULL_RATIO,
        ReasonKind.STOPPED_STORAGE_FULL: free is not None and free <= STORAGE_NEARLY_FULL_PERCENT,
        ReasonKind.STOPPED_RPO: rpo > 1.0,
    }
    return certain, likely


def _is_rpo_wall(reason: Reason) -> bool:
    """Return whether the RPO was seen near or over its target while the task ran."""
    return reason.kind in {ReasonKind.RPO, ReasonKind.NEAR_RPO} or (
        reason.kind is ReasonKind.STOPPED_RPO and not reason.is_likely
    )


def _protection_reasons(task: Task, evidence: Evidence) -> Iterator[Reason]:
    seconds, ratio = evidence.seconds_until_full, task.rpo_ratio
    severity = full_in_severity(seconds)
    if severity is Severity.CRITICAL:
        yield Reason(ReasonKind.FULL, severity)
    elif severity is not None and seconds is not None and find_doubt(seconds, evidence.growth) is None:
        yield Reason(ReasonKind.FULL_SOON, severity)
    elif (use_severity := task_use_severity(task)) is not None:
        yield Reason(ReasonKind.NEAR_FULL, use_severity)
    if ratio is not None and ratio > 1.0:
        # The RPO grows by a second each second, so the excess over the target is the duration of the breach.
        over = timedelta(milliseconds=min((task.rpo_ms or 0) - (task.rpo_target_ms or 0), _MAX_RPO_MS))
        yield Reason(ReasonKind.RPO, Severity.WARNING, evidence.now - over)
    elif is_near_rpo(task):
        yield Reason(ReasonKind.NEAR_RPO, Severity.WARNING)
    if evidence.stalled_since is not None and task.status == "Running":
        yield Reason(ReasonKind.STALLED, Severity.NOTICE, evidence.stalled_since)


_MAX_RPO_MS: Final = int(10 * 365 * DAY_S * 1000)
"""Ten years: numbers of the server must not lead to dates outside of the calendar."""


def _status_reason(
    kind: ReasonKind,
    severity: Severity,
    task: Task,
    evidence: Evidence,
    *,
    other: str = "",
    is_likely: bool = False,
    ruled_out: tuple[ReasonKind, ...] = (),
) -> Reason:
    since = _unchanged_since(task, evidence)
    is_last_op = since < _polled_since(evidence)
    return Reason(kind, severity, since, other, is_likely, is_last_op, ruled_out)


def _unchanged_since(task: Task, evidence: Evidence) -> datetime:
    """Return the time since when status and state are unchanged, at the latest.

    A change that was polled happened then, whatever the server dates it; what was so at the first poll has been so
    since the last operation.
    """
    since = _polled_since(evidence)
    return since if evidence.is_change_seen or task.last_op_at is None else min(since, task.last_op_at)


def _polled_since(evidence: Evidence) -> datetime:
    return evidence.now - timedelta(seconds=evidence.unchanged_s)


def _with_earliest_start(reason: Reason, before: Reason | None) -> Reason:
    if before is None or before == reason:
        return before or reason
    if reason.since is not None and before.since is not None and before.since < reason.since:
        return structs.replace(reason, since=before.since, is_last_op=before.is_last_op)
    return reason


@lru_cache(maxsize=256)
def _shared(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return one shared object for all tasks with the same problems."""
    return reasons
