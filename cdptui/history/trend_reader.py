"""Read the values of one task over a time from its own chunks, with the gaps between polls."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from cdptui.history.codec import Chunk
from cdptui.history.reader import (
    GAP_FACTOR,
    MIN_GAP_MS,
    RPO_COLUMNS,
    PollTimes,
    RecordingReader,
    decode_day,
    decode_poll_times,
    find_gaps,
    tail_changes,
    task_chunks,
    task_events,
)
from cdptui.history.schema import BUCKET_MS, chunk_id
from cdptui.history.thinned import WINDOW_MS, WINDOWS_PER_DAY, ThinnedDay
from cdptui.history.writer import USED_COLUMN
from cdptui.models.event import Event
from cdptui.models.recording import OutageRecord
from cdptui.models.rpo_history import RpoPeriod, merge_periods, period_of
from cdptui.models.step_series import StepSeries
from cdptui.models.trend import DAY_MS, Gap, RecordedTrend

_MAX_INTERVAL_MS: Final = 60_000
"""A shorter time between a good poll and the first failed one is a part of the outage."""


_GAP_CONTEXT: Final = 12
"""Polls on both sides of a pause that may show that it is a gap."""


def read_trend(
    connection: sqlite3.Connection, uuid: str, since_ms: int, until_ms: int, max_events: int
) -> RecordedTrend:
    """Return used capacity and RPO of a task over a time, as steps, and its newest events. Raises sqlite3.Error."""
    builder = _TrendBuilder(first_poll_ms(connection), since_ms, until_ms)
    row = connection.execute("SELECT id FROM task WHERE uuid = ?", (uuid,)).fetchone()
    if row is None:
        return builder.build([], [], [])
    (number,) = row
    days = _ThinnedDays(connection, number)
    for polls, chunk in task_chunks(connection, number, since_ms, until_ms):
        if polls.times_ms:
            builder.add_bucket(polls, chunk, days.get(polls.times_ms[0]) if chunk is None else None)
    builder.add_tail(_tail_times(connection), list(tail_changes(connection, number, (USED_COLUMN, *RPO_COLUMNS))))
    statement = "SELECT t, status, state, rpo_target_ms FROM document WHERE task = ? AND t <= ? ORDER BY t, id"
    periods = [period_of(*each) for each in connection.execute(statement, (number, until_ms))]
    return builder.build(
        periods, RecordingReader(connection).outages(), task_events(connection, uuid, since_ms, until_ms, max_events)
    )


def first_poll_ms(connection: sqlite3.Connection) -> int | None:
    """Return the time of the first poll; None in an empty recording."""
    row = connection.execute("SELECT bucket, data FROM poll ORDER BY bucket LIMIT 1").fetchone()
    times = decode_poll_times(*row).times_ms if row is not None else _tail_times(connection)
    return times[0] if times else None


def read_polls(connection: sqlite3.Connection, finder: GapFinder, since_ms: int, until_ms: int) -> None:
    """Add the polls of a time to `finder`, in whole buckets."""
    statement = "SELECT bucket, data FROM poll WHERE bucket BETWEEN ? AND ? ORDER BY bucket"
    for row in connection.execute(statement, (since_ms // BUCKET_MS, until_ms // BUCKET_MS)):
        finder.add(decode_poll_times(*row))
    finder.add(PollTimes.of(_tail_times(connection)))


def _tail_times(connection: sqlite3.Connection) -> list[int]:
    return [at_ms for (at_ms,) in connection.execute("SELECT t FROM tail ORDER BY t")]


class _ThinnedDays:
    """The thinned days of a task; the last one is kept, as six buckets ask for it."""

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._last: tuple[int, ThinnedDay | None] = (-1, None)

    def get(self, at_ms: int) -> ThinnedDay | None:
        """Return the day of a time; None when it is not thinned, or damaged."""
        day = at_ms // DAY_MS
        if self._last[0] != day:
            key = (chunk_id(day, self._number),)
            row = self._connection.execute("SELECT data FROM thin WHERE id = ?", key).fetchone()
            self._last = (day, decode_day(*row) if row is not None else None)
        return self._last[1]


class _Suspects(NamedTuple):
    """Polls among which there may be gaps."""

    first_ms: int
    last_ms: int
    times_ms: list[int]
    """The polls from the first to the last one, and some around them."""


class GapFinder:
    """Finds the gaps between the polls of a long time. It does not keep the polls, of which a month has 260,000."""

    def __init__(self) -> None:
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        """The first and the last poll."""
        self._recent: list[int] = []
        self._suspects: list[_Suspects] = []
        self._missing = 0
        """Polls that the last suspects still need behind them."""

    def add(self, polls: PollTimes) -> None:
        """Add later polls."""
        times_ms = polls.times_ms
        if not times_ms:
            return
        if self._missing:
            behind = times_ms[: self._missing]
            self._suspects[-1].times_ms.extend(behind)
            self._missing -= len(behind)
        before_ms = self.last_ms if self.last_ms is not None else times_ms[0]
        longest_ms = max(times_ms[0] - before_ms, polls.longest_pause_ms)
        # Nearly always there is none: `find_gaps`, which has a loop, is for the others.
        if len(times_ms) == 1 or longest_ms > max(MIN_GAP_MS, GAP_FACTOR * polls.shortest_pause_ms):
            self._suspects.append(_Suspects(before_ms, times_ms[-1], [*self._recent, *times_ms]))
            self._missing = _GAP_CONTEXT
        self.first_ms = self.first_ms if self.first_ms is not None else times_ms[0]
        self.last_ms = times_ms[-1]
        self._recent = [*self._recent, *times_ms[-_GAP_CONTEXT:]][-_GAP_CONTEXT:]

    def gaps(self, until_ms: int) -> list[tuple[int, int]]:
        """Return the gaps, also that between the last poll and a later time."""
        found = []
        for suspects in self._suspects:
            gaps = find_gaps(suspects.times_ms)
            found += [gap for gap in gaps if suspects.first_ms <= gap[0] and gap[1] <= suspects.last_ms]
        if self.last_ms is not None and until_ms > self.last_ms:
            found += [gap for gap in find_gaps([*self._recent, until_ms]) if gap[1] == until_ms]
        return found


class _TrendBuilder:
    """Collects the values of a task, bucket by bucket, oldest first."""

    def __init__(self, first_ms: int | None, since_ms: int, until_ms: int) -> None:
        """`first_ms` is the time of the first poll of the recording."""
        self._first_ms = first_ms
        self._since_ms = since_ms
        self._until_ms = until_ms
        self._used = StepSeries()
        self._rpo = StepSeries()
        self._finder = GapFinder()

    def add_bucket(self, polls: PollTimes, chunk: Chunk | None, day: ThinnedDay | None) -> None:
        """Add the polls of some hours with the values in a chunk, or with those of a thinned day."""
        times_ms = polls.times_ms
        self._finder.add(polls)
        if chunk is not None:
            self._used.extend(*chunk.timed_column(USED_COLUMN, times_ms))
            self._rpo.extend(*_known_column([chunk.timed_column(column, times_ms) for column in RPO_COLUMNS]))
        elif day is not None:
            self._add_thinned(day, times_ms)
        else:
            for series in (self._used, self._rpo):
                series.extend([times_ms[0]], [None])

    def add_tail(self, times_ms: list[int], changes: Sequence[tuple[int, int, int | None]]) -> None:
        """Add the polls of the current bucket: the time, the column and the value of each change."""
        self._finder.add(PollTimes.of(times_ms))
        columns = [
            (
                [at_ms for at_ms, each, _ in changes if each == column],
                [value for _, each, value in changes if each == column],
            )
            for column in (USED_COLUMN, *RPO_COLUMNS)
        ]
        self._used.extend(*columns[0])
        self._rpo.extend(*_known_column(columns[1:]))

    def build(
        self, periods: list[RpoPeriod], outages: Sequence[OutageRecord], events: Sequence[Event]
    ) -> RecordedTrend:
        """Return the series. `periods` has one entry for each record of the task, also for one that vanished."""
        gaps = [*self._earlier_gap(), *self._finder.gaps(self._until_ms)]
        ends = [*(period.start_ms for period in periods[1:]), self._until_ms + 1]
        absences = [
            (period.start_ms, end_ms) for period, end_ms in zip(periods, ends, strict=False) if not period.is_listed
        ]
        for series in (self._used, self._rpo):
            series.until_ms = min(self._finder.last_ms or 0, self._until_ms)
            # In this order: a task that appeared at the last poll before a gap has its value there.
            for start_ms, end_ms in absences:
                series.blank(start_ms, end_ms, is_start_known=False)
            for start_ms, end_ms in gaps:
                series.blank(start_ms, end_ms)
        return RecordedTrend(
            self._used,
            self._rpo,
            merge_periods(periods),
            split_gaps(gaps, outages, self._until_ms),
            events,
            self._first_ms,
        )

    def _earlier_gap(self) -> list[tuple[int, int]]:
        """Return the gap at the beginning of this time, if the recording is older."""
        first_ms = self._finder.first_ms
        begin_ms = min(first_ms, self._until_ms) if first_ms is not None else self._until_ms
        if self._first_ms is None or not self._first_ms < self._since_ms < begin_ms:
            return []
        return [(self._since_ms, begin_ms)]

    def _add_thinned(self, day: ThinnedDay, times_ms: Sequence[int]) -> None:
        """Add the windows of a day that are in the bucket of these polls."""
        start_ms = times_ms[0] // BUCKET_MS * BUCKET_MS
        first = start_ms // WINDOW_MS % WINDOWS_PER_DAY
        for index, window in enumerate(day.windows):
            if not first <= window < first + BUCKET_MS // WINDOW_MS:
                continue
            at_ms = max(times_ms[0], start_ms + (window - first) * WINDOW_MS)
            self._used.extend([at_ms], [day.used[index]])
            values = (day.rpo_min[index], day.rpo_mean[index], day.rpo_max[index])
            self._rpo.append_range(at_ms, values, day.over_target_ms[index])


_Column = tuple[list[int], list[int | None]]
"""Times and values."""


def _known_column(columns: Sequence[_Column]) -> _Column:
    """Return the first column that has values."""
    return next((column for column in columns if any(value is not None for value in column[1])), columns[0])


def split_gaps(gaps: Sequence[tuple[int, int]], outages: Sequence[OutageRecord], until_ms: int) -> list[Gap]:
    """Return the gaps, with those parts apart in which the node could not be read.

    An outage without an end lasts until `until_ms`, or the monitor ended in it, and its length is not known.
    """
    found: list[Gap] = []
    for start_ms, end_ms in gaps:
        at_ms = start_ms
        for outage in outages:
            ended_ms = outage.ended_ms
            if ended_ms is None:
                ended_ms = until_ms if end_ms == until_ms else outage.started_ms
            if ended_ms <= max(at_ms, outage.started_ms) or outage.started_ms >= end_ms:
                continue
            begin_ms = max(at_ms, outage.started_ms)
            if begin_ms - at_ms <= _MAX_INTERVAL_MS:
                # The first failed poll was due an interval after the last good one.
                begin_ms = at_ms
            found += [Gap(at_ms, begin_ms)] if begin_ms > at_ms else []
            at_ms = min(ended_ms, end_ms)
            found.append(Gap(begin_ms, at_ms, is_outage=True))
        if at_ms < end_ms:
            found.append(Gap(at_ms, end_ms))
    return found
