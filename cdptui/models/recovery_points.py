"""Recovery points of a VM: what can be restored, gaps, and the change rate.

The server lists one point per minute, hour or day, so shorter gaps are not visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from msgspec import Struct

RESOLUTION_S: Final = 60
"""Seconds between two points in the finest list of the server."""

GAP_FACTOR: Final = 2.0
"""From this multiple of the interval on, the time between two points is a gap: points are not exact to the second."""


class RecoveryPoint(Struct, frozen=True, gc=False):
    """A point in time to which a volume can be restored."""

    id: int
    volume_uuid: str
    at: datetime | None
    size_bytes: int | None = None
    description: str = ""


class RecoveryPoints(Struct, frozen=True):
    """The recovery points of a VM, as loaded at one time."""

    start: datetime
    """Start of the period that `recent` covers."""
    end: datetime
    recent: tuple[RecoveryPoint, ...] = ()
    """One per minute, between `start` and `end`."""
    daily: tuple[RecoveryPoint, ...] = ()
    """One per day, as far back as there are any."""
    protected: tuple[RecoveryPoint, ...] = ()
    """Locked points, which the retention does not remove."""
    is_truncated: bool = False
    """True when the server has, or may have, more points than these."""


class RecoveryGap(Struct, frozen=True):
    """A period without recovery points that should have some."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()


class VolumeHistory(Struct, frozen=True):
    """The recovery points of one volume, summarized."""

    volume_uuid: str
    newest: datetime | None
    oldest: datetime | None
    """Exact to the day."""
    count: int
    """Number of recent points."""
    gaps: tuple[RecoveryGap, ...]
    """Gaps between recent points, longest first."""
    seconds_since_newest: float | None
    """Seconds from the newest point to the end of the period, if that is as long as a gap; else None."""
    bytes_per_s: float | None
    """Total size of the recent points, divided by the time that they cover."""
    moments: tuple[datetime, ...] = ()
    """Times of the recent points, oldest first."""


def volume_histories(points: RecoveryPoints, interval_s: int | None) -> tuple[VolumeHistory, ...]:
    """Return the summary of each volume, for points that should be made every `interval_s`."""
    volumes: dict[str, list[RecoveryPoint]] = {}
    for point in (*points.recent, *points.daily, *points.protected):
        volumes.setdefault(point.volume_uuid, [])
    for point in points.recent:
        volumes[point.volume_uuid].append(point)
    return tuple(_history(uuid, recent, points, interval_s) for uuid, recent in volumes.items())


def _history(
    uuid: str, recent: Sequence[RecoveryPoint], points: RecoveryPoints, interval_s: int | None
) -> VolumeHistory:
    moments = sorted(point.at for point in recent if point.at is not None)
    others = (point.at for point in (*points.daily, *points.protected) if point.volume_uuid == uuid)
    everything = sorted([*moments, *(at for at in others if at is not None)])
    spacing_s = max(RESOLUTION_S, interval_s or RESOLUTION_S)
    # The time before the first point is no gap: the task may be young.
    spans = [RecoveryGap(before, after) for before, after in pairwise(moments)]
    gaps = [span for span in spans if span.seconds > GAP_FACTOR * spacing_s]
    overdue_s = (points.end - moments[-1]).total_seconds() if moments else 0.0
    span_s = (moments[-1] - moments[0]).total_seconds() if len(moments) > 1 else 0.0
    sizes = [point.size_bytes for point in recent if point.size_bytes is not None]
    return VolumeHistory(
        volume_uuid=uuid,
        newest=everything[-1] if everything else None,
        oldest=everything[0] if everything else None,
        count=len(moments),
        gaps=tuple(sorted(gaps, key=lambda gap: -gap.seconds)),
        seconds_since_newest=overdue_s if overdue_s > GAP_FACTOR * spacing_s else None,
        bytes_per_s=sum(sizes) / span_s if sizes and span_s > 0 else None,
        moments=tuple(moments),
    )


def coverage(history: VolumeHistory, start: datetime, end: datetime, cells: int) -> tuple[float, ...]:
    """Return for each of `cells` equal parts of the time the share without gaps; 0 where there is no point at all.

    >>> from datetime import UTC
    >>> begin = datetime(2026, 1, 1, tzinfo=UTC)
    >>> moments = tuple(begin + timedelta(minutes=n) for n in range(30))
    >>> young = VolumeHistory("v", moments[-1], begin, 30, (), None, None, moments)
    >>> coverage(young, begin, begin + timedelta(minutes=60), 4)
    (1.0, 1.0, 0.0, 0.0)
    """
    step_s = (end - start).total_seconds() / max(1, cells)
    shares: list[float] = []
    for index in range(cells):
        begin = start + timedelta(seconds=index * step_s)
        close = begin + timedelta(seconds=step_s)
        if (
            not history.moments
            or close <= history.moments[0]
            or begin >= history.moments[-1] + timedelta(seconds=RESOLUTION_S)
        ):
            shares.append(0.0)
            continue
        gap_s = sum(max(0.0, (min(close, gap.end) - max(begin, gap.start)).total_seconds()) for gap in history.gaps)
        shares.append(max(0.0, 1 - gap_s / step_s) if step_s > 0 else 0.0)
    return tuple(shares)


def protected_points(points: RecoveryPoints, volume_uuid: str) -> tuple[RecoveryPoint, ...]:
    """Return the locked points of one volume."""
    return tuple(point for point in points.protected if point.volume_uuid == volume_uuid)
