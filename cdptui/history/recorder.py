"""Record polls in a thread of its own, so that a slow disk never delays the event loop."""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.history.codec import UNREADABLE
from cdptui.history.last_look import write_last_look
from cdptui.history.reader import RecordingReader
from cdptui.history.recording_file import (
    FileLock,
    RecordingError,
    WriterExists,
    describe_error,
    inspect,
    open_recording,
)
from cdptui.history.recordings import opened
from cdptui.history.retention import Retention
from cdptui.history.schema import BUCKET_MS
from cdptui.history.storage_writer import StorageList
from cdptui.history.writer import Poll, RecordingWriter, Split
from cdptui.models.capacity import JUDGED_S
from cdptui.models.event import Event, EventKind
from cdptui.models.failure import Failure
from cdptui.models.inventory import BackupStorage
from cdptui.models.recording import (
    PollRecord,
    RecordedHistory,
    RecordingPhase,
    RecordingProblem,
    RecordingState,
)
from cdptui.models.severity import Severity
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow

log = logging.getLogger(__name__)

_HISTORY_MS: Final = int(JUDGED_S * 1000) + BUCKET_MS
"""Time of which a monitor that starts knows the used capacity: in each bucket, the first value may be from before."""

_RETRY_S: Final = 5.0
"""Pause after an error, and between two attempts to take over from another monitor."""

_MAX_WAITING: Final = 8
"""Polls that wait for the disk; while there are as many, further ones are not recorded."""

_PAINT_S: Final = 0.5
_PAINT_TASKS: Final = 10_000
"""A list is recorded a moment after it was read, so that it is painted first: 1,000 tasks a tenth of `_PAINT_S`."""

_RETENTION_PAUSE_S: Final = 0.02

_FAILURES: Final = (RecordingError, sqlite3.Error, OSError, *UNREADABLE)


class RecordingFileSpec(Struct, frozen=True):
    """Where and how to record."""

    prepare: Callable[[], Path]
    """Creates the folder, and returns the path of the file. Raises OSError."""
    limit_bytes: int
    meta: Mapping[str, str]
    """Facts about the recording, without secrets."""
    split: Split
    value_count: int
    """Number of values that `split` returns."""


class _Failed(Struct, frozen=True):
    at_ms: int
    kind: str
    code: str


class _SessionEnded(Struct, frozen=True):
    at_ms: int


class _Look(Struct, frozen=True):
    at_ms: int


class _Meta(Struct, frozen=True):
    key: str
    value: str


class _Names(Struct, frozen=True):
    at_ms: int
    names: Mapping[str, str]


_Item = Poll | StorageList | _Failed | _SessionEnded | _Names | _Meta | Event


class _Session:
    """An open recording: its lock, connection, writer and retention."""

    def __init__(self, lock: FileLock, path: Path, spec: RecordingFileSpec, clock: Clock) -> None:
        now = clock.now()
        connection, self.replaced = open_recording(path, now)
        try:
            self.path = path
            self._writer = RecordingWriter(connection, spec.split, spec.value_count, int(now.timestamp() * 1000))
            self._writer.set_meta(spec.meta.items())
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._lock = lock
        self._clock = clock
        self.retention = Retention(connection, path, spec.limit_bytes)

    def write(self, item: _Item) -> None:
        match item:
            case Poll():
                self._writer.write_poll(item)
            case _Meta(key, value):
                self._writer.set_meta([(key, value)])
            case Event():
                self._writer.write_event(item)
            case _Names(at_ms, names):
                self._writer.write_names(at_ms, names)
            case StorageList():
                self._writer.write_storages(item)
            case _Failed(at_ms, kind, code):
                self._writer.write_failure(at_ms, kind, code)
            case _SessionEnded(at_ms):
                self._writer.write_session_end(at_ms)

    def close(self) -> None:
        try:
            self._writer.write_stop(_milliseconds(self._clock))
            self._writer.close()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file after an error. What was committed is in it."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()


class Recorder:
    """Records the polls of one node, and takes over from another monitor when that ends.

    The methods are called on the event loop, and return at once. Errors are states: recording is tried again.
    """

    def __init__(self, spec: RecordingFileSpec, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._on_history: Callable[[RecordedHistory], None] = lambda _: None
        self._queue: queue.Queue[_Item | _Look | None] = queue.Queue(_MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._retry_at = 0.0
        self._is_looking = False
        self.state = RecordingState(RecordingPhase.STARTING)
        """Replaced by the thread, never changed in place."""

    def start(self, on_history: Callable[[RecordedHistory], None] = lambda _: None) -> None:
        """Start the thread. If the system has none left, the state says so, and the next poll tries again.

        `on_history` is called once, in the thread, with what earlier monitors recorded. It must return at once.
        """
        self._on_history = on_history
        self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            self._fail(RecordingError(RecordingProblem.NO_THREAD))
        else:
            self._thread = thread

    def record(self, snapshot: Snapshot, rows: Sequence[TaskRow]) -> None:
        """Record a complete list and what was found about its tasks."""
        record = PollRecord(
            at_ms=int(snapshot.taken_at.timestamp() * 1000),
            duration_ms=round(1000 * snapshot.duration_s),
            total=snapshot.total,
            is_cut_short=snapshot.is_cut_short,
        )
        self._put(Poll(record, rows))

    def record_failure(self, failure: Failure) -> None:
        """Record that a poll failed. Its text, which may quote an answer, is not stored."""
        self._put(_Failed(_milliseconds(self._clock), failure.kind.value, failure.code))

    def record_storages(self, storages: Sequence[BackupStorage], *, is_complete: bool) -> None:
        """Record the state of the backup storages, which were just read; `is_complete` if there are no others."""
        self._put(StorageList(_milliseconds(self._clock), storages, is_complete))

    def record_note(self, task: Task, author: str, text: str) -> bool:
        """Record a note of a user about a task. Return False when nothing can be recorded now."""
        if self.state.phase is not RecordingPhase.RECORDING:
            return False
        event = Event(_milliseconds(self._clock), EventKind.NOTE, Severity.NOTICE, task.uuid, task.name, author, text)
        self._put(event)
        return True

    def record_zone(self, zone: str) -> None:
        """Record the time zone of the server's dates."""
        self._put(_Meta("zone", zone))

    def record_names(self, names: Mapping[str, str]) -> None:
        """Record what VMs, storages and policies are called, by UUID."""
        self._put(_Names(_milliseconds(self._clock), names))

    def record_session_end(self) -> None:
        """Record that the session ended, and that the monitor logs in again."""
        self._put(_SessionEnded(_milliseconds(self._clock)))

    def keep_look(self, at_ms: int) -> None:
        """Keep the time at which the user looked at the monitor, also while another one records."""
        self._put(_Look(at_ms))

    def close(self, timeout_s: float, *, is_looking: bool = False) -> None:
        """Record what is waiting, and close the file. After `timeout_s` the thread goes on alone.

        `is_looking` keeps the end as the time at which the user looked last.
        """
        self._is_looking = is_looking
        self._closing.set()
        thread = self._thread
        if thread is None:
            return
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        thread.join(timeout_s)

    def _put(self, item: _Item | _Look) -> None:
        if self._thread is None:
            self._start()
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._fail(RecordingError(RecordingProblem.SLOW_DISK))

    def _run(self) -> None:
        self._read_history()
        session: _Session | None = None
        while not (self._closing.is_set() and self._queue.empty()):
            if session is None and self._clock.monotonic() >= self._retry_at:
                session = self._open()
            try:
                self._step(session)
            except _FAILURES as error:
                self._fail(_described(error, session.path if session is not None else Path()))
                if session is not None:
                    session.abandon()
                session = None
        if session is not None:
            try:
                session.close()
            except _FAILURES as error:
                self._fail(_described(error, session.path))
        if self._is_looking:
            self._write_look(_Look(_milliseconds(self._clock)))

    def _step(self, session: _Session | None) -> None:
        """Do a part of the work on the size of the file, then record the next item if one comes in time."""
        is_busy = session is not None and session.retention.step()
        with contextlib.suppress(queue.Empty):
            item = self._queue.get(timeout=_RETENTION_PAUSE_S if is_busy else _RETRY_S)
            if isinstance(item, Poll):
                self._closing.wait(min(_PAINT_S, _PAINT_S * len(item.rows) / _PAINT_TASKS))
            if isinstance(item, _Look):
                self._write_look(item)
            elif item is not None and session is not None:
                session.write(item)
                if self.state.phase is not RecordingPhase.RECORDING:
                    self._set_state(RecordingState(RecordingPhase.RECORDING, replaced=session.replaced))

    def _write_look(self, look: _Look) -> None:
        try:
            write_last_look(self._spec.prepare(), look.at_ms)
        except OSError as error:
            log.warning("the time of the last look is not kept: %s", error)

    def _open(self) -> _Session | None:
        self._retry_at = self._clock.monotonic() + _RETRY_S
        path = Path()
        try:
            path = self._spec.prepare()
            lock = FileLock(path)
            lock.acquire()
            try:
                return _Session(lock, path, self._spec, self._clock)
            except BaseException:
                lock.release()
                raise
        except WriterExists:
            self._set_state(RecordingState(RecordingPhase.ANOTHER_WRITES))
        except _FAILURES as error:
            self._fail(_described(error, path))
        return None

    def _read_history(self) -> None:
        """Tell the monitor what is recorded already. An unreadable file is reported when it is opened for writing."""
        try:
            path = self._spec.prepare()
            if not inspect(path):
                return
            since_ms = _milliseconds(self._clock) - _HISTORY_MS
            with opened(path) as connection:
                history = RecordingReader(connection).history(since_ms)
        except _FAILURES as error:
            log.warning("nothing is known of earlier monitors: %s", error)
        else:
            self._on_history(history)

    def _fail(self, error: RecordingError) -> None:
        self._set_state(RecordingState(RecordingPhase.FAILED, error.problem, error.detail))

    def _set_state(self, state: RecordingState) -> None:
        """Change the state, and log a change of it."""
        before, self.state = self.state, state
        if before == state:
            return
        if state.phase is RecordingPhase.FAILED:
            log.warning("not recording: %s %s", state.problem.value if state.problem is not None else "", state.detail)
        else:
            log.info("recording: %s", state.phase.value)
        if state.replaced and state.replaced != before.replaced:
            log.warning("the recording was damaged; it is kept as %s, and a new one was begun", state.replaced)


def _milliseconds(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)


def _described(error: Exception, path: Path) -> RecordingError:
    if isinstance(error, RecordingError):
        return error
    if isinstance(error, OSError | sqlite3.Error):
        named = error.filename if isinstance(error, OSError) else None
        return describe_error(error, Path(named) if named else path)
    return RecordingError(RecordingProblem.DAMAGED, str(error))
