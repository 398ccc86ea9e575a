"""Reduced redraw rates for slow terminal connections: clock every 10 s, chart every 60 s."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cdptui.clock import Clock
from cdptui.models.capacity import CapacityHistory

if TYPE_CHECKING:
    from cdptui.monitor.sources import FleetView

_REFRESH_S: Final = 1.0
_SLOW_REFRESH_S: Final = 10.0
"""Redraw period of the data age on a slow connection."""

_CHART_S: Final = 60.0
"""Redraw period of the chart of one task on a slow connection."""


class LowBandwidthMode:
    """Low-bandwidth mode: whether it is on, and the redraw rates that follow."""

    def __init__(self, update_low_bandwidth: Callable[[], bool], clock: Clock) -> None:
        """`update_low_bandwidth` returns whether the terminal connection is slow now."""
        self._update_low_bandwidth = update_low_bandwidth
        self._clock = clock
        self._is_on = False
        self._charted: tuple[tuple[str, int | None], float, CapacityHistory] | None = None

    def update(self) -> None:
        """Check the connection again."""
        self._is_on = self._update_low_bandwidth()

    @property
    def refresh_period_s(self) -> float:
        """Redraw period of the texts that change every second."""
        return _SLOW_REFRESH_S if self._is_on else _REFRESH_S

    @property
    def chart_period_s(self) -> float:
        """Least time between two charts of the same task."""
        return _CHART_S if self._is_on else 0.0

    def history(self, uuid: str, view: FleetView) -> CapacityHistory:
        """Return the history of a task to draw; in low-bandwidth mode that of a node may be up to a minute old."""
        now, key = self._clock.monotonic(), (uuid, view.moment_ms)
        if self._charted is None or self._charted[0] != key or not self._is_on or now >= self._charted[1]:
            self._charted = (key, now + _CHART_S, view.history(uuid))
        return self._charted[2]
