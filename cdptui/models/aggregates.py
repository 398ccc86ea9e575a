"""Totals of all tasks, and of the tasks of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cdptui.models.estimate import rate_doubt
from cdptui.models.reasons import RANKS, Reason, ReasonKind, judged_status_severity
from cdptui.models.severity import Severity, is_recording, is_rpo_judged
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow

SHARED_CAUSES: Final = frozenset(
    {
        ReasonKind.STORAGE,
        ReasonKind.STOPPED_STORAGE_OFFLINE,
        ReasonKind.STOPPED_STORAGE_FULL,
        ReasonKind.STOPPED_STORAGE_GONE,
        ReasonKind.POLICY,
    }
)
"""Problems whose cause is outside of the tasks: one storage or policy, which many tasks share."""


def main_reason(row: TaskRow) -> Reason | None:
    """Return the problem that a task is counted under: the worst; None for no problem.

    Of problems that are equally severe, an unreadable record is the cause: what could not be read seems to be missing.
    """
    reasons = row.reasons
    if not reasons:
        return None
    worst = reasons[0].severity
    unreadable = (reason for reason in reasons if reason.kind is ReasonKind.UNREADABLE and reason.severity == worst)
    return next(unreadable, reasons[0])


class ProblemCount(Struct, frozen=True):
    """Tasks with the same worst problem; with a shared cause, one for each storage or policy."""

    kind: ReasonKind
    severity: Severity
    """The worst severity among the tasks."""
    count: int
    cause_uuid: str = ""
    """UUID of the storage or policy that is the cause; empty for other problems."""


class FleetSummary(Struct, frozen=True):
    """Totals of all tasks."""

    statuses: tuple[tuple[str, int, Severity], ...] = ()
    """Status, number of tasks, and the worst severity among them."""
    used_bytes: int = 0
    plan_bytes: int = 0
    problems: tuple[ProblemCount, ...] = ()
    """Tasks by their worst problem, worst first."""

    @property
    def count(self) -> int:
        """Number of tasks."""
        return sum(count for _, count, _ in self.statuses)


class FleetAccumulator:
    """Totals that rows are added to and removed from, so that a poll with few changes costs little."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._used_bytes = 0
        self._plan_bytes = 0
        self._problems: Counter[tuple[ReasonKind, str, Severity]] = Counter()

    def add(self, row: TaskRow) -> None:
        """Add a task."""
        self._count(row, 1)

    def remove(self, row: TaskRow) -> None:
        """Remove a task that was added before."""
        self._count(row, -1)

    def replace(self, before: TaskRow, after: TaskRow) -> None:
        """Replace the row of a task that was added before."""
        old, new = before.task, after.task
        if before.reasons == after.reasons and (old.status, old.state) == (new.status, new.state):
            # Nearly always: it is counted under the same status and problem.
            self._add_bytes(old, -1)
            self._add_bytes(new, 1)
        else:
            self.remove(before)
            self.add(after)

    def _add_bytes(self, task: Task, sign: int) -> None:
        self._used_bytes += sign * (task.used_bytes or 0)
        self._plan_bytes += sign * (task.plan_bytes or 0)

    def _count(self, row: TaskRow, sign: int) -> None:
        task = row.task
        # Each status has its own severity: one late task must not colour all running ones.
        self._counts[task.status, judged_status_severity(task, row.reasons)] += sign
        self._add_bytes(task, sign)
        worst = main_reason(row)
        if worst is not None:
            cause = worst.other if worst.kind in SHARED_CAUSES else ""
            self._problems[worst.kind, cause, worst.severity] += sign

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
            problems=self._problem_counts(),
        )

    def _problem_counts(self) -> tuple[ProblemCount, ...]:
        counts: dict[tuple[ReasonKind, str], ProblemCount] = {}
        for (kind, cause, severity), count in self._problems.items():
            if count:
                before = counts.get((kind, cause), ProblemCount(kind, severity, 0, cause))
                counts[kind, cause] = ProblemCount(kind, max(before.severity, severity), before.count + count, cause)
        return tuple(sorted(counts.values(), key=_problem_rank))


def _problem_rank(problem: ProblemCount) -> tuple[int, int, int, str]:
    """Sort by severity, then by kind, then by number of tasks."""
    return (-problem.severity, RANKS[problem.kind], -problem.count, problem.cause_uuid)


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
    """Total of the trusted growths; of all known ones when none is trusted."""
    is_growth_trusted: bool = False
    """True when the growth of every task that records is known, and at most a fifth of it is not trusted."""
    committed_bytes: int = 0
    """Total of the plans; a task beyond its plan, or without one, counts with its used capacity."""
    unplanned: int = 0
    """Number of tasks without a plan, whose future need is unknown."""

    @property
    def remaining_planned_bytes(self) -> int:
        """Planned capacity that is not used yet."""
        return self.committed_bytes - (self.used_bytes or 0)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sorts groups worst first; equal ones by their value, so that they do not change places."""
        return (-self.worst, -self.unhealthy, self.key)


_TRUSTED_SHARE: Final = 0.8
"""Of many tasks some always change their growth; up to a fifth of the total, the forecast is good enough without."""


class GroupAccumulator:
    """Totals of a group while its tasks are added."""

    __slots__ = (
        "by",
        "committed",
        "count",
        "growth",
        "has_unknown_growth",
        "key",
        "plan",
        "planned",
        "rpo_ratio",
        "trusted_growth",
        "unhealthy",
        "unplanned",
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
        self.committed = self.unplanned = 0
        self.growth: float | None = None
        self.trusted_growth: float | None = None
        self.has_unknown_growth = False
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
        self.committed += max(plan or 0, used or 0)
        self.unplanned += not plan
        self._add_growth(row)
        ratio = task.rpo_ratio
        if ratio is not None and ratio > self.rpo_ratio and is_rpo_judged(task):
            self.rpo_ratio, self.worst_row = ratio, row

    def _add_growth(self, row: TaskRow) -> None:
        """Add the growth of a task, if it goes on: a task that records nothing adds none, whatever it wrote before."""
        rate, task = row.growth, row.task
        if task.state == "Disabled" or not is_recording(task):
            return
        if rate is None:
            self.has_unknown_growth = True
            return
        self.growth = (self.growth or 0.0) + rate.bytes_per_s
        if rate_doubt(rate) is None:
            self.trusted_growth = (self.trusted_growth or 0.0) + rate.bytes_per_s

    @property
    def _is_growth_trusted(self) -> bool:
        trusted, everything = self.trusted_growth, self.growth or 0.0
        return trusted is not None and not self.has_unknown_growth and trusted >= _TRUSTED_SHARE * everything

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
            growth_bytes_per_s=self.growth if self.trusted_growth is None else self.trusted_growth,
            is_growth_trusted=self._is_growth_trusted,
            committed_bytes=self.committed,
            unplanned=self.unplanned,
        )
