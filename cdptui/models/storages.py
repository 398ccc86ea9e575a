"""Backup storages with the totals of their tasks: over-commitment, and the time until they are full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from cdptui.models.aggregates import GroupAccumulator, GroupSummary
from cdptui.models.estimate import is_full_soon
from cdptui.models.inventory import BackupStorage
from cdptui.models.severity import NEAR_FULL_RATIO, Severity
from cdptui.models.task_row import TaskRow

BY_STORAGE: Final = "storage"
"""Key of the grouping by backup storage."""


class StorageSummary(Struct, frozen=True):
    """A backup storage and the totals of its tasks."""

    uuid: str
    """Empty for the tasks without a storage."""
    tasks: GroupSummary
    storage: BackupStorage | None = None
    """None when the server did not list it, as this account may not see it, or while nothing was listed."""
    is_list_known: bool = True
    """False while nothing was listed: before the first answer, and at a moment of a recording."""

    @property
    def total_bytes(self) -> int | None:
        """Its capacity; None when unknown."""
        return self.storage.total_bytes if self.storage is not None else None

    @property
    def available_bytes(self) -> int | None:
        """Its free capacity; None when unknown."""
        return self.storage.available_bytes if self.storage is not None else None

    @property
    def used_ratio(self) -> float | None:
        """Used share of its capacity; None when unknown."""
        return self.storage.used_ratio if self.storage is not None else None

    @property
    def spare_bytes(self) -> int | None:
        """Free capacity that is left when all plans are full: negative when they do not fit, None when unknown."""
        free = self.available_bytes
        return None if free is None else free - self.tasks.remaining_planned_bytes

    @property
    def full_in_s(self) -> float | None:
        """Seconds until the growth of its tasks has used up its free capacity; None when unknown or never."""
        free, growth = self.available_bytes, self.tasks.growth_bytes_per_s
        if free is None:
            return None
        if free <= 0:
            return 0.0
        return free / growth if growth is not None and growth > 0 else None

    @property
    def is_full_in_trusted(self) -> bool:
        """Whether `full_in_s` is more than a rough estimate; a storage that is full needs none."""
        return self.tasks.is_growth_trusted or self.full_in_s == 0.0

    @property
    def trusted_full_in_s(self) -> float | None:
        """`full_in_s`, if it is trusted."""
        return self.full_in_s if self.is_full_in_trusted else None

    @property
    def severity(self) -> Severity:
        """The severity of the storage itself, without that of its tasks."""
        storage = self.storage
        if storage is None:
            return Severity.NOTICE if self.is_list_known else Severity.CALM
        if not self.tasks.count:
            return Severity.NOTICE if storage.is_disconnected else Severity.CALM
        use_severity = storage_use_severity(storage.used_ratio)
        if storage.is_disconnected or self.available_bytes == 0 or use_severity is Severity.CRITICAL:
            return Severity.CRITICAL
        is_ready = storage.status in {"Connected", None} and storage.state in {"Enabled", None}
        if (
            not is_ready
            or use_severity is not None
            or is_full_soon(self.trusted_full_in_s)
            or (self.spare_bytes or 0) < 0
        ):
            return Severity.WARNING
        return Severity.HEALTHY

    @property
    def rank(self) -> tuple[int, int, float, int]:
        """Sorts storages worst first: its own severity, that of its tasks, full in, and unhealthy tasks."""
        seconds = self.trusted_full_in_s
        return (-self.severity, -self.tasks.worst, float("inf") if seconds is None else seconds, -self.tasks.unhealthy)


def storage_use_severity(used_ratio: float | None) -> Severity | None:
    """Return the severity of the problem that a used share of a storage is; None when it is no problem.

    More severe than that of a plan: a storage that is full stops all of its tasks.
    """
    if used_ratio is None or used_ratio < NEAR_FULL_RATIO:
        return None
    return Severity.CRITICAL if used_ratio >= 1 else Severity.WARNING


def summarize_storage(uuid: str, rows: Iterable[TaskRow], storage: BackupStorage | None = None) -> StorageSummary:
    """Return a storage with the totals of the tasks on it."""
    totals = GroupAccumulator(BY_STORAGE, uuid)
    for row in rows:
        totals.add(row)
    return StorageSummary(uuid, totals.total(), storage)


def summarize_storages(
    totals: Mapping[str, GroupSummary], storages: Mapping[str, BackupStorage] | None
) -> dict[str, StorageSummary]:
    """Return all storages by UUID: those that the server listed, and those that a task is on.

    `totals` are the groups of the tasks by storage. `storages` is None while nothing was listed.
    """
    listed = storages or {}
    uuids = dict.fromkeys((*listed, *totals))
    return {
        uuid: StorageSummary(
            uuid, totals.get(uuid, GroupSummary(BY_STORAGE, uuid)), listed.get(uuid), storages is not None
        )
        for uuid in uuids
    }
