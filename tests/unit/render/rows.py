"""Rows for the tests of this room."""

from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.models.capacity import GrowthRate
from cdptui.models.severity import Severity, status_severity
from cdptui.models.task_row import TaskRow
from tests.doubles import GIB, a_task

WORRYING_GROUP = GroupSummary(
    "storage",
    "s-1",
    count=12,
    unhealthy=3,
    worst=Severity.CRITICAL,
    used_bytes=50 * GIB,
    plan_bytes=100 * GIB,
    used_ratio=0.5,
    rpo_ratio=1.5,
    rpo_ms=900_000,
    rpo_target_ms=600_000,
    growth_bytes_per_s=GIB / 3600,
)
"""Three of twelve tasks are not as they should be."""


def a_row(
    name: str = "cdp-erp-db", *, growth: GrowthRate | None = None, full_in_s: float | None = None, **changes: object
) -> TaskRow:
    """A task with what is derived from it."""
    task = a_task(name, **changes)  # type: ignore[arg-type]  # the uuid is among them
    return TaskRow(task, status_severity(task.status, task.state), growth, full_in_s)
