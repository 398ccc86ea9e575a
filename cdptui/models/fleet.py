"""The sums of a whole list."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cdptui.models.severity import Severity, is_near_full, is_rpo_breach
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
    """Adds up a fleet piece by piece, so that a large one need not be added in one go."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._worst: dict[str, Severity] = {}
        self._used_bytes = 0
        self._plan_bytes = 0
        self._near_full = 0
        self._rpo_breaches = 0
        self._bad_records = 0

    def add(self, row: Vitals) -> None:
        """Count one task."""
        task, status = row.task, row.task.status
        self._counts[status] = self._counts.get(status, 0) + 1
        if row.severity > self._worst.get(status, -1):
            self._worst[status] = row.severity
        self._used_bytes += task.used_bytes or 0
        self._plan_bytes += task.plan_bytes or 0
        self._near_full += is_near_full(task)
        self._rpo_breaches += is_rpo_breach(task)
        self._bad_records += bool(task.bad_fields)

    def total(self) -> Fleet:
        """The sums so far."""
        return Fleet(
            statuses=tuple((status, count, self._worst[status]) for status, count in self._counts.items()),
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
