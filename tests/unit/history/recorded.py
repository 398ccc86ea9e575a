"""Tasks and polls for the tests of recordings."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cdptui.api.decode import TaskDecoder
from cdptui.api.record_template import VALUE_NAMES, join_record, split_record
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.recording_file import open_recording
from cdptui.history.schema import open_for_reading
from cdptui.history.writer import Poll, RecordingWriter
from cdptui.models.recording import PollRecord
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)

Changes = list[tuple[int, int | None]]
"""Polls and values of a column."""

_decoder = TaskDecoder()


def task(uuid: str = "a1", used: int | None = 0, rpo: int | None = 3100, **fields: str) -> Task:
    """Return a task as the client decodes it."""
    record = {"uuid": uuid, "name": f"cdp-{uuid}", "status": "Running", "state": "Enabled", **fields}
    text = ",".join(f'"{name}":"{value}"' for name, value in record.items())
    numbers = "".join(
        f',"{name}":{value}' for name, value in (("usedCapacity", used), ("lastLatency", rpo)) if value is not None
    )
    (decoded,) = _decoder.decode([f"{{{text}{numbers}}}".encode()])
    return decoded


def split(each: Task) -> tuple[bytes, tuple[int | None, ...]]:
    """Split the record of a task, as the monitor does."""
    return split_record(each.raw)


def poll(at_ms: int, *tasks: Task) -> Poll:
    """Return a poll in which no task has a problem."""
    return Poll(PollRecord(at_ms, 40, len(tasks)), rows_of(*tasks))


def rows_of(*tasks: Task) -> tuple[TaskRow, ...]:
    """Return rows without problems."""
    return tuple(TaskRow(each, Severity.HEALTHY) for each in tasks)


def open_writer(path: Path, now: datetime = NOW) -> RecordingWriter:
    """Return a writer of a new or existing recording."""
    connection, _ = open_recording(path, now)
    return RecordingWriter(connection, split, len(VALUE_NAMES), int(now.timestamp() * 1000))


def record(path: Path, polls: Sequence[Poll], now: datetime = NOW) -> None:
    """Write polls and close the recording."""
    writer = open_writer(path, now)
    for each in polls:
        writer.write_poll(each)
    writer.close()


def records_at(path: Path, moment_ms: int) -> dict[str, bytes]:
    """Return the records of all tasks at a moment, by UUID."""
    with closing(open_for_reading(path)) as connection:
        return {
            each.uuid: join_record(each.text, each.values) for each in FleetReader(connection).records_at(moment_ms)
        }


def integrity(path: Path) -> str:
    """Return SQLite's own verdict on a file."""
    with closing(sqlite3.connect(path)) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        return str(answer)


def encode_version_3(columns: Sequence[Changes]) -> bytes:
    """Return the blob that version 3 wrote: differences as MessagePack."""
    polls, values = [], []
    for changes in columns:
        befores = [0, *(poll for poll, _ in changes)]
        polls.append([poll - before for before, (poll, _) in zip(befores, changes, strict=False)])
        last, differences = 0, []
        for _, value in changes:
            differences.append(None if value is None else value - last)
            last = last if value is None else value
        values.append(differences)
    return zlib.compress(msgspec.msgpack.encode([polls, values]))
