"""A backup storage: where recovery points lie, how much room it has, and what the tasks on it want of that."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from typing import Final

from msgspec import Struct

from cdptui.models.vitals import Vitals


class BackupStorage(Struct, frozen=True, kw_only=True):
    """One backup server. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    kind: str | None = None
    state: str | None = None
    """The switch: Enabled or Disabled."""
    status: str | None = None
    """Connecting, Connected, Disconnected."""
    url: str | None = None
    total_bytes: int | None = None
    available_bytes: int | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the node has no connection to it."""
        return self.status == "Disconnected"

    @property
    def used_ratio(self) -> float | None:
        """Used of its whole capacity; None when either is unknown."""
        if not self.total_bytes or self.available_bytes is None:
            return None
        return max(0.0, 1 - self.available_bytes / self.total_bytes)


class Tenancy(Struct, frozen=True):
    """What the tasks on one backup storage use and want of it, all together."""

    tasks: int = 0
    worried: int = 0
    """Tasks of which something is said."""
    used_bytes: int = 0
    plan_bytes: int = 0
    unplanned: int = 0
    """Tasks without a plan: what they will want nobody knows."""
    worst: tuple[Vitals, ...] = ()
    """The worst of them, at most `MOST_LISTED`."""

    @property
    def wanted_bytes(self) -> int:
        """What is planned and not yet used."""
        return max(0, self.plan_bytes - self.used_bytes)

    def over_bytes(self, storage: BackupStorage) -> int | None:
        """By how much the plans go beyond what is free; negative is room that is left; None when nobody knows."""
        return None if storage.available_bytes is None else self.wanted_bytes - storage.available_bytes


MOST_LISTED: Final = 200


def tenancy_of(rows: Sequence[Vitals]) -> Tenancy:
    """Add up the tasks of one storage. A task over its plan wants nothing more."""
    tasks = worried = used = plan = unplanned = 0
    for row in rows:
        task = row.task
        tasks += 1
        worried += bool(row.reasons)
        used += task.used_bytes or 0
        if task.plan_bytes:
            plan += max(task.plan_bytes, task.used_bytes or 0)
        else:
            unplanned += 1
            plan += task.used_bytes or 0
    return Tenancy(tasks, worried, used, plan, unplanned, tuple(nsmallest(MOST_LISTED, rows, key=_rank)))


def _rank(row: Vitals) -> tuple[int, float, str, str]:
    task = row.task
    return (-row.severity, -(task.used_ratio or 0.0), task.name, task.uuid)
