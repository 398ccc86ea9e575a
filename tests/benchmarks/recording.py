"""Cost of the recording: of a poll, of a jump to a moment, of a trend, and of a month on the disk."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from cdptui.history.reader import RecordingReader
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.history.writer import USED_COLUMN, Poll, RecordingWriter
from cdptui.models.recording import PollRecord
from tests.benchmarks.changing_rows import Fleet
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
            found = RecordingReader(connection).tasks_at(NOW_MS + 20 * POLL_MS)
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
    """The file of 30 days of 1,000 tasks: a day of 25 tasks, without the size of an empty recording, scaled."""
    with _recording() as (path, writer):
        writer.close()
        empty = path.stat().st_size
    size, seconds = _sampled(1)
    mib = (size - empty) * _DAYS * 1000 / _SAMPLED_TASKS / 2**20
    return Measured(mib, f"{mib:.0f} MiB", note=f"trend of a task over a day {1000 * seconds:.1f} ms")


FIGURES = (
    Figure("record-commit-1k", "commit of a poll, 1,000 tasks", "<= 1 ms", 1, commit_1k),
    Figure("record-commit-10k", "commit of a poll, 10,000 tasks", "<= 10 ms", 10, commit_10k),
    Figure("record-moment-1k", "all of 1,000 tasks at a moment", "<= 50 ms", 50, moment_1k),
    Figure("record-moment-10k", "all of 10,000 tasks at a moment", "<= 500 ms", 500, moment_10k),
    Figure("record-month", "30 days of 1,000 tasks", "<= 150 MiB", 150, month),
)
