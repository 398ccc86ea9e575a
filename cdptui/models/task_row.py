"""A task with what we derive from it: the row that every face shows."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Reason
from cdptui.models.severity import Severity
from cdptui.models.task import Task


class TaskRow(Struct, frozen=True, gc=False):
    """One task as it stands. The same object as long as nothing about it changed, so `is` tells what to redraw."""

    task: Task
    severity: Severity
    """The worst of its status and of its reasons."""
    growth: GrowthRate | None = None
    full_in_s: float | None = None
    """Seconds until used capacity reaches the plan; None when it will not, or nobody knows."""
    reasons: tuple[Reason, ...] = ()
    """What is to be said of it, worst first."""
