"""A row of the list: a task and the values derived from it."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models import estimate
from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.models.reasons import RANKS, Reason, ReasonKind
from cdptui.models.severity import Severity, task_use_severity
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

    @property
    def full_in_doubt(self) -> Doubt | None:
        """Why `seconds_until_full` is not trusted; None when it is."""
        return estimate.find_doubt(self.seconds_until_full, self.growth)

    @property
    def trusted_full_in_s(self) -> float | None:
        """`seconds_until_full` if it is trusted: what is compared, coloured and reported."""
        return self.seconds_until_full if self.full_in_doubt is None else None

    @property
    def use_severity(self) -> Severity | None:
        """Severity of the used share of the plan; None when it is no problem. A task may stop just below its plan."""
        stops = (reason.severity for reason in self.reasons if reason.kind is ReasonKind.STOPPED_PLAN_FULL)
        return next(stops, task_use_severity(self.task))


def urgency(row: TaskRow) -> tuple[int, int, float]:
    """Return what sorts rows most urgent first: severity, kind of the worst problem, and its measure."""
    worst = row.reasons[0] if row.reasons else None
    # A note that is no problem, such as a clock that is ahead, must not change the order.
    if worst is None or worst.severity < Severity.NOTICE:
        return (-row.severity, len(RANKS), 0.0)
    measure = 0.0
    if worst.kind is ReasonKind.FULL_SOON:
        measure = row.seconds_until_full or 0.0
    elif worst.kind is ReasonKind.NEAR_FULL:
        measure = -(row.task.used_ratio or 0.0)
    return (-row.severity, RANKS[worst.kind], measure)
