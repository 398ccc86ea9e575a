"""Totals of all tasks, and of the tasks of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cdptui.models.reasons import judged_status_severity
from cdptui.models.severity import Severity, is_near_full, is_rpo_breach
from cdptui.models.task_row import TaskRow


class FleetSummary(Struct, frozen=True):
    """Totals of all tasks."""

    statuses: tuple[tuple[str, int, Severity], ...] = ()
    """Status, number of tasks, and the worst severity among them."""
    used_bytes: int = 0
    plan_bytes: int = 0
    near_full: int = 0
    rpo_breaches: int = 0
    bad_records: int = 0


class FleetAccumulator:
    """Totals that rows are added to and removed from, so that a poll with few changes costs little."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._used_bytes = 0
        self._plan_bytes = 0
        self._near_full = 0
        self._rpo_breaches = 0
        self._bad_records = 0

    def add(self, row: TaskRow) -> None:
        """Add a task."""
        self._count(row, 1)

    def remove(self, row: TaskRow) -> None:
        """Remove a task that was added before."""
        self._count(row, -1)

    def _count(self, row: TaskRow, sign: int) -> None:
        task = row.task
        # Each status has its own severity: one late task must not colour all running ones.
        self._counts[task.status, judged_status_severity(task, row.reasons)] += sign
        self._used_bytes += sign * (task.used_bytes or 0)
        self._plan_bytes += sign * (task.plan_bytes or 0)
        self._near_full += sign * is_near_full(task)
        self._rpo_breaches += sign * is_rpo_breach(task)
        self._bad_records += sign * bool(task.unreadable_fields)

    def total(self) -> FleetSummary:
        """Return the totals so far."""
        counts: dict[str, tuple[int, Severity]] = {}
        for (status, severity), count in self._counts.items():
            if count:
                before, worst = counts.get(status, (0, severity))
                counts[status] = (before + count, max(worst, severity))
        return FleetSummary(
            statuses=tuple((status, count, worst) for status, (count, worst) in counts.items()),
            used_bytes=self._used_bytes,
            plan_bytes=self._plan_bytes,
            near_full=self._near_full,
            rpo_breaches=self._rpo_breaches,
            bad_records=self._bad_records,
        )


def summarize_fleet(rows: Iterable[TaskRow]) -> FleetSummary:
    """Return the totals of a list."""
    fleet = FleetAccumulator()
    for row in rows:
        fleet.add(row)
    return fleet.total()


UNHEALTHY_FROM: Final = Severity.WARNING


def is_unhealthy(row: TaskRow) -> bool:
    """Return whether a task is unhealthy: its severity is warning or worse, or it has a problem."""
    return row.severity >= UNHEALTHY_FROM or bool(row.reasons)


class GroupSummary(Struct, frozen=True):
    """Totals of the tasks of one group."""

    by: str
    """Key of the grouping."""
    key: str
    """The common value of the tasks; empty for tasks without one."""
    count: int = 0
    unhealthy: int = 0
    worst: Severity = Severity.CALM
    used_bytes: int | None = None
    """Total of the tasks whose value is known; None when no value is known. The other totals likewise."""
    plan_bytes: int | None = None
    used_ratio: float | None = None
    """Used share of the plans, of the tasks with a plan."""
    rpo_ratio: float | None = None
    """The worst RPO divided by its target, of the enabled tasks; RPO and target are those of that task."""
    rpo_ms: int | None = None
    rpo_target_ms: int | None = None
    growth_bytes_per_s: float | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts groups worst first; equal ones by their value, so that they do not change places."""
        return (-self.worst, -self.unhealthy, self.key)


class GroupAccumulator:
    """Totals of a group while its tasks are added."""

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
        self.worst_row: TaskRow | None = None

    def add(self, row: TaskRow) -> None:
        """Add a task."""
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

    def total(self) -> GroupSummary:
        """Return the totals so far."""
        late = self.worst_row.task if self.worst_row is not None else None
        return GroupSummary(
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
