"""The schema of a recording, and the connection to one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

APPLICATION_ID: Final = 0x43445054
"""`CDPT`: tells a recording from any other SQLite database."""

VERSION: Final = 5
"""Stored as `user_version`. A change of the schema adds a step to `MIGRATIONS`."""

HOURS_VERSION: Final = 3
"""The first version with the table `hour`."""

NAMES_VERSION: Final = 5
"""The first version with the table `resource_name`."""

BUCKET_MS: Final = 4 * 3600 * 1000
"""Time that a chunk covers. Longer ones are smaller and slower to read: 24 h save 4 % and take five times as long."""

DAY_BUCKETS: Final = 24 * 3600 * 1000 // BUCKET_MS

NEVER_MS: Final = 2**62
"""Later than anything that is recorded."""

TASK_BITS: Final = 24
"""Bits of a task's number in the key of a chunk. The key is an integer, as a blob in a table WITHOUT ROWID takes three
times the space."""

_CREATE: Final = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) STRICT;
CREATE TABLE task(id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tail(t INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE chunk(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE thin(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE poll(bucket INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE document(
    id INTEGER PRIMARY KEY, task INTEGER NOT NULL, t INTEGER NOT NULL,
    name TEXT, status TEXT, state TEXT, rpo_target_ms INTEGER, data BLOB
) STRICT;
CREATE INDEX document_of_task ON document(task, t);
CREATE TABLE problem(id INTEGER PRIMARY KEY, task INTEGER NOT NULL, t INTEGER NOT NULL, data BLOB) STRICT;
CREATE INDEX problem_of_task ON problem(task, t);
CREATE TABLE facts(task INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE event(
    id INTEGER PRIMARY KEY, t INTEGER NOT NULL, kind TEXT NOT NULL, severity INTEGER NOT NULL, task TEXT NOT NULL,
    name TEXT NOT NULL, old TEXT, new TEXT, cause TEXT NOT NULL
) STRICT;
CREATE INDEX event_time ON event(t);
CREATE TABLE outage(
    id INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER, kind TEXT NOT NULL, code TEXT NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
"""
"""Times are milliseconds since 1970.

- `tail`: one row per poll of the current bucket, committed with the poll.
- `chunk`: the values of a task in a bucket; key: bucket << TASK_BITS | task.
- `thin`: the values of a task over a day in windows of 15 minutes; key: day << TASK_BITS | task.
- `poll`: the times of the polls of a bucket.
- `document`: the text of a task's record when it changed; without data when the task vanished.
- `problem`: the problems of a task when they changed, with their start; without data when it has none.
- `facts`: what is known of a listed task for its next events.
- `event`: what happened; the task is its UUID, empty for the node, a storage and the monitor.
- `storage`: what is known of a backup storage for its next events.
- `hour`: used capacity of all tasks at the whole hours of a bucket that ended.
- `resource_name`: what a VM, a storage or a policy was called from a time on.
"""

_ADD_STORAGES: Final = """
CREATE TABLE storage(uuid TEXT PRIMARY KEY, name TEXT NOT NULL, disconnected_since INTEGER) STRICT;
CREATE INDEX event_of_task ON event(task, t);
"""

_ADD_HOURS: Final = "CREATE TABLE hour(bucket INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT"

_ENCODE_CHUNKS: Final = ""
"""Chunks of another encoding, which an earlier program cannot read. Those of earlier versions are read as they are."""

_ADD_NAMES: Final = """
CREATE TABLE resource_name(uuid TEXT NOT NULL, t INTEGER NOT NULL, name TEXT NOT NULL) STRICT;
CREATE INDEX name_of_resource ON resource_name(uuid, t);
"""

MIGRATIONS: Final[tuple[str, ...]] = (_CREATE, _ADD_STORAGES, _ADD_HOURS, _ENCODE_CHUNKS, _ADD_NAMES)
"""Statements from each version to the next; the first creates the schema."""

TABLES: Final = (
    "meta",
    "task",
    "tail",
    "chunk",
    "thin",
    "poll",
    "document",
    "problem",
    "facts",
    "event",
    "outage",
    "storage",
    "hour",
    "resource_name",
)

SQLITE_VERSION: Final = sqlite3.sqlite_version

_BUSY_S: Final = 2.0


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a file that exists and may be empty, and create or migrate its schema. Raises sqlite3.Error.

    The write-ahead log is used where the file system permits it: `journal_mode` answers with the mode in force. There
    is no memory map, and one connection that writes: SQLite up to 3.51.2 can damage a file otherwise.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        # Has no effect once the file has pages, so it comes before the journal mode.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-256")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema to the current version, in one transaction. Raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= VERSION:
        return
    with transaction(connection):
        for statements in MIGRATIONS[version:]:
            for statement in statements.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block writes, or nothing when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a recording without changing it. Raises sqlite3.Error."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None)


def chunk_id(bucket: int, task: int) -> int:
    """Return the key of a task's values in a bucket, or of a task's thinned values of a day."""
    return bucket << TASK_BITS | task


def chunk_range(bucket: int) -> tuple[int, int]:
    """Return the first key of a bucket or day, and the first one after it."""
    return chunk_id(bucket, 0), chunk_id(bucket + 1, 0)
