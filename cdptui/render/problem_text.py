"""Problems of many tasks in a few words: for the header, after a number of tasks, and for groups."""

from __future__ import annotations

from typing import Final

from cdptui.models.reasons import ReasonKind

_PHRASES: Final = {
    ReasonKind.FULL: "plan full",
    ReasonKind.UNKNOWN: "status unknown",
    ReasonKind.FULL_SOON: "full soon",
    ReasonKind.RPO: "over RPO target",
    ReasonKind.NEAR_RPO: "near RPO target",
    ReasonKind.STOPPED_PLAN_FULL: "stopped, plan full",
    ReasonKind.STOPPED_VM_GONE: "stopped, VM deleted",
    ReasonKind.STOPPED_VM_OFF: "stopped, VM off",
    ReasonKind.STOPPED_RPO: "stopped, RPO",
    ReasonKind.NO_VM: "without VM",
    ReasonKind.TWO_TASKS: "on a VM with two tasks",
    ReasonKind.STARTING: "starting over 10 min",
    ReasonKind.ACTIVE_WHILE_DISABLED: "disabled but active",
    ReasonKind.UNKNOWN_STATUS: "in a new status",
    ReasonKind.NEAR_FULL: "nearly full",
    ReasonKind.LONG_DISABLED: "disabled over a week",
    ReasonKind.CLOCK_SKEW: "with a clock ahead",
}
"""Kinds that are not said in the words of their value, as `failed` and `stopped` are."""

_CAUSES: Final = {
    ReasonKind.STORAGE: ("backup storage", "disconnected"),
    ReasonKind.STOPPED_STORAGE_OFFLINE: ("backup storage", "disconnected"),
    ReasonKind.STOPPED_STORAGE_FULL: ("backup storage", "full"),
    ReasonKind.STOPPED_STORAGE_GONE: ("backup storage", "deleted"),
    ReasonKind.POLICY: ("policy", "not visible"),
}
"""What the shared cause of a problem is called while its name is not known, and what is wrong with it."""


def problem_phrase(kind: ReasonKind, cause: str = "") -> str:
    """Return a problem in words; `cause` is the name of the storage or policy that is its cause, if that is known.

    >>> problem_phrase(ReasonKind.FAILED), problem_phrase(ReasonKind.STORAGE, "backup-1")
    ('failed', 'backup-1 disconnected')
    """
    if kind in _CAUSES:
        thing, state = _CAUSES[kind]
        return f"{cause or thing} {state}"
    return _PHRASES.get(kind) or kind.value.replace("-", " ")
