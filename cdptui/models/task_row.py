"""A row of the list: a task and the values derived from it."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.capacity import GrowthRate
from cdptui.models.reasons import Reason
from cdptui.models.severity import Severity
from cdptui.models.task import Task


class TaskRow(Struct, frozen=True, gc=False):
    """A task and the values derived from it. An unchanged task keeps its object, so `is` shows what to redraw."""

    task: Task
    severity: Severity
    """The worst severity of its status and its reasons."""
    growth: GrowthRate | None = None
    seconds_until_full: float | None = None
    """Seconds until used capacity reaches the plan; None when it will not, or when it is unknown."""
    reasons: tuple[Reason, ...] = ()
    """Its problems, worst first."""
