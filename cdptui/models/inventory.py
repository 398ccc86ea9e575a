"""A backup storage: where recovery points lie, how much room it has, and what the tasks on it want of that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest
from typing import Final, Generic, TypeVar

from msgspec import Struct

from cdptui.models.failure import Failure
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow


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
    def is_disconnected(self) -> bool:
        """Whether the node has no connection to it."""
        return self.status == "Disconnected"

    @property
    def used_ratio(self) -> float | None:
        """Used of its whole capacity; None when either is unknown."""
        if not self.total_bytes or self.available_bytes is None:
            return None
        return max(0.0, 1 - self.available_bytes / self.total_bytes)


class StorageCommitment(Struct, frozen=True):
    """What the tasks on one backup storage use and want of it, all together."""

    tasks: int = 0
    with_reasons: int = 0
    """Tasks of which something is said."""
    used_bytes: int = 0
    plan_bytes: int = 0
    unplanned: int = 0
    """Tasks without a plan: what they will want nobody knows."""
    worst: tuple[TaskRow, ...] = ()
    """The worst of them, at most `MAX_LISTED`."""

    @property
    def remaining_planned_bytes(self) -> int:
        """What is planned and not yet used."""
        return max(0, self.plan_bytes - self.used_bytes)

    def overcommitted_bytes(self, storage: BackupStorage) -> int | None:
        """By how much the plans go beyond what is free; negative is room that is left; None when nobody knows."""
        return None if storage.available_bytes is None else self.remaining_planned_bytes - storage.available_bytes


MAX_LISTED: Final = 200


def storage_commitment(rows: Sequence[TaskRow]) -> StorageCommitment:
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
    return StorageCommitment(tasks, worried, used, plan, unplanned, tuple(nsmallest(MAX_LISTED, rows, key=_rank)))


def _rank(row: TaskRow) -> tuple[int, float, str, str]:
    task = row.task
    return (-row.severity, -(task.used_ratio or 0.0), task.name, task.uuid)


class Volume(Struct, frozen=True, kw_only=True):
    """One disk of a VM. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    kind: str | None = None
    """Root, Data, Memory, Cache."""
    state: str | None = None
    status: str | None = None
    size_bytes: int | None = None
    actual_bytes: int | None = None
    """What it really takes on primary storage."""
    device_id: int | None = None


class VmInstance(Struct, frozen=True, kw_only=True):
    """One VM. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    state: str | None = None
    """Running, Stopped, Paused, Destroyed, … as the server writes it."""
    kind: str | None = None
    platform: str | None = None
    cpus: int | None = None
    memory_bytes: int | None = None
    host_uuid: str | None = None
    created_at: datetime | None = None
    volumes: tuple[Volume, ...] = ()
    """By device; the root volume first."""
    has_more_volumes: bool = False
    """Whether the server has, or may have, more volumes of it than these."""


class Policy(Struct, frozen=True, kw_only=True):
    """One policy. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    state: str | None = None
    description: str | None = None
    interval_s: int | None = None
    """A recovery point every so many seconds."""
    retention_days: int | None = None
    hourly_since_day: int | None = None
    """`hourlyRpSinceDay`; read as the days for which one an hour is kept, which the vendor does not document."""
    daily_since_day: int | None = None
    """`dailyRpSinceDay`; read as the days for which one a day is kept, which the vendor does not document."""
    expire_days: int | None = None
    full_backup_days: int | None = None
    """Days between two full backups."""


class DependencyState(Struct, frozen=True):
    """Facts about storages and policies that make reasons. What nobody could read is no fact."""

    disconnected_storages: frozenset[str] = frozenset()
    """Uuids of the backup storages that are disconnected."""
    policies: frozenset[str] | None = None
    """Uuids of all policies; None when they are not known, or this account sees none."""

    def is_storage_disconnected(self, task: Task) -> bool:
        """Whether the task's backup storage is disconnected."""
        return task.backup_storage_uuid in self.disconnected_storages

    def is_policy_missing(self, task: Task) -> bool:
        """Whether the task's policy is none of those that there are."""
        return self.policies is not None and task.policy_uuid is not None and task.policy_uuid not in self.policies


T = TypeVar("T")


class FetchState(Struct, Generic[T], frozen=True):
    """What is known of one thing. A failure keeps what was known before it."""

    value: T | None = None
    fetched_at: float | None = None
    """Monotonic seconds at which `value` was read."""
    attempted_at: float | None = None
    """Monotonic seconds of the last try, whatever came of it."""
    is_partial: bool = False
    """Whether the server has, or may have, more than `value` holds."""
    is_fetching: bool = False
    failure: Failure | None = None
    """Why the last try brought nothing; None when it did."""

    def age_s(self, now: float) -> float | None:
        """Seconds since it was read; None when it never was."""
        return None if self.fetched_at is None else max(0.0, now - self.fetched_at)
