"""Go to any moment of a recording. All reading is done in one thread of its own, so that it never delays the screen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from cdptui.history.open_recording import OpenRecording
from cdptui.history.recording_file import RecordingError, describe_error
from cdptui.history.recordings import described_errors
from cdptui.models.capacity import CapacityHistory
from cdptui.models.event import Event
from cdptui.models.recording import RecordingProblem
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.trend import TaskTrend, Timeline, TrendRequest
from cdptui.monitor.replay import PastFleet, Replay
from cdptui.monitor.serial_thread import SerialThread

T = TypeVar("T")


class TimeMachine:
    """Reads one recording, which a monitor may write meanwhile. Raises RecordingError."""

    def __init__(self, path: Path, zone: Callable[[], tzinfo | None]) -> None:
        """`zone` returns the time zone of the server's dates."""
        self._path = path
        self._zone = zone
        self._thread = SerialThread("time-machine")
        self._opened: tuple[OpenRecording, Replay] | None = None

    async def timeline(self) -> Timeline | None:
        """Return the time that is recorded by now; None in an empty recording."""
        return await self._read(lambda recording, _: recording.timeline())

    async def fleet_at(self, moment_ms: int) -> PastFleet | None:
        """Return the fleet as the last poll at or before a moment showed it; None before the first poll."""
        return await self._read(lambda _, replay: replay.fleet_at(moment_ms))

    async def history(self, uuid: str, at_ms: int) -> CapacityHistory:
        """Return the used capacity of a task up to a poll."""
        return await self._read(lambda _, replay: replay.history(uuid, at_ms))

    async def trend(self, request: TrendRequest) -> TaskTrend | None:
        """Return the history of a task up to the end of the request."""
        return await self._read(lambda recording, _: recording.trend(request))

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the RPO of some tasks or of all (None) up to a time, over the times of `STATISTICS_MS`."""
        return await self._read(lambda recording, _: recording.fleet_rpo(uuids, end_ms))

    async def events(self, limit: int, since_ms: int, until_ms: int) -> Sequence[Event]:
        """Return the newest events of a time, newest first."""
        return await self._read(lambda recording, _: recording.events(limit, since_ms, until_ms))

    async def poll_before(self, moment_ms: int) -> int | None:
        """Return the time of the last poll before a moment; None when there is none."""
        return await self._read(lambda recording, _: recording.fleet.poll_before(moment_ms))

    async def poll_after(self, moment_ms: int) -> int | None:
        """Return the time of the first poll after a moment; None when there is none."""
        return await self._read(lambda recording, _: recording.fleet.poll_after(moment_ms))

    async def event_before(self, moment_ms: int) -> int | None:
        """Return the time of the last event before a moment; None when there is none."""
        return await self._read(lambda recording, _: recording.event_before(moment_ms))

    async def event_after(self, moment_ms: int) -> int | None:
        """Return the time of the first event after a moment; None when there is none."""
        return await self._read(lambda recording, _: recording.event_after(moment_ms))

    async def aclose(self) -> None:
        """Close the recording, after what is being read."""
        with contextlib.suppress(OSError):
            # Without a thread nothing was opened.
            await self._thread.run(self._close)
        self._thread.stop()

    async def _read(self, read: Callable[[OpenRecording, Replay], T]) -> T:
        try:
            return await self._thread.run(lambda: self._read_here(read))
        except OSError as error:
            raise RecordingError(RecordingProblem.NO_THREAD) from error

    def _read_here(self, read: Callable[[OpenRecording, Replay], T]) -> T:
        try:
            with described_errors(self._path):
                if self._opened is None:
                    recording = OpenRecording(self._path)
                    self._opened = recording, Replay(recording.fleet, self._zone())
                else:
                    self._opened[0].fleet.refresh()
                return read(*self._opened)
        except (RecordingError, OSError) as error:
            # A monitor may have put another file in its place.
            self._close()
            if isinstance(error, OSError):
                raise describe_error(error, self._path) from error
            raise

    def _close(self) -> None:
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None
