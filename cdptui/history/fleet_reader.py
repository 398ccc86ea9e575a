"""Read the tasks of a node at any moment of a recording, and at the moments around it.

What changes rarely is read once, so that a step to the next poll costs little. The recording may be written meanwhile.
"""

from __future__ import annotations

import logging
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple, Protocol

from msgspec import Struct, field

from cdptui.history.codec import UNREADABLE
from cdptui.history.hourly import HOUR_MS, HourlyValues, hours_within
from cdptui.history.reader import (
    RPO_COLUMNS,
    RecordingReader,
    decode_chunk,
    decode_day,
    decode_poll_times,
    decode_polls,
    task_chunks,
)
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, NAMES_VERSION, NEVER_MS, TASK_BITS, chunk_range
from cdptui.history.thinned import WINDOW_MS, WINDOWS_PER_DAY, ThinnedDay
from cdptui.history.trend_reader import GapFinder, read_polls
from cdptui.history.writer import (
    TASKS_PER_SLICE,
    USED_COLUMN,
    decompress_document,
    let_others_run,
    unpack_reasons,
    unpack_tail,
)
from cdptui.models.forecast import MAX_HOURS
from cdptui.models.reasons import NONE, Reason
from cdptui.models.recording import PollRecord

log = logging.getLogger(__name__)

_TASK_MASK: Final = (1 << TASK_BITS) - 1

_CACHED_BUCKETS: Final = 3
"""The bucket of the moment and those beside it."""

_CACHED_TEXTS: Final = 20_000
"""Texts of records, 500 bytes each."""

_TEXTS_AT_ONCE: Final = 200

_THINNED_WIDTH: Final = 4


class RecordedTask(Struct, frozen=True, gc=False):
    """A task at a moment: its text and its values, which joined are the record that the server sent."""

    uuid: str
    text: bytes
    values: tuple[int | None, ...]
    is_thinned: bool = False
    """True when only the last used capacity and the mean RPO of 15 minutes are left of its values."""


class RecordedMoment(Struct, frozen=True, gc=False):
    """A task as a poll read it. The text and the problems are read by their numbers."""

    number: int
    uuid: str
    document: int
    values: tuple[int | None, ...]
    problems: int
    """Zero when the task has none."""
    appeared_ms: int
    changed_ms: int | None
    """When its text changed last; None when it did not since it appeared."""
    is_thinned: bool = False
    """True when only the last used capacity and the mean RPO of 15 minutes are left of its values."""


class RecordedFleet(Struct, frozen=True):
    """All tasks of a poll."""

    poll: PollRecord
    tasks: Sequence[RecordedMoment]


class RecordedHours(Struct, frozen=True):
    """Used capacity of all tasks at whole hours. It does not change, and can be read in any thread."""

    values: HourlyValues
    missing: frozenset[int]
    """Hours without polls."""

    def of_task(self, number: int, appeared_ms: int, until_ms: int) -> list[int | None]:
        """Return the values since a task appeared up to a time, oldest first, at most those of a forecast."""
        end = until_ms // HOUR_MS + 1
        first, values = self.values.of_task(number, self.missing, end)
        return values[max(0, end - MAX_HOURS - first, appeared_ms // HOUR_MS + 1 - first) :]


class _Values(Protocol):
    """The values of a task in a bucket."""

    def values_at(self, poll: int) -> tuple[int | None, ...]:
        """Return all values as they were after a poll."""
        ...

    def changed_at(self, column: int, poll: int) -> int | None:
        """Return the poll, up to `poll`, in which a value changed last; None when it has none."""
        ...


class _OpenValues:
    """The values of a task in the bucket that is being written."""

    __slots__ = ("_columns",)

    def __init__(self) -> None:
        self._columns: list[tuple[array[int], list[int | None]]] = []

    def append(self, column: int, poll: int, value: int | None) -> None:
        """Append a change."""
        while len(self._columns) <= column:
            self._columns.append((array("i"), []))
        polls, values = self._columns[column]
        polls.append(poll)
        values.append(value)

    def values_at(self, poll: int) -> tuple[int | None, ...]:
        """See `_Values`."""
        return tuple([values[at - 1] if (at := bisect_right(polls, poll)) else None for polls, values in self._columns])

    def changed_at(self, column: int, poll: int) -> int | None:
        """See `_Values`."""
        if column >= len(self._columns):
            return None
        polls = self._columns[column][0]
        at = bisect_right(polls, poll)
        return polls[at - 1] if at else None

    def timed_column(self, column: int, times_ms: Sequence[int]) -> tuple[list[int], list[int | None]]:
        """Return the times at which a value changed, and its values; `times_ms` are those of the polls."""
        if column >= len(self._columns):
            return [], []
        polls, values = self._columns[column]
        return [times_ms[poll] for poll in polls if poll < len(times_ms)], list(values)


class _ThinnedValues:
    """The values of a task in a bucket of which the day was thinned."""

    __slots__ = ("_day", "_times_ms")

    def __init__(self, day: ThinnedDay, times_ms: Sequence[int]) -> None:
        self._day = day
        self._times_ms = times_ms

    def values_at(self, poll: int) -> tuple[int | None, ...]:
        """See `_Values`. Most values of a thinned moment are unknown; empty before the first window."""
        at = bisect_right(self._day.windows, self._times_ms[poll] // WINDOW_MS % WINDOWS_PER_DAY) - 1
        if at < 0:
            return ()
        values: list[int | None] = [None] * _THINNED_WIDTH
        values[USED_COLUMN] = self._day.used[at]
        for column in RPO_COLUMNS:
            values[column] = self._day.rpo_mean[at]
        return tuple(values)

    def changed_at(self, column: int, poll: int) -> int | None:
        """See `_Values`. That is lost."""
        return None


class _Bucket:
    """The polls of some hours, and the values of the tasks."""

    def __init__(
        self,
        polls: Sequence[PollRecord],
        times_ms: Sequence[int],
        values: Mapping[int, _Values],
        thinned: frozenset[int],
    ) -> None:
        """`times_ms` are those of the polls, and may be followed by later ones that were not read yet."""
        self.polls = polls
        self.times_ms = times_ms
        self.values = values
        self.thinned = thinned
        """Numbers of the tasks of which only thinned values are left."""


class _Versions:
    """Rows of a table in which a task has a row for each change: the newest one at a moment."""

    __slots__ = ("_ids", "_times_ms")

    def __init__(self) -> None:
        self._times_ms = array("q")
        self._ids = array("q")

    def append(self, at_ms: int, number: int) -> None:
        """Append a newer row."""
        self._times_ms.append(at_ms)
        self._ids.append(number)

    def at(self, moment_ms: int) -> int:
        """Return the number of the newest row at a moment; zero when there is none."""
        at = bisect_right(self._times_ms, moment_ms)
        return self._ids[at - 1] if at else 0

    def rows_until(self, moment_ms: int) -> Iterator[tuple[int, int]]:
        """Yield the times and numbers of the rows up to a moment, newest first."""
        for place in range(bisect_right(self._times_ms, moment_ms) - 1, -1, -1):
            yield self._times_ms[place], self._ids[place]


class _OpenBucket(Struct):
    """The bucket that is being written."""

    number: int
    times_ms: list[int] = field(default_factory=list)
    """The times of its polls. The values are read when they are needed."""
    values: dict[int, _OpenValues] = field(default_factory=dict)
    polls: list[PollRecord] = field(default_factory=list)
    """The polls whose values were read."""


class _Table(NamedTuple):
    """The rows of a table by task."""

    name: str
    versions: dict[int, _Versions]
    ends: set[int]
    """Rows without data: the task vanished, or has no problem any more."""

    def row_at(self, task: int, moment_ms: int) -> int:
        """Return the number of the newest row of a task at a moment; zero when it has none, or one without data."""
        versions = self.versions.get(task)
        row = versions.at(moment_ms) if versions is not None else 0
        return 0 if row in self.ends else row


class FleetReader:
    """Answers what the tasks were at a moment, from an open recording. Raises sqlite3.Error.

    What the recording gets while this is used is read by `refresh`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._reader = RecordingReader(connection)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        self._has_names = version >= NAMES_VERSION
        self._uuids: dict[int, str] = {}
        self._documents = _Table("document", {}, set())
        self._problems = _Table("problem", {}, set())
        self._newest = {"task": 0, "document": 0, "problem": 0}
        self._texts: dict[int, bytes | None] = {}
        self._ended: dict[int, _Bucket] = {}
        self._open: _OpenBucket | None = None
        self._hours: tuple[tuple[int, int, int], RecordedHours] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read what was recorded since the last call."""
        for number, uuid in self._connection.execute("SELECT id, uuid FROM task WHERE id > ?", (self._newest["task"],)):
            self._uuids[number] = uuid
            self._newest["task"] = number
        for table in (self._documents, self._problems):
            statement = f"SELECT id, task, t, data IS NULL FROM {table.name} WHERE id > ? ORDER BY id"  # noqa: S608 - a constant
            for row, task, at_ms, is_end in self._connection.execute(statement, (self._newest[table.name],)):
                table.versions.setdefault(task, _Versions()).append(at_ms, row)
                if is_end:
                    table.ends.add(row)
                self._newest[table.name] = row
        self._read_open_times()

    def span(self) -> tuple[int, int] | None:
        """Return the times of the first and the last poll; None in an empty recording."""
        first_ms, last_ms = self.poll_after(-1), self.poll_before(NEVER_MS)
        return (first_ms, last_ms) if first_ms is not None and last_ms is not None else None

    def poll_before(self, moment_ms: int) -> int | None:
        """Return the time of the last poll before a moment; None when there is none."""
        statement = "SELECT bucket, data FROM poll WHERE bucket <= ? ORDER BY bucket DESC"
        ended = (
            decode_poll_times(*row).times_ms for row in self._connection.execute(statement, (moment_ms // BUCKET_MS,))
        )
        for times_ms in chain((self._open_times_ms,), ended):
            at = bisect_left(times_ms, moment_ms)
            if at:
                return times_ms[at - 1]
        return None

    def poll_after(self, moment_ms: int) -> int | None:
        """Return the time of the first poll after a moment; None when there is none."""
        statement = "SELECT bucket, data FROM poll WHERE bucket >= ? ORDER BY bucket"
        for row in self._connection.execute(statement, (moment_ms // BUCKET_MS,)):
            times_ms = decode_poll_times(*row).times_ms
            at = bisect_right(times_ms, moment_ms)
            if at < len(times_ms):
                return times_ms[at]
        at = bisect_right(self._open_times_ms, moment_ms)
        return self._open_times_ms[at] if at < len(self._open_times_ms) else None

    @property
    def _open_times_ms(self) -> Sequence[int]:
        return self._open.times_ms if self._open is not None else ()

    def times_between(self, since_ms: int, until_ms: int) -> list[int]:
        """Return the times of the polls of a time, oldest first."""
        statement = "SELECT bucket, data FROM poll WHERE bucket BETWEEN ? AND ? ORDER BY bucket"
        rows = self._connection.execute(statement, (since_ms // BUCKET_MS, until_ms // BUCKET_MS))
        ended = [at_ms for row in rows for at_ms in decode_poll_times(*row).times_ms]
        # A bucket that has ended since the last call of `refresh` is in both.
        later = [at_ms for at_ms in self._open_times_ms if not ended or at_ms > ended[-1]]
        return [at_ms for at_ms in chain(ended, later) if since_ms <= at_ms <= until_ms]

    def fleet_at(self, moment_ms: int) -> RecordedFleet | None:
        """Return the tasks as the last poll at or before a moment read them; None before the first poll."""
        at_ms = self.poll_before(moment_ms + 1)
        if at_ms is None:
            return None
        bucket = self._bucket(at_ms)
        poll = bisect_right(bucket.times_ms, at_ms) - 1
        return RecordedFleet(bucket.polls[poll], list(self._tasks_of(bucket, poll)))

    def records_at(self, moment_ms: int) -> list[RecordedTask]:
        """Return the records of all tasks at a moment, by UUID; those that are damaged are left out."""
        fleet = self.fleet_at(moment_ms)
        self.load_texts([task.document for task in fleet.tasks] if fleet is not None else ())
        texts = [(task, self.text(task.document)) for task in fleet.tasks] if fleet is not None else []
        found = [
            RecordedTask(task.uuid, text, task.values, task.is_thinned) for task, text in texts if text is not None
        ]
        return sorted(found, key=lambda record: record.uuid)

    def names_at(self, moment_ms: int) -> Mapping[str, str]:
        """Return what VMs, storages and policies were called, by UUID: by the first known name before it was read."""
        if not self._has_names:
            return {}
        first = (
            "SELECT uuid, name FROM resource_name WHERE rowid IN (SELECT min(rowid) FROM resource_name GROUP BY uuid)"
        )
        newest = (
            "SELECT uuid, name FROM resource_name WHERE rowid IN "
            "(SELECT max(rowid) FROM resource_name WHERE t <= ? GROUP BY uuid)"
        )
        return dict(self._connection.execute(first)) | dict(self._connection.execute(newest, (moment_ms,)))

    def number_of(self, uuid: str) -> int | None:
        """Return the number of a task; None when it is not in the recording."""
        row = self._connection.execute("SELECT id FROM task WHERE uuid = ?", (uuid,)).fetchone()
        return row[0] if row is not None else None

    def text(self, document: int) -> bytes | None:
        """Return the text of a task's record; None, with a warning in the log, when it is damaged."""
        if document not in self._texts:
            self.load_texts([document])
        return self._texts[document]

    def load_texts(self, documents: Sequence[int]) -> None:
        """Read texts that will be asked for, in few statements."""
        missing = [document for document in documents if document not in self._texts]
        if len(self._texts) + len(missing) > _CACHED_TEXTS:
            self._texts.clear()
            missing = list(documents)
        for start in range(0, len(missing), _TEXTS_AT_ONCE):
            numbers = missing[start : start + _TEXTS_AT_ONCE]
            marks = ",".join("?" * len(numbers))
            statement = f"SELECT id, data FROM document WHERE id IN ({marks})"  # noqa: S608 - places of numbers
            for number, data in self._connection.execute(statement, numbers):
                try:
                    self._texts[number] = decompress_document(data)
                except UNREADABLE:
                    log.warning("the document %d is damaged, and is skipped", number)
                    self._texts[number] = None
            let_others_run()

    def problems(self, number: int) -> tuple[Reason, ...]:
        """Return the problems with a number; none for zero, and for damaged ones."""
        row = self._connection.execute("SELECT data FROM problem WHERE id = ?", (number,)).fetchone()
        if row is None or row[0] is None:
            return NONE
        try:
            return unpack_reasons(row[0])
        except UNREADABLE:
            log.warning("the problems of a task are damaged, and are skipped")
            return NONE

    def used_changed_ms(self, number: int, at_ms: int, since_ms: int) -> int | None:
        """Return when used capacity changed last, up to the poll of `at_ms`; None if not since `since_ms`."""
        while at_ms >= since_ms:
            bucket = self._bucket(at_ms)
            values = bucket.values.get(number)
            poll = bisect_right(bucket.times_ms, at_ms) - 1
            changed = values.changed_at(USED_COLUMN, poll) if values is not None and poll >= 0 else None
            if changed is None:
                return None
            changed_ms = bucket.times_ms[changed]
            before_ms = self.poll_before(changed_ms) if not changed and changed_ms >= since_ms else None
            if before_ms is None:
                return changed_ms
            # The first entry of a bucket may be a value from before.
            bucket_before = self._bucket(before_ms)
            earlier = bucket_before.values.get(number)
            place = bisect_right(bucket_before.times_ms, before_ms) - 1
            first = values.values_at(0)[USED_COLUMN] if values is not None else None
            if earlier is None or (earlier.values_at(place) or (None,))[USED_COLUMN] != first:
                return changed_ms
            at_ms = before_ms
        return None

    def used_points(self, number: int, since_ms: int, until_ms: int) -> list[tuple[float, int]]:
        """Return the changes of used capacity since the task appeared: seconds since 1970 and bytes, oldest first."""
        appeared_ms = self.appeared_ms(number, until_ms)
        points: list[tuple[int, int]] = []
        # The first value of a bucket may be from before: it is no change of the time that was asked for.
        for times_ms, values in self._used_columns(number, max(since_ms - BUCKET_MS, appeared_ms), until_ms):
            for at_ms, value in zip(times_ms, values, strict=False):
                if value is not None and at_ms <= until_ms and (not points or points[-1][1] != value):
                    points.append((at_ms, value))
        later = bisect_right(points, appeared_ms, key=itemgetter(0))
        if later:
            # The value from before it vanished is that with which it appeared again.
            points = [(max(appeared_ms, points[later - 1][0]), points[later - 1][1]), *points[later:]]
        return [(at_ms / 1000, value) for at_ms, value in points]

    def hours_until(self, until_ms: int) -> RecordedHours:
        """Return the hourly values of all tasks that forecasts up to a time need."""
        last = until_ms // BUCKET_MS
        first = last - MAX_HOURS * HOUR_MS // BUCKET_MS - 1
        is_open = self._open is not None and last >= self._open.number
        key = (first, last, len(self._open_times_ms) if is_open else 0)
        if self._hours is None or self._hours[0] != key:
            self._hours = (key, self._read_hours(first, last))
        return self._hours[1]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the times without a poll between the first and the last one."""
        finder = GapFinder()
        read_polls(self._connection, finder, 0, NEVER_MS)
        return finder.gaps(finder.last_ms or 0)

    def _tasks_of(self, bucket: _Bucket, poll: int) -> Iterator[RecordedMoment]:
        at_ms = bucket.times_ms[poll]
        for count, number in enumerate(self._documents.versions, 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            document, values = self._documents.row_at(number, at_ms), bucket.values.get(number)
            known = values.values_at(poll) if document and values is not None else ()
            if known:
                changed_ms, *older = self._document_times(number, at_ms)
                yield RecordedMoment(
                    number,
                    self._uuids[number],
                    document,
                    known,
                    self._problems.row_at(number, at_ms),
                    min(older, default=changed_ms),
                    changed_ms if older else None,
                    number in bucket.thinned,
                )

    def _document_times(self, number: int, at_ms: int) -> Iterator[int]:
        """Yield the times of the texts of a task that is listed at a time, newest first, since it appeared."""
        for row_ms, document in self._documents.versions[number].rows_until(at_ms):
            if document in self._documents.ends:
                return
            yield row_ms

    def appeared_ms(self, number: int, at_ms: int) -> int:
        """Return when a task that is listed at a time appeared."""
        return min(self._document_times(number, at_ms), default=at_ms)

    def _used_columns(
        self, number: int, since_ms: int, until_ms: int
    ) -> Iterator[tuple[Sequence[int], Sequence[int | None]]]:
        for polls, chunk in task_chunks(self._connection, number, since_ms, until_ms):
            if chunk is not None:
                yield chunk.timed_column(USED_COLUMN, polls.times_ms)
        values = self._open_values().get(number)
        if values is not None:
            yield values.timed_column(USED_COLUMN, self._open_times_ms)

    def _read_hours(self, first: int, last: int) -> RecordedHours:
        hours = HourlyValues(first * BUCKET_MS, (last + 1) * BUCKET_MS)
        finder = GapFinder()
        read_polls(self._connection, finder, first * BUCKET_MS, (last + 1) * BUCKET_MS - 1)
        for bucket in range(first, last + 1):
            self._reader.add_hours(bucket, hours)
        if self._open is not None and self._open.number <= last:
            for number, values in self._open_values().items():
                for at_ms, value in zip(*values.timed_column(USED_COLUMN, self._open_times_ms), strict=True):
                    if value is not None:
                        hours.add(number, at_ms, value)
        return RecordedHours(hours, hours_within(finder.gaps(finder.last_ms or 0)))

    def _bucket(self, at_ms: int) -> _Bucket:
        """Return the bucket of a poll."""
        number = at_ms // BUCKET_MS
        if self._open is not None and number == self._open.number:
            values, polls = self._open_values(), self._open.polls
            if polls and polls[-1].at_ms >= at_ms:
                return _Bucket(polls, self._open.times_ms, values, frozenset())
            # The bucket has ended since the last call of `refresh`.
            self.refresh()
        found = self._ended.pop(number, None) or self._read_bucket(number)
        self._ended[number] = found
        while len(self._ended) > _CACHED_BUCKETS:
            del self._ended[next(iter(self._ended))]
        return found

    def _read_bucket(self, number: int) -> _Bucket:
        row = self._connection.execute("SELECT data FROM poll WHERE bucket = ?", (number,)).fetchone()
        polls = decode_polls(number, *row) if row is not None else []
        times_ms = [poll.at_ms for poll in polls]
        values: dict[int, _Values] = {}
        days = self._blobs("thin", number // DAY_BUCKETS)
        values.update((task, _ThinnedValues(day, times_ms)) for task, blob in days if (day := decode_day(blob)))
        thinned = set(values)
        for count, (task, blob) in enumerate(self._blobs("chunk", number), 1):
            if count % TASKS_PER_SLICE == 0:
                let_others_run()
            if (chunk := decode_chunk(blob)) is not None:
                values[task] = chunk
                thinned.discard(task)
        return _Bucket(polls, times_ms, values, frozenset(thinned))

    def _blobs(self, table: str, number: int) -> Iterator[tuple[int, bytes]]:
        """Yield the blobs of a bucket or a day, with the numbers of their tasks."""
        statement = f"SELECT id, data FROM {table} WHERE id >= ? AND id < ?"  # noqa: S608 - a constant
        for key, blob in self._connection.execute(statement, chunk_range(number)):
            yield key & _TASK_MASK, blob

    def _read_open_times(self) -> None:
        """Read which polls were added to the bucket that is being written, or that it is another one now."""
        (first_ms,) = self._connection.execute("SELECT min(t) FROM tail").fetchone()
        if first_ms is None:
            self._open = None
            return
        if self._open is None or self._open.number != first_ms // BUCKET_MS:
            self._open = _OpenBucket(first_ms // BUCKET_MS)
        times_ms = self._open.times_ms
        last_ms = times_ms[-1] if times_ms else 0
        rows = self._connection.execute("SELECT t FROM tail WHERE t > ? ORDER BY t", (last_ms,))
        times_ms += [at_ms for (at_ms,) in rows]

    def _open_values(self) -> Mapping[int, _OpenValues]:
        """Return the values of the tasks in the bucket that is being written."""
        opened = self._open
        if opened is None:
            return {}
        last_ms = opened.polls[-1].at_ms if opened.polls else 0
        if opened.times_ms and last_ms < opened.times_ms[-1]:
            statement = "SELECT t, data FROM tail WHERE t > ? AND t <= ? ORDER BY t"
            for at_ms, data in self._connection.execute(statement, (last_ms, opened.times_ms[-1])):
                tail = unpack_tail(at_ms, data)
                poll = len(opened.polls)
                opened.polls.append(tail.record)
                for task, column, value in tail.changes():
                    opened.values.setdefault(task, _OpenValues()).append(column, poll, value)
                let_others_run()
        return opened.values
