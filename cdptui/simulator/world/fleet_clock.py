"""The fleet clock: fleet time in whole minutes since the start, and wall-clock time, which is sent to clients.

Fleet time runs `speed` times as fast as the wall clock. An event at fleet minute m has the wall-clock time at which m
was reached, so the server's dates are never in the future.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


class FleetClock:
    """Converts wall-clock times (epoch seconds) to fleet minutes and back."""

    def __init__(self, start: float, speed: float, zone: ZoneInfo) -> None:
        self.speed = speed
        self._start = start
        self._anchor_wall = start
        self._anchor_minute = 0.0
        self._frozen = False
        at = datetime.fromtimestamp(start, zone)
        self.week_offset = at.weekday() * 1440 + at.hour * 60 + at.minute
        """Minutes from Monday 0:00 in the server's zone to minute 0, for nights and week-ends."""

    def minute(self, wall: float) -> int:
        """Return the fleet minute at a wall-clock time."""
        return int(self._exact(wall))

    def wall(self, minute: float) -> float:
        """Return the wall-clock time of a fleet minute; before the start both have the same speed."""
        if minute < 0:
            return self._start + minute * 60
        return self._anchor_wall + (minute - self._anchor_minute) * 60 / self.speed

    def hour_of_week(self, wall: float) -> int:
        """Return the fleet hour of a wall-clock time, also of one before the start, counted from Monday 0:00."""
        before = (wall - self._start) / 60
        return int((before if before < 0 else self._exact(wall)) + self.week_offset) // 60

    @property
    def is_frozen(self) -> bool:
        """True between `freeze` and `unfreeze`."""
        return self._frozen

    def skip(self, wall: float, minutes: float) -> None:
        """Skip that many fleet minutes without events."""
        self._anchor_minute = self._exact(wall) - minutes
        self._anchor_wall = wall

    def freeze(self, wall: float) -> None:
        """Stop fleet time."""
        self._anchor_minute = self._exact(wall)
        self._anchor_wall = wall
        self._frozen = True

    def unfreeze(self, wall: float) -> None:
        """Resume fleet time at the minute where it was frozen."""
        if self._frozen:
            self._anchor_wall = wall
            self._frozen = False

    def _exact(self, wall: float) -> float:
        if self._frozen:
            return self._anchor_minute
        # The fleet minute is never negative, even if the wall clock was set back.
        return max(0.0, self._anchor_minute + (wall - self._anchor_wall) * self.speed / 60)
