"""The write rate of a protected VM over the day: rhythm, variation and bursts, in bytes per hour.

The factor of each hour comes from the task's seed, so the sum up to a minute does not depend on how it is computed.
"""

from __future__ import annotations

from copy import copy

from cdptui.simulator.world.seeded_random import hash64

_OFFICE = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 17, 12, 14, 18, 18, 16, 13, 9, 6, 4, 3, 2, 1)
_NIGHTLY = (10, 22, 30, 26, 14, 6, 4, 5, 6, 7, 7, 7, 6, 7, 7, 7, 6, 6, 6, 5, 5, 5, 6, 8)
_STEADY = (9, 8, 8, 8, 8, 8, 9, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 10, 10, 10, 10, 9, 9)

_BURST = 5.0
_BURST_CHANCE = 0.012
_WEEKEND = 0.45
_DAILY_SALT = 0x6D6F6F64
_BURST_SALT = 0x62757273


def _normalized(shape: tuple[int, ...]) -> tuple[float, ...]:
    mean = sum(shape) / len(shape)
    return tuple(value / mean for value in shape)


RHYTHMS = (_normalized(_OFFICE), _normalized(_NIGHTLY), _normalized(_STEADY))
OFFICE = 0

PEAK = max(max(rhythm) for rhythm in RHYTHMS) * 1.4 * _BURST
"""Upper bound of `hour_factor`."""


def hour_factor(seed: int, rhythm: int, hour: int) -> float:
    """Return the write rate in an hour, counted from Monday 0:00, as a multiple of the mean."""
    day = hour // 24
    factor = RHYTHMS[rhythm][hour % 24] * (0.6 + 0.8 * (hash64(seed ^ _DAILY_SALT, day) >> 44) / 1048576.0)
    if rhythm == OFFICE and day % 7 >= 5:
        factor *= _WEEKEND
    if (hash64(seed ^ _BURST_SALT, hour) >> 44) / 1048576.0 < _BURST_CHANCE:
        factor *= _BURST
    return factor


class WriteMeter:
    """Counts the bytes written since a minute. It only moves forward, hour by hour, so frequent reads are cheap."""

    __slots__ = ("_from", "_hour", "_offset", "_pace", "_rhythm", "_seed", "_until_hour", "_within")

    def __init__(self, seed: int, rhythm: int, pace: float, minute: int, offset: int) -> None:
        self._offset = offset
        """Minutes from Monday 0:00 to fleet minute 0."""
        minute += offset
        self._seed = seed
        self._rhythm = rhythm
        self._pace = pace
        """Mean bytes per hour."""
        self._from = minute
        self._hour = minute // 60
        self._until_hour = 0.0
        self._within = pace * hour_factor(seed, rhythm, self._hour)

    def fork(self) -> WriteMeter:
        """Return a copy, to look ahead without moving this meter."""
        return copy(self)

    def bytes_written(self, minute: int) -> float:
        """Return the bytes from the start of the meter to a fleet minute; minutes must not go back by an hour."""
        minute += self._offset
        while minute >= (self._hour + 1) * 60:
            begin = max(self._from, self._hour * 60)
            self._until_hour += self._within * ((self._hour + 1) * 60 - begin) / 60
            self._hour += 1
            self._within = self._pace * hour_factor(self._seed, self._rhythm, self._hour)
        begin = max(self._from, self._hour * 60)
        return self._until_hour + self._within * (minute - begin) / 60


def first_minute_above(meter: WriteMeter, room: float, begin: int, end: int) -> int | None:
    """Return the first minute of the five-minute grid in (begin, end] at which more than `room` bytes are written."""
    minute = begin
    while minute < end:
        following = min(minute + 60, end)
        if meter.bytes_written(following) > room:
            return _within_hour(meter, room, minute, following)
        minute = following
    return None


def _within_hour(meter: WriteMeter, room: float, begin: int, end: int) -> int:
    first = begin - begin % 5 + 5
    for minute in range(first, end, 5):
        if meter.bytes_written(minute) > room:
            return minute
    return end
