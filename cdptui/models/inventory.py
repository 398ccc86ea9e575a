"""Resources that tasks depend on: backup storages, VMs, volumes and policies, and how far each is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nsmallest
from typing import Final, Generic, TypeVar

from msgspec import Struct

from cdptui.models.failure import Failure
from cdptui.models.reasons import VmCondition
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
    def is_connected(self) -> bool:
        """True when the node has a connection to it: not while it is connecting."""
        return self.status == "Connected"

    @property
    def used_ratio(self) -> float | None:
        """Used share of the total capacity; None when either is unknown."""
        if not self.total_bytes or self.available_bytes is None:
            return None
        return max(0.0, 1 - self.available_bytes / self.total_bytes)


MAX_LISTED: Final = 200


def worst_tasks(rows: Sequence[TaskRow]) -> tuple[TaskRow, ...]:
    """Return the worst of the tasks on one storage, worst first, at most `MAX_LISTED`."""
    return tuple(nsmallest(MAX_LISTED, rows, key=_rank))


VM_CONDITIONS: Final = {
    "Stopped": VmCondition.OFF,
    "Destroyed": VmCondition.DELETED,
    "Destroying": VmCondition.DELETED,
    "Expunging": VmCondition.DELETED,
}
"""Conditions by the state of a VM; any other state is on."""


def _rank(row: TaskRow) -> tuple[int, int, float, float, str, str]:
    task = row.task
    return (*urgency(row), -(task.used_ratio or 0.0), task.name, task.uuid)


MAX_VMS_OF_STOP: Final = 4
"""VMs of a task whose conditions are looked up; nearly all tasks have one."""


def needs_stop_cause(task: Task) -> bool:
    """Return whether a task should run and is stopped."""
    return task.status == "Stopped" and task.state != "Disabled"


class StopEvidence(Struct, frozen=True, gc=False):
    """What the inventory says about a stop. Unknown facts are None or False."""

    is_storage_missing: bool = False
    is_storage_listed: bool = False
    storage_free_percent: int | None = None
    vm: VmCondition | None = None


_NO_STOP: Final = StopEvidence()


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
    """`hourlyRpSinceDay`: age in days from which on one point per hour is kept (comment in the vendor's Go SDK)."""
    daily_since_day: int | None = None
    """`dailyRpSinceDay`: age in days from which on one point per day is kept (comment in the vendor's Go SDK)."""
    expire_days: int | None = None
    full_backup_days: int | None = None
    """Days between two full backups."""


class DependencyState(Struct, frozen=True):
    """State of the storages, policies and VMs that gives tasks problems. Unknown state gives none."""

    disconnected_storages: frozenset[str] = frozenset()
    """UUIDs of the disconnected backup storages."""
    policies: frozenset[str] | None = None
    """UUIDs of all policies; None when they are not known, or none is visible to this account."""
    storages: frozenset[str] | None = None
    """UUIDs of all backup storages; None when they are not known, or none is visible to this account."""
    storage_free_percent: Mapping[str, int] = {}
    """Free capacity of the backup storages that are nearly full, by UUID, in whole percent."""
    vms: Mapping[str, VmCondition] = {}
    """Conditions of VMs of tasks that do not run, by UUID."""

    def is_storage_disconnected(self, task: Task) -> bool:
        """Return whether the backup storage of the task is disconnected."""
        return task.backup_storage_uuid in self.disconnected_storages

    def is_policy_missing(self, task: Task) -> bool:
        """Return whether the policy of the task is not among the known policies."""
        return self.policies is not None and task.policy_uuid is not None and task.policy_uuid not in self.policies

    def stop_evidence(self, task: Task) -> StopEvidence:
        """Return what may explain that a task is stopped; nothing for all others."""
        if not needs_stop_cause(task):
            return _NO_STOP
        storage = task.backup_storage_uuid
        return StopEvidence(
            is_storage_listed=self.storages is not None and storage in self.storages,
            is_storage_missing=self.storages is not None and storage is not None and storage not in self.storages,
            storage_free_percent=self.storage_free_percent.get(storage or ""),
            vm=self._vm_condition(task),
        )

    def _vm_condition(self, task: Task) -> VmCondition | None:
        """Return the condition of all VMs of a task; ON when they differ, which explains no stop."""
        refs = task.resource_refs[:MAX_VMS_OF_STOP]
        conditions = {self.vms.get(ref.resource_uuid) for ref in refs}
        if len(conditions) == 1:
            return conditions.pop()
        return None if None in conditions else VmCondition.ON


T = TypeVar("T")


MAX_CACHED_S: Final = 60.0
"""Longer in a cache than this, data that is shown is stale: while it is shown, it is loaded once a minute."""


class FetchState(Struct, Generic[T], frozen=True):
    """A resource and the state of loading it. A failure keeps the value from before."""

    value: T | None = None
    fetched_at: float | None = None
    """Monotonic seconds when the node sent `value`: before it arrived, if a cache kept it."""
    attempted_at: float | None = None
    """Monotonic seconds of the last attempt, successful or not."""
    is_partial: bool = False
    """True when the server has, or may have, more than `value` holds."""
    is_fetching: bool = False
    failure: Failure | None = None
    """Why the last attempt failed; None when it did not."""
    cached_s: float = 0.0
    """Seconds that `value` spent in caches between the node and this machine."""
    is_recorded: bool = True
    """False for a moment of a recording, which does not have it."""

    @property
    def is_from_cache(self) -> bool:
        """Whether the value was old on arrival already, so that loading it again may not update it."""
        return self.cached_s > MAX_CACHED_S

    def age_s(self, now: float) -> float | None:
        """Return the seconds since the node sent it; None when it was never loaded."""
        return None if self.fetched_at is None else max(0.0, now - self.fetched_at)
