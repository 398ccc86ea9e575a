"""What used capacity was: a bounded record for each task that holds changes, not polls."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from typing import Final

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.models.task import Task

MAX_POINTS: Final = 300
"""Changes kept for one task: a day at the server's own pace of one in five minutes."""

MIN_POINTS: Final = 24
TOTAL_POINTS: Final = 1_000_000
"""Changes kept in all, 12 bytes each: a large fleet has shorter memories, not a larger process."""

_TICKS_PER_S: Final = 10
"""Moments are kept as whole tenths of a second of the monotonic clock: 32 bits of them are 13 years of uptime."""

_ROOM_STEP: Final = 4

_MAX_GAPS: Final = 50


class CapacitySeries:
    """Changes of one task's used capacity, oldest first; thinned when full, the newest always exact.

    Its room is taken in a few large steps, and then never again: thousands of arrays that grow and shrink a little for
    weeks would leave the heap full of holes.
    """

    __slots__ = ("_count", "_ticks", "_values")

    def __init__(self) -> None:
        self._ticks = array("I")
        self._values = array("Q")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def record(self, at: float, used_bytes: int, max_points: int = MAX_POINTS) -> bool:
        """Take a reading; whether it was a change."""
        if self._count and self._values[self._count - 1] == used_bytes:
            return False
        if self._count >= max_points:
            self._thin()
        if self._count == len(self._ticks):
            self._grow(min(max_points, _ROOM_STEP * self._count) or 1)
        self._ticks[self._count] = round(at * _TICKS_PER_S)
        self._values[self._count] = used_bytes
        self._count += 1
        return True

    def points(self) -> tuple[CapacitySample, ...]:
        """All that is kept."""
        moments = [tick / _TICKS_PER_S for tick in self._ticks[: self._count]]
        return tuple(map(CapacitySample._make, zip(moments, self._values[: self._count], strict=True)))

    def _thin(self) -> None:
        """Drop every other point of the older half: the further back, the coarser."""
        half = self._count // 2
        for kept in (self._ticks, self._values):
            older, newer = kept[:half:2], kept[half : self._count]
            kept[: len(older)] = older
            kept[len(older) : len(older) + len(newer)] = newer
        self._count -= half // 2

    def _grow(self, size: int) -> None:
        ticks, values = array("I", (0,)) * size, array("Q", (0,)) * size
        ticks[: self._count], values[: self._count] = self._ticks, self._values
        self._ticks, self._values = ticks, values


class CapacityRecorder:
    """The series of a whole fleet, and the gaps that all of them share."""

    def __init__(self) -> None:
        self._series: dict[str, CapacitySeries] = {}
        self._gaps: deque[ObservationGap] = deque(maxlen=_MAX_GAPS)
        self._last_look: float | None = None
        self._max_points = MAX_POINTS

    def begin_poll(self, at: float, longest_wait_s: float, fleet_size: int) -> None:
        """Begin to record a poll at `at`; a longer wait since the last one than `longest_wait_s` was a gap."""
        if self._last_look is not None and at - self._last_look > longest_wait_s:
            self._gaps.append(ObservationGap(self._last_look, at))
        self._last_look = at
        self._max_points = max(MIN_POINTS, min(MAX_POINTS, TOTAL_POINTS // max(1, fleet_size)))

    def record(self, task: Task, at: float) -> CapacitySeries | None:
        """Take a task's reading; its series if that changed, else None."""
        if task.used_bytes is None:
            return None
        series = self._series.get(task.uuid)
        if series is None:
            series = self._series[task.uuid] = CapacitySeries()
        return series if series.record(at, task.used_bytes, self._max_points) else None

    def get(self, uuid: str) -> CapacitySeries | None:
        """The series of a task."""
        return self._series.get(uuid)

    def forget(self, uuids: Iterable[str]) -> None:
        """Drop the series of tasks that are gone."""
        for uuid in uuids:
            self._series.pop(uuid, None)

    def history(self, uuid: str) -> CapacityHistory:
        """All that is known of a task's used capacity."""
        series = self._series.get(uuid)
        points = series.points() if series is not None else ()
        return CapacityHistory(points, tuple(self._gaps), until=self._last_look or 0.0)
