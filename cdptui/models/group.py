"""Tasks that have something in common, and their sums."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cdptui.models.severity import Severity
from cdptui.models.vitals import Vitals

UNHEALTHY_FROM: Final = Severity.WARNING


def is_unhealthy(row: Vitals) -> bool:
    """Whether a task is not as it should be: by its severity, or because there is something to be said of it."""
    return row.severity >= UNHEALTHY_FROM or bool(row.reasons)


class Group(Struct, frozen=True):
    """How the tasks of one group stand together."""

    by: str
    """What they have in common: the key of a grouping."""
    key: str
    """The value that they share; empty for those that have none."""
    count: int = 0
    unhealthy: int = 0
    worst: Severity = Severity.CALM
    used_bytes: int | None = None
    """Of all tasks of which it is known; None when it is of none. So are all sums here."""
    plan_bytes: int | None = None
    used_ratio: float | None = None
    """Used of plan, of those tasks that have a plan."""
    rpo_ratio: float | None = None
    """The worst RPO against its target, of tasks that are switched on; and what it is made of."""
    rpo_ms: int | None = None
    rpo_target_ms: int | None = None
    growth_bytes_per_s: float | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts groups worst first; the value comes last, so that equal ones do not change places."""
        return (-self.worst, -self.unhealthy, self.key)


class GroupSum:
    """A group while its tasks are counted."""

    __slots__ = (
        "by",
        "count",
        "growth",
        "key",
        "plan",
        "planned",
        "rpo_ratio",
        "unhealthy",
        "used",
        "used_of_planned",
        "worst",
        "worst_row",
    )

    def __init__(self, by: str, key: str) -> None:
        self.by = by
        self.key = key
        self.count = self.unhealthy = 0
        self.worst = Severity.CALM
        self.used: int | None = None
        self.plan: int | None = None
        self.planned = self.used_of_planned = 0
        self.growth: float | None = None
        self.rpo_ratio = -1.0
        self.worst_row: Vitals | None = None

    def add(self, row: Vitals) -> None:
        """Count one task."""
        task, severity = row.task, row.severity
        self.count += 1
        self.worst = max(self.worst, severity)
        if is_unhealthy(row):
            self.unhealthy += 1
        used, plan = task.used_bytes, task.plan_bytes
        if used is not None:
            self.used = (self.used or 0) + used
        if plan is not None:
            self.plan = (self.plan or 0) + plan
        if plan and used is not None:
            self.planned += plan
            self.used_of_planned += used
        if row.growth is not None:
            self.growth = (self.growth or 0.0) + row.growth.bytes_per_s
        ratio = task.rpo_ratio
        if ratio is not None and ratio > self.rpo_ratio and task.state != "Disabled":
            self.rpo_ratio, self.worst_row = ratio, row

    def total(self) -> Group:
        """The sums so far."""
        late = self.worst_row.task if self.worst_row is not None else None
        return Group(
            by=self.by,
            key=self.key,
            count=self.count,
            unhealthy=self.unhealthy,
            worst=self.worst,
            used_bytes=self.used,
            plan_bytes=self.plan,
            used_ratio=self.used_of_planned / self.planned if self.planned else None,
            rpo_ratio=late.rpo_ratio if late is not None else None,
            rpo_ms=late.rpo_ms if late is not None else None,
            rpo_target_ms=late.rpo_target_ms if late is not None else None,
            growth_bytes_per_s=self.growth,
        )
