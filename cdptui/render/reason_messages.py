"""Reasons in words: what is said of a task, its evidence, and what to do next. The only place for these sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Final

from msgspec import Struct

from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting


class ReasonContext(Struct, frozen=True):
    """From where a reason is told."""

    now: datetime
    zone: tzinfo | None
    names: Mapping[str, str]
    """Names by uuid, of whatever is known."""

    def name(self, uuid: str | None) -> str:
        """A name, or the uuid while that is not known."""
        return self.names.get(uuid or "", uuid or "?")


class ReasonText(Struct, frozen=True):
    """One reason, said."""

    short: str
    """Two or three words, for a column."""
    sentence: str
    """What is so, with its figures."""
    since: str
    """Since when; empty when nobody can know."""
    next_step: str


LEVELS: Final = {
    Severity.CRITICAL: "critical",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
    Severity.BUSY: "note",
    Severity.HEALTHY: "note",
    Severity.CALM: "note",
}


GLOSSARY: Final = {
    ReasonKind.STORAGE: "its backup storage is disconnected",
    ReasonKind.FULL: "its plan is full",
    ReasonKind.FAILED: "switched on, but failed",
    ReasonKind.UNKNOWN: "switched on, but the node does not know what it does",
    ReasonKind.STOPPED: "switched on, but stopped",
    ReasonKind.FULL_SOON: "its plan is full within a day, at the growth that was seen",
    ReasonKind.RPO: "its newest recovery point is older than its target",
    ReasonKind.NO_VM: "no VM is attached to it",
    ReasonKind.TWO_TASKS: "another task protects the same VM",
    ReasonKind.STARTING: "starting for longer than ten minutes",
    ReasonKind.ACTIVE_WHILE_DISABLED: "switched off, but not at rest",
    ReasonKind.UNKNOWN_STATUS: "its status is a word that cdptui does not know",
    ReasonKind.UNREADABLE: "something in its record could not be read",
    ReasonKind.NEAR_FULL: "nine tenths of its plan are used",
    ReasonKind.POLICY: "its policy is not among those that the account sees",
    ReasonKind.STALLED: "it runs, but used capacity stopped moving",
    ReasonKind.LONG_DISABLED: "switched off for more than a week",
    ReasonKind.CLOCK_SKEW: "its last operation lies in the future",
}
"""Every kind in a few words, for help."""


def describe_reason(reason: Reason, row: TaskRow, outlook: ReasonContext) -> ReasonText:
    """Say a reason."""
    short, sentence, next_step = _DESCRIBERS[reason.kind](reason, row, outlook)
    return ReasonText(short, sentence, since_in_words(reason, outlook), next_step)


def reason_label(reason: Reason, row: TaskRow, outlook: ReasonContext) -> str:
    """Two or three words, for a column."""
    return _DESCRIBERS[reason.kind](reason, row, outlook)[0]


def since_in_words(reason: Reason, outlook: ReasonContext) -> str:
    """Since when a reason holds: the moment and how long that is."""
    if reason.since is None:
        return ""
    moment = reason.since.astimezone(outlook.zone)
    form = "%H:%M" if moment.date() == outlook.now.astimezone(outlook.zone).date() else "%Y-%m-%d %H:%M"
    return f"since {moment.strftime(form)}, {_lasting(reason, outlook)}"


_Saying = tuple[str, str, str]


def _lasting(reason: Reason, outlook: ReasonContext) -> str:
    seconds = (outlook.now - reason.since).total_seconds() if reason.since is not None else None
    return formatting.duration(None if seconds is None else max(0.0, seconds))


def _storage(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "storage lost",
        f"its backup storage {outlook.name(reason.other)} is disconnected",
        "bring the backup server back: look at its power, network and disks, then reconnect it",
    )


def _full(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    task = row.task
    return (
        "plan full",
        f"its plan is full: {formatting.size(task.used_bytes)} of {formatting.size(task.plan_bytes)} are used",
        "raise the plan, or keep recovery points for a shorter time; a task at its plan stops protecting",
    )


def _failed(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "failed",
        f"it is switched on, but its status is Failed{_while_full(row)}",
        "read the task's last operation in the web console, remove the cause, then enable it again",
    )


def _while_full(row: TaskRow) -> str:
    return ", as a task does whose plan is full" if row.full_in_s == 0 else ""


def _unknown(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "unknown",
        "it is switched on, but the node does not know what it does",
        "check that its backup storage and the VM's host are connected; it is usually one of them",
    )


def _stopped(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "stopped",
        "it is switched on, but it stands still: nothing is being recorded",
        "start it (disable, then enable); if it stops again, look at its last operation in the web console",
    )


def _full_soon(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    task, rate = row.task, row.growth
    left = max(0, (task.plan_bytes or 0) - (task.used_bytes or 0))
    basis = f", seen over {formatting.duration(rate.span_s)}" if rate is not None else ""
    growing = formatting.rate(rate.bytes_per_s) if rate is not None else formatting.UNKNOWN
    until = formatting.duration(row.full_in_s)
    return (
        f"full in {until}",
        f"{formatting.size(left)} of {formatting.size(task.plan_bytes)} are left; at {growing}{basis}, that is {until}",
        "raise the plan before then, or find out what the VM writes so much of",
    )


def _near_full(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    task, plan = row.task, formatting.size(row.task.plan_bytes)
    left = max(0, (task.plan_bytes or 0) - (task.used_bytes or 0))
    return (
        "nearly full",
        f"{formatting.percent(task.used_ratio)} of the plan of {plan} are used, {formatting.size(left)} are left",
        "raise the plan in good time; a task that reaches it stops protecting",
    )


def _rpo(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    task = row.task
    behind, permitted = formatting.latency(task.rpo_ms), formatting.latency(task.rpo_target_ms)
    limit = task.bandwidth_limit_bps
    throttle = f", and the limit of {formatting.size(limit)}/s a volume" if limit else ""
    return (
        f"RPO {_times(task)}",
        f"its newest recovery point is {behind} old, {permitted} are permitted",
        f"check the load of the backup storage and the network to it{throttle}",
    )


def _times(task: Task) -> str:
    ratio = task.rpo_ratio or 0.0
    return f"{ratio:.1f}×" if ratio < 99.95 else ">99×"


def _no_vm(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return ("no VM", "no VM is attached to it: there is nothing that it protects", "attach a VM, or delete the task")


def _two_tasks(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "two tasks",
        f"the task {outlook.name(reason.other)} protects the same VM",
        "keep one of them: a VM is meant to have one task",
    )


def _starting(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    lasting = _lasting(reason, outlook)
    if reason.severity < Severity.WARNING:
        rate = formatting.rate(row.growth.bytes_per_s) if row.growth is not None else formatting.UNKNOWN
        return (
            f"start {lasting}",
            f"it has been starting for {lasting}; used capacity grows by {rate}, so a copy is under way",
            "wait for the copy; a first full one takes its time",
        )
    return (
        f"start {lasting}",
        f"it has been starting for {lasting}, and used capacity is not seen to grow",
        "look at the backup storage: it starts few tasks at a time; then at the VM's host",
    )


def _not_off(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        f"off, {row.task.status}",
        f"it is switched off, but its status is {row.task.status}",
        "disable it once more, or enable it if it is meant to protect",
    )


def _new_word(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "new status",
        f"{row.task.status} is a status that cdptui does not know",
        "look at the task in the web console; a newer cdptui may know the word",
    )


def _unreadable(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "unreadable",
        f"could not be read: {', '.join(sorted(row.task.unreadable_fields))}",
        "see the tab Raw for what the server sent; figures that rest on it are left out",
    )


def _policy(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    return (
        "policy gone",
        f"its policy {outlook.name(reason.other)} is not among those that this account sees",
        "see whether the policy still exists, and give the task one that does",
    )


def _still(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    lasting = _lasting(reason, outlook)
    return (
        f"still {lasting}",
        f"it runs, but used capacity has not moved for {lasting}; before, it moved far more often",
        "all is well if the VM stands idle or is off; if it writes, see whether recovery points still come",
    )


def _forgotten(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    lasting = _lasting(reason, outlook)
    return (
        f"off {lasting}",
        f"it has been switched off for {lasting}",
        "enable it, or delete it with its data if nobody needs it any more",
    )


def _clock(reason: Reason, row: TaskRow, outlook: ReasonContext) -> _Saying:
    at = row.task.last_op_at
    ahead = formatting.duration((at - outlook.now).total_seconds()) if at is not None else formatting.UNKNOWN
    return (
        "clock ahead",
        f"its last operation lies {ahead} ahead of this machine's clock",
        "compare the clocks and time zones of the node and of this machine",
    )


_DESCRIBERS: Final[dict[ReasonKind, Callable[[Reason, TaskRow, ReasonContext], _Saying]]] = {
    ReasonKind.STORAGE: _storage,
    ReasonKind.FULL: _full,
    ReasonKind.FAILED: _failed,
    ReasonKind.UNKNOWN: _unknown,
    ReasonKind.STOPPED: _stopped,
    ReasonKind.FULL_SOON: _full_soon,
    ReasonKind.NEAR_FULL: _near_full,
    ReasonKind.RPO: _rpo,
    ReasonKind.NO_VM: _no_vm,
    ReasonKind.TWO_TASKS: _two_tasks,
    ReasonKind.STARTING: _starting,
    ReasonKind.ACTIVE_WHILE_DISABLED: _not_off,
    ReasonKind.UNKNOWN_STATUS: _new_word,
    ReasonKind.UNREADABLE: _unreadable,
    ReasonKind.POLICY: _policy,
    ReasonKind.STALLED: _still,
    ReasonKind.LONG_DISABLED: _forgotten,
    ReasonKind.CLOCK_SKEW: _clock,
}
