"""How fast used capacity grows, and when the plan is full: a robust slope over what was observed.

The server has no throughput figure, so growth is derived from used capacity over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import Final, NamedTuple

HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0

_SAMPLES: Final = 16
_MIN_POINTS: Final = 3
"""The first reading was set at some time before it was seen, so one change alone is no rate."""

_SILENCE_FACTOR: Final = 2.0
_HELD_S: Final = 600.0
"""Twice the server's own refresh of used capacity (five minutes): a value that stood for so long has not moved."""


class Point(NamedTuple):
    """Used capacity from one moment on, until the next point."""

    at: float
    """Monotonic seconds."""
    used_bytes: int


class Growth(NamedTuple):
    """A rate and what it rests on."""

    bytes_per_s: float
    span_s: float
    """Length of the observation behind the rate."""


def growth(points: Sequence[Point], until: float, window_s: float = DAY_S) -> Growth | None:
    """Return the rate at which new data came in during the last `window_s` before `until`.

    Median of the slopes between all pairs of moments (Theil-Sen), so that a burst or an odd reading does not carry it
    away. Drops (merging, expired recovery points) are taken out first: what is measured is how fast a task eats into
    the room it has. None until two changes were seen.

    >>> growth([Point(0, 0), Point(300, 300), Point(600, 600)], until=600)
    Growth(bytes_per_s=1.0, span_s=600.0)
    >>> growth([Point(0, 500), Point(300, 800), Point(600, 100), Point(900, 400)], until=900).bytes_per_s
    1.0
    """
    start = until - window_s
    seen = [point for point in points if point.at >= start]
    climbed = _without_drops(seen)
    if len(climbed) < _MIN_POINTS:
        # One reading that held for long is a rate as well: none at all.
        held_s = until - points[-1].at if points else 0.0
        return Growth(0.0, min(window_s, held_s)) if held_s >= _HELD_S else None
    gaps = [after.at - before.at for before, after in pairwise(climbed)]
    if until - climbed[-1].at > _SILENCE_FACTOR * median(gaps):
        climbed.append(Point(until, climbed[-1].used_bytes))
    # With enough others the first reading, whose own time is not known, only misleads.
    curve = climbed[1:] if len(climbed) > _MIN_POINTS else climbed
    slopes = [(b.used_bytes - a.used_bytes) / (b.at - a.at) for a, b in combinations(_resample(curve), 2)]
    return Growth(median(slopes), until - climbed[0].at)


def full_in_s(used_bytes: int | None, plan_bytes: int | None, rate: Growth | None) -> float | None:
    """Seconds until used capacity reaches the plan at `rate`; 0.0 when it has, None when it will not or nobody knows.

    >>> full_in_s(50, 100, Growth(2.0, 600))
    25.0
    """
    if used_bytes is None or not plan_bytes:
        return None
    if used_bytes >= plan_bytes:
        return 0.0
    if rate is None or rate.bytes_per_s <= 0:
        return None
    return (plan_bytes - used_bytes) / rate.bytes_per_s


def _without_drops(points: Sequence[Point]) -> list[Point]:
    """Each drop's loss added back, and the step of the drop itself taken as unknown: its two ends become one place."""
    climbed = list(points[:1])
    lost_bytes, lost_s = 0, 0.0
    for before, after in pairwise(points):
        if after.used_bytes < before.used_bytes:
            lost_bytes += before.used_bytes - after.used_bytes
            lost_s += after.at - before.at
        else:
            climbed.append(Point(after.at - lost_s, after.used_bytes + lost_bytes))
    # Shift so that the newest keeps its own time: silence is measured against now.
    return [Point(point.at + lost_s, point.used_bytes) for point in climbed]


def _resample(points: Sequence[Point]) -> list[Point]:
    """The line through `points` at evenly spaced moments: a rate is about time, however unevenly changes came."""
    first, last = points[0].at, points[-1].at
    step = (last - first) / (_SAMPLES - 1)
    samples: list[Point] = []
    index = 0
    for number in range(_SAMPLES):
        at = last if number == _SAMPLES - 1 else first + number * step
        while points[index + 1].at < at:
            index += 1
        before, after = points[index], points[index + 1]
        share = (at - before.at) / (after.at - before.at)
        samples.append(Point(at, round(before.used_bytes + share * (after.used_bytes - before.used_bytes))))
    return samples
