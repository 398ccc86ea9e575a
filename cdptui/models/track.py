"""Used capacity of one task over time, as far as it was seen."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from msgspec import Struct

from cdptui.models.growth import Point


class Gap(NamedTuple):
    """A span in which nobody looked: an outage, a suspended machine."""

    start: float
    end: float


class Track(Struct, frozen=True):
    """Readings and gaps, on the monotonic clock in seconds. A reading holds until the next one."""

    points: tuple[Point, ...] = ()
    gaps: tuple[Gap, ...] = ()
    until: float = 0.0
    """Moment of the last look, whether or not it brought a change."""

    @property
    def since(self) -> float:
        """Moment of the first reading that is kept."""
        return self.points[0].at if self.points else self.until

    def level(self, at: float) -> int | None:
        """Bytes used at a moment; None before the first reading, after the last look and in gaps.

        >>> track = Track((Point(0, 10), Point(60, 20)), gaps=(Gap(30, 50),), until=90)
        >>> [track.level(at) for at in (-1, 10, 40, 55, 60, 90, 91)]
        [None, 10, None, 10, 20, 20, None]
        """
        if at > self.until or any(gap.start < at < gap.end for gap in self.gaps):
            return None
        index = bisect_right(self.points, at, key=lambda point: point.at)
        return self.points[index - 1].used_bytes if index else None
