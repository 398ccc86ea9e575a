"""Keep a recording within its permitted size: the oldest days are thinned to windows of 15 minutes, then deleted.

Runs in the writer thread, in slices between polls. The file is never vacuumed as a whole, which would need as much free
disk as the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from cdptui.history.codec import Chunk
from cdptui.history.reader import RPO_COLUMNS, decode_chunk, decode_polls, find_gaps
from cdptui.history.recording_file import RecordingError, log_file
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, TASK_BITS, chunk_id, chunk_range, transaction
from cdptui.history.thinned import WINDOW_MS, WINDOWS_PER_DAY, ThinnedDay, encode_thinned
from cdptui.history.writer import USED_COLUMN
from cdptui.models.recording import RecordingProblem

_TASKS_PER_STEP: Final = 50
"""Tasks of a day that one step thins, in about 100 ms of the writer thread."""

_VACUUM_PAGES: Final = 500


class _Window(Struct):
    """The values of a task in 15 minutes."""

    used: int | None = None
    rpo_min: int | None = None
    rpo_max: int | None = None
    rpo_sum: float = 0.0
    """Sum of value × milliseconds."""
    known_ms: int = 0
    """Milliseconds in which the RPO was known."""
    over_ms: int = 0
    """Milliseconds in which the RPO was over its target."""


class Retention:
    """Keeps one recording below `limit_bytes`, the write-ahead log included."""

    def __init__(self, connection: sqlite3.Connection, path: Path, limit_bytes: int) -> None:
        self._connection = connection
        self._wal = log_file(path)
        self._limit_bytes = limit_bytes

    def size(self) -> int:
        """Return the bytes of the file and of its write-ahead log."""
        try:
            wal_bytes = self._wal.stat().st_size
        except OSError:
            wal_bytes = 0
        return self._pragma("page_count") * self._pragma("page_size") + wal_bytes

    def step(self) -> bool:
        """Do a part of the work if the recording is too large. Return whether there is more to do.

        Raises sqlite3.Error, and RecordingError when nothing is left that may be deleted.
        """
        if self.size() <= self._limit_bytes:
            return False
        if self._pragma("freelist_count"):
            # `execute` frees one page only, whatever the number.
            self._connection.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
        elif not self._thin_oldest_day() and not self._delete_oldest_day() and not self._delete_oldest_bucket():
            self._truncate_log()
            if self.size() <= self._limit_bytes:
                return False
            raise RecordingError(RecordingProblem.LIMIT, f"{self._limit_bytes} bytes")
        self._truncate_log()
        return True

    def _truncate_log(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _pragma(self, name: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {name}").fetchone()
        return int(value)

    def _first(self, table: str, key: str, bits: int) -> int | None:
        """Return the oldest bucket or day of a table; None when it is empty."""
        (value,) = self._connection.execute(f"SELECT min({key}) FROM {table}").fetchone()  # noqa: S608 - constants
        return None if value is None else int(value) >> bits

    def _thin_oldest_day(self) -> bool:
        """Thin some tasks of the oldest day that has a later one. Return False when there is none."""
        bucket = self._first("chunk", "id", TASK_BITS)
        newest = self._connection.execute("SELECT max(bucket) FROM poll").fetchone()[0]
        if bucket is None or bucket // DAY_BUCKETS >= newest // DAY_BUCKETS:
            return False
        day = bucket // DAY_BUCKETS
        buckets = range(day * DAY_BUCKETS, (day + 1) * DAY_BUCKETS)
        (first, _), (_, end) = chunk_range(buckets[0]), chunk_range(buckets[-1])
        mask = (1 << TASK_BITS) - 1
        statement = "SELECT DISTINCT id & ? FROM chunk WHERE id >= ? AND id < ? ORDER BY 1 LIMIT ?"
        numbers = [row[0] for row in self._connection.execute(statement, (mask, first, end, _TASKS_PER_STEP))]
        times = {bucket: self._times(bucket) for bucket in buckets}
        gaps = {bucket: {start for start, _ in find_gaps(polls)} for bucket, polls in times.items()}
        with transaction(self._connection):
            for number in numbers:
                blob = self._thinned(number, day, times, gaps)
                self._connection.execute("INSERT OR REPLACE INTO thin VALUES(?, ?)", (chunk_id(day, number), blob))
                keys = [(chunk_id(each, number),) for each in buckets]
                self._connection.executemany("DELETE FROM chunk WHERE id = ?", keys)
        return True

    def _times(self, bucket: int) -> list[int]:
        row = self._connection.execute("SELECT data FROM poll WHERE bucket = ?", (bucket,)).fetchone()
        return [] if row is None else [poll.at_ms for poll in decode_polls(bucket, row[0])]

    def _thinned(self, number: int, day: int, times: dict[int, list[int]], gaps: dict[int, set[int]]) -> bytes:
        windows: dict[int, _Window] = {}
        presence = self._presence(number)
        for bucket, polls in times.items():
            row = self._connection.execute(
                "SELECT data FROM chunk WHERE id = ?", (chunk_id(bucket, number),)
            ).fetchone()
            chunk = decode_chunk(row[0]) if row is not None else None
            if chunk is None or not polls:
                continue
            for start, end, value in _segments(list(chunk.changes(USED_COLUMN)), polls, gaps[bucket]):
                for window, _ in _by_window(start, end):
                    windows.setdefault(window, _Window()).used = value
            for start, end, value in _segments(_rpo_changes(chunk), polls, gaps[bucket]):
                for window, span_ms in _by_window(start, end):
                    _add_rpo(windows.setdefault(window, _Window()), value, span_ms, _target(presence, start))
        rows = sorted(windows.items())
        return encode_thinned(
            ThinnedDay(
                [window - day * WINDOWS_PER_DAY for window, _ in rows],
                [each.used for _, each in rows],
                [each.rpo_min for _, each in rows],
                [round(each.rpo_sum / each.known_ms) if each.known_ms else None for _, each in rows],
                [each.rpo_max for _, each in rows],
                [each.over_ms for _, each in rows],
            )
        )

    def _presence(self, number: int) -> list[tuple[int, int | None]]:
        """Return the times of a task's documents, and the RPO target of each."""
        statement = "SELECT t, rpo_target_ms FROM document WHERE task = ? ORDER BY t, id"
        return self._connection.execute(statement, (number,)).fetchall()

    def _delete_oldest_day(self) -> bool:
        """Delete the oldest thinned day. Return False when there is none."""
        day = self._first("thin", "id", TASK_BITS)
        if day is None:
            return False
        delete_before(self._connection, (day + 1) * DAY_BUCKETS)
        return True

    def _delete_oldest_bucket(self) -> bool:
        """Delete the oldest hours of the newest day. Return False when only the current ones are left."""
        bucket = self._first("poll", "bucket", 0)
        if bucket is None:
            return False
        delete_before(self._connection, bucket + 1)
        return True


def delete_before(connection: sqlite3.Connection, bucket: int) -> None:
    """Delete what is older than a bucket. The newest entry of each task is what the remaining time begins with."""
    end_ms = bucket * BUCKET_MS
    with transaction(connection):
        connection.execute("DELETE FROM thin WHERE id < ?", (chunk_id(bucket // DAY_BUCKETS, 0),))
        connection.execute("DELETE FROM chunk WHERE id < ?", (chunk_id(bucket, 0),))
        connection.execute("DELETE FROM poll WHERE bucket < ?", (bucket,))
        connection.execute("DELETE FROM hour WHERE bucket < ?", (bucket,))
        connection.execute("DELETE FROM outage WHERE ended < ?", (end_ms,))
        connection.execute("DELETE FROM event WHERE t < ?", (end_ms,))
        for table in ("document", "problem"):
            connection.execute(
                f"DELETE FROM {table} WHERE t < ? AND id NOT IN "  # noqa: S608 - a constant name
                f"(SELECT max(id) FROM {table} WHERE t < ? GROUP BY task HAVING data IS NOT NULL)",
                (end_ms, end_ms),
            )


def delete_after(connection: sqlite3.Connection, until_ms: int) -> None:
    """Delete what is later than a time. A bucket that has ended is not cut: it is kept to its end."""
    bucket = until_ms // BUCKET_MS
    row = connection.execute("SELECT 1 FROM poll WHERE bucket = ?", (bucket,)).fetchone()
    end_ms = (bucket + 1) * BUCKET_MS - 1 if row is not None else until_ms
    with transaction(connection):
        connection.execute("DELETE FROM thin WHERE id >= ?", (chunk_id(bucket // DAY_BUCKETS + 1, 0),))
        connection.execute("DELETE FROM chunk WHERE id >= ?", (chunk_id(bucket + 1, 0),))
        connection.execute("DELETE FROM poll WHERE bucket > ?", (bucket,))
        connection.execute("DELETE FROM hour WHERE bucket > ?", (bucket,))
        connection.execute("DELETE FROM outage WHERE started > ?", (end_ms,))
        for table in ("tail", "event", "document", "problem", "resource_name"):
            connection.execute(f"DELETE FROM {table} WHERE t > ?", (end_ms,))  # noqa: S608 - a constant name


def _segments(
    changes: Sequence[tuple[int, int | None]], times: Sequence[int], gaps: Collection[int]
) -> Iterator[tuple[int, int, int | None]]:
    """Yield start, end and value of each time in which a value did not change, without gaps, which begin at `gaps`."""
    for at, (poll, value) in enumerate(changes):
        end = changes[at + 1][0] if at + 1 < len(changes) else len(times) - 1
        start = poll
        for each in range(poll, min(end, len(times) - 1)):
            if times[each] in gaps:
                yield times[start], times[each], value
                start = each + 1
        if start < len(times):
            yield times[start], times[min(end, len(times) - 1)], value


def _rpo_changes(chunk: Chunk) -> list[tuple[int, int | None]]:
    """Return the changes of the RPO, from the column that has it."""
    columns = [list(chunk.changes(column)) for column in RPO_COLUMNS]
    return next((changes for changes in columns if any(value is not None for _, value in changes)), columns[0])


def _by_window(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the windows that a time touches, with the milliseconds in each."""
    for window in range(start // WINDOW_MS, end // WINDOW_MS + 1):
        yield window, max(0, min(end, (window + 1) * WINDOW_MS) - max(start, window * WINDOW_MS))


def _add_rpo(window: _Window, value: int | None, span_ms: int, target_ms: int | None) -> None:
    if value is None:
        return
    window.rpo_min = value if window.rpo_min is None else min(window.rpo_min, value)
    window.rpo_max = value if window.rpo_max is None else max(window.rpo_max, value)
    window.rpo_sum += value * span_ms
    window.known_ms += span_ms
    if target_ms and value > target_ms:
        window.over_ms += span_ms


def _target(documents: Sequence[tuple[int, int | None]], at_ms: int) -> int | None:
    """Return the RPO target at a time."""
    target = None
    for since_ms, target_ms in documents:
        if since_ms > at_ms:
            break
        target = target_ms
    return target
