"""Rows for the tests of render."""

from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.models.capacity import GrowthRate
from cdptui.models.severity import Severity, status_severity
from cdptui.models.task_row import TaskRow
from tests.doubles import GIB, a_task

UNHEALTHY_GROUP = GroupSummary(
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
    is_growth_trusted=True,
    committed_bytes=100 * GIB,
)
"""Three of twelve tasks are unhealthy."""


def a_row(
    name: str = "cdp-erp-db",
    *,
    growth: GrowthRate | None = None,
    seconds_until_full: float | None = None,
    **changes: object,
) -> TaskRow:
    """Return a row of a task whose fields are `changes`."""
    task = a_task(name, **changes)  # type: ignore[arg-type]  # `changes` may hold the uuid
    return TaskRow(task, status_severity(task.status, task.state), growth, seconds_until_full)
