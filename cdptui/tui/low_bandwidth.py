"""What is drawn less often while the line to the terminal must be spared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cdptui.clock import Clock
from cdptui.models.capacity import CapacityHistory

_BEAT_S: Final = 1.0
_SLOW_BEAT_S: Final = 10.0
"""How often the age is drawn on a slow line."""

_CHART_S: Final = 60.0
"""How often the chart of one task is drawn on a slow line."""


class LowBandwidthMode:
    """Whether the line must be spared, and what follows from it."""

    def __init__(self, look_at_line: Callable[[], bool], clock: Clock) -> None:
        """`look_at_line` says whether the line must be spared now."""
        self._look_at_line = look_at_line
        self._clock = clock
        self._is_on = False
        self._charted: tuple[str, float, CapacityHistory] | None = None

    def update(self) -> None:
        """Look at the line again."""
        self._is_on = self._look_at_line()

    @property
    def refresh_period_s(self) -> float:
        """How often what ticks is drawn anew."""
        return _SLOW_BEAT_S if self._is_on else _BEAT_S

    def history(self, uuid: str, newest: Callable[[str], CapacityHistory]) -> CapacityHistory:
        """The history of a task to draw; on a slow line that of a minute ago serves as well."""
        now = self._clock.monotonic()
        if self._charted is None or self._charted[0] != uuid or not self._is_on or now >= self._charted[1]:
            self._charted = (uuid, now + _CHART_S, newest(uuid))
        return self._charted[2]
