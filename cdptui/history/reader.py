"""Read a recording: the tasks at a moment, series, polls, gaps and outages. For any thread that has a connection."""

from __future__ import annotations

import logging
import re
import sqlite3
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from operator import itemgetter, sub
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from cdptui.history.codec import UNREADABLE, Chunk
from cdptui.history.hourly import HourlyValues, decode_hours, hours_within
from cdptui.history.schema import BUCKET_MS, HOURS_VERSION, NEVER_MS, TASK_BITS, chunk_range
from cdptui.history.thinned import ThinnedDay, decode_thinned
from cdptui.history.writer import (
    TASKS_PER_SLICE,
    USED_COLUMN,
    TailPoll,
    encode_task_column,
    let_others_run,
    read_problems,
    unpack_tail,
)
from cdptui.models.capacity import HOUR_S
from cdptui.models.event import Event, EventKind
from cdptui.models.forecast import MAX_HOURS
from cdptui.models.reasons import NONE, Reason
from cdptui.models.recording import OutageRecord, PollRecord, RecordedHistory, RecordedSeries
from cdptui.models.severity import Severity

log = logging.getLogger(__name__)

RPO_COLUMNS: Final = (1, 2)
"""Columns of the values that have a meaning here; a record has one of the two for the RPO. The others are only joined
with their text."""

_TASK_HOURS: Final = 100_000
"""Hours of all tasks whose changes a monitor that starts reads: those of more than 2,000 tasks are read for less than
two days, as it keeps fewer of them in memory."""

_SELECT_EVENTS: Final = "SELECT t, kind, severity, task, name, old, new, cause FROM event"

_KNOWN_KINDS: Final = frozenset(EventKind)
_KNOWN_SEVERITIES: Final = frozenset(Severity)

_LAST_MS: Final = 253_402_300_799_000
"""The end of the year 9999. A later event is part of a damage."""

GAP_FACTOR: Final = 2.5
"""A longer pause than this many usual intervals is a gap."""

MIN_GAP_MS: Final = 5000
_MIN_PAUSES: Final = 2
_PAUSES_AROUND: Final = 3
"""Pauses before and after one that show the usual interval there."""

_SAMPLE: Final = 8
"""Of so many pauses, one is compared with the longest to find out whether there may be gaps."""

_CACHED_BUCKETS: Final = 186
"""Those of 31 days: 12 KB each, with a poll every 10 seconds."""

_THINNED_WIDTH: Final = 4
"""Columns that the values of a thinned moment have, most of them unknown."""

_TASK_MASK: Final = (1 << TASK_BITS) - 1


class RecordingReader:
    """Answers questions from an open recording. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        self._has_hours = version >= HOURS_VERSION

    def meta(self) -> dict[str, str]:
        """Return the facts that were stored about the recording."""
        return dict(self._connection.execute("SELECT key, value FROM meta"))

    def last_poll(self) -> PollRecord | None:
        """Return the newest poll; None in an empty recording."""
        newest = None
        for poll in self._tail_polls("ORDER BY t DESC LIMIT 1"):
            newest = poll.record
        if newest is None:
            row = self._connection.execute("SELECT bucket, data FROM poll ORDER BY bucket DESC LIMIT 1").fetchone()
            polls = decode_polls(*row) if row is not None else []
            newest = polls[-1] if polls else None
        return newest

    def polls(self, since_ms: int = 0, until_ms: int = NEVER_MS) -> Iterator[PollRecord]:
        """Yield the polls of a time, oldest first."""
        for _, polls in self._buckets(since_ms, until_ms):
            yield from (poll for poll in polls if since_ms <= poll.at_ms <= until_ms)
        for tail in self._tail_polls("ORDER BY t"):
            if since_ms <= tail.record.at_ms <= until_ms:
                yield tail.record

    def outages(self, since_ms: int = 0) -> list[OutageRecord]:
        """Return the times in which polls failed."""
        statement = "SELECT started, ended, kind, code, attempts FROM outage WHERE started >= ? ORDER BY id"
        return [OutageRecord(*row) for row in self._connection.execute(statement, (since_ms,))]

    def events(self, since_ms: int = 0, until_ms: int = NEVER_MS) -> list[Event]:
        """Return what happened in a time, oldest first. Kinds that this version does not know are left out."""
        statement = f"{_SELECT_EVENTS} WHERE t BETWEEN ? AND ? ORDER BY t, id"
        return list(_decode_events(self._connection.execute(statement, (since_ms, until_ms))))

    def newest_events(self, limit: int, since_ms: int = 0, until_ms: int = NEVER_MS) -> list[Event]:
        """Return the newest events of a time, newest first."""
        statement = f"{_SELECT_EVENTS} WHERE t BETWEEN ? AND ? ORDER BY t DESC, id DESC LIMIT ?"
        return list(_decode_events(self._connection.execute(statement, (since_ms, until_ms, limit))))

    def event_before(self, moment_ms: int) -> int | None:
        """Return the time of the last event before a moment; None when there is none."""
        return self._time("SELECT max(t) FROM event WHERE t < ?", moment_ms)

    def event_after(self, moment_ms: int) -> int | None:
        """Return the time of the first event after a moment; None when there is none."""
        return self._time("SELECT min(t) FROM event WHERE t > ?", moment_ms)

    def event_marks(self, step_ms: int) -> list[tuple[int, Severity]]:
        """Return the first event of each step of time and the worst severity in it, oldest first."""
        statement = "SELECT min(t), max(severity) FROM event GROUP BY t / ? ORDER BY 1"
        rows = self._connection.execute(statement, (step_ms,))
        return [(at_ms, Severity(severity)) for at_ms, severity in rows if severity in _KNOWN_SEVERITIES]

    def _time(self, statement: str, moment_ms: int) -> int | None:
        (at_ms,) = self._connection.execute(statement, (moment_ms,)).fetchone()
        return None if at_ms is None else int(at_ms)

    def newest_problems(self) -> dict[str, tuple[Reason, ...]]:
        """Return the problems of the tasks that had any when they were recorded last, by UUID."""
        uuids = dict(self._connection.execute("SELECT id, uuid FROM task"))
        return {uuids[number]: reasons for number, reasons in read_problems(self._connection) if number in uuids}

    def series(self, uuid: str, column: int, since_ms: int = 0) -> list[tuple[int, int | None]]:
        """Return the changes of one value of a task: milliseconds and value, oldest first."""
        row = self._connection.execute("SELECT id FROM task WHERE uuid = ?", (uuid,)).fetchone()
        if row is None:
            return []
        (number,) = row
        found: list[tuple[int, int | None]] = []
        for polls, chunk in task_chunks(self._connection, number, since_ms):
            if chunk is not None:
                found += zip(*chunk.timed_column(column, polls.times_ms), strict=True)
        changes = tail_changes(self._connection, number, [column])
        found += [(at_ms, value) for at_ms, each, value in changes if each == column]
        return [
            (at_ms, value)
            for (_, before), (at_ms, value) in pairwise([(0, None), *found])
            if at_ms >= since_ms and value != before
        ]

    def history(self, since_ms: int) -> RecordedHistory:
        """Return what a monitor that starts now knows about the tasks of the last poll, from `since_ms` on.

        The changes of a large fleet are read for less time. Values at whole hours are read as far back as a forecast
        needs them.
        """
        last = self.last_poll()
        if last is None:
            return RecordedHistory()
        used: dict[int, list[tuple[float, int]]] = {}
        times: list[int] = []
        hours_since_ms = last.at_ms - int(MAX_HOURS * HOUR_S * 1000)
        first_ms = min(since_ms, hours_since_ms)
        since_ms = max(since_ms, last.at_ms - int(_TASK_HOURS / max(1, last.total or 0) * HOUR_S * 1000))
        hours = HourlyValues(hours_since_ms, last.at_ms)
        for bucket, polls in self._buckets(first_ms):
            times += [poll.at_ms for poll in polls]
            has_hours, has_points = self._add_hours(bucket, hours), bucket >= since_ms // BUCKET_MS
            if has_points or not has_hours:
                self._add_changes(bucket, polls, None if has_hours else hours, used if has_points else None)
        for tail in self._tail_polls("ORDER BY t"):
            times.append(tail.record.at_ms)
            for number, column, value in tail.changes():
                if column == USED_COLUMN and value is not None:
                    hours.add(number, tail.record.at_ms, value)
                    _add_point(used.setdefault(number, []), tail.record.at_ms, value)
        gaps = find_gaps(times)
        return RecordedHistory(
            list(self._recorded_series(used, hours, hours_within(gaps))),
            [(start / 1000, end / 1000) for start, end in gaps if end > since_ms],
            last.at_ms / 1000,
            self._end_after(last.at_ms) / 1000,
        )

    def _recorded_series(
        self, used: Mapping[int, list[tuple[float, int]]], hours: HourlyValues, missing: Collection[int]
    ) -> Iterator[RecordedSeries]:
        """Yield what is known about each task of the last poll."""
        problems = dict(read_problems(self._connection))
        for count, (number, uuid, documents) in enumerate(self._documents(), 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            if documents[-1].status is not None:
                first, values = hours.of_task(number, missing)
                reasons = problems.get(number, NONE)
                yield _series(uuid, used.get(number, []), list(enumerate(values, first)), documents, reasons)

    def add_hours(self, bucket: int, hours: HourlyValues) -> None:
        """Add the values of a bucket that has ended, from its chunks if its hours are not stored."""
        if not self._add_hours(bucket, hours):
            for each, polls in self._buckets(bucket * BUCKET_MS, bucket * BUCKET_MS):
                self._add_changes(each, polls, hours, None)

    def _add_changes(
        self,
        bucket: int,
        polls: Sequence[PollRecord],
        hours: HourlyValues | None,
        used: dict[int, list[tuple[float, int]]] | None,
    ) -> None:
        """Add the used capacity in the chunks of a bucket to `hours`, and its changes to `used`."""
        times = [poll.at_ms for poll in polls]
        for count, (number, chunk) in enumerate(self._chunks(bucket), 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            changes = [
                (times[poll], value)
                for poll, value in chunk.changes(USED_COLUMN)
                if value is not None and poll < len(times)
            ]
            if hours is not None:
                for at_ms, value in changes:
                    hours.add(number, at_ms, value)
            if used is not None and changes:
                points = used.setdefault(number, [])
                if points and points[-1][1] == changes[0][1]:
                    # Each chunk begins with the value from before.
                    del changes[0]
                points += [(at_ms / 1000, value) for at_ms, value in changes]

    def _add_hours(self, bucket: int, hours: HourlyValues) -> bool:
        """Add the stored hours of a bucket. Return False when there are none, or they are damaged."""
        if not self._has_hours:
            return False
        row = self._connection.execute("SELECT data FROM hour WHERE bucket = ?", (bucket,)).fetchone()
        if row is None:
            return False
        try:
            hours.add_bucket(bucket, decode_hours(row[0]))
        except UNREADABLE:
            log.warning("the hours of a bucket are damaged; its chunks are read")
            return False
        return True

    def _end_after(self, at_ms: int) -> int:
        """Return when the monitor of the last poll ended."""
        statement = "SELECT max(t) FROM event WHERE kind = ? AND t >= ?"
        (stopped_ms,) = self._connection.execute(statement, (EventKind.MONITOR_STOPPED.value, at_ms)).fetchone()
        return at_ms if stopped_ms is None else int(stopped_ms)

    def _documents(self) -> Iterator[tuple[int, str, list[_DocumentRow]]]:
        """Yield the number, the UUID and all documents of each task, oldest first."""
        statement = (
            "SELECT task.id, uuid, t, status, state FROM document JOIN task ON task.id = document.task "
            "ORDER BY document.task, t, document.id"
        )
        for (number, uuid), rows in groupby(self._connection.execute(statement), itemgetter(0, 1)):
            yield number, uuid, [_DocumentRow(*row[2:]) for row in rows]

    def _buckets(self, since_ms: int, until_ms: int = NEVER_MS) -> Iterator[tuple[int, list[PollRecord]]]:
        """Yield the buckets of a time that have ended, oldest first, and their polls."""
        statement = "SELECT bucket, data FROM poll WHERE bucket BETWEEN ? AND ? ORDER BY bucket"
        for bucket, data in self._connection.execute(statement, (since_ms // BUCKET_MS, until_ms // BUCKET_MS)):
            yield bucket, decode_polls(bucket, data)

    def _chunks(self, bucket: int) -> Iterator[tuple[int, Chunk]]:
        statement = "SELECT id, data FROM chunk WHERE id >= ? AND id < ?"
        for key, blob in self._connection.execute(statement, chunk_range(bucket)):
            chunk = decode_chunk(blob)
            if chunk is not None:
                yield key & _TASK_MASK, chunk

    def _tail_polls(self, order: str) -> Iterator[TailPoll]:
        for at_ms, data in self._connection.execute(f"SELECT t, data FROM tail {order}"):  # noqa: S608 - a constant
            yield unpack_tail(at_ms, data)


def _decode_events(rows: Iterable[tuple[Any, ...]]) -> Iterator[Event]:
    for at_ms, kind, severity, *others in rows:
        if kind in _KNOWN_KINDS and severity in _KNOWN_SEVERITIES and 0 <= at_ms <= _LAST_MS:
            yield Event(at_ms, EventKind(kind), Severity(severity), *others)


def task_chunks(
    connection: sqlite3.Connection, number: int, since_ms: int, until_ms: int = NEVER_MS
) -> Iterator[tuple[PollTimes, Chunk | None]]:
    """Yield the times of the polls of each bucket that has ended, and the values of a task in it."""
    statement = (
        "SELECT bucket, poll.data, chunk.data FROM poll LEFT JOIN chunk ON chunk.id = (bucket << ?) + ? "
        "WHERE bucket BETWEEN ? AND ? ORDER BY bucket"
    )
    values = (TASK_BITS, number, since_ms // BUCKET_MS, until_ms // BUCKET_MS)
    for bucket, data, blob in connection.execute(statement, values):
        yield decode_poll_times(bucket, data), decode_chunk(blob) if blob is not None else None


def tail_changes(
    connection: sqlite3.Connection, number: int, columns: Sequence[int]
) -> Iterator[tuple[int, int, int | None]]:
    """Yield the changes of a task in the current bucket: milliseconds, column, value.

    A poll of a large fleet is decoded only when it contains the number before one of `columns`.
    """
    find = re.compile(b"|".join(re.escape(encode_task_column(number, column)) for column in columns)).search
    for at_ms, data in connection.execute("SELECT t, data FROM tail ORDER BY t"):
        if find(data):
            for each, column, value in unpack_tail(at_ms, data).changes():
                if each == number:
                    yield at_ms, column, value


def task_events(connection: sqlite3.Connection, uuid: str, since_ms: int, until_ms: int, limit: int) -> list[Event]:
    """Return the newest events of a task in a time, newest first."""
    statement = f"{_SELECT_EVENTS} WHERE task = ? AND t BETWEEN ? AND ? ORDER BY t DESC, id DESC LIMIT ?"
    return list(_decode_events(connection.execute(statement, (uuid, since_ms, until_ms, limit))))


class _DocumentRow(Struct, gc=False):
    at_ms: int
    status: str | None
    """None when the task vanished."""
    state: str | None


def find_gaps(times_ms: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pauses between polls that are longer than two and a half times the usual interval around them.

    The interval may change within a recording, which is no gap: that before a pause and that after it count.

    >>> find_gaps([0, 10_000, 20_000, 90_000, 100_000])
    [(20000, 90000)]
    >>> find_gaps([0, 60_000, 120_000, 180_000, 190_000, 200_000, 210_000])
    []
    """
    pauses = [after - before for before, after in pairwise(times_ms)]
    if len(pauses) < _MIN_PAUSES:
        return []
    # Nearly all pauses are shorter than this, and need no look at those around them.
    shortest = max(MIN_GAP_MS, GAP_FACTOR * min(pauses))
    return [
        (times_ms[at], times_ms[at + 1])
        for at, pause in enumerate(pauses)
        if pause > shortest and pause > GAP_FACTOR * _usual_interval(pauses, at)
    ]


def _usual_interval(pauses: Sequence[int], at: int) -> int:
    """Return the larger one of the usual pauses before and after one."""
    around = (pauses[max(0, at - _PAUSES_AROUND) : at], pauses[at + 1 : at + 1 + _PAUSES_AROUND])
    return max(sorted(near)[len(near) // 2] for near in around if near)


def _series(
    uuid: str,
    used: list[tuple[float, int]],
    hours: list[tuple[int, int | None]],
    documents: list[_DocumentRow],
    reasons: tuple[Reason, ...],
) -> RecordedSeries:
    """Return what is known about a task since it appeared last."""
    vanished = max((index for index, document in enumerate(documents) if document.status is None), default=-1)
    documents = documents[vanished + 1 :]
    appeared_s, last = documents[0].at_ms / 1000, documents[-1]
    since_ms, is_change_seen = last.at_ms, False
    for document in reversed(documents):
        if (document.status, document.state) != (last.status, last.state):
            is_change_seen = True
            break
        since_ms = document.at_ms
    return RecordedSeries(
        uuid,
        _since(used, appeared_s),
        last.status or "",
        last.state or "",
        since_ms / 1000,
        is_change_seen,
        [(hour, value) for hour, value in hours if hour * HOUR_S > appeared_s],
        reasons,
        datetime.fromtimestamp(last.at_ms / 1000, UTC) if len(documents) > 1 else None,
    )


def _since(points: list[tuple[float, int]], start_s: float) -> list[tuple[float, int]]:
    """Return the changes from a time on, beginning with the value at that time."""
    later = bisect_right(points, start_s, key=lambda point: point[0])
    return [(max(start_s, points[later - 1][0]), points[later - 1][1]), *points[later:]] if later else points


def _add_point(points: list[tuple[float, int]], at_ms: int, value: int) -> None:
    if not points or points[-1][1] != value:
        points.append((at_ms / 1000, value))


def decode_day(blob: bytes) -> ThinnedDay | None:
    """Return a thinned day of a task; None, with a warning in the log, when it is damaged."""
    try:
        return decode_thinned(blob)
    except UNREADABLE:
        log.warning("a thinned day is damaged, and is skipped")
        return None


def decode_chunk(blob: bytes) -> Chunk | None:
    """Return a stored chunk; None, with a warning in the log, when it is damaged."""
    try:
        return Chunk.decode(blob)
    except UNREADABLE:
        log.warning("a recorded chunk is damaged, and is skipped")
        return None


def decode_polls(bucket: int, data: bytes) -> list[PollRecord]:
    """Return the polls of a bucket. Raises one of `UNREADABLE`."""
    columns = msgspec.msgpack.decode(
        zlib.decompress(data), type=tuple[list[int], list[int], list[int | None], list[bool]]
    )
    start = bucket * BUCKET_MS
    times = accumulate(columns[0])
    return [
        PollRecord(start + at_ms, duration_ms, total, is_cut_short)
        for at_ms, duration_ms, total, is_cut_short in zip(times, *columns[1:], strict=True)
    ]


class _PollTimes(Struct, array_like=True, gc=False):
    """The first column of the polls of a bucket; the others are skipped."""

    pauses: list[int]
    durations: msgspec.Raw
    totals: msgspec.Raw
    cut_short: msgspec.Raw


_decode_poll_times = msgspec.msgpack.Decoder(_PollTimes).decode


class PollTimes(NamedTuple):
    """The times of the polls of a bucket."""

    times_ms: Sequence[int]
    longest_pause_ms: int
    shortest_pause_ms: int
    """The shortest one of a sample. Both are 0 without pauses."""

    @classmethod
    def of(cls, times_ms: Sequence[int]) -> PollTimes:
        """Return times with the pauses between them."""
        pauses = list(map(sub, times_ms[1:], times_ms))
        return cls(times_ms, max(pauses, default=0), min(pauses[::_SAMPLE], default=0))


@lru_cache(maxsize=_CACHED_BUCKETS)
def decode_poll_times(bucket: int, data: bytes) -> PollTimes:
    """Return the times of the polls of a bucket. Raises one of `UNREADABLE`.

    The history of every task needs them, and decoding those of a month takes 20 ms.
    """
    pauses = _decode_poll_times(zlib.decompress(data)).pauses
    # The first one is counted from the start of the bucket.
    times = list(accumulate(pauses, initial=bucket * BUCKET_MS))[1:]
    return PollTimes.of(times)._replace(times_ms=array("q", times))
