"""A task with what we derive from it: the row that every face shows."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.growth import Growth
from cdptui.models.severity import Severity
from cdptui.models.task import Task


class Vitals(Struct, frozen=True, gc=False):
    """One task as it stands. The same object as long as nothing about it changed, so `is` tells what to redraw."""

    task: Task
    severity: Severity
    growth: Growth | None = None
    full_in_s: float | None = None
    """Seconds until used capacity reaches the plan; None when it will not, or nobody knows."""
