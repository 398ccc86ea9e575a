"""The composition root: connects the monitor to one management node.

Importing the HTTP stack takes longer than drawing the first frame, so it is imported here, late, and in a thread.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.config.recording import RecordSettings
from cdptui.config.settings import MonitorSettings
from cdptui.models.capacity import CapacityHistory
from cdptui.models.day_trend import DayTrend
from cdptui.models.event import Event
from cdptui.models.event_summary import NOTHING, EventSummary
from cdptui.models.inventory import BackupStorage, FetchState
from cdptui.models.recording import RecordingPhase, RecordingState
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.inventory import InventoryService
from cdptui.monitor.late_recorder import LateRecorder
from cdptui.monitor.monitor import Monitor
from cdptui.monitor.schedule import PollSchedule
from cdptui.monitor.sources import NodeClient

if TYPE_CHECKING:
    from cdptui.models.rpo_history import RpoStatistics
    from cdptui.models.trend import TaskTrend, TrendRequest
    from cdptui.monitor.past_view import PastView
    from cdptui.monitor.replay import PastFleet
    from cdptui.monitor.time_machine import TimeMachine

_NO_RECORDING: Final = RecordingState(RecordingPhase.OFF)

_CLOSE_RECORDING_S: Final = 0.5
"""Time in which a recording is closed: after it, the file has all that was recorded, and a write-ahead log."""


class NodeConnection(Struct, frozen=True):
    """The connection to one management node: its monitor and its inventory."""

    monitor: Monitor
    inventory: InventoryService
    _node: NodeClient
    _on_secret: Callable[[str], None]
    _on_password: Callable[[str], None]
    _recorder: LateRecorder | None = None

    @classmethod
    def create(
        cls,
        node: NodeClient,
        clock: Clock,
        interval_s: float,
        errors: tuple[type[Exception], ...],
        on_secret: Callable[[str], None] = lambda _: None,
        on_password: Callable[[str], None] = lambda _: None,
        record: RecordSettings | None = None,
    ) -> NodeConnection:
        """Build the monitor and the inventory for `node`, whose requests raise one of `errors`.

        `on_secret` is called with every password or code that the user types later, `on_password` with passwords only.
        """
        recorder = LateRecorder(record, clock) if record is not None else None
        monitor = Monitor(node, clock, PollSchedule(interval_s), recorder)
        if recorder is not None:
            recorder.start(monitor.set_history)
            node.on_session_ended(recorder.record_session_end)
        inventory = InventoryService(
            node.resources,
            clock,
            monitor.gate,
            errors,
            on_dependencies_changed=monitor.set_dependencies,
            on_storages_read=_storage_recorder(recorder),
            stopped_vms=monitor.stopped_vms,
        )
        monitor.on_tasks_removed(inventory.forget_tasks)
        if recorder is not None:
            recorder.use_node(inventory.pop_new_names, lambda: node.zone)
        return cls(monitor, inventory, node, on_secret, on_password, recorder)

    @property
    def moment_ms(self) -> None:
        """The present."""
        return None

    @property
    def zone(self) -> tzinfo | None:
        """Time zone of the server's dates; None when it is not known."""
        return self._node.zone

    async def events(self, limit: int, since_ms: int = 0) -> Sequence[Event]:
        """Return the newest recorded events from a time on, newest first."""
        return await self._recorder.events(limit, since_ms) if self._recorder is not None else ()

    async def summarize_events(self, since_ms: int, until_ms: int) -> EventSummary:
        """Return what happened in a time, by what was recorded."""
        return await self._recorder.summarize_events(since_ms, until_ms) if self._recorder is not None else NOTHING

    @property
    def last_look_ms(self) -> int | None:
        """When a user last looked at a monitor of this node, in milliseconds since 1970; None when that is not known.

        While a monitor without a screen records, this is not the end of the recording.
        """
        return self._recorder.last_look_ms if self._recorder is not None else None

    def note_look(self, at_ms: int, *, is_over: bool) -> None:
        """Note that the user looks at the monitor, or `is_over` when that was last so."""
        if self._recorder is not None:
            self._recorder.note_look(at_ms, is_over=is_over)

    def record_note(self, task: Task, author: str, text: str) -> bool:
        """Record a note of a user about a task. Return False when nothing can be recorded now."""
        return self._recorder is not None and self._recorder.record_note(task, author, text)

    def open_time_machine(self) -> TimeMachine | None:
        """Return what goes to any moment of the recording, to be closed after use; None without a recording."""
        if self._recorder is None:
            return None
        from cdptui.monitor.time_machine import TimeMachine

        return TimeMachine(self._recorder.file, lambda: self.zone)

    def past_view(self, machine: TimeMachine, fleet: PastFleet, on_read: Callable[[], None]) -> PastView:
        """Return what the screen shows at a moment. `on_read` is called when a history was read for it."""
        from cdptui.monitor.past_view import PastView

        return PastView(machine, fleet, self.zone, on_read)

    async def trend(self, request: TrendRequest, taken_at: datetime) -> TaskTrend:
        """Return the history of a task: from the recording, or without one what this monitor has seen.

        `taken_at` is the time of the newest snapshot.
        """
        recorded = await self._recorder.trend(request) if self._recorder is not None else None
        if recorded is not None:
            return recorded
        from cdptui.models.trend import memory_trend

        return memory_trend(self.history(request.uuid), taken_at.timestamp(), request)

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the recorded RPO of some tasks or of all (None) against their targets; none without a recording."""
        return await self._recorder.fleet_rpo(uuids, end_ms) if self._recorder is not None else ()

    @property
    def recording(self) -> RecordingState:
        """The state of the recording."""
        return self._recorder.state if self._recorder is not None else _NO_RECORDING

    @property
    def names(self) -> Mapping[str, str]:
        """Names of VMs, storages and policies by uuid, as far as they are known; grows in place."""
        return self.inventory.names

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """When a significant change of a task was last seen, by uuid."""
        return self.monitor.changed_at

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """Request the names of everything that tasks refer to, and of `others`; replaces the request before."""
        self.inventory.request_names_for(tasks, others)

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task over time."""
        return self.monitor.history(uuid)

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task in the last day; None when it is not known."""
        return self.monitor.day_trend(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task; None when the node has no such task."""
        return self.monitor.row(uuid)

    def fields(self, task: Task) -> Sequence[RawField]:
        """Return every field of a task as the server sent it."""
        return self._node.fields(task)

    def raw_lines(self, task: Task) -> RawLines:
        """Return the record of a task as the server sent it, as indented lines."""
        return self._node.raw_lines(task)

    def record(self, task: Task) -> str:
        """Return the record of a task as sanitized JSON on one line."""
        return self._node.json_record(task)

    def use_password(self, password: str) -> None:
        """Log in with another password, and poll at once."""
        self._on_secret(password)
        self._on_password(password)
        self._node.use_password(password)
        self.monitor.refresh()

    def use_code(self, code: str) -> None:
        """Log in with a second-factor code, and poll at once."""
        self._on_secret(code)
        self._node.use_otp(code)
        self.monitor.refresh()

    async def aclose(self) -> bool:
        """Log out and close the connections, within two seconds. Return False if a session may be left on the node."""
        if self._recorder is not None:
            closed = self._recorder.aclose(_CLOSE_RECORDING_S)
            is_logged_out, _ = await asyncio.gather(self._node.aclose(), closed)
            return is_logged_out
        return await self._node.aclose()


async def connect(
    settings: MonitorSettings,
    clock: Clock,
    on_secret: Callable[[str], None] = lambda _: None,
    on_password: Callable[[str], None] = lambda _: None,
) -> NodeConnection:
    """Create the connection to the node of `settings`. Sends no request yet. See `NodeConnection.create`."""
    await asyncio.to_thread(_import_network)
    from cdptui.api.client import Client
    from cdptui.api.errors import ApiError

    client = await asyncio.to_thread(
        Client,
        settings.base_url,
        settings.auth,
        timeout_s=settings.timeout_s,
        clock=clock,
        zone=settings.server_zone,
        tls=settings.tls,
        proxy=settings.proxy,
    )
    return NodeConnection.create(
        client, clock, settings.interval_s, (ApiError,), on_secret, on_password, settings.record
    )


def _storage_recorder(recorder: LateRecorder | None) -> Callable[[FetchState[Mapping[str, BackupStorage]]], None]:
    """Return what records each list of the storages. One that a cache kept is no news."""

    def record(listed: FetchState[Mapping[str, BackupStorage]]) -> None:
        if recorder is not None and listed.value is not None and not listed.is_from_cache:
            recorder.record_storages(
                tuple(listed.value.values()), is_complete=bool(listed.value) and not listed.is_partial
            )

    return record


def _import_network() -> None:
    """Import what the first request would import on the event loop, which takes 30 ms."""
    for name in ("cdptui.api.client", "anyio._backends._asyncio"):
        importlib.import_module(name)
