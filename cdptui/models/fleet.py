"""The sums of a whole list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from cdptui.models.severity import Severity, is_near_full, is_rpo_breach, severity_of
from cdptui.models.vitals import Vitals


class Fleet(Struct, frozen=True):
    """How all tasks stand together."""

    statuses: tuple[tuple[str, int, Severity], ...] = ()
    """Status, how many, and the worst severity among them."""
    used_bytes: int = 0
    plan_bytes: int = 0
    near_full: int = 0
    rpo_breaches: int = 0
    bad_records: int = 0


class FleetSum:
    """A sum that rows are added to and taken from, so that a poll that changed little costs little."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._used_bytes = 0
        self._plan_bytes = 0
        self._near_full = 0
        self._rpo_breaches = 0
        self._bad_records = 0

    def add(self, row: Vitals) -> None:
        """Count one task."""
        self._count(row, 1)

    def remove(self, row: Vitals) -> None:
        """Count a task no longer that was added before."""
        self._count(row, -1)

    def _count(self, row: Vitals, sign: int) -> None:
        task = row.task
        # A status has its own colour: one task of many that is late must not paint all that run.
        self._counts[task.status, severity_of(task.status, task.state)] += sign
        self._used_bytes += sign * (task.used_bytes or 0)
        self._plan_bytes += sign * (task.plan_bytes or 0)
        self._near_full += sign * is_near_full(task)
        self._rpo_breaches += sign * is_rpo_breach(task)
        self._bad_records += sign * bool(task.bad_fields)

    def total(self) -> Fleet:
        """The sums so far."""
        counts: dict[str, tuple[int, Severity]] = {}
        for (status, severity), count in self._counts.items():
            if count:
                before, worst = counts.get(status, (0, severity))
                counts[status] = (before + count, max(worst, severity))
        return Fleet(
            statuses=tuple((status, count, worst) for status, (count, worst) in counts.items()),
            used_bytes=self._used_bytes,
            plan_bytes=self._plan_bytes,
            near_full=self._near_full,
            rpo_breaches=self._rpo_breaches,
            bad_records=self._bad_records,
        )


def fleet_of(rows: Iterable[Vitals]) -> Fleet:
    """Add up a list."""
    fleet = FleetSum()
    for row in rows:
        fleet.add(row)
    return fleet.total()
