"""Time to go to a moment of a recording of 30 days: the first one, a step, and a jump."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from cdptui.api.record_template import split_record
from cdptui.history.codec import Column, compress_packed, encode_chunk
from cdptui.history.hourly import BucketHours
from cdptui.history.open_recording import OpenRecording
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, chunk_id, transaction
from cdptui.monitor.replay import Replay
from tests.benchmarks.changing_rows import RPO_EVERY, USED_EVERY
from tests.benchmarks.figures import Figure, Measured
from tests.benchmarks.recorded_months import POLL_MS
from tests.unit.history.recorded import NOW_MS, open_writer

_DAYS: Final = 30
_GIB: Final = 1 << 30
_STEPS: Final = 20
_HOUR_MS: Final = 3_600_000


def _record(number: int) -> bytes:
    return msgspec.json.encode(
        {
            "uuid": f"{number:032x}",
            "name": f"cdp-{number}",
            "status": "Running",
            "state": "Enabled",
            "policyUuid": f"{number % 5:032x}",
            "backupStorageUuid": f"{number % 4:032x}",
            "usedCapacity": number * _GIB,
            "maxCapacity": 4096 * _GIB,
            "lastLatency": 3000,
            "maxLatency": 600_000,
            "resourceRefs": [{"resourceUuid": f"{number:030x}aa", "resourceType": "VmInstanceVO"}],
        }
    )


def _used(number: int, poll: int) -> int:
    """Return the used capacity after a poll, counted from 1970: it grows by day and less by night."""
    hour = poll * POLL_MS // _HOUR_MS % 24
    return number * _GIB + poll * (1 << 20) + (1 << 24) * hour


def _write(connection: sqlite3.Connection, tasks: int) -> int:
    """Write 30 days as the writer does. Return the time of the last poll."""
    polls = range(BUCKET_MS // POLL_MS)
    first = NOW_MS // BUCKET_MS
    last = first + _DAYS * DAY_BUCKETS
    numbers = range(1, tasks + 1)
    with transaction(connection):
        connection.executemany("INSERT INTO task VALUES(?, ?)", ((each, f"{each:032x}") for each in numbers))
        statement = (
            "INSERT INTO document(task, t, name, status, state, rpo_target_ms, data) VALUES(?, ?, ?, ?, ?, ?, ?)"
        )
        texts = ((each, compress_packed(split_record(_record(each))[0])) for each in numbers)
        begin_ms = first * BUCKET_MS
        connection.executemany(
            statement, ((each, begin_ms, f"cdp-{each}", "Running", "Enabled", 600_000, text) for each, text in texts)
        )
        pauses = [0, *([POLL_MS] * (len(polls) - 1))]
        columns = compress_packed((pauses, [40] * len(polls), [tasks] * len(polls), [False] * len(polls)))
        for bucket in range(first, last):
            connection.execute("INSERT INTO poll VALUES(?, ?)", (bucket, columns))
            hours = BucketHours.empty()
            for each in numbers:
                start = bucket * len(polls)
                changes = [(index * POLL_MS, _used(each, start + index)) for index in polls[::USED_EVERY]]
                hours.add(each, changes)
            connection.execute("INSERT INTO hour VALUES(?, ?)", (bucket, hours.encode()))
            if bucket >= last - 2 * DAY_BUCKETS:
                connection.executemany("INSERT INTO chunk VALUES(?, ?)", _chunks(bucket, tasks))
    return last * BUCKET_MS - POLL_MS


def _chunks(bucket: int, tasks: int) -> Iterator[tuple[int, bytes]]:
    """Yield the values of the tasks, each of which changes in polls of its own."""
    chance, polls = random.Random(bucket), range(BUCKET_MS // POLL_MS)
    start = bucket * len(polls)
    for number in range(1, tasks + 1):
        used, rpo = Column.empty(), Column.empty()
        used.append(0, _used(number, start))
        for index in polls[1 + number % (USED_EVERY - 1) :: USED_EVERY]:
            used.append(index, _used(number, start + index))
        rpo.append(0, 3000)
        for index in polls[1 + number % (RPO_EVERY - 1) :: RPO_EVERY]:
            rpo.append(index, max(0, round(chance.gauss(4000, 500))))
        yield chunk_id(bucket, number), encode_chunk([used, rpo, Column.empty(), Column.empty()])


@contextmanager
def _recording(tasks: int) -> Iterator[tuple[Path, int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.sqlite"
        writer = open_writer(path)
        last_ms = _write(writer._connection, tasks)
        writer.close()
        yield path, last_ms


def _times(replay: Replay, moments: Iterable[int]) -> list[float]:
    """Return the milliseconds to go to each of some moments."""
    times = []
    for at_ms in moments:
        began = time.perf_counter()
        replay.fleet_at(at_ms)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _first(tasks: int) -> Measured:
    """The newest poll, from a recording that is not open."""
    times = []
    with _recording(tasks) as (path, last_ms):
        for _ in range(3):
            began = time.perf_counter()
            with closing(OpenRecording(path)) as recording:
                recording.timeline()
                fleet = Replay(recording.fleet, None).fleet_at(last_ms)
                times.append(1000 * (time.perf_counter() - began))
    if fleet is None or not all(row.growth is not None and row.growth.days for row in fleet.rows):
        message = "the tasks have no forecast"
        raise AssertionError(message)
    return Measured(min(times), f"{min(times):.0f} ms", note=f"{len(fleet.rows)} tasks")


def _step(tasks: int) -> Measured:
    """A step to the poll before, and to the next one."""
    with _recording(tasks) as (path, last_ms), closing(OpenRecording(path)) as recording:
        replay = Replay(recording.fleet, None)
        replay.fleet_at(last_ms)
        moments = [last_ms - number * POLL_MS for number in range(1, _STEPS + 1)]
        times = _times(replay, (*moments, *reversed(moments)))
    return Measured(median(times), f"{median(times):.0f} ms", note=f"slowest {max(times):.0f} ms")


def _jump(tasks: int) -> Measured:
    """A jump to any moment of the last two days."""
    chance = random.Random(5)
    with _recording(tasks) as (path, last_ms), closing(OpenRecording(path)) as recording:
        replay = Replay(recording.fleet, None)
        replay.fleet_at(last_ms)
        moments = [last_ms - chance.randrange(44 * _HOUR_MS) for _ in range(_STEPS // 2)]
        times = _times(replay, moments)
    return Measured(median(times), f"{median(times):.0f} ms", note=f"slowest {max(times):.0f} ms")


def first_1k() -> Measured:
    """The first moment of 1,000 tasks."""
    return _first(1000)


def first_10k() -> Measured:
    """The first moment of 10,000 tasks."""
    return _first(10_000)


def step_1k() -> Measured:
    """A step with 1,000 tasks."""
    return _step(1000)


def step_10k() -> Measured:
    """A step with 10,000 tasks."""
    return _step(10_000)


def jump_1k() -> Measured:
    """A jump with 1,000 tasks."""
    return _jump(1000)


def jump_10k() -> Measured:
    """A jump with 10,000 tasks."""
    return _jump(10_000)


FIGURES = (
    Figure("past-first-1k", "first past moment, 1,000 tasks, 30 days", "<= 150 ms", 150, first_1k),
    Figure("past-first-10k", "first past moment, 10,000 tasks, 30 days", "<= 600 ms", 600, first_10k),
    Figure("past-step-1k", "step of a poll, 1,000 tasks", "<= 50 ms", 50, step_1k),
    Figure("past-step-10k", "step of a poll, 10,000 tasks", "<= 200 ms", 200, step_10k),
    Figure("past-jump-1k", "jump to a moment, 1,000 tasks", "<= 100 ms", 100, jump_1k),
    Figure("past-jump-10k", "jump to a moment, 10,000 tasks", "<= 500 ms", 500, jump_10k),
)
