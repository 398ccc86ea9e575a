"""Go to any moment of a recording. All reading is done in one thread of its own, so that it never delays the screen."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct

from cdptui.history.fleet_reader import FleetReader
from cdptui.history.fleet_rpo import read_fleet_rpo
from cdptui.history.reader import RecordingReader
from cdptui.history.recording_file import RecordingError
from cdptui.history.recordings import connect, described_errors
from cdptui.history.trend_reader import split_gaps
from cdptui.models.capacity import CapacityHistory
from cdptui.models.event import Event
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.severity import Severity
from cdptui.models.trend import STATISTICS_MS, Gap, TaskTrend, TrendRequest
from cdptui.monitor.recording import trend_of_task
from cdptui.monitor.replay import PastFleet, Replay

log = logging.getLogger(__name__)

T = TypeVar("T")

_MARKS: Final = 400
"""Marks of events on the time of a recording: more than a screen has columns."""


class Timeline(Struct, frozen=True):
    """The time that is recorded. Times are milliseconds since 1970."""

    first_ms: int
    last_ms: int
    gaps: Sequence[Gap] = ()
    """Times without polls: outages of the node, and times in which no monitor ran."""
    marks: Sequence[tuple[int, Severity]] = ()
    """Events: the first one and the worst severity of each short time."""

    def gap_at(self, moment_ms: int) -> Gap | None:
        """Return the time without polls in which a moment is; None when there is none."""
        return next((gap for gap in self.gaps if gap.start_ms < moment_ms < gap.end_ms), None)


class _Opened(Struct):
    """A recording that is open, in the thread that reads it."""

    connection: sqlite3.Connection
    fleet: FleetReader
    reader: RecordingReader
    replay: Replay


class TimeMachine:
    """Reads one recording, which a monitor may write meanwhile. Raises RecordingError."""

    def __init__(self, path: Path, zone: Callable[[], tzinfo | None]) -> None:
        """`zone` returns the time zone of the server's dates."""
        self.path = path
        self._zone = zone
        self._thread = ThreadPoolExecutor(1, "time-machine")
        self._opened: _Opened | None = None

    async def timeline(self) -> Timeline | None:
        """Return the time that is recorded by now; None in an empty recording."""
        return await self._run(self._timeline)

    async def fleet_at(self, moment_ms: int) -> PastFleet | None:
        """Return the fleet as the last poll at or before a moment showed it; None before the first poll."""
        return await self._run(lambda opened: opened.replay.fleet_at(moment_ms))

    async def history(self, uuid: str, at_ms: int) -> CapacityHistory:
        """Return the used capacity of a task up to a poll."""
        return await self._run(lambda opened: opened.replay.history(uuid, at_ms))

    async def trend(self, request: TrendRequest) -> TaskTrend | None:
        """Return the history of a task up to the end of the request."""
        return await self._run(lambda opened: trend_of_task(opened.connection, request))

    async def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the RPO of some tasks or of all (None) up to a time, over the times of `STATISTICS_MS`."""
        return await self._run(lambda opened: read_fleet_rpo(opened.connection, uuids, end_ms, STATISTICS_MS))

    async def events(self, limit: int, since_ms: int, until_ms: int) -> Sequence[Event]:
        """Return the newest events of a time, newest first."""
        return await self._run(lambda opened: opened.reader.newest_events(limit, since_ms, until_ms))

    async def poll_before(self, moment_ms: int) -> int | None:
        """Return the time of the last poll before a moment; None when there is none."""
        return await self._run(lambda opened: opened.fleet.poll_before(moment_ms))

    async def poll_after(self, moment_ms: int) -> int | None:
        """Return the time of the first poll after a moment; None when there is none."""
        return await self._run(lambda opened: opened.fleet.poll_after(moment_ms))

    async def event_before(self, moment_ms: int) -> int | None:
        """Return the time of the last event before a moment; None when there is none."""
        return await self._run(lambda opened: opened.reader.event_before(moment_ms))

    async def event_after(self, moment_ms: int) -> int | None:
        """Return the time of the first event after a moment; None when there is none."""
        return await self._run(lambda opened: opened.reader.event_after(moment_ms))

    async def aclose(self) -> None:
        """Close the recording, after what is being read."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False)

    async def _run(self, read: Callable[[_Opened], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, read)

    def _read(self, read: Callable[[_Opened], T]) -> T:
        try:
            with described_errors(self.path):
                if self._opened is None:
                    connection = connect(self.path)
                    fleet = FleetReader(connection)
                    replay = Replay(fleet, self._zone())
                    self._opened = _Opened(connection, fleet, RecordingReader(connection), replay)
                else:
                    self._opened.fleet.refresh()
                return read(self._opened)
        except RecordingError:
            # A monitor may have put another file in its place.
            self._close()
            raise

    def _timeline(self, opened: _Opened) -> Timeline | None:
        span = opened.fleet.span()
        if span is None:
            return None
        first_ms, last_ms = span
        gaps = split_gaps(opened.fleet.gaps(), opened.reader.outages(), last_ms)
        return Timeline(first_ms, last_ms, gaps, opened.reader.event_marks(max(1, (last_ms - first_ms) // _MARKS)))

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.connection.close()
            self._opened = None
