"""Used capacity over time: samples, a robust growth rate, and the time until the plan is full.

The server has no throughput figure, so growth is derived from used capacity over time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import pairwise
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct

HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0

JUDGED_S: Final = 2 * DAY_S
"""Time of which the changes count for a rate and for whether it is trusted: what a monitor that starts reads of a
recording, so that it judges as one that ran for long."""

_TRIMMED: Final = 0.1
"""Share of the time that the trimmed mean leaves out at each end."""

_MIN_POINTS: Final = 3
"""The first value was set at an unknown time before it was read, so a single change gives no rate."""

_UNCHANGED_FACTOR: Final = 2.0
_UNCHANGED_S: Final = 600.0
"""Twice the server's own refresh of used capacity (five minutes): a value of this age has not changed."""

TRUSTED_SPAN_S: Final = 1800.0
"""A forecast from a rate that was measured over less time is not trusted."""

_RECENT_SHARE: Final = 0.25
_STEADY_FACTOR: Final = 1.5
"""The last quarter of a steady growth is within this factor of the whole; a rate that doubles exceeds it before it has
doubled twice."""

_FREED_SHARE: Final = 0.1
"""A task that freed this share of what it wrote fills its plan later than the rate of new data says, or never."""


class Doubt(Enum):
    """Why a forecast is not trusted."""

    SHORT = "short"
    """The rate was measured over less than `TRUSTED_SPAN_S`."""
    FREED = "freed"
    """Used capacity fell within the history."""
    PAUSED = "paused"
    """Used capacity has not changed for a considerable part of the history."""
    CHANGING = "changing"
    """The recent rate differs from that of the whole history."""


class CapacitySample(NamedTuple):
    """Used capacity from a point in time until the next sample."""

    at: float
    """Monotonic seconds."""
    used_bytes: int


class GrowthRate(Struct, frozen=True, gc=False):
    """A growth rate and the time over which it was measured."""

    bytes_per_s: float
    span_s: float
    """Seconds over which the rate was measured."""
    irregularity: Doubt | None = None
    """What in the history speaks against a constant rate; None when it is steady. `estimate.find_doubt` judges."""
    days: int = 0
    """Whole days that were compared; 0 for a rate from change to change."""
    slowest_bytes_per_s: float | None = None
    fastest_bytes_per_s: float | None = None
    """The range of the rate; both None when there is none."""
    shift_factor: float | None = None
    """The rate divided by the usual one, if it has changed within the last day."""
    shifted_s: float = 0.0
    """Whole hour of that change, in seconds since 1970."""
    freed_bytes: int = 0
    """The largest fall of used capacity within the last day, unless falls are usual for the task."""
    freed_s: float = 0.0
    """Whole hour in which it was freed, in seconds since 1970."""


def growth_rate(points: Sequence[CapacitySample], until: float, window_s: float = DAY_S) -> GrowthRate | None:
    """Return the rate of new data during the last `window_s` before `until`.

    It is the time-weighted mean of the slopes from change to change, without the steepest and the flattest tenth of the
    time, so that bursts and odd values have little effect. Drops (merging, expired recovery points) are left out, as
    the rate is about how fast a task uses up its plan. None until two changes were seen; a task with fewer changes
    than that within the window is measured over its last changes.

    >>> steady = [CapacitySample(0.0, 0), CapacitySample(300.0, 300), CapacitySample(600.0, 600)]
    >>> growth_rate(steady, until=600.0) == GrowthRate(1.0, 600.0)
    True
    >>> drop = [CapacitySample(0, 500), CapacitySample(300, 800), CapacitySample(600, 100), CapacitySample(900, 400)]
    >>> growth_rate(drop, until=900).bytes_per_s
    1.0
    """
    points = points[bisect_left(points, until - JUDGED_S, key=_at) :]
    if not points or (len(points) == 1 and until - points[0].at < _UNCHANGED_S):
        return None
    seen = list(points[bisect_left(points, until - window_s, key=_at) :])
    if len(seen) < _MIN_POINTS:
        seen = list(points[-_MIN_POINTS:])
    slopes = _slopes(_without_spikes(seen))
    if len(seen) < _MIN_POINTS or not slopes:
        # A value that did not change for long gives a rate too: zero.
        unchanged_s = until - points[-1].at
        return (
            GrowthRate(0.0, min(window_s, unchanged_s))
            if unchanged_s >= _UNCHANGED_S and len(points) < _MIN_POINTS
            else None
        )
    unchanged_s = until - seen[-1].at
    end = seen[-1].at
    # Usually the value has just changed, and this is zero.
    if unchanged_s > 0 and unchanged_s > _UNCHANGED_FACTOR * median([seconds for _, seconds in slopes]):
        slopes.append((0.0, unchanged_s))
        end = until
    rate, span_s = _trimmed_mean(slopes), until - seen[0].at
    # Without growth, or over a short time, there is no forecast to be trusted.
    is_judged = rate > 0 and span_s >= TRUSTED_SPAN_S
    return GrowthRate(rate, span_s, _irregularity(points, rate, end, span_s) if is_judged else None)


def seconds_until_full(used_bytes: int | None, plan_bytes: int | None, rate: GrowthRate | None) -> float | None:
    """Return the seconds until used capacity reaches the plan at `rate`: 0.0 when it has, None when unknown or never.

    >>> seconds_until_full(50, 100, GrowthRate(2.0, 600))
    25.0
    """
    if used_bytes is None or not plan_bytes:
        return None
    if used_bytes >= plan_bytes:
        return 0.0
    if rate is None or rate.bytes_per_s <= 0:
        return None
    return (plan_bytes - used_bytes) / rate.bytes_per_s


def _irregularity(points: Sequence[CapacitySample], rate: float, end: float, span_s: float) -> Doubt | None:
    """Return what speaks against `rate` going on, from all samples up to `end`."""
    used = [used_bytes for _, used_bytes in _without_spikes(points)]
    freed = sum([before - after for before, after in pairwise(used) if before > after])
    if freed and freed >= _FREED_SHARE * (used[-1] - used[0] + freed):
        return Doubt.FREED
    recent_s = max(TRUSTED_SPAN_S, _RECENT_SHARE * span_s)
    start = points[max(0, bisect_right(points, end - recent_s, key=_at) - 1)]
    recent_rate = (used[-1] - start.used_bytes) / (end - start.at)
    if recent_rate <= 0:
        return Doubt.PAUSED
    return None if rate / _STEADY_FACTOR <= recent_rate <= rate * _STEADY_FACTOR else Doubt.CHANGING


_Slope = tuple[float, float]
"""Bytes per second, and the seconds that they lasted. A plain tuple, as a rate is made of up to 300 of them."""

_at = attrgetter("at")


def _without_spikes(points: Sequence[CapacitySample]) -> list[CapacitySample]:
    """Leave out single values above both neighbours: these are odd readings, not data that was written and deleted."""
    used = [used_bytes for _, used_bytes in points]
    if used == sorted(used):
        # Nearly always, and found in a fifth of the time.
        return list(points)
    smooth = list(points[:1])
    for (_, before), point, (_, after) in zip(points, points[1:], points[2:], strict=False):
        if not before <= after < point[1]:
            smooth.append(point)
    return smooth + list(points[1:][-1:])


def _slopes(points: Sequence[CapacitySample]) -> list[_Slope]:
    """Return the slopes from change to change without drops, and without the first one if there are enough others.

    The first value was set at an unknown time before it was read, so its slope is too steep.
    """
    slopes = [
        ((used - used_before) / (at - at_before), at - at_before)
        for (at_before, used_before), (at, used) in pairwise(points)
        if at > at_before and used >= used_before
    ]
    return slopes[1:] if len(slopes) > _MIN_POINTS else slopes


def median(values: Iterable[float]) -> float:
    """Return the median. `statistics` imports fractions and random, which costs 5 ms before the first frame.

    >>> median([3.0, 1.0, 2.0]), median([4.0, 1.0])
    (2.0, 2.5)
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _trimmed_mean(slopes: Sequence[_Slope]) -> float:
    """Return the time-weighted mean without the lowest and the highest tenth of the time."""
    total_s = sum([seconds for _, seconds in slopes])
    low_s, high_s = _TRIMMED * total_s, (1 - _TRIMMED) * total_s
    end_s, weighted = 0.0, 0.0
    for bytes_per_s, seconds in sorted(slopes):
        start_s, end_s = end_s, end_s + seconds
        if end_s > low_s and start_s < high_s:
            weighted += bytes_per_s * (min(end_s, high_s) - max(start_s, low_s))
    return weighted / (high_s - low_s)


class ObservationGap(NamedTuple):
    """A period without polls: an outage or a suspended machine. Monotonic seconds."""

    start: float
    end: float


class CapacityHistory(Struct, frozen=True):
    """Samples and gaps of one task. A sample is valid until the next one. Times are monotonic seconds."""

    points: tuple[CapacitySample, ...] = ()
    gaps: tuple[ObservationGap, ...] = ()
    until: float = 0.0
    """Time of the last poll, whether or not it brought a change."""

    @property
    def since(self) -> float:
        """Time of the first sample."""
        return self.points[0].at if self.points else self.until

    def value_at(self, at: float) -> int | None:
        """Return the bytes used at a time; None before the first sample, after the last poll, and in gaps.

        >>> samples = (CapacitySample(0, 10), CapacitySample(60, 20))
        >>> history = CapacityHistory(samples, gaps=(ObservationGap(30, 50),), until=90)
        >>> [history.value_at(at) for at in (-1, 10, 40, 55, 60, 90, 91)]
        [None, 10, None, 10, 20, 20, None]
        """
        if at > self.until or any(gap.start < at < gap.end for gap in self.gaps):
            return None
        index = bisect_right(self.points, at, key=lambda point: point.at)
        return self.points[index - 1].used_bytes if index else None
