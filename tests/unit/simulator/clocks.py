"""A wall clock that only tests advance."""

from __future__ import annotations

START = 1_750_000_000.0


class ManualClock:
    """A callable that returns the time, in epoch seconds."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
