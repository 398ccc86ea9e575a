"""A recorder that starts after the first list: what it imports and reads would delay the list."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cdptui.clock import Clock
from cdptui.config.recording import RecordSettings
from cdptui.models.event import Event
from cdptui.models.event_summary import NOTHING, EventSummary
from cdptui.models.failure import Failure
from cdptui.models.inventory import BackupStorage
from cdptui.models.recording import RecordedHistory, RecordingPhase, RecordingProblem, RecordingState
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.serial_thread import SerialThread

if TYPE_CHECKING:
    from cdptui.history.recorder import Recorder
    from cdptui.models.rpo_history import RpoStatistics
    from cdptui.models.trend import TaskTrend, TrendRequest

T = TypeVar("T")

log = logging.getLogger(__name__)

_DELAY_S: Final = 0.3
"""From the first list, or the first failure, to the start: the list is on screen by then."""

_MAX_WAITING: Final = 8
"""Polls that are kept until the recorder starts."""


_LOOK_PERIOD_MS: Final = 60_000


class LateRecorder:
    """Keeps the first polls until the recorder has started, and passes all later ones on."""

    def __init__(self, settings: RecordSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._recorder: Recorder | None = None
        self._reader = SerialThread("recording-reader")
        self._pop_new_names: Callable[[], Mapping[str, str]] = dict
        self._zone: Callable[[], tzinfo | None] = lambda: None
        self._recorded_zone: tzinfo | None = None
        self._waiting: deque[Callable[[Recorder], None]] = deque(maxlen=_MAX_WAITING)
        self._starting: asyncio.Task[None] | None = None
        self._has_polled = asyncio.Event()
        self._state = RecordingState(RecordingPhase.STARTING)
        self._is_looking = False
        self._kept_look_ms = 0
        self.last_look_ms: int | None = None
        """When a user last looked at a monitor, in milliseconds since 1970; None when it is not known, or not yet."""

    @property
    def file(self) -> Path:
        """The recording, which may not exist yet."""
        return self._settings.file

    @property
    def state(self) -> RecordingState:
        """The state of the recording."""
        return self._recorder.state if self._recorder is not None else self._state

    def start(self, on_history: Callable[[RecordedHistory], None]) -> None:
        """Start after the first poll; call it in the event loop. See `Recorder.start`."""

        def note_history(history: RecordedHistory) -> None:
            from cdptui.history.last_look import read_last_look

            self.last_look_ms = read_last_look(self._settings.file)
            if self.last_look_ms is None and history.ended_s is not None:
                self.last_look_ms = round(1000 * history.ended_s)
            on_history(history)

        self._starting = asyncio.get_running_loop().create_task(self._start(note_history))

    def record(self, snapshot: Snapshot, rows: Sequence[TaskRow]) -> None:
        """Record a complete list and what was found about its tasks, and names that are new."""
        self._pass_on(lambda recorder: recorder.record(snapshot, rows))
        if names := self._pop_new_names():
            self._pass_on(lambda recorder: recorder.record_names(names))
        if (zone := self._zone()) is not None and zone != self._recorded_zone:
            self._recorded_zone = zone
            self._pass_on(lambda recorder: recorder.record_zone(str(zone)))

    def record_failure(self, failure: Failure) -> None:
        """Record that a poll failed."""
        self._pass_on(lambda recorder: recorder.record_failure(failure))

    def record_storages(self, storages: Sequence[BackupStorage], *, is_complete: bool) -> None:
        """Record the state of the backup storages, which were just read."""
        self._pass_on(lambda recorder: recorder.record_storages(storages, is_complete=is_complete))

    def use_node(self, pop_new_names: Callable[[], Mapping[str, str]], zone: Callable[[], tzinfo | None]) -> None:
        """Record with each poll the names that were read since the one before, and the zone of the server's dates."""
        self._pop_new_names, self._zone = pop_new_names, zone

    def record_note(self, task: Task, author: str, text: str) -> bool:
        """Record a note of a user about a task. Return False when nothing can be recorded now."""
        return self._recorder is not None and self._recorder.record_note(task, author, text)

    def record_session_end(self) -> None:
        """Record that the session ended, and that the monitor logs in again."""
        self._pass_on(lambda recorder: recorder.record_session_end())

    def note_look(self, at_ms: int, *, is_over: bool) -> None:
        """Note that the user looks at the monitor, or `is_over` last did so. It is kept each minute and at the end."""
        self._is_looking = not is_over
        if self._recorder is not None and (is_over or abs(at_ms - self._kept_look_ms) >= _LOOK_PERIOD_MS):
            self._kept_look_ms = at_ms
            self._recorder.keep_look(at_ms)

    async def events(self, limit: int, since_ms: int) -> Sequence[Event]:
        """Return the newest recorded events, newest first."""
        from cdptui.monitor.recorded_answers import read_newest_events

        return await self._read(lambda: read_newest_events(self._settings, limit, since_ms), ())

    async def summarize_events(self, since_ms: int, until_ms: int) -> EventSummary:
        """Return what happened in a time."""
        from cdptui.monitor.recorded_answers import summarize_recorded_events

        return await self._read(lambda: summarize_recorded_events(self._settings, since_ms, until_ms), NOTHING)

    async def trend(self, request: TrendRequest) -> TaskTrend | None:
        """Return the recorded history of a task; None when there is none."""
        from cdptui.monitor.recorded_answers import read_task_trend

        return await self._read(lambda: read_task_trend(self._settings, request), None)

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the recorded RPO of some tasks or of all; none when there is no recording."""
        from cdptui.monitor.recorded_answers import read_rpo_of_tasks

        return await self._read(lambda: read_rpo_of_tasks(self._settings, uuids, end_ms), ())

    async def _read(self, read: Callable[[], T], unknown: T) -> T:
        """Return what is read from the recording; `unknown` when the system has no thread for it.

        One thread reads for as long as the program runs: each thread leaves a heap of its own.
        """
        try:
            return await self._reader.run(read)
        except OSError as error:
            log.warning("the recording was not read: %s", error)
            return unknown

    async def aclose(self, timeout_s: float) -> None:
        """Record what is waiting, and close the file. After `timeout_s` the recorder's thread goes on alone."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self._reader.stop()
        if self._recorder is not None:
            await asyncio.to_thread(partial(self._recorder.close, timeout_s, is_looking=self._is_looking))

    def _pass_on(self, call: Callable[[Recorder], None]) -> None:
        self._has_polled.set()
        if self._recorder is not None:
            call(self._recorder)
        else:
            self._waiting.append(call)

    async def _start(self, on_history: Callable[[RecordedHistory], None]) -> None:
        await self._has_polled.wait()
        await asyncio.sleep(_DELAY_S)
        try:
            await asyncio.to_thread(importlib.import_module, "cdptui.monitor.recording")
        except OSError as error:
            log.warning("not recording: %s", error)
            self._state = RecordingState(RecordingPhase.FAILED, RecordingProblem.NO_THREAD)
            return
        from cdptui.monitor.recording import create_recorder

        recorder = create_recorder(self._settings, self._clock)
        recorder.start(on_history)
        self._recorder = recorder
        while self._waiting:
            self._waiting.popleft()(recorder)
