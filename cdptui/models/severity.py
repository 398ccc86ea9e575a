"""Severity of a task, from its status and state."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cdptui.models.task import Task

NEAR_FULL_RATIO: Final = 0.9
"""Used share of the plan from which on a task is near full."""

NEAR_RPO_RATIO: Final = 0.8
"""Share of the RPO target from which on a breach is near, at which the server stops the task."""

_AT_REST: Final = frozenset({"Stopped", "Created"})
_IN_TRANSITION: Final = frozenset({"Created", "Starting", "Stopping"})
_PROTECTING: Final = frozenset({"Running", "DataMerging"})
_NOT_RECORDING: Final = frozenset({"Stopped", "Created", "Failed", "Unknown", "Starting", "Stopping"})


class Severity(IntEnum):
    """Severity levels; higher is worse."""

    CALM = 0
    """Disabled and at rest."""
    HEALTHY = 1
    BUSY = 2
    """Between two statuses."""
    NOTICE = 3
    """May be unintended."""
    WARNING = 4
    """Needs attention, or has a status that cdptui does not know."""
    CRITICAL = 5
    """Enabled but not protecting."""


def status_severity(status: str, state: str) -> Severity:
    """Return the severity of a status in a state.

    Enabled with Failed, Unknown or Stopped is critical; Disabled with Stopped is normal.

    >>> status_severity("Stopped", "Enabled").name, status_severity("Stopped", "Disabled").name
    ('CRITICAL', 'CALM')
    """
    if state == "Disabled":
        if status in _AT_REST:
            return Severity.CALM
        return Severity.BUSY if status == "Stopping" else Severity.WARNING
    if status in _PROTECTING:
        return Severity.HEALTHY
    if status in _IN_TRANSITION:
        return Severity.BUSY
    if status in {"Failed", "Unknown", "Stopped"}:
        return Severity.CRITICAL
    return Severity.WARNING


def plan_use_severity(used_ratio: float | None) -> Severity | None:
    """Return the severity of the problem that a used share of the plan is; None when it is no problem.

    >>> [severity and severity.name for severity in map(plan_use_severity, (1.0, 0.9, 0.89, None))]
    ['CRITICAL', 'NOTICE', None, None]
    """
    if used_ratio is None or used_ratio < NEAR_FULL_RATIO:
        return None
    return Severity.CRITICAL if used_ratio >= 1 else Severity.NOTICE


def task_use_severity(task: Task) -> Severity | None:
    """Return the severity of the used share of the plan of `task`; None for a disabled one, which needs no plan."""
    return None if task.state == "Disabled" else plan_use_severity(task.used_ratio)


def is_rpo_measured(task: Task) -> bool:
    """Return whether a task protects, so that its RPO is of now; else it is as it was last measured."""
    return is_protecting(task.status, task.state)


def is_protecting(status: str, state: str) -> bool:
    """Return whether a task in this status and state protects.

    >>> is_protecting("DataMerging", "Enabled"), is_protecting("Running", "Disabled")
    (True, False)
    """
    return state != "Disabled" and status in _PROTECTING


def is_rpo_judged(task: Task) -> bool:
    """Return whether the RPO of a task is compared with its target: it is of now, or was over it at the stop."""
    return is_rpo_measured(task) or is_rpo_breach(task)


def is_recording(task: Task) -> bool:
    """Return whether used capacity grows with what the VM writes; a status that cdptui does not know may do so.

    The first full copy of a start writes far faster, and ends.
    """
    return task.status not in _NOT_RECORDING


def is_near_rpo(task: Task) -> bool:
    """Return whether the RPO of a task that protects is `NEAR_RPO_RATIO` of its target or more, and not over it."""
    ratio = task.rpo_ratio
    return ratio is not None and NEAR_RPO_RATIO <= ratio <= 1.0 and is_rpo_measured(task)


def is_rpo_breach(task: Task) -> bool:
    """Return whether the last measured RPO of an enabled task exceeds its target."""
    ratio = task.rpo_ratio
    return ratio is not None and ratio > 1.0 and task.state != "Disabled"
