"""Bounded time series of used capacity, one per task, that record changes instead of polls."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.models.task import Task

MAX_POINTS: Final = 300
"""Maximum changes per task: a day at the server's own refresh of once in five minutes."""

MIN_POINTS: Final = 24
TOTAL_POINTS: Final = 1_000_000
"""Maximum changes of all tasks, 12 bytes each: the series of a large fleet are shorter, so that memory is bounded."""

_TICKS_PER_S: Final = 10
"""Times are stored in tenths of a second of the monotonic clock: 32 bits are 13 years of uptime."""

_EARLIEST_TICKS: Final = -60 * 86400 * _TICKS_PER_S
"""Ticks are counted from 60 days before the start of the monotonic clock: a recording has times before it."""

_MAX_TICKS: Final = 2**32 - 1
"""A simulated node that runs very fast reaches this within an hour; from then on it has no growth."""

_GROWTH_FACTOR: Final = 4

_MAX_GAPS: Final = 50

_create_sample: Final[Callable[[tuple[float, int]], CapacitySample]] = partial(tuple.__new__, CapacitySample)
"""Like `CapacitySample._make`, in a third of the time: a poll in which all tasks changed creates 100,000."""


class CapacitySeries:
    """Changes of one task's used capacity, oldest first; older points are thinned out when it is full.

    Memory is allocated in a few large steps and never released: thousands of arrays that grow and shrink a little for
    weeks would fragment the heap.
    """

    __slots__ = ("_count", "_ticks", "_values")

    def __init__(self) -> None:
        self._ticks = array("I")
        self._values = array("Q")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def record(self, at: float, used_bytes: int, max_points: int = MAX_POINTS) -> bool:
        """Record a value, and return whether it was a change. `at` is in monotonic seconds."""
        if self._count and self._values[self._count - 1] == used_bytes:
            return False
        if self._count >= max_points:
            self._thin()
        if self._count == len(self._ticks):
            self._grow(min(max_points, _GROWTH_FACTOR * self._count) or 1)
        self._ticks[self._count] = max(0, min(_MAX_TICKS, round(at * _TICKS_PER_S) - _EARLIEST_TICKS))
        self._values[self._count] = used_bytes
        self._count += 1
        return True

    def points(self, newest: int = MAX_POINTS) -> tuple[CapacitySample, ...]:
        """Return the newest of the recorded changes, oldest first."""
        first = max(0, self._count - newest)
        moments = [(tick + _EARLIEST_TICKS) / _TICKS_PER_S for tick in self._ticks[first : self._count]]
        return tuple(map(_create_sample, zip(moments, self._values[first : self._count], strict=True)))

    def _thin(self) -> None:
        """Drop every other point of the older half, so that older data is coarser."""
        half = self._count // 2
        for column in (self._ticks, self._values):
            older, newer = column[:half:2], column[half : self._count]
            column[: len(older)] = older
            column[len(older) : len(older) + len(newer)] = newer
        self._count -= half // 2

    def _grow(self, size: int) -> None:
        ticks, values = array("I", (0,)) * size, array("Q", (0,)) * size
        ticks[: self._count], values[: self._count] = self._ticks, self._values
        self._ticks, self._values = ticks, values


class CapacityRecorder:
    """The series of all tasks, and the gaps between polls that they share."""

    def __init__(self) -> None:
        self._series: dict[str, CapacitySeries] = {}
        self._gaps: deque[ObservationGap] = deque(maxlen=_MAX_GAPS)
        self._last_poll_at: float | None = None
        self.first_poll_at: float | None = None
        """Monotonic seconds of the first poll."""
        self._max_points = MAX_POINTS

    def begin_poll(self, at: float, longest_wait_s: float, fleet_size: int) -> None:
        """Begin a poll at `at`. Record a gap if more than `longest_wait_s` passed since the previous one."""
        if self._last_poll_at is not None and at - self._last_poll_at > longest_wait_s:
            self._gaps.append(ObservationGap(self._last_poll_at, at))
        self._last_poll_at = at
        self.first_poll_at = at if self.first_poll_at is None else self.first_poll_at
        self._max_points = max(MIN_POINTS, min(MAX_POINTS, TOTAL_POINTS // max(1, fleet_size)))

    def record(self, task: Task, at: float) -> CapacitySeries | None:
        """Record the value of a task. Return its series if the value changed, else None."""
        if task.used_bytes is None:
            return None
        series = self._series.get(task.uuid)
        if series is None:
            series = self._series[task.uuid] = CapacitySeries()
        return series if series.record(at, task.used_bytes, self._max_points) else None

    def restore(self, uuid: str, points: Iterable[tuple[float, int]]) -> None:
        """Put changes that another monitor saw, oldest first, before those of this one. Times are monotonic seconds."""
        series, known = CapacitySeries(), self._series.get(uuid)
        for at, used_bytes in (*points, *(known.points() if known is not None else ())):
            series.record(at, used_bytes, self._max_points)
        self._series[uuid] = series

    def restore_gaps(self, gaps: Iterable[tuple[float, float]]) -> None:
        """Put gaps that another monitor had before those of this one."""
        known = tuple(self._gaps)
        self._gaps.clear()
        self._gaps.extend([*(ObservationGap(start, end) for start, end in gaps), *known])

    def get(self, uuid: str) -> CapacitySeries | None:
        """Return the series of a task; None when it has none."""
        return self._series.get(uuid)

    def forget(self, uuids: Iterable[str]) -> None:
        """Drop the series of deleted tasks."""
        for uuid in uuids:
            self._series.pop(uuid, None)

    def history(self, uuid: str) -> CapacityHistory:
        """Return samples and gaps of a task."""
        series = self._series.get(uuid)
        points = series.points() if series is not None else ()
        return CapacityHistory(points, tuple(self._gaps), until=self._last_poll_at or 0.0)
