"""Write polls into an open recording. Runs in the writer thread."""

from __future__ import annotations

import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from struct import Struct
from typing import Final

import msgspec
from msgspec import structs

from cdptui.history.codec import UNREADABLE, Column, array_header, compress_packed, encode_chunk
from cdptui.history.event_table import insert_event
from cdptui.history.hourly import BucketHours
from cdptui.history.name_writer import NameWriter
from cdptui.history.outage_writer import OutageWriter
from cdptui.history.recording_file import RecordingError
from cdptui.history.schema import BUCKET_MS, TASK_BITS, chunk_id, transaction
from cdptui.history.storage_writer import StorageList, StorageWriter
from cdptui.models.event import (
    NO_PROGRESS,
    Event,
    EventKind,
    TaskFacts,
    advance,
    facts_of,
    stop_cause,
    stop_severity,
    vanished,
)
from cdptui.models.reasons import NONE, Reason
from cdptui.models.recording import PollRecord, RecordingProblem
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow

log = logging.getLogger(__name__)

Split = Callable[[Task], tuple[bytes, tuple[int | None, ...]]]
"""Splits the record of a task into its text and its values."""

FUTURE_MS: Final = 24 * 3600 * 1000
"""An entry that is later than the clock by more than this shows that a clock was wrong: nothing is added after it."""

_GAP_MS: Final = 30_000
_GAP_FACTOR: Final = 2.5
_LONGEST_INTERVAL_MS: Final = 3_600_000
"""The interval that is assumed when a single poll is known."""

_RECENT_POLLS: Final = 5
"""A start is after a gap when the pause is longer than 30 s, and than two and a half of the last pauses."""

TASKS_PER_SLICE: Final = 40
"""Tasks that are processed, in about a millisecond, before other threads may run."""

_UNKNOWN: Final = -1
"""A value that is not known, in the packed values; those of records are not negative."""

_NEW: Final = -2
"""What an absent packed value is compared with."""

_PIECE_BYTES: Final = 440
"""Size from which on a buffer is not extended: longer ones are moved as they grow, which fragments the heap."""

_MAX_VALUES: Final = 8
"""Values that a task may have: the factor by which the column is packed together with the poll."""

USED_COLUMN: Final = 0
"""The column of used capacity."""

_MAX_TASKS: Final = 2**TASK_BITS

_unpack: Final = msgspec.msgpack.Decoder(tuple[int, int, int | None, bool, list[int | None]]).decode
_unpack_flat: Final = msgspec.msgpack.Decoder(list[int | None]).decode
_unpack_facts: Final = msgspec.msgpack.Decoder(TaskFacts).decode
unpack_reasons: Final = msgspec.msgpack.Decoder(tuple[Reason, ...]).decode
_pack: Final = msgspec.msgpack.Encoder().encode
_NIL: Final = _pack(None)


class Poll(msgspec.Struct, frozen=True):
    """A poll to be recorded."""

    record: PollRecord
    rows: Sequence[TaskRow]


class TailPoll(msgspec.Struct, frozen=True):
    """A poll of the current bucket as it is stored."""

    index: int
    """Position among the polls of the bucket."""
    record: PollRecord
    flat_changes: list[int | None]

    def changes(self) -> Iterator[tuple[int, int, int | None]]:
        """Return the number of a task, a column, and its new value for each change."""
        return _triples(self.flat_changes)


def _triples(flat: list[int | None]) -> Iterator[tuple[int, int, int | None]]:
    for first, second, value in zip(flat[::3], flat[1::3], flat[2::3], strict=False):
        yield first or 0, second or 0, value


def _pack_triple(first: int, second: int, value: int | None) -> bytes:
    return _pack(first) + _pack(second) + _pack(value)


def encode_task_column(number: int, column: int) -> bytes:
    """Return the bytes with which a change of a task's value begins in a stored poll. They may occur elsewhere too."""
    return _pack(number) + _pack(column)


def unpack_tail(at_ms: int, data: bytes) -> TailPoll:
    """Return a stored poll. A damaged one has no changes."""
    try:
        index, duration_ms, total, is_cut_short, changes = _unpack(data)
    except UNREADABLE:
        log.warning("the recorded poll of %d ms is damaged", at_ms)
        return TailPoll(-1, PollRecord(at_ms, 0, None, is_cut_short=True), [])
    return TailPoll(index, PollRecord(at_ms, duration_ms, total, is_cut_short), changes)


class _ChangeBuffer:
    """The changed values of a poll as MessagePack: the first poll of a large fleet has 400,000."""

    def __init__(self) -> None:
        self._packed = bytearray()
        self._count = 0

    def append(self, number: int, column: int, value: int | None) -> None:
        """Append a value of the task with a number."""
        self._packed += _pack_triple(number, column, value)
        self._count += 3

    def data(self, header: tuple[object, ...]) -> bytes:
        """Return the poll as `unpack_tail` reads it: an array of the header's values and an array of the changes."""
        values = b"".join(map(_pack, header))
        return array_header(len(header) + 1) + values + array_header(self._count) + self._packed


class _KnownTask:
    """A task as it was last recorded."""

    __slots__ = (
        "_changes",
        "_count",
        "_last_poll",
        "_pieces",
        "document",
        "facts",
        "id",
        "is_listed",
        "progress",
        "reasons",
        "row",
        "values",
    )

    def __init__(self, number: int) -> None:
        self.id = number
        self.row: TaskRow | None = None
        """The object of the last poll: the same object has nothing new."""
        self.reasons: tuple[Reason, ...] = NONE
        self.facts: TaskFacts | None = None
        """What the recording knows for its next events; None once there is a row, which tells the same."""
        self.progress = NO_PROGRESS
        self.document = 0
        """Hash of the newest document: 1 in 2**64 changes would be missed."""
        self.is_listed = False
        """Whether the last poll had this task."""
        self.values = b""
        """The newest values in the current bucket, packed, as 100,000 tasks have many; empty before its first poll."""
        self._pieces: tuple[bytes, ...] = ()
        self._changes = bytearray()
        """The changes in the current bucket as MessagePack: the polls since the last change together with the column,
        and the difference of the value. Absolute numbers would take twice the memory."""
        self._count = 0
        self._last_poll = 0

    def known_facts(self) -> TaskFacts | None:
        """Return what is known for its next events; None while it is not listed."""
        return self.facts if self.row is None else facts_of(self.row.task, self.progress)

    def append(self, column: int, poll: int, value: int | None, old: int) -> None:
        """Append the value of a column that a poll, counted from the start of the bucket, was the first to have.

        `old` is its packed value before.
        """
        self._changes += _pack((poll - self._last_poll) * _MAX_VALUES + column)
        self._changes += _NIL if value is None else _pack(value - max(0, old))
        if len(self._changes) >= _PIECE_BYTES:
            self._pieces = (*self._pieces, bytes(self._changes))
            self._changes = bytearray()
        self._last_poll = poll
        self._count += 2

    def pop_changes(self) -> Iterator[tuple[int, int, int | None]]:
        """Yield column, poll and value of each change in the bucket, and forget them."""
        flat = _unpack_flat(b"".join((array_header(self._count), *self._pieces, self._changes)))
        self.values, self._pieces, self._changes, self._count, self._last_poll = b"", (), bytearray(), 0, 0
        poll, olds = 0, [0] * _MAX_VALUES
        for key, difference in zip(flat[::2], flat[1::2], strict=True):
            polls, column = divmod(key or 0, _MAX_VALUES)
            poll += polls
            value = None if difference is None else olds[column] + difference
            olds[column] = value or 0
            yield column, poll, value


class RecordingWriter:
    """Appends polls to a recording. Every method commits what it wrote, or raises sqlite3.Error and writes nothing.

    After an error the writer must be dropped: its memory may be ahead of the file.
    """

    def __init__(self, connection: sqlite3.Connection, split: Split, value_count: int, now_ms: int) -> None:
        """Read the state of the recording. Raises sqlite3.Error, and RecordingError when it ends in the future."""
        self._connection = connection
        self._split = split
        self._value_count = value_count
        self._values = Struct(f"{value_count}q")
        self._tasks: dict[str, _KnownTask] = {}
        self._bucket: int | None = None
        self._polls: list[PollRecord] = []
        """The polls of the current bucket."""
        self._has_started = False
        """Whether this run has recorded a poll."""
        self._first_ms: int | None = None
        """The time of the first thing that this run recorded."""
        self._ended_ms: int | None = None
        """The last time at which a run before this one is known to have run."""
        self._load()
        self._storages = StorageWriter(connection)
        self._names = NameWriter(connection)
        self._outages = OutageWriter(connection, self._polls[-1].at_ms if self._polls else None)
        self._load_end()
        self._is_new = self.last_ms is None
        if self.last_ms is not None and self.last_ms > now_ms + FUTURE_MS:
            raise RecordingError(RecordingProblem.FUTURE, f"{self.last_ms}")

    @property
    def last_ms(self) -> int | None:
        """Time of the newest poll; None in a new recording."""
        if self._polls:
            return self._polls[-1].at_ms
        row = self._connection.execute("SELECT max(bucket) FROM poll").fetchone()
        return None if row[0] is None else (row[0] + 1) * BUCKET_MS

    def set_meta(self, values: Iterable[tuple[str, str]]) -> None:
        """Store facts about the recording, such as the node's address."""
        with transaction(self._connection):
            self._connection.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", values)

    def write_poll(self, poll: Poll) -> None:
        """Append a poll. A clock that was set back gives polls that are a millisecond apart, never in another order."""
        record = poll.record
        self._note_run(record.at_ms)
        recent = [before.at_ms for before in self._polls[-_RECENT_POLLS:]]
        last = recent[-1] if recent else None
        if last is not None and record.at_ms <= last:
            record = structs.replace(record, at_ms=last + 1)
        bucket = record.at_ms // BUCKET_MS
        with transaction(self._connection):
            if self._bucket is not None and bucket > self._bucket:
                self._close_bucket()
            self._bucket = bucket
            index = len(self._polls)
            self._polls.append(record)
            if not self._has_started:
                self._insert_start(recent, record.at_ms)
            self._outages.end(record.at_ms)
            changes = self._apply(poll.rows, index, record.at_ms)
            data = changes.data((index, record.duration_ms, record.total, record.is_cut_short))
            del changes
            self._connection.execute("INSERT INTO tail VALUES(?, ?)", (record.at_ms, data))
        self._has_started, self._is_new = True, False

    def write_event(self, event: Event) -> None:
        """Record what happened without a poll, such as a note of the user."""
        insert_event(self._connection, event)

    def write_names(self, at_ms: int, names: Mapping[str, str]) -> None:
        """Record what VMs, storages and policies are called, by UUID."""
        self._names.write(at_ms, names)

    def write_storages(self, listed: StorageList) -> None:
        """Record which backup storages the node lost, and which it has again."""
        self._note_run(listed.at_ms)
        self._storages.write(listed, self._count_tasks)

    def _count_tasks(self, storage_uuid: str) -> int:
        found = (known.known_facts() for known in self._tasks.values() if known.is_listed)
        return sum(facts is not None and facts.storage_uuid == storage_uuid for facts in found)

    def write_session_end(self, at_ms: int) -> None:
        """Record that the session ended, and that the monitor logs in again."""
        self._note_run(at_ms)
        self._outages.write_session_end(at_ms)

    def write_stop(self, at_ms: int) -> None:
        """Record that this run ends, if it has recorded a poll."""
        if self._has_started:
            with transaction(self._connection):
                self._insert_event(Event(at_ms, EventKind.MONITOR_STOPPED, Severity.HEALTHY))

    def write_failure(self, at_ms: int, kind: str, code: str) -> None:
        """Record a failed poll: the first begins an outage, the next successful poll ends it."""
        self._note_run(at_ms)
        self._outages.write_failure(at_ms, kind, code)

    def close(self) -> None:
        """Leave one file that can be copied: without the write-ahead log, unless another program reads it now."""
        self._connection.execute("PRAGMA optimize")
        try:
            self._connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._connection.close()

    def _note_run(self, at_ms: int) -> None:
        self._first_ms = at_ms if self._first_ms is None else self._first_ms

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        """Run one statement, which is its own transaction."""
        return self._connection.execute(statement, values)

    def _apply(self, rows: Sequence[TaskRow], index: int, at_ms: int) -> _ChangeBuffer:
        """Store what is new, and return the changed values."""
        changes = _ChangeBuffer()
        seen = set()
        for count, row in enumerate(rows, 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            known = self._tasks.get(row.task.uuid) or self._add_task(row.task.uuid)
            seen.add(known.id)
            if row is not known.row or not known.values:
                self._apply_row(known, row, index, at_ms, changes)
        for uuid, known in self._tasks.items():
            if known.is_listed and known.id not in seen:
                self._remove_task(uuid, known, at_ms)
        return changes

    def _apply_row(self, known: _KnownTask, row: TaskRow, index: int, at_ms: int, changes: _ChangeBuffer) -> None:
        text, values = self._split(row.task)
        document = hash(text)
        if not known.is_listed or document != known.document:
            self._insert_document(known.id, at_ms, row.task, text)
            known.document, known.is_listed = document, True
        if row.reasons != known.reasons:
            self._insert_problems(known.id, at_ms, row.reasons)
        self._record_events(known, row, at_ms)
        if row.reasons != known.reasons:
            self._complete_stop(row)
            known.reasons = row.reasons
        known.row = row
        packed = self._values.pack(*(_UNKNOWN if value is None else value for value in values))
        if packed == known.values:
            return
        before = self._values.unpack(known.values) if known.values else ()
        for column, (value, old) in enumerate(zip_longest(values, before, fillvalue=_NEW)):
            if (_UNKNOWN if value is None else value) != old:
                known.append(column, index, value, old)
                changes.append(known.id, column, value)
        known.values = packed

    def _insert_document(self, number: int, at_ms: int, task: Task, text: bytes) -> None:
        self._connection.execute(
            "INSERT INTO document(task, t, name, status, state, rpo_target_ms, data) VALUES(?, ?, ?, ?, ?, ?, ?)",
            (number, at_ms, task.name, task.status, task.state, _sqlite_int(task.rpo_target_ms), compress_packed(text)),
        )

    def _record_events(self, known: _KnownTask, row: TaskRow, at_ms: int) -> None:
        before = known.known_facts()
        if before is not None and before.used_bytes is None and known.values:
            # It changes often, and is not stored: the newest value is in the column.
            used_bytes = self._values.unpack(known.values)[USED_COLUMN]
            before = structs.replace(before, used_bytes=None if used_bytes == _UNKNOWN else used_bytes)
        facts, events = advance(before, row, at_ms)
        if not self._is_new:
            # The tasks of a new recording did not appear now.
            for event in events:
                self._insert_event(event)
        if before is None or structs.replace(before, used_bytes=None) != structs.replace(facts, used_bytes=None):
            data = _pack(structs.replace(facts, used_bytes=None))
            self._execute("INSERT OR REPLACE INTO facts VALUES(?, ?)", (known.id, data))
        known.facts, known.progress = None, facts.progress

    def _complete_stop(self, row: TaskRow) -> None:
        """Add the cause to the event of a stop: what explains it is read after the task that stopped."""
        cause = stop_cause(row.reasons)
        if cause:
            newest = "SELECT id FROM event WHERE task = ? AND kind = ? ORDER BY t DESC, id DESC LIMIT 1"
            self._execute(
                f"UPDATE event SET cause = ?, severity = ? WHERE id = ({newest}) AND new = ? AND cause = ''",  # noqa: S608 - constants
                (cause, int(stop_severity(row)), row.task.uuid, EventKind.STATUS.value, row.task.status),
            )

    def _remove_task(self, uuid: str, known: _KnownTask, at_ms: int) -> None:
        facts = known.known_facts()
        if facts is not None:
            self._insert_event(vanished(facts, uuid, at_ms))
            self._execute("DELETE FROM facts WHERE task = ?", (known.id,))
        known.is_listed, known.row, known.facts = False, None, None
        self._execute("INSERT INTO document(task, t) VALUES(?, ?)", (known.id, at_ms))

    def _insert_start(self, recent: Sequence[int], at_ms: int) -> None:
        """Record the start of this run, and the gap before it, by the times of the last polls before it.

        A run that could not read the node before this poll, or before it ended, ran nevertheless.
        """
        longest = max((after - before for before, after in pairwise(recent)), default=_LONGEST_INTERVAL_MS)
        first_ms, ended_ms = min(self._first_ms or at_ms, at_ms), self._ended_ms
        if ended_ms is not None and first_ms - ended_ms > max(_GAP_MS, _GAP_FACTOR * longest):
            self._insert_event(Event(at_ms, EventKind.GAP, Severity.NOTICE, old=str(ended_ms), new=str(first_ms)))
        self._insert_event(Event(at_ms, EventKind.MONITOR_STARTED, Severity.HEALTHY))

    def _insert_event(self, event: Event) -> None:
        insert_event(self._connection, event)

    def _insert_problems(self, number: int, at_ms: int, reasons: tuple[Reason, ...]) -> None:
        data = _pack(reasons) if reasons else None
        self._execute("INSERT INTO problem(task, t, data) VALUES(?, ?, ?)", (number, at_ms, data))

    def _add_task(self, uuid: str) -> _KnownTask:
        number = self._execute("INSERT INTO task(uuid) VALUES(?)", (uuid,)).lastrowid or 0
        if number >= _MAX_TASKS:
            raise RecordingError(RecordingProblem.LIMIT, "too many tasks in one recording")
        known = self._tasks[uuid] = _KnownTask(number)
        return known

    def _close_bucket(self) -> None:
        """Replace the tail by one chunk per task, in the current transaction."""
        assert self._bucket is not None  # noqa: S101 - an invariant, not input
        times = [poll.at_ms - self._bucket * BUCKET_MS for poll in self._polls]
        hours = BucketHours.empty()
        for count, known in enumerate(self._tasks.values(), 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            if known.values:
                columns, used = tuple(Column.empty() for _ in range(self._value_count)), []
                for column, poll, value in known.pop_changes():
                    columns[column].append(poll, value)
                    if column == USED_COLUMN:
                        used.append((times[poll], value))
                hours.add(known.id, used)
                values = (chunk_id(self._bucket, known.id), encode_chunk(columns))
                self._connection.execute("INSERT INTO chunk VALUES(?, ?)", values)
        self._connection.execute("INSERT INTO hour VALUES(?, ?)", (self._bucket, hours.encode()))
        polls = (
            [now - before for before, now in zip([0, *times], times, strict=False)],
            [poll.duration_ms for poll in self._polls],
            [poll.total for poll in self._polls],
            [poll.is_cut_short for poll in self._polls],
        )
        self._connection.execute("INSERT INTO poll VALUES(?, ?)", (self._bucket, compress_packed(polls)))
        self._connection.execute("DELETE FROM tail")
        self._polls = []

    def _load(self) -> None:
        by_id = {}
        for number, uuid in self._connection.execute("SELECT id, uuid FROM task"):
            self._tasks[uuid] = by_id[number] = _KnownTask(number)
        newest = "SELECT task, data FROM document WHERE id IN (SELECT max(id) FROM document GROUP BY task)"
        for number, data in self._connection.execute(newest):
            known = by_id.get(number)
            if known is not None and data is not None:
                known.document, known.is_listed = hash(decompress_document(data)), True
        for number, data in self._connection.execute("SELECT task, data FROM facts"):
            if number in by_id:
                by_id[number].facts = _unpack_facts(data)
        for number, reasons in read_problems(self._connection):
            if number in by_id:
                by_id[number].reasons = reasons
        for at_ms, data in self._connection.execute("SELECT t, data FROM tail ORDER BY t"):
            self._load_tail(unpack_tail(at_ms, data), by_id)

    def _load_end(self) -> None:
        """Find out how the run before this one ended: in an outage, which goes on, or after a poll."""
        last_ms = self._polls[-1].at_ms if self._polls else None
        event = self._connection.execute("SELECT t, kind FROM event ORDER BY t DESC, id DESC LIMIT 1").fetchone()
        stopped_ms = event[0] if event is not None and event[1] == EventKind.MONITOR_STOPPED.value else None
        known = [at_ms for at_ms in (last_ms, self._outages.resumed_ms, stopped_ms) if at_ms is not None]
        self._ended_ms = max(known, default=None)

    def _load_tail(self, tail: TailPoll, by_id: Mapping[int, _KnownTask]) -> None:
        self._bucket = tail.record.at_ms // BUCKET_MS
        self._polls.append(tail.record)
        for number, column, value in tail.changes():
            known = by_id.get(number)
            if known is not None:
                values = list(self._values.unpack(known.values)) if known.values else [_UNKNOWN] * self._value_count
                known.append(column, tail.index, value, values[column])
                values[column] = _UNKNOWN if value is None else value
                known.values = self._values.pack(*values)


def read_problems(connection: sqlite3.Connection) -> Iterator[tuple[int, tuple[Reason, ...]]]:
    """Yield the newest problems of each task that has any, by the number of the task."""
    newest = "SELECT task, data FROM problem WHERE id IN (SELECT max(id) FROM problem GROUP BY task)"
    for number, data in connection.execute(newest):
        if data is None:
            continue
        try:
            yield number, unpack_reasons(data)
        except UNREADABLE:
            log.warning("the problems of a task are damaged, and are skipped")


def decompress_document(data: bytes) -> bytes:
    """Return the text of a document. Raises one of `codec.UNREADABLE`."""
    return msgspec.msgpack.decode(zlib.decompress(data), type=bytes)


def _sqlite_int(value: int | None) -> int | None:
    """Return a number that fits into SQLite's signed 64 bits."""
    return value if value is None or value < 2**63 else None


def let_others_run() -> None:
    """Give up the interpreter's lock, so that this thread delays the event loop by a millisecond at most."""
    time.sleep(0)
