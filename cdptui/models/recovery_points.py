"""Recovery points of a VM: what can be restored, where there are gaps, and how much changes.

The server thins what it lists to one point a minute, an hour or a day, so gaps shorter than that stay unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from msgspec import Struct

RESOLUTION_S: Final = 60
"""The finest that the server lists."""

GAP_FACTOR: Final = 2.0
"""A gap is told when it is this many times the distance that there should be: points are never on the second."""


class RecoveryPoint(Struct, frozen=True, gc=False):
    """One moment of one volume that can be brought back."""

    id: int
    volume_uuid: str
    at: datetime | None
    size_bytes: int | None = None
    description: str = ""


class RecoveryPoints(Struct, frozen=True):
    """What one look at the points of a VM brought."""

    start: datetime
    """Begin of the time that `recent` covers."""
    end: datetime
    recent: tuple[RecoveryPoint, ...] = ()
    """One a minute, between `start` and `end`."""
    daily: tuple[RecoveryPoint, ...] = ()
    """One a day, as far back as there are any."""
    protected: tuple[RecoveryPoint, ...] = ()
    """Those that are protected from being thinned out."""
    is_truncated: bool = False
    """Whether the server has, or may have, more of them than these."""


class RecoveryGap(Struct, frozen=True):
    """A time without a recovery point that should have had some."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()


class VolumeHistory(Struct, frozen=True):
    """What can be said of the points of one volume."""

    volume_uuid: str
    newest: datetime | None
    oldest: datetime | None
    """To the day."""
    count: int
    """Points among the recent ones."""
    gaps: tuple[RecoveryGap, ...]
    """Gaps among the recent ones, longest first."""
    seconds_since_newest: float | None
    """Seconds from the newest to the end of the time that was looked at, if that is as long as a gap."""
    bytes_per_s: float | None
    """What the recent points hold, over the time that they cover."""
    moments: tuple[datetime, ...] = ()
    """Of the recent points, oldest first."""


def volume_histories(points: RecoveryPoints, interval_s: int | None) -> tuple[VolumeHistory, ...]:
    """Return what can be said of each volume, for points that should come every `interval_s`."""
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
    # Before the first one of a young task there is nothing.
    lulls = [RecoveryGap(before, after) for before, after in pairwise(moments)]
    long = [lull for lull in lulls if lull.seconds > GAP_FACTOR * spacing_s]
    silence_s = (points.end - moments[-1]).total_seconds() if moments else 0.0
    span_s = (moments[-1] - moments[0]).total_seconds() if len(moments) > 1 else 0.0
    sizes = [point.size_bytes for point in recent if point.size_bytes is not None]
    return VolumeHistory(
        volume_uuid=uuid,
        newest=everything[-1] if everything else None,
        oldest=everything[0] if everything else None,
        count=len(moments),
        gaps=tuple(sorted(long, key=lambda lull: -lull.seconds)),
        seconds_since_newest=silence_s if silence_s > GAP_FACTOR * spacing_s else None,
        bytes_per_s=sum(sizes) / span_s if sizes and span_s > 0 else None,
        moments=tuple(moments),
    )


def coverage(history: VolumeHistory, start: datetime, end: datetime, cells: int) -> tuple[float, ...]:
    """The share of each of `cells` equal pieces of time that no lull touches; 0 where there was no point at all.

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
        lost_s = sum(max(0.0, (min(close, lull.end) - max(begin, lull.start)).total_seconds()) for lull in history.gaps)
        shares.append(max(0.0, 1 - lost_s / step_s) if step_s > 0 else 0.0)
    return tuple(shares)


def protected_points(points: RecoveryPoints, volume_uuid: str) -> tuple[RecoveryPoint, ...]:
    """The protected points of one volume."""
    return tuple(point for point in points.protected if point.volume_uuid == volume_uuid)
