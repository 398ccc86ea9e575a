"""Short texts of problems: what the PROBLEM column shows, and free text in a filter finds."""

from __future__ import annotations

from typing import Final

from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.task_row import TaskRow

LABELS: Final = {
    ReasonKind.STORAGE: "disconnected",
    ReasonKind.FULL: "plan full",
    ReasonKind.FAILED: "failed",
    ReasonKind.UNKNOWN: "status Unknown",
    ReasonKind.STOPPED: "stopped",
    ReasonKind.STOPPED_PLAN_FULL: "stopped, plan full",
    ReasonKind.STOPPED_STORAGE_FULL: "storage full",
    ReasonKind.STOPPED_STORAGE_GONE: "storage deleted",
    ReasonKind.STOPPED_STORAGE_OFFLINE: "disconnected",
    ReasonKind.FULL_SOON: "full in {full_in}",
    ReasonKind.STOPPED_VM_GONE: "VM deleted",
    ReasonKind.NO_VM: "no VM",
    ReasonKind.STOPPED_RPO: "stopped, RPO {rpo_factor}",
    ReasonKind.RPO: "RPO {rpo_factor}",
    ReasonKind.NEAR_RPO: "RPO at {rpo_percent}",
    ReasonKind.TWO_TASKS: "two tasks",
    ReasonKind.STARTING: "starting {duration}",
    ReasonKind.ACTIVE_WHILE_DISABLED: "disabled, active",
    ReasonKind.UNKNOWN_STATUS: "new status",
    ReasonKind.UNREADABLE: "unreadable",
    ReasonKind.NEAR_FULL: "nearly full",
    ReasonKind.POLICY: "policy missing",
    ReasonKind.STALLED: "stalled {duration}",
    ReasonKind.STOPPED_VM_OFF: "stopped, VM off",
    ReasonKind.LONG_DISABLED: "disabled {duration}",
    ReasonKind.CLOCK_SKEW: "clock ahead",
}
"""Templates with a named place for a figure at their end, which `render.reason_messages` fills."""

LIKELY_LABELS: Final = {
    ReasonKind.STOPPED_PLAN_FULL: "stopped, full?",
    ReasonKind.STOPPED_STORAGE_FULL: "storage full?",
    ReasonKind.STOPPED_STORAGE_GONE: "storage deleted?",
    ReasonKind.STOPPED_VM_GONE: "VM deleted?",
    ReasonKind.STOPPED_RPO: "stopped, RPO?",
}
"""Templates of causes for which the evidence is thin."""

DISABLED: Final = "disabled"
"""Shown for a disabled task without problems."""

WORDS: Final = {
    template: template.partition(" {")[0] for template in (*LABELS.values(), *LIKELY_LABELS.values(), DISABLED)
}
"""What free text finds, by template: labels without figures, which change with each poll.

>>> WORDS["full in {full_in}"]
'full in'
"""


def label_template(reason: Reason) -> str:
    """Return the label of a problem, with named places for its figures."""
    return (LIKELY_LABELS if reason.is_likely else LABELS)[reason.kind]


def is_shown_as_disabled(row: TaskRow) -> bool:
    """Return whether `DISABLED` takes the place of a problem."""
    return not row.reasons and row.task.state == "Disabled"
