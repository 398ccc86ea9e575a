"""Protocols of the sources of tasks and inventory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from cdptui.models.failure import Failure
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import BackupStorage, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.snapshot import FetchProgress, Snapshot
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow

if TYPE_CHECKING:
    from cdptui.models.server_metrics import MetricsRequest, TaskMetrics


class TaskSource(Protocol):
    """A source of tasks: a management node, or a list in a test."""

    def read(self) -> AsyncIterator[FetchProgress]:
        """Read all tasks once. Yield the progress after each page; the last one is complete.

        Raises an error with a method `as_failure()` when reading fails.
        """
        ...

    async def aclose(self) -> bool:
        """Release the resources of the source. Return False if a session may be left on the server."""
        ...


class PollRecorder(Protocol):
    """A recording of polls. Its methods return at once, and raise nothing."""

    def record(self, snapshot: Snapshot, rows: Sequence[TaskRow]) -> None:
        """Record a complete list and what was found about its tasks."""
        ...

    def record_failure(self, failure: Failure) -> None:
        """Record that a poll failed."""
        ...


class InventorySource(Protocol):
    """A source of the resources that tasks depend on. All calls raise like `TaskSource.read`."""

    async def names(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        """Return the names of the UUIDs that the node knows; a proxy may have cut the list."""
        ...

    async def storages(self) -> Fetched[ResourceList[BackupStorage]]:
        """Return all backup storages that are visible to the account."""
        ...

    async def policies(self) -> Fetched[ResourceList[Policy]]:
        """Return all policies that are visible to the account."""
        ...

    async def vm(self, uuid: str) -> Fetched[VmInstance | None]:
        """Return a VM with its volumes; a value of None when no such VM is visible to the account."""
        ...

    async def vm_states(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        """Return the states of the VMs that are visible to the account, by UUID; a proxy may have cut the list."""
        ...

    async def recovery_points(self, vm_uuid: str, now: datetime) -> Fetched[RecoveryPoints]:
        """Return the recovery points of a VM. Slow."""
        ...

    async def task_metrics(self, request: MetricsRequest) -> Fetched[TaskMetrics]:
        """Return what the node's monitoring measured of a task over a time."""
        ...


class NodeClient(TaskSource, Protocol):
    """The client of a management node: a source of tasks and of the inventory."""

    @property
    def zone(self) -> tzinfo | None:
        """Time zone of the node's dates; None when it is not known."""
        ...

    @property
    def resources(self) -> InventorySource:
        """The source of the inventory."""
        ...

    def fields(self, task: Task) -> Sequence[RawField]:
        """Return every field of a task as the node sent it."""
        ...

    def raw_lines(self, task: Task) -> RawLines:
        """Return the record of a task as the node sent it, as indented lines."""
        ...

    def json_record(self, task: Task) -> str:
        """Return the record of a task as sanitized JSON on one line."""
        ...

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the node no longer accepts the session, and the client logs in again."""
        ...

    def use_password(self, password: str) -> None:
        """Use another password for the next login."""
        ...

    def use_otp(self, code: str) -> None:
        """Use a second-factor code for the next login."""
        ...
