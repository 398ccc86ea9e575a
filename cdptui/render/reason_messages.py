"""Text of the reasons: label, sentence, start and next step, as whole templates with named values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from msgspec import Struct

from cdptui.models.problem_labels import label_template
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting


class ReasonContext(Struct, frozen=True):
    """What the text of a reason needs besides the task."""

    now: datetime
    zone: tzinfo | None
    names: Mapping[str, str]
    """Names by UUID, as far as they are known."""

    def name(self, uuid: str | None) -> str:
        """Return a name, or the UUID while the name is not known."""
        return self.names.get(uuid or "", uuid or "?")


class ReasonText(Struct, frozen=True):
    """The text of one reason."""

    label: str
    """Two or three words, for a column."""
    sentence: str
    """What is wrong, with its figures."""
    since: str
    """Start and duration; empty when the start cannot be known."""
    next_step: str
    """What the user can do about it."""
    checked: str = ""
    """What was checked to find the cause of a stop, where none was found."""


LEVELS: Final = {
    Severity.CRITICAL: "critical",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
    Severity.BUSY: "note",
    Severity.HEALTHY: "note",
    Severity.CALM: "note",
}


GLOSSARY: Final = {
    ReasonKind.STORAGE: "backup storage is disconnected",
    ReasonKind.FULL: "plan is full",
    ReasonKind.FAILED: "enabled, but failed",
    ReasonKind.UNKNOWN: "enabled, but the node reports status Unknown",
    ReasonKind.STOPPED: "enabled, but stopped; in a filter also every type stopped-…",
    ReasonKind.STOPPED_PLAN_FULL: "stopped because the plan is full",
    ReasonKind.STOPPED_STORAGE_FULL: "stopped because the backup storage is full",
    ReasonKind.STOPPED_STORAGE_GONE: "stopped because the backup storage is deleted",
    ReasonKind.STOPPED_STORAGE_OFFLINE: "stopped because the backup storage is disconnected",
    ReasonKind.FULL_SOON: "plan is full within three days at the measured growth",
    ReasonKind.STOPPED_VM_GONE: "stopped because the VM is deleted",
    ReasonKind.NO_VM: "no VM is attached",
    ReasonKind.STOPPED_RPO: "stopped because the RPO passed its target; resumes by itself",
    ReasonKind.RPO: "newest recovery point is older than the RPO target",
    ReasonKind.NEAR_RPO: "80% of the RPO target is reached",
    ReasonKind.TWO_TASKS: "another task protects the same VM",
    ReasonKind.STARTING: "starting for longer than 10 minutes",
    ReasonKind.ACTIVE_WHILE_DISABLED: "disabled, but still active",
    ReasonKind.UNKNOWN_STATUS: "status is not known to cdptui",
    ReasonKind.UNREADABLE: "a field of the record is unreadable",
    ReasonKind.NEAR_FULL: "90% of the plan is used",
    ReasonKind.POLICY: "policy is not visible to this account",
    ReasonKind.STALLED: "running, but used capacity stopped changing",
    ReasonKind.STOPPED_VM_OFF: "stopped because the VM is off",
    ReasonKind.LONG_DISABLED: "disabled for more than a week",
    ReasonKind.CLOCK_SKEW: "last operation is in the future",
}
"""Every kind in a few words, for help."""


class _Template(NamedTuple):
    sentence: str
    next_step: str


_TEMPLATES: Final = {
    ReasonKind.STORAGE: _Template(
        "Backup storage {other} is disconnected",
        "Check the backup server's power, network and disks, then reconnect it",
    ),
    ReasonKind.FULL: _Template(
        "Plan is full: {used} of {plan} used",
        "Raise the plan or shorten the retention; a task whose plan is full stops protecting",
    ),
    ReasonKind.FAILED: _Template(
        "Enabled, but the status is Failed",
        "Read the task's last operation in the web console, remove the cause, then enable the task again",
    ),
    ReasonKind.UNKNOWN: _Template(
        "The node reports status Unknown",
        "Check that the backup storage and the VM's host are connected; usually one of them is not",
    ),
    ReasonKind.STOPPED: _Template(
        "Stopped, cause not known: no changes are being recorded",
        "Read its last operation in the web console for the cause, then disable and enable the task to start it",
    ),
    ReasonKind.STOPPED_PLAN_FULL: _Template(
        "Stopped because its plan is full: {used} of {plan} used",
        "Raise the plan or shorten the retention, then check that the task runs again",
    ),
    ReasonKind.STOPPED_STORAGE_FULL: _Template(
        "Stopped because backup storage {other} is full",
        "Free or add capacity on the backup storage, then check that its tasks run again",
    ),
    ReasonKind.STOPPED_STORAGE_GONE: _Template(
        "Stopped because backup storage {other} is deleted",
        "Check that the backup storage exists; if it does not, create the task again on another one",
    ),
    ReasonKind.STOPPED_STORAGE_OFFLINE: _Template(
        "Stopped because backup storage {other} is disconnected",
        "Reconnect the backup storage, then check that its tasks run again",
    ),
    ReasonKind.STOPPED_VM_GONE: _Template(
        "Stopped because its VM {vm} is deleted",
        "Restore the VM from its recovery points if it is still needed, else delete the task",
    ),
    ReasonKind.STOPPED_VM_OFF: _Template(
        "Stopped because its VM {vm} is off",
        "No action is needed while the VM is off; once it is on, check that the task runs again",
    ),
    ReasonKind.STOPPED_RPO: _Template(
        "Stopped by the server because the RPO passed its target: {rpo} (target {rpo_target})",
        "It resumes by itself once replication has caught up; until then, check the backup storage and its network",
    ),
    ReasonKind.FULL_SOON: _Template(
        "Plan is full in {full_in}: {remaining} of {plan} left, growth {growth} (measured over {growth_span})",
        "Raise the plan before then, or find out what the VM writes",
    ),
    ReasonKind.NEAR_FULL: _Template(
        "{used_percent} of the {plan} plan is used, {remaining} left",
        "Raise the plan in time; a task whose plan is full stops protecting",
    ),
    ReasonKind.RPO: _Template(
        "Newest recovery point is {rpo} old (target {rpo_target})",
        "Check the load of the backup storage and the network to it",
    ),
    ReasonKind.NEAR_RPO: _Template(
        "RPO is at {rpo_percent} of its target: {rpo} (target {rpo_target})",
        "Check the load of the backup storage and the network to it; the server stops a task that passes its target",
    ),
    ReasonKind.NO_VM: _Template("No VM attached: nothing is protected", "Attach a VM, or delete the task"),
    ReasonKind.TWO_TASKS: _Template(
        "Task {other} protects the same VM",
        "Keep one of the two tasks: a VM should have one task",
    ),
    ReasonKind.STARTING: _Template(
        "Starting for {duration}, and used capacity does not grow",
        "Check the backup storage, which starts only a few tasks at a time, then the VM's host",
    ),
    ReasonKind.ACTIVE_WHILE_DISABLED: _Template(
        "Disabled, but the status is {status}",
        "Disable the task again, or enable it if it should protect",
    ),
    ReasonKind.UNKNOWN_STATUS: _Template(
        "Status {status} is not known to cdptui",
        "Check the task in the web console; a newer cdptui may know this status",
    ),
    ReasonKind.UNREADABLE: _Template(
        "Unreadable fields: {unreadable_fields}",
        "See the Raw tab for what the server sent; figures that depend on these fields are left out",
    ),
    ReasonKind.POLICY: _Template(
        "Policy {other} is not visible to this account",
        "Check that the policy exists; if it does not, assign another one to the task",
    ),
    ReasonKind.STALLED: _Template(
        "Running, but used capacity has not changed for {duration}; it changed far more often before",
        "No action is needed if the VM is idle or off; if it writes, check for new recovery points",
    ),
    ReasonKind.LONG_DISABLED: _Template(
        "Disabled for {duration}",
        "Enable the task, or delete it with its data if it is no longer needed",
    ),
    ReasonKind.CLOCK_SKEW: _Template(
        "Last operation is {last_op_ahead} ahead of this machine's clock",
        "Compare the clocks and time zones of the node and of this machine",
    ),
}

_FAILED_WHILE_FULL: Final = _TEMPLATES[ReasonKind.FAILED]._replace(
    sentence="Enabled, but the status is Failed; the plan is full, which stops a task",
)
_FULL_SOON_WITHOUT_GROWTH: Final = _TEMPLATES[ReasonKind.FULL_SOON]._replace(
    sentence="Plan is full in {full_in}: {remaining} of {plan} left",
)
_RPO_WITH_LIMIT: Final = _TEMPLATES[ReasonKind.RPO]._replace(
    next_step="Check the load of the backup storage, the network to it and the limit of {limit}/s per volume",
)
_STARTING_WITH_COPY: Final = _TEMPLATES[ReasonKind.STARTING]._replace(
    sentence="Starting for {duration}; used capacity grows {growth}, so a copy is in progress",
    next_step="Wait for the copy to finish; a first full copy takes long",
)


_LIKELY: Final = {
    ReasonKind.STOPPED_PLAN_FULL: _TEMPLATES[ReasonKind.STOPPED_PLAN_FULL]._replace(
        sentence="Stopped, likely because its plan is full: {used} of {plan} used when last measured",
    ),
    ReasonKind.STOPPED_STORAGE_FULL: _TEMPLATES[ReasonKind.STOPPED_STORAGE_FULL]._replace(
        sentence="Stopped, likely because backup storage {other} is full: it has little free capacity",
    ),
    ReasonKind.STOPPED_STORAGE_GONE: _TEMPLATES[ReasonKind.STOPPED_STORAGE_GONE]._replace(
        sentence="Stopped, likely because backup storage {other} is deleted: it is not visible to this account",
    ),
    ReasonKind.STOPPED_VM_GONE: _TEMPLATES[ReasonKind.STOPPED_VM_GONE]._replace(
        sentence="Stopped, likely because its VM {vm} is deleted: it is not visible to this account",
    ),
    ReasonKind.STOPPED_RPO: _TEMPLATES[ReasonKind.STOPPED_RPO]._replace(
        sentence="Stopped, likely because the RPO passed its target: {rpo} (target {rpo_target})",
        next_step="It then resumes by itself once replication has caught up; if not, disable and enable the task",
    ),
}
"""The texts of causes for which the evidence is thin."""


def describe_reason(reason: Reason, row: TaskRow, context: ReasonContext) -> ReasonText:
    """Return the text of a reason."""
    template, values = _template_for(reason, row), _Values(reason, row, context)
    return ReasonText(
        label=label_template(reason).format_map(values),
        sentence=template.sentence.format_map(values),
        since=describe_start(reason, context),
        next_step=template.next_step.format_map(values),
        checked=_checked(reason, row, context) if reason.kind is ReasonKind.STOPPED else "",
    )


def _checked(reason: Reason, row: TaskRow, context: ReasonContext) -> str:
    """Return the facts that show no cause of a stop, and which facts are not known."""
    task, refs = row.task, row.task.resource_refs
    facts: list[str] = []
    unknown: list[str] = []
    if not refs:
        facts.append("no VM is attached")
    elif ReasonKind.STOPPED_VM_OFF not in reason.ruled_out:
        unknown.append("state of the VM")
    else:
        facts.append(f"VM {_vm(row, context)} is on" if len(refs) == 1 else "not all of its VMs are off")
    if ReasonKind.STOPPED_STORAGE_OFFLINE in reason.ruled_out:
        facts.append(f"backup storage {context.name(task.backup_storage_uuid)} is not disconnected")
    else:
        unknown.append("connection of the backup storage")
    if task.used_ratio is not None:
        facts.append(f"{formatting.percent(task.used_ratio)} of the plan is used")
    elif task.plan_bytes == 0:
        facts.append("no plan is set")
    else:
        unknown.append("use of the plan")
    if task.rpo_ratio:
        rpo, target = formatting.latency(task.rpo_ms), formatting.latency(task.rpo_target_ms)
        facts.append(f"last measured RPO {rpo} (target {target})")
    else:
        unknown.append("RPO")
    missing = f"; not known: {', '.join(unknown)}" if unknown else ""
    return f"Checked: {', '.join(facts) or 'nothing'}{missing}"


def reason_label(reason: Reason, row: TaskRow, context: ReasonContext) -> str:
    """Return two or three words, for a column."""
    return label_template(reason).format_map(_Values(reason, row, context))


def describe_start(reason: Reason, context: ReasonContext) -> str:
    """Return when a reason began and how long ago that is; empty when it cannot be known."""
    if reason.since is None:
        return ""
    start = formatting.short_timestamp(reason.since, context.now, context.zone)
    if reason.is_last_op:
        return f"last operation {start} ({_duration(reason, context)} ago)"
    return f"since {start} ({_duration(reason, context)})"


def _template_for(reason: Reason, row: TaskRow) -> _Template:
    match reason.kind:
        case ReasonKind.FAILED if row.seconds_until_full == 0:
            return _FAILED_WHILE_FULL
        case ReasonKind.FULL_SOON if row.growth is None:
            return _FULL_SOON_WITHOUT_GROWTH
        case ReasonKind.RPO if row.task.bandwidth_limit_bps:
            return _RPO_WITH_LIMIT
        case ReasonKind.STARTING if reason.severity < Severity.WARNING:
            return _STARTING_WITH_COPY
        case kind if reason.is_likely:
            return _LIKELY[kind]
        case kind:
            return _TEMPLATES[kind]


class _Values:
    """The named values of the templates; only those that a template names are computed."""

    __slots__ = ("_context", "_reason", "_row")

    def __init__(self, reason: Reason, row: TaskRow, context: ReasonContext) -> None:
        self._reason = reason
        self._row = row
        self._context = context

    def __getitem__(self, name: str) -> str:
        return _VALUES[name](self._reason, self._row, self._context)


def _duration(reason: Reason, context: ReasonContext) -> str:
    seconds = (context.now - reason.since).total_seconds() if reason.since is not None else None
    return formatting.duration(None if seconds is None else max(0.0, seconds))


def _remaining(row: TaskRow) -> str:
    return formatting.size(max(0, (row.task.plan_bytes or 0) - (row.task.used_bytes or 0)))


def _vm(row: TaskRow, context: ReasonContext) -> str:
    refs = row.task.resource_refs
    return context.name(refs[0].resource_uuid if refs else None)


def _rpo_factor(row: TaskRow) -> str:
    ratio = row.task.rpo_ratio or 0.0
    return f"{ratio:.1f}×" if ratio < 99.95 else ">99×"


def _last_op_ahead(row: TaskRow, context: ReasonContext) -> str:
    at = row.task.last_op_at
    return formatting.duration((at - context.now).total_seconds()) if at is not None else formatting.UNKNOWN


_VALUES: Final[dict[str, Callable[[Reason, TaskRow, ReasonContext], str]]] = {
    "other": lambda reason, _, context: context.name(reason.other),
    "duration": lambda reason, _, context: _duration(reason, context),
    "status": lambda _, row, __: row.task.status,
    "used": lambda _, row, __: formatting.size(row.task.used_bytes),
    "used_percent": lambda _, row, __: formatting.percent(row.task.used_ratio),
    "plan": lambda _, row, __: formatting.size(row.task.plan_bytes),
    "remaining": lambda _, row, __: _remaining(row),
    "full_in": lambda _, row, __: formatting.duration(row.seconds_until_full),
    "growth": lambda _, row, __: formatting.rate(row.growth.bytes_per_s if row.growth is not None else None),
    "growth_span": lambda _, row, __: formatting.duration(row.growth.span_s if row.growth is not None else None),
    "rpo": lambda _, row, __: formatting.latency(row.task.rpo_ms),
    "rpo_target": lambda _, row, __: formatting.latency(row.task.rpo_target_ms),
    "rpo_factor": lambda _, row, __: _rpo_factor(row),
    "rpo_percent": lambda _, row, __: formatting.percent(row.task.rpo_ratio),
    "vm": lambda _, row, context: _vm(row, context),
    "limit": lambda _, row, __: formatting.size(row.task.bandwidth_limit_bps),
    "unreadable_fields": lambda _, row, __: ", ".join(sorted(row.task.unreadable_fields)),
    "last_op_ahead": lambda _, row, context: _last_op_ahead(row, context),
}
