"""Resources that tasks depend on: backup storages, VMs, volumes and policies, and how far each is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest
from typing import Final, Generic, TypeVar

from msgspec import Struct

from cdptui.models.failure import Failure
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow, urgency


class BackupStorage(Struct, frozen=True, kw_only=True):
    """A backup storage. `None` means that the server did not report the value."""

    uuid: str
    name: str = ""
    kind: str | None = None
    state: str | None = None
    """Enabled or Disabled."""
    status: str | None = None
    """Connecting, Connected, Disconnected."""
    url: str | None = None
    total_bytes: int | None = None
    available_bytes: int | None = None

    @property
    def is_disconnected(self) -> bool:
        """True when the node has no connection to it."""
        return self.status == "Disconnected"

    @property
    def used_ratio(self) -> float | None:
        """Used share of the total capacity; None when either is unknown."""
        if not self.total_bytes or self.available_bytes is None:
            return None
        return max(0.0, 1 - self.available_bytes / self.total_bytes)


class StorageCommitment(Struct, frozen=True):
    """Used and planned capacity of all tasks on one backup storage."""

    tasks: int = 0
    with_reasons: int = 0
    """Number of tasks with problems."""
    used_bytes: int = 0
    plan_bytes: int = 0
    unplanned: int = 0
    """Number of tasks without a plan, whose future need is unknown."""
    worst: tuple[TaskRow, ...] = ()
    """The worst tasks, at most `MAX_LISTED`."""

    @property
    def remaining_planned_bytes(self) -> int:
        """Planned capacity that is not used yet."""
        return max(0, self.plan_bytes - self.used_bytes)

    def overcommitted_bytes(self, storage: BackupStorage) -> int | None:
        """Return by how much the plans exceed the free capacity: negative when they fit, None when unknown."""
        return None if storage.available_bytes is None else self.remaining_planned_bytes - storage.available_bytes


MAX_LISTED: Final = 200


def storage_commitment(rows: Sequence[TaskRow]) -> StorageCommitment:
    """Return the totals of the tasks on one storage. A task over its plan counts with its used capacity."""
    tasks = with_reasons = used = plan = unplanned = 0
    for row in rows:
        task = row.task
        tasks += 1
        with_reasons += bool(row.reasons)
        used += task.used_bytes or 0
        if task.plan_bytes:
            plan += max(task.plan_bytes, task.used_bytes or 0)
        else:
            unplanned += 1
            plan += task.used_bytes or 0
    return StorageCommitment(tasks, with_reasons, used, plan, unplanned, tuple(nsmallest(MAX_LISTED, rows, key=_rank)))


def _rank(row: TaskRow) -> tuple[int, int, float, float, str, str]:
    task = row.task
    return (*urgency(row), -(task.used_ratio or 0.0), task.name, task.uuid)


class Volume(Struct, frozen=True, kw_only=True):
    """A volume of a VM. `None` means that the server did not report the value."""

    uuid: str
    name: str = ""
    kind: str | None = None
    """Root, Data, Memory, Cache."""
    state: str | None = None
    status: str | None = None
    size_bytes: int | None = None
    actual_bytes: int | None = None
    """Bytes used on primary storage."""
    device_id: int | None = None


class VmInstance(Struct, frozen=True, kw_only=True):
    """A VM. `None` means that the server did not report the value."""

    uuid: str
    name: str = ""
    state: str | None = None
    """Running, Stopped, Paused, Destroyed, … as the server sends it."""
    kind: str | None = None
    platform: str | None = None
    cpus: int | None = None
    memory_bytes: int | None = None
    host_uuid: str | None = None
    created_at: datetime | None = None
    volumes: tuple[Volume, ...] = ()
    """By device ID; the root volume is the first."""
    has_more_volumes: bool = False
    """True when the server has, or may have, more volumes of this VM."""


class Policy(Struct, frozen=True, kw_only=True):
    """A policy. `None` means that the server did not report the value."""

    uuid: str
    name: str = ""
    state: str | None = None
    description: str | None = None
    interval_s: int | None = None
    """Seconds between two recovery points."""
    retention_days: int | None = None
    hourly_since_day: int | None = None
    """`hourlyRpSinceDay`; taken as the days for which a point per hour is kept; not documented by the vendor."""
    daily_since_day: int | None = None
    """`dailyRpSinceDay`; taken as the days for which a point per day is kept; not documented by the vendor."""
    expire_days: int | None = None
    full_backup_days: int | None = None
    """Days between two full backups."""


class DependencyState(Struct, frozen=True):
    """State of the storages and policies that gives tasks problems. Unknown state gives none."""

    disconnected_storages: frozenset[str] = frozenset()
    """UUIDs of the disconnected backup storages."""
    policies: frozenset[str] | None = None
    """UUIDs of all policies; None when they are not known, or none is visible to this account."""

    def is_storage_disconnected(self, task: Task) -> bool:
        """Return whether the backup storage of the task is disconnected."""
        return task.backup_storage_uuid in self.disconnected_storages

    def is_policy_missing(self, task: Task) -> bool:
        """Return whether the policy of the task is not among the known policies."""
        return self.policies is not None and task.policy_uuid is not None and task.policy_uuid not in self.policies


T = TypeVar("T")


class FetchState(Struct, Generic[T], frozen=True):
    """A resource and the state of loading it. A failure keeps the value from before."""

    value: T | None = None
    fetched_at: float | None = None
    """Monotonic seconds when `value` was loaded."""
    attempted_at: float | None = None
    """Monotonic seconds of the last attempt, successful or not."""
    is_partial: bool = False
    """True when the server has, or may have, more than `value` holds."""
    is_fetching: bool = False
    failure: Failure | None = None
    """Why the last attempt failed; None when it did not."""

    def age_s(self, now: float) -> float | None:
        """Return the seconds since it was loaded; None when it never was."""
        return None if self.fetched_at is None else max(0.0, now - self.fetched_at)
