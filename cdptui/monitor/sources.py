"""Protocols of the sources of tasks and inventory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from cdptui.models.capacity import CapacityHistory
from cdptui.models.day_trend import DayTrend
from cdptui.models.event import Event
from cdptui.models.failure import Failure
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import BackupStorage, FetchState, Policy, VmInstance
from cdptui.models.inventory_needs import InventoryNeeds
from cdptui.models.recording import RecordingState
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.snapshot import FetchProgress, Snapshot
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow

if TYPE_CHECKING:
    from cdptui.models.rpo_history import RpoStatistics
    from cdptui.models.server_metrics import MetricsRequest, TaskMetrics
    from cdptui.models.trend import TaskTrend, TrendRequest


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


class InventoryView(Protocol):
    """What is known of the resources that tasks depend on, and which of it is needed."""

    @property
    def names_failure(self) -> Failure | None:
        """Failure of the last request for names; None when it succeeded."""
        ...

    @property
    def storages(self) -> FetchState[Mapping[str, BackupStorage]]:
        """All backup storages by UUID."""
        ...

    @property
    def policies(self) -> FetchState[Mapping[str, Policy]]:
        """All policies by UUID."""
        ...

    @property
    def is_first_reading(self) -> bool:
        """Whether what problems are made of, beside the tasks, was not read completely yet, and did not fail."""
        ...

    def vm(self, uuid: str) -> FetchState[VmInstance]:
        """Return a VM with its volumes."""
        ...

    def points(self, uuid: str) -> FetchState[RecoveryPoints]:
        """Return the recovery points of a VM."""
        ...

    def metrics(self, request: MetricsRequest) -> FetchState[TaskMetrics]:
        """Return the metrics of a task with the resolution of a request, as far as they are loaded."""
        ...

    def set_needs(self, needs: InventoryNeeds, *, force: bool = False) -> None:
        """Set what the screen shows now; `force` loads it even if it is cached."""
        ...


class FleetView(Protocol):
    """What the screen shows beside the rows of the tasks: of a node, or of a moment of a recording."""

    @property
    def moment_ms(self) -> int | None:
        """The moment that is shown, in milliseconds since 1970; None for the present."""
        ...

    @property
    def inventory(self) -> InventoryView:
        """The resources that tasks depend on."""
        ...

    @property
    def zone(self) -> tzinfo | None:
        """Time zone of the server's dates; None when it is not known."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """Names of VMs, storages and policies by UUID, as far as they are known."""
        ...

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """When a significant change of a task was last seen, by UUID."""
        ...

    @property
    def recording(self) -> RecordingState:
        """The state of the recording."""
        ...

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """Request the names of everything that tasks refer to, and of `others`; replaces the request before."""
        ...

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task; None when there is no such task."""
        ...

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task over time."""
        ...

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task in the last day; None when it is not known."""
        ...

    def fields(self, task: Task) -> Sequence[RawField]:
        """Return every field of a task as the server sent it."""
        ...

    def raw_lines(self, task: Task) -> RawLines:
        """Return the record of a task as the server sent it, as indented lines."""
        ...

    def record(self, task: Task) -> str:
        """Return the record of a task as sanitized JSON on one line."""
        ...

    def record_note(self, task: Task, author: str, text: str) -> bool:
        """Record a note of a user about a task. Return False when nothing can be recorded now."""
        ...

    async def events(self, limit: int, since_ms: int = 0) -> Sequence[Event]:
        """Return the newest recorded events from a time on, newest first."""
        ...

    async def trend(self, request: TrendRequest, taken_at: datetime) -> TaskTrend:
        """Return the history of a task. `taken_at` is the time of the shown snapshot."""
        ...

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the recorded RPO of some tasks or of all (None) against their targets; none without a recording."""
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
