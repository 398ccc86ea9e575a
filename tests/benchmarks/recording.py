"""Cost of the recording: of a poll, of a jump to a moment, of a trend, and of a month on the disk."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from cdptui.history.codec import Column, compress_packed, encode_chunk
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.reader import RecordingReader
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, chunk_id, open_for_reading, transaction
from cdptui.history.trend_reader import read_trend
from cdptui.history.writer import USED_COLUMN, Poll, RecordingWriter
from cdptui.models.recording import PollRecord
from cdptui.models.trend import STATISTICS_MS, TrendRequest, task_trend
from tests.benchmarks.changing_rows import RPO_EVERY, USED_EVERY, Fleet
from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.recorded_months import POLL_MS
from tests.unit.history.recorded import NOW_MS, open_writer

_DAYS: Final = 30
_SAMPLED_TASKS: Final = 25
_SAMPLED_HOURS: Final = 24
"""The month of 1,000 tasks is a day of a few tasks, scaled: writing it whole takes an hour."""


class _Commits:
    """The times of the commits of a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.seconds: list[float] = []
        self._began = 0.0
        connection.set_trace_callback(self._trace)

    def _trace(self, statement: str) -> None:
        if statement.startswith("COMMIT"):
            self._began = time.perf_counter()

    def end(self) -> None:
        """Note the end of a poll, whose last statement is the commit."""
        self.seconds.append(time.perf_counter() - self._began)


@contextmanager
def _recording() -> Iterator[tuple[Path, RecordingWriter]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.sqlite"
        yield path, open_writer(path)


def _write(writer: RecordingWriter, fleet: Fleet, number: int, *, is_all_changed: bool = False) -> float:
    rows = fleet.next_rows(is_all_changed=is_all_changed)
    poll = Poll(PollRecord(NOW_MS + POLL_MS * number, 40, len(rows)), rows)
    began = time.perf_counter()
    writer.write_poll(poll)
    return time.perf_counter() - began


def _commit(tasks: int, polls: int) -> Measured:
    with _recording() as (_, writer):
        fleet, commits = Fleet(tasks), _Commits(writer._connection)
        whole = []
        for number in range(polls):
            whole.append(_write(writer, fleet, number))
            commits.end()
        commit_ms, poll_ms = (1000 * median(seconds[1:]) for seconds in (commits.seconds, whole))
    return Measured(commit_ms, f"{commit_ms:.2f} ms", note=f"a poll {poll_ms:.1f} ms in the writer thread")


def commit_1k() -> Measured:
    """The median commit of 60 polls of 1,000 tasks, whose values change as often as the server refreshes them."""
    return _commit(1000, 60)


def commit_10k() -> Measured:
    """The median commit of 30 polls of 10,000 tasks."""
    return _commit(10_000, 30)


def _moment(tasks: int) -> Measured:
    with _recording() as (path, writer):
        fleet = Fleet(tasks)
        for number in range(30):
            _write(writer, fleet, number)
        # The next bucket: the values are in chunks then, as nearly always.
        rows = fleet.next_rows()
        writer.write_poll(Poll(PollRecord(NOW_MS + 2 * BUCKET_MS, 40, tasks), rows))
        writer.close()
        with closing(open_for_reading(path)) as connection:
            began = time.perf_counter()
            found = FleetReader(connection).records_at(NOW_MS + 20 * POLL_MS)
            seconds = time.perf_counter() - began
    return Measured(1000 * seconds, f"{1000 * seconds:.0f} ms", note=f"{len(found)} tasks")


def moment_1k() -> Measured:
    """All 1,000 tasks at a moment, from chunks of 30 polls."""
    return _moment(1000)


def moment_10k() -> Measured:
    """All 10,000 tasks at a moment, from chunks of 30 polls."""
    return _moment(10_000)


def _sampled(days: int) -> tuple[int, float]:
    """Record a few tasks for some days. Return the bytes, and the seconds to read the trend of one task."""
    with _recording() as (path, writer):
        fleet = Fleet(_SAMPLED_TASKS)
        for number in range(days * _SAMPLED_HOURS * 3600 * 1000 // POLL_MS):
            _write(writer, fleet, number)
        writer.close()
        size = path.stat().st_size
        with closing(open_for_reading(path)) as connection:
            began = time.perf_counter()
            found = RecordingReader(connection).series(f"{3:032x}", USED_COLUMN)
            seconds = time.perf_counter() - began
        if not found:
            message = "the task has no series"
            raise AssertionError(message)
    return size, seconds


def month() -> Measured:
    """The file of 30 days of 1,000 tasks: what a second day of 25 tasks adds, scaled.

    The hours that are not in chunks yet are there once, however many days there are.
    """
    one_day, seconds = _sampled(1)
    two_days, _ = _sampled(2)
    mib = (two_days - one_day) * _DAYS * 1000 / _SAMPLED_TASKS / 2**20
    return Measured(mib, f"{mib:.0f} MiB", note=f"trend of a task over a day {1000 * seconds:.1f} ms")


def _write_trend(connection: sqlite3.Connection, tasks: int) -> int:
    """Write 30 days and half a bucket as the writer does, with the values of one task for all. Return the end."""
    chance = random.Random(2)
    polls = range(BUCKET_MS // POLL_MS)
    first = NOW_MS // BUCKET_MS
    with transaction(connection):
        connection.executemany(
            "INSERT INTO task VALUES(?, ?)", ((each, f"{each:032x}") for each in range(1, tasks + 1))
        )
        statement = "INSERT INTO document(task, t, name, status, state, rpo_target_ms) VALUES(?, ?, ?, ?, ?, ?)"
        rows = ((each, NOW_MS, f"cdp-{each}", "Running", "Enabled", 600_000) for each in range(1, tasks + 1))
        connection.executemany(statement, rows)
        for bucket in range(first, first + _DAYS * DAY_BUCKETS):
            pauses = [0, *(POLL_MS + chance.randrange(-200, 200) for _ in polls[1:])]
            columns = (pauses, [40] * len(pauses), [tasks] * len(pauses), [False] * len(pauses))
            connection.execute("INSERT INTO poll VALUES(?, ?)", (bucket, compress_packed(columns)))
            used, rpo = Column.empty(), Column.empty()
            for index in polls[::USED_EVERY]:
                used.append(index, (1 << 38) + ((bucket << 20) + index) * 1021)
            for index in polls[::RPO_EVERY]:
                rpo.append(index, max(0, round(chance.gauss(4000, 500))))
            blob = encode_chunk([used, rpo])
            keys = ((chunk_id(bucket, each), blob) for each in range(1, tasks + 1))
            connection.executemany("INSERT INTO chunk VALUES(?, ?)", keys)
        begin_ms = (first + _DAYS * DAY_BUCKETS) * BUCKET_MS
        for index in range(len(polls) // 2):
            changed = range(1 + index % RPO_EVERY, tasks + 1, RPO_EVERY)
            flat = [value for each in changed for value in (each, 1, chance.randrange(5000))]
            data = msgspec.msgpack.encode([index, 40, tasks, False, flat])
            connection.execute("INSERT INTO tail VALUES(?, ?)", (begin_ms + POLL_MS * index, data))
    return begin_ms + BUCKET_MS // 2


def trend() -> Measured:
    """The chart of one of 1,000 tasks over 30 days, with its RPO against the target. The best of five."""
    with _recording() as (path, writer):
        end_ms = _write_trend(writer._connection, 1000)
        writer.close()
        times = []
        for _ in range(5):
            began = time.perf_counter()
            with closing(open_for_reading(path)) as connection:
                request = TrendRequest(f"{500:032x}", STATISTICS_MS[-1], end_ms, 100)
                recorded = read_trend(connection, request.uuid, request.start_ms, end_ms, 100)
                found = task_trend(recorded, request)
            times.append(time.perf_counter() - began)
    if None in found.rpo[1:] or not found.statistics[-1].covered_ms:
        message = "the trend is not complete"
        raise AssertionError(message)
    return Measured(1000 * min(times), f"{1000 * min(times):.0f} ms", note=f"{len(recorded.rpo.times_ms)} values")


FIGURES = (
    Figure("record-commit-1k", "commit of a poll, 1,000 tasks", "<= 1 ms", 1, commit_1k),
    Figure("record-commit-10k", "commit of a poll, 10,000 tasks", "<= 10 ms", 10, commit_10k),
    Figure("record-moment-1k", "all of 1,000 tasks at a moment", "<= 50 ms", 50, moment_1k),
    Figure("record-moment-10k", "all of 10,000 tasks at a moment", "<= 500 ms", 500, moment_10k),
    Figure("record-trend", "30 days of one of 1,000 tasks", "<= 50 ms", 50, trend),
    Figure("record-month", "30 days of 1,000 tasks", "<= 150 MiB", 150, month),
)
