"""Large recordings for benchmarks: a day of a few tasks is recorded, and copied to more tasks and days."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cdptui.history.hourly import BucketHours, decode_hours
from cdptui.history.recording_file import open_recording
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, TASK_BITS, chunk_id, transaction
from cdptui.history.writer import Poll
from cdptui.models.recording import PollRecord
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.world import World
from tests.benchmarks.changing_rows import Fleet
from tests.unit.history.recorded import open_writer

POLL_MS: Final = 10_000
_SAMPLED_TASKS: Final = 25


def write_days(path: Path, tasks: int, days: int) -> None:
    """Write a recording of some days, up to now, of the tasks of the node of `SimulatorProcess`.

    Its size is that of a real one; the days are equal, and the tasks have the values of a few.
    """
    first = int(time.time() * 1000) // BUCKET_MS - days * DAY_BUCKETS
    _record_sample(path, first, tasks)
    with closing(open_recording(path, datetime.now(UTC))[0]) as connection, transaction(connection):
        uuids = World(SimulatorSettings(tasks=tasks, seed=1), time.time).tasks
        connection.execute("DELETE FROM event")
        connection.executemany(
            "UPDATE task SET uuid = ? WHERE id = ?", [(uuid, number) for number, uuid in enumerate(uuids, 1)]
        )
        connection.executemany("INSERT OR IGNORE INTO task VALUES(?, ?)", list(enumerate(uuids, 1)))
        columns = "t, name, status, state, rpo_target_ms, data"
        connection.execute(
            f"INSERT INTO document(task, {columns}) SELECT task.id, {columns} FROM task, document "
            f"WHERE document.task = 1 + (task.id - 1) % {_SAMPLED_TASKS} AND task.id > {_SAMPLED_TASKS}"
        )
        statement = "INSERT OR IGNORE INTO chunk SELECT ? | task.id, chunk.data FROM task, chunk "
        statement += f"WHERE chunk.id = ? | (1 + (task.id - 1) % {_SAMPLED_TASKS})"
        for bucket in range(first, first + days * DAY_BUCKETS):
            source = first + (bucket - first) % DAY_BUCKETS
            connection.execute(statement, (bucket << TASK_BITS, chunk_id(source, 0)))
            connection.execute("INSERT OR IGNORE INTO poll SELECT ?, data FROM poll WHERE bucket = ?", (bucket, source))
            (blob,) = connection.execute("SELECT data FROM hour WHERE bucket = ?", (source,)).fetchone()
            hours = _copied(decode_hours(blob), tasks).encode() if bucket < first + DAY_BUCKETS else blob
            connection.execute("INSERT OR REPLACE INTO hour VALUES(?, ?)", (bucket, hours))


def _copied(hours: BucketHours, tasks: int) -> BucketHours:
    """Return the hours of a few tasks for many."""
    places = [number % _SAMPLED_TASKS for number in range(tasks)]
    return BucketHours(list(range(1, tasks + 1)), [[column[place] for place in places] for column in hours.columns])


def _record_sample(path: Path, first_bucket: int, total: int) -> None:
    """Record a day of a few of `total` tasks, without its tail."""
    start_ms = first_bucket * BUCKET_MS
    end = datetime.fromtimestamp(start_ms / 1000, UTC) + timedelta(days=2)
    writer, fleet = open_writer(path, end), Fleet(_SAMPLED_TASKS)
    # A poll of the next day closes the last bucket of the sample.
    for number in range(86_400_000 // POLL_MS + 1):
        rows = fleet.next_rows()
        writer.write_poll(Poll(PollRecord(start_ms + number * POLL_MS, 40, total), rows))
    writer.close()
    with closing(open_recording(path, end)[0]) as connection:
        connection.execute("DELETE FROM tail")
