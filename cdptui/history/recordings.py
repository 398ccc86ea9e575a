"""The recordings of a folder: list, check, copy and delete them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path

from msgspec import Struct

from cdptui.history.codec import UNREADABLE, Chunk, compress_packed
from cdptui.history.hourly import decode_hours
from cdptui.history.reader import RecordingReader, decode_polls, find_gaps
from cdptui.history.recording_file import (
    FileLock,
    RecordingError,
    describe_error,
    inspect,
    lock_file,
    look_file,
    side_files,
)
from cdptui.history.retention import delete_after, delete_before
from cdptui.history.schema import APPLICATION_ID, BUCKET_MS, NEVER_MS, migrate, open_for_reading, transaction
from cdptui.history.thinned import decode_thinned
from cdptui.history.writer import decompress_document
from cdptui.models.event import Event, EventKind
from cdptui.models.recording import RecordingProblem
from cdptui.models.timezones import parse_timezone


class RecordingInfo(Struct, frozen=True):
    """What a recording holds. Times are milliseconds since 1970."""

    path: Path
    size_bytes: int
    node: str = ""
    account: str = ""
    zone: str = ""
    """Time zone of the server's dates, as `timezones.parse_timezone` reads it; empty when it is not known."""
    first_ms: int | None = None
    last_ms: int | None = None
    polls: int = 0
    tasks: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    outages: int = 0
    problem: RecordingError | None = None
    """Why the rest is unknown; None for a readable recording."""

    @property
    def server_zone(self) -> tzinfo | None:
        """The time zone of the server's dates; None when it is not known, or not on this machine."""
        try:
            return parse_timezone(self.zone) if self.zone else None
        except ValueError:
            return None


def describe(path: Path) -> RecordingInfo:
    """Return what a recording holds. A file that cannot be read has a problem; nothing is raised for it."""
    size_bytes = _size(path)
    try:
        with opened(path) as connection:
            reader = RecordingReader(connection)
            meta = reader.meta()
            times = [poll.at_ms for poll in reader.polls()]
            (tasks,) = connection.execute("SELECT count(*) FROM task").fetchone()
            return RecordingInfo(
                path,
                size_bytes,
                meta.get("node", ""),
                meta.get("account", ""),
                meta.get("zone", ""),
                times[0] if times else None,
                times[-1] if times else None,
                len(times),
                tasks,
                tuple(find_gaps(times)),
                len(reader.outages()),
            )
    except RecordingError as error:
        return RecordingInfo(path, size_bytes, problem=error)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a recording for reading. Raises RecordingError, also for errors while it is read."""
    with described_errors(path), contextlib.closing(connect(path)) as connection:
        yield connection


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a recording, for reading in this thread. Raises RecordingError."""
    with described_errors(path):
        if not inspect(path):
            raise RecordingError(RecordingProblem.OTHER_APPLICATION, f"{path}: it does not exist, or is empty")
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(contextlib.closing(open_for_reading(path)))
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                raise RecordingError(RecordingProblem.OTHER_APPLICATION, str(path))
            stack.pop_all()
            return connection


@contextlib.contextmanager
def described_errors(path: Path) -> Iterator[None]:
    """Raise RecordingError for the errors of a recording that is read."""
    try:
        yield
    except sqlite3.Error as error:
        raise describe_error(error, path) from error
    except (*UNREADABLE, UnicodeDecodeError) as error:
        # SQLite's own message about a damaged schema may have bytes that are no text.
        raise RecordingError(RecordingProblem.DAMAGED, f"{path}: {error}") from error


def newest_events(path: Path, limit: int, since_ms: int = 0, until_ms: int = NEVER_MS) -> list[Event]:
    """Return the newest events of a recording, newest first; none when it does not exist yet. Raises RecordingError."""
    if not path.exists():
        return []
    with opened(path) as connection:
        return RecordingReader(connection).newest_events(limit, since_ms, until_ms)


def check(path: Path) -> list[str]:
    """Return what is damaged in a recording: SQLite's own findings, and every blob that cannot be decoded.

    Raises RecordingError when it cannot be opened.
    """
    decoders: dict[str, tuple[str, Callable[[int, bytes], object]]] = {
        "poll": ("bucket", decode_polls),
        "chunk": ("id", lambda _, blob: Chunk.decode(blob)),
        "thin": ("id", lambda _, blob: decode_thinned(blob)),
        "hour": ("bucket", lambda _, blob: decode_hours(blob)),
        "document": ("id", lambda _, blob: decompress_document(blob)),
    }
    with opened(path) as connection:
        answers = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        found = [answer for answer in answers if answer != "ok"]
        for table, (key, decode) in decoders.items():
            for number, blob in connection.execute(f"SELECT {key}, data FROM {table} WHERE data IS NOT NULL"):  # noqa: S608 - constants
                try:
                    decode(number, blob)
                except UNREADABLE as error:
                    found.append(f"{table} {number}: {error}")
    return found


def export(
    path: Path,
    target: Path,
    *,
    since_ms: int = 0,
    until_ms: int | None = None,
    mask: Callable[[bytes, str], bytes] | None = None,
) -> None:
    """Write a consistent copy to a new file, readable only by its owner, while a monitor may write the original.

    `since_ms` and `until_ms` limit it, in whole buckets. `mask` returns the text of a document with a name in place of
    those of the user. Raises RecordingError, and OSError: a FileExistsError when anything has the name of the target.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    try:
        with opened(path) as connection:
            # A file of zero bytes is a database without tables, which VACUUM INTO accepts.
            connection.execute("VACUUM INTO ?", (str(target),))
        try:
            with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
                if since_ms:
                    # In whole buckets: a bucket is not cut.
                    delete_before(copy, since_ms // BUCKET_MS)
                if until_ms is not None:
                    migrate(copy)
                    delete_after(copy, until_ms)
                if mask is not None:
                    migrate(copy)
                    _mask_names(copy, mask)
                if since_ms or until_ms is not None or mask is not None:
                    # What was deleted or masked must not be left in free pages.
                    copy.execute("VACUUM")
        except sqlite3.Error as error:
            raise describe_error(error, target) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _mask_names(copy: sqlite3.Connection, mask: Callable[[bytes, str], bytes]) -> None:
    with transaction(copy):
        for number, task, data in copy.execute("SELECT id, task, data FROM document WHERE data IS NOT NULL").fetchall():
            name = f"task-{task}"
            text = compress_packed(mask(decompress_document(data), name))
            copy.execute("UPDATE document SET name = ?, data = ? WHERE id = ?", (name, text, number))
        for number, uuid in copy.execute("SELECT id, uuid FROM task").fetchall():
            copy.execute("UPDATE event SET name = ? WHERE task = ?", (f"task-{number}", uuid))
        for number, (name,) in enumerate(copy.execute("SELECT DISTINCT name FROM event WHERE task = ''").fetchall()):
            if name:
                copy.execute("UPDATE event SET name = ? WHERE task = '' AND name = ?", (f"storage-{number}", name))
        hidden = (EventKind.NAME.value, EventKind.DESCRIPTION.value, EventKind.NOTE.value)
        copy.execute("UPDATE event SET old = 'masked', new = 'masked' WHERE kind IN (?, ?, ?)", hidden)
        # The names in it are needed only by a monitor that goes on recording.
        copy.execute("DELETE FROM facts")
        copy.execute("DELETE FROM storage")
        copy.execute("DELETE FROM resource_name")
        copy.execute("UPDATE meta SET value = 'masked' WHERE key IN ('node', 'account')")


def delete(path: Path) -> None:
    """Delete a recording and its side files. Raises RecordingError when a monitor writes it, or it is not ours."""
    lock = FileLock(path)
    lock.acquire()
    try:
        try:
            inspect(path)
        except RecordingError as error:
            # A damaged recording may be deleted too.
            if error.problem is not RecordingProblem.DAMAGED:
                raise
        for name in (path, *side_files(path), look_file(path), lock_file(path)):
            with contextlib.suppress(FileNotFoundError):
                name.unlink()
    except OSError as error:
        raise describe_error(error, path) from error
    finally:
        lock.release()


def _size(path: Path) -> int:
    total = 0
    for name in (path, *side_files(path)):
        with contextlib.suppress(OSError):
            total += name.stat().st_size
    return total
