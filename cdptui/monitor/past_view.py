"""A moment of a recording as the screen shows it: what was not recorded is not known, and is not shown from today."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar

from cdptui.api.raw_task import json_line, pretty_json_lines, raw_fields
from cdptui.history.recording_file import RecordingError
from cdptui.models.capacity import CapacityHistory
from cdptui.models.day_trend import DayTrend
from cdptui.models.event import Event
from cdptui.models.inventory import BackupStorage, FetchState, Policy, VmInstance
from cdptui.models.inventory_needs import InventoryNeeds
from cdptui.models.recording import RecordingPhase, RecordingState
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.server_metrics import MetricsRequest, TaskMetrics
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow
from cdptui.models.trend import TaskTrend, TrendRequest, memory_trend
from cdptui.monitor.replay import PastFleet
from cdptui.monitor.time_machine import TimeMachine

log = logging.getLogger(__name__)

T = TypeVar("T")

_NOT_RECORDED: Final[FetchState[Any]] = FetchState(is_recorded=False)


class PastInventory:
    """The resources that tasks depend on, which are not recorded."""

    names_failure = None
    storages: FetchState[Mapping[str, BackupStorage]] = _NOT_RECORDED
    policies: FetchState[Mapping[str, Policy]] = _NOT_RECORDED
    is_first_reading = False

    def vm(self, uuid: str) -> FetchState[VmInstance]:
        """Return a VM, which is not recorded."""
        return _NOT_RECORDED

    def points(self, uuid: str) -> FetchState[RecoveryPoints]:
        """Return the recovery points of a VM, which are not recorded."""
        return _NOT_RECORDED

    def metrics(self, request: MetricsRequest) -> FetchState[TaskMetrics]:
        """Return the metrics of a task: at the moment, nobody had asked the server for those of its gaps."""
        return _NOT_RECORDED

    def set_needs(self, needs: InventoryNeeds, *, force: bool = False) -> None:
        """Load nothing."""


class PastView:
    """What the screen shows at a moment beside the rows of the tasks. See `sources.FleetView`."""

    recording = RecordingState(RecordingPhase.OFF)

    def __init__(
        self,
        machine: TimeMachine,
        fleet: PastFleet,
        zone: tzinfo | None,
        on_read: Callable[[], None],
    ) -> None:
        """`zone` is that of the server's dates. `on_read` is called when a history was read that was asked for."""
        self.moment_ms = fleet.at_ms
        self.inventory = PastInventory()
        self.names = fleet.names
        self.zone = zone
        self.changed_at = fleet.changed_at
        self.changes = fleet.changes
        self._machine = machine
        self._fleet = fleet
        self._rows = {row.task.uuid: row for row in fleet.rows}
        self._on_read = on_read
        self._history: tuple[str, CapacityHistory] | None = None
        self._reading: asyncio.Task[None] | None = None

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """Request nothing: names are those that are known."""

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task; None when there was no such task."""
        return self._rows.get(uuid)

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task; empty until it is read."""
        if self._history is None or self._history[0] != uuid:
            self._history = (uuid, CapacityHistory())
            self._reading = asyncio.get_running_loop().create_task(self._read_history(uuid))
        return self._history[1]

    async def _read_history(self, uuid: str) -> None:
        history = await _known(self._machine.history(uuid, self.moment_ms), CapacityHistory())
        if self._history is not None and self._history[0] == uuid:
            self._history = (uuid, history)
            self._on_read()

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task in the day before; None when it is not known."""
        return self._fleet.day_trend(uuid)

    def fields(self, task: Task) -> Sequence[RawField]:
        """Return every field of a task as the server sent it."""
        return raw_fields(task, self.zone)

    def raw_lines(self, task: Task) -> RawLines:
        """Return the record of a task as the server sent it, as indented lines."""
        return pretty_json_lines(task)

    def record(self, task: Task) -> str:
        """Return the record of a task as sanitized JSON on one line."""
        return json_line(task)

    def record_note(self, task: Task, author: str, text: str) -> bool:
        """Refuse: a note is written in the present."""
        return False

    async def events(self, limit: int, since_ms: int = 0) -> Sequence[Event]:
        """Return the newest events up to the moment, newest first."""
        return await _known(self._machine.events(limit, since_ms, self.moment_ms), ())

    async def trend(self, request: TrendRequest, taken_at: datetime) -> TaskTrend:
        """Return the history of a task up to the moment."""
        recorded = await _known(self._machine.trend(request), None)
        return recorded or memory_trend(self.history(request.uuid), taken_at.timestamp(), request)

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the recorded RPO of some tasks or of all (None) up to the moment."""
        return await _known(self._machine.fleet_rpo(uuids, end_ms), ())


async def _known(reading: Awaitable[T], unknown: T) -> T:
    """Return what is read, or `unknown` when the recording cannot be read any more."""
    try:
        return await reading
    except RecordingError as error:
        log.warning("nothing of a moment: %s", error)
        return unknown
