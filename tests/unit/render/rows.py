"""Rows for the tests of this room."""

from __future__ import annotations

from cdptui.models.group import Group
from cdptui.models.growth import Growth
from cdptui.models.severity import Severity, severity_of
from cdptui.models.vitals import Vitals
from tests.doubles import GIB, a_task

WORRYING_GROUP = Group(
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
    name: str = "cdp-erp-db", *, growth: Growth | None = None, full_in_s: float | None = None, **changes: object
) -> Vitals:
    """A task with what is derived from it."""
    task = a_task(name, **changes)  # type: ignore[arg-type]  # the uuid is among them
    return Vitals(task, severity_of(task.status, task.state), growth, full_in_s)
