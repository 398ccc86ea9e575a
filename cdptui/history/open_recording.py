"""A recording that is open for reading, in one thread."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from cdptui.history.fleet_reader import FleetReader
from cdptui.history.fleet_rpo import read_fleet_rpo
from cdptui.history.reader import RecordingReader
from cdptui.history.recordings import connect
from cdptui.history.trend_reader import read_trend, split_gaps
from cdptui.history.writer import decompress_document
from cdptui.models.event import Event
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.trend import STATISTICS_MS, TaskTrend, Timeline, TrendRequest, task_trend

MAX_TASK_EVENTS: Final = 200
"""Events that the history of a task lists."""

_MARKS: Final = 400
"""Marks of events on the time of a recording: more than a screen has columns."""


class OpenRecording:
    """Answers questions about any moment of a recording, which a monitor may write meanwhile. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        """Raises RecordingError when it cannot be opened."""
        self._connection = connect(path)

    @cached_property
    def fleet(self) -> FleetReader:
        """All tasks at any moment. What changes rarely is read when this is first used."""
        return FleetReader(self._connection)

    @cached_property
    def _reader(self) -> RecordingReader:
        return RecordingReader(self._connection)

    def timeline(self) -> Timeline | None:
        """Return the time that is recorded; None in an empty recording."""
        span = self.fleet.span()
        if span is None:
            return None
        first_ms, last_ms = span
        gaps = split_gaps(self.fleet.gaps(), self._reader.outages(), last_ms)
        return Timeline(first_ms, last_ms, gaps, self._reader.event_marks(max(1, (last_ms - first_ms) // _MARKS)))

    def trend(self, request: TrendRequest) -> TaskTrend | None:
        """Return the history of a task up to the end of the request; None in an empty recording."""
        start_ms = request.end_ms - max(request.span_ms, *STATISTICS_MS)
        recorded = read_trend(self._connection, request.uuid, start_ms, request.end_ms, MAX_TASK_EVENTS)
        return task_trend(recorded, request) if recorded.first_ms is not None else None

    def fleet_rpo(self, uuids: Container[str] | None, end_ms: int) -> Sequence[RpoStatistics]:
        """Return the RPO of some tasks or of all (None) up to a time, over the times of `STATISTICS_MS`."""
        return read_fleet_rpo(self._connection, uuids, end_ms, STATISTICS_MS)

    def rpo_within(self, since_ms: int, until_ms: int) -> RpoStatistics:
        """Return the RPO of all tasks over a time."""
        (statistics,) = read_fleet_rpo(self._connection, None, until_ms, [until_ms - since_ms])
        return statistics

    def events_within(self, since_ms: int, until_ms: int) -> Sequence[Event]:
        """Return all events of a time, oldest first."""
        return self._reader.events(since_ms, until_ms)

    def events(self, limit: int, since_ms: int, until_ms: int) -> Sequence[Event]:
        """Return the newest events of a time, newest first."""
        return self._reader.newest_events(limit, since_ms, until_ms)

    def event_before(self, moment_ms: int) -> int | None:
        """Return the time of the last event before a moment; None when there is none."""
        return self._reader.event_before(moment_ms)

    def event_after(self, moment_ms: int) -> int | None:
        """Return the time of the first event after a moment; None when there is none."""
        return self._reader.event_after(moment_ms)

    def texts(self) -> Iterator[str]:
        """Yield every text of the recording, to be searched: records, events and names."""
        for (data,) in self._connection.execute("SELECT data FROM document WHERE data IS NOT NULL"):
            yield decompress_document(data).decode(errors="replace")
        for row in self._connection.execute("SELECT name, old, new FROM event"):
            yield " ".join(filter(None, row))
        for row in self._connection.execute("SELECT key, value FROM meta"):
            yield " ".join(filter(None, row))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
