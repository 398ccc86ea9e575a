"""A wall clock that stands still until it is moved."""

from __future__ import annotations

START = 1_750_000_000.0


class HandClock:
    """Call it for the time."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
