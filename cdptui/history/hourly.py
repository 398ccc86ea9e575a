"""Used capacity of recorded tasks at whole hours: one number an hour, however often a task changed.

A bucket that ends is stored with the values of all tasks at its whole hours, so that eight days of a large fleet are
read in less than a second: from the chunks of its tasks it would take a minute.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
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


class HourlyValues:
    """The last value of each hour, by the number of a task. Changes are added oldest first."""

    def __init__(self, first_ms: int, last_ms: int) -> None:
        self._hours = range(first_ms // HOUR_MS + 1, last_ms // HOUR_MS + 1)
        self._buckets: dict[int, tuple[dict[int, int], list[list[int | None]]]] = {}
        """Of stored buckets: the places of the tasks, and the values."""
        self._changes: dict[int, dict[int, int]] = {}
        """Of tasks with changes in other buckets: the last value of each hour."""

    def add(self, number: int, at_ms: int, value: int) -> None:
        """Add a change, which is valid from the next whole hour on."""
        hour = max(self._hours.start, at_ms // HOUR_MS + 1)
        if hour < self._hours.stop:
            self._changes.setdefault(number, {})[hour] = value

    def add_bucket(self, bucket: int, hours: BucketHours) -> None:
        """Add the stored values of a bucket."""
        self._buckets[bucket] = ({number: place for place, number in enumerate(hours.tasks)}, hours.columns)

    def of_task(self, number: int, missing: Collection[int]) -> list[tuple[int, int | None]]:
        """Return hours, counted from 1970, and values, from the first known one on; None in the `missing` hours."""
        found: list[tuple[int, int | None]] = []
        current: int | None = None
        changes = self._changes.get(number, {})
        for bucket in range((self._hours.start - 1) // BUCKET_HOURS, (self._hours.stop - 2) // BUCKET_HOURS + 1):
            places, columns = self._buckets.get(bucket, _NO_BUCKET)
            place = places.get(number)
            for hour, column in enumerate(columns, bucket * BUCKET_HOURS + 1):
                value = changes.get(hour) if place is None else column[place]
                current = current if value is None else value
                if current is not None and hour in self._hours:
                    found.append((hour, None if hour in missing else current))
        return found


_NO_BUCKET: Final[tuple[dict[int, int], list[list[int | None]]]] = ({}, [[] for _ in range(BUCKET_HOURS)])


def hours_within(gaps_ms: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Return the whole hours in gaps.

    >>> hours_within([(HOUR_MS - 1, 2 * HOUR_MS), (HOUR_MS * 5, HOUR_MS * 6 - 1)])
    frozenset({1, 2})
    """
    return frozenset(hour for start, end in gaps_ms for hour in range(start // HOUR_MS + 1, end // HOUR_MS + 1))
