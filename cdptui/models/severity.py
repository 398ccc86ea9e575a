"""Our verdict on a task: how much it should worry the person who looks, from its status and its state."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cdptui.models.task import Task

NEAR_FULL_RATIO: Final = 0.9
"""From this share of the plan on, a task counts as near full."""

_AT_REST: Final = frozenset({"Stopped", "Created"})
_IN_TRANSITION: Final = frozenset({"Created", "Starting", "Stopping"})
_PROTECTING: Final = frozenset({"Running", "DataMerging"})


class Severity(IntEnum):
    """Higher is worse."""

    CALM = 0
    """Switched off, and it stands still: somebody wanted that."""
    HEALTHY = 1
    BUSY = 2
    """On its way from one status to another."""
    NOTICE = 3
    """Worth a look: perhaps nobody meant it so."""
    WARNING = 4
    """Not plainly wrong, but not as it should be, or a word that we do not know."""
    CRITICAL = 5
    """Switched on, and it does not protect."""


def status_severity(status: str, state: str) -> Severity:
    """Judge a status under a state.

    Enabled and Failed, Unknown or Stopped is what a monitor exists to show; Disabled and Stopped is normal.

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


def is_near_full(task: Task) -> bool:
    """Whether used capacity is at or over `NEAR_FULL_RATIO` of the plan."""
    ratio = task.used_ratio
    return ratio is not None and ratio >= NEAR_FULL_RATIO


def is_rpo_breach(task: Task) -> bool:
    """Whether the last measured RPO is over its target, for a task that is switched on."""
    ratio = task.rpo_ratio
    return ratio is not None and ratio > 1.0 and task.state != "Disabled"
