"""Rows for the tests of this room."""

from __future__ import annotations

from cdptui.models.growth import Growth
from cdptui.models.severity import severity_of
from cdptui.models.vitals import Vitals
from tests.doubles import a_task


def a_row(
    name: str = "cdp-erp-db", *, growth: Growth | None = None, full_in_s: float | None = None, **changes: object
) -> Vitals:
    """A task with what is derived from it."""
    task = a_task(name, **changes)  # type: ignore[arg-type]  # the uuid is among them
    return Vitals(task, severity_of(task.status, task.state), growth, full_in_s)
