"""The fleet clock: fleet time in whole minutes since the start, and wall-clock time, which is sent to clients.

Fleet time runs `speed` times as fast. An event at fleet minute m happened at the wall moment when m was reached, so
the server's dates never run ahead of real time.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


class FleetClock:
    """Maps wall moments (epoch seconds) to fleet minutes and back."""

    def __init__(self, start: float, speed: float, zone: ZoneInfo) -> None:
        self._speed = speed
        self._start = start
        self._anchor_wall = start
        self._anchor_minute = 0.0
        self._frozen = False
        at = datetime.fromtimestamp(start, zone)
        self.week_offset = at.weekday() * 1440 + at.hour * 60 + at.minute
        """Minutes from a Monday 0:00 in the server's zone to minute 0: nights and week-ends follow it."""

    def minute(self, wall: float) -> int:
        """The fleet minute that has been reached."""
        return int(self._exact(wall))

    def wall(self, minute: float) -> float:
        """The wall moment of a fleet minute; before the start both run equally fast."""
        if minute < 0:
            return self._start + minute * 60
        return self._anchor_wall + (minute - self._anchor_minute) * 60 / self._speed

    @property
    def is_frozen(self) -> bool:
        """True between `freeze` and `unfreeze`."""
        return self._frozen

    def skip(self, wall: float, minutes: float) -> None:
        """Let the fleet have slept for that many of its minutes: the time is passed over, not lived."""
        self._anchor_minute = self._exact(wall) - minutes
        self._anchor_wall = wall

    def freeze(self, wall: float) -> None:
        """Stop fleet time."""
        self._anchor_minute = self._exact(wall)
        self._anchor_wall = wall
        self._frozen = True

    def unfreeze(self, wall: float) -> None:
        """Let fleet time go on from where it was frozen."""
        if self._frozen:
            self._anchor_wall = wall
            self._frozen = False

    def _exact(self, wall: float) -> float:
        if self._frozen:
            return self._anchor_minute
        # A wall clock that was set back must not make the fleet younger than its start.
        return max(0.0, self._anchor_minute + (wall - self._anchor_wall) * self._speed / 60)
