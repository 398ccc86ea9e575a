"""Used capacity of recorded tasks at whole hours: one number an hour, however often a task changed.

A bucket that ends is stored with the values of all tasks at its whole hours, so that eight days of a large fleet are
read in less than a second: from the chunks of its tasks it would take a minute.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from cdptui.history.codec import compress_packed
from cdptui.history.schema import BUCKET_MS

HOUR_MS: Final = 3_600_000
BUCKET_HOURS: Final = BUCKET_MS // HOUR_MS


class BucketHours(Struct, array_like=True, gc=False):
    """Values of all tasks at the whole hours of a bucket, from an hour after its start to its end."""

    tasks: list[int]
    """Numbers of the tasks."""
    columns: list[list[int | None]]
    """For each hour the values of the tasks, in their order; None where one is not known."""

    @classmethod
    def empty(cls) -> BucketHours:
        """Return hours without tasks."""
        return cls([], [[] for _ in range(BUCKET_HOURS)])

    def add(self, number: int, changes: Iterable[tuple[int, int | None]]) -> None:
        """Add a task by its changes: milliseconds since the start of the bucket and value, oldest first."""
        values: list[int | None] = [None] * BUCKET_HOURS
        for since_start_ms, value in changes:
            if value is not None:
                values[since_start_ms // HOUR_MS] = value
        self.tasks.append(number)
        current = None
        for column, value in zip(self.columns, values, strict=True):
            current = current if value is None else value
            column.append(current)

    def encode(self) -> bytes:
        """Return the blob of all tasks."""
        return compress_packed(self)


_decode: Final = msgspec.msgpack.Decoder(BucketHours).decode


def decode_hours(blob: bytes) -> BucketHours:
    """Return the stored hours of a bucket. Raises one of `codec.UNREADABLE`."""
    return _decode(zlib.decompress(blob))


class _StoredHours:
    """The values of the same tasks at consecutive whole hours."""

    def __init__(self, bucket: int, hours: BucketHours) -> None:
        self.first_hour = bucket * BUCKET_HOURS + 1
        self._tasks = hours.tasks
        self._columns = list(hours.columns)
        self._places: dict[int, int] = {}
        self._rows: list[tuple[int | None, ...]] = []

    @property
    def end_hour(self) -> int:
        """The hour behind the last one."""
        return self.first_hour + len(self._columns)

    def add(self, bucket: int, hours: BucketHours) -> bool:
        """Add the bucket behind these; return False if it is not that, or has other tasks."""
        if bucket * BUCKET_HOURS + 1 != self.end_hour or hours.tasks != self._tasks:
            return False
        self._columns += hours.columns
        return True

    def row(self, number: int) -> tuple[int | None, ...] | None:
        """Return the values of a task, oldest first; None when it is not among the tasks. Nothing may be added then."""
        if not self._rows:
            self._places = {each: place for place, each in enumerate(self._tasks)}
            self._rows = list(zip(*self._columns, strict=True))
        place = self._places.get(number)
        return self._rows[place] if place is not None else None


class HourlyValues:
    """The last value of each hour, by the number of a task. Changes are added oldest first."""

    def __init__(self, first_ms: int, last_ms: int) -> None:
        self._hours = range(first_ms // HOUR_MS + 1, last_ms // HOUR_MS + 1)
        self._stored: list[_StoredHours] = []
        self._changes: dict[int, dict[int, int]] = {}
        """Of tasks with changes in other buckets: the last value of each hour."""

    def add(self, number: int, at_ms: int, value: int) -> None:
        """Add a change, which is valid from the next whole hour on."""
        hour = max(self._hours.start, at_ms // HOUR_MS + 1)
        if hour < self._hours.stop:
            self._changes.setdefault(number, {})[hour] = value

    def add_bucket(self, bucket: int, hours: BucketHours) -> None:
        """Add the stored values of a bucket, which is later than those before."""
        if not (self._stored and self._stored[-1].add(bucket, hours)):
            self._stored.append(_StoredHours(bucket, hours))

    def of_task(self, number: int, missing: Collection[int], end: int | None = None) -> tuple[int, list[int | None]]:
        """Return the first hour with a known value, counted from 1970, and the values from it on; None in `missing`.

        `end` is the hour behind the last one; by default that of all.
        """
        end = self._hours.stop if end is None else min(self._hours.stop, end)
        changes = self._changes.get(number, _NO_CHANGES)
        found: list[int | None] = []
        for stored in self._stored:
            found += self._changed(changes, len(found), stored.first_hour, found)
            row = stored.row(number)
            hour = self._hours.start + len(found)
            if row is None:
                found += self._changed(changes, len(found), stored.end_hour, found)
            else:
                found += _filled(row[hour - stored.first_hour :], found[-1] if found else None)
        found += self._changed(changes, len(found), end, found)
        del found[max(0, end - self._hours.start) :]
        unknown = next((place for place, value in enumerate(found) if value is not None), len(found))
        first, values = self._hours.start + unknown, found[unknown:]
        if missing:
            values = [None if hour in missing else value for hour, value in enumerate(values, first)]
        return first, values

    def _changed(
        self, changes: Mapping[int, int], count: int, end: int, before: Sequence[int | None]
    ) -> Sequence[int | None]:
        """Return the values by the changes from the hour behind `count` values up to `end`."""
        current = before[-1] if before else None
        start = self._hours.start + count
        if not changes:
            return [current] * (end - start)
        return _filled([changes.get(hour) for hour in range(start, end)], current)


_NO_CHANGES: Final[Mapping[int, int]] = {}


def _filled(values: Sequence[int | None], current: int | None) -> Sequence[int | None]:
    """Return values in which each unknown one is that before it; the first one is that after `current`."""
    if None not in values:
        # Nearly always.
        return values
    found: list[int | None] = []
    for value in values:
        current = current if value is None else value
        found.append(current)
    return found


def hours_within(gaps_ms: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Return the whole hours in gaps.

    >>> hours_within([(HOUR_MS - 1, 2 * HOUR_MS), (HOUR_MS * 5, HOUR_MS * 6 - 1)])
    frozenset({1, 2})
    """
    return frozenset(hour for start, end in gaps_ms for hour in range(start // HOUR_MS + 1, end // HOUR_MS + 1))
