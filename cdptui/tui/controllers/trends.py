"""The history of the task in the pane: which window is shown, and when it is read again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cdptui.clock import Clock
from cdptui.models.trend import DEFAULT_WINDOW, WINDOWS, TaskTrend, TrendRequest
from cdptui.tui.low_bandwidth import LowBandwidthMode

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection

_STEPS: Final = 400
"""A window is read again after this part of it: most charts have fewer columns."""

_MAX_AGE_MS: Final = 300_000


class TrendController:
    """Reads the history of one task at a time. A task that is passed quickly is not read."""

    def __init__(
        self,
        clock: Clock,
        low_bandwidth: LowBandwidthMode,
        run: Callable[[Coroutine[Any, Any, None]], object],
        on_read: Callable[[], None],
    ) -> None:
        """`run` starts a coroutine; `on_read` is called after each reading."""
        self.window = DEFAULT_WINDOW
        self.is_zoomed = True
        """False to show charts from zero to the plan or target."""
        self._clock = clock
        self._low_bandwidth = low_bandwidth
        self._run = run
        self._on_read = on_read
        self._trend: TaskTrend | None = None
        self._read_at = 0.0
        self._wanted: tuple[NodeConnection, TrendRequest, datetime] | None = None
        self._is_reading = False

    def move_window(self, step: int) -> bool:
        """Show the next longer (1) or shorter (-1) window. Return False when there is none."""
        index = WINDOWS.index(self.window) + step
        if not 0 <= index < len(WINDOWS):
            return False
        self.window = WINDOWS[index]
        return True

    def get(self, connection: NodeConnection, uuid: str, columns: int, taken_at: datetime) -> TaskTrend | None:
        """Return the history of a task; None until it is read. Start reading if it is missing or old.

        `taken_at` is the time of the newest snapshot, at which the window ends.
        """
        request = TrendRequest(uuid, self.window.span_ms, round(1000 * taken_at.timestamp()), columns)
        known = self._trend
        is_same = known is not None and _key(known.request) == _key(request)
        if known is None or not is_same or self._is_old(known, request):
            self._wanted = (connection, request, taken_at)
            if not self._is_reading:
                self._is_reading = True
                self._run(self._read())
        return known if is_same else None

    def _is_old(self, known: TaskTrend, request: TrendRequest) -> bool:
        if self._clock.monotonic() < self._read_at + self._low_bandwidth.chart_period_s:
            return False
        return request.end_ms - known.request.end_ms > min(_MAX_AGE_MS, request.span_ms // _STEPS)

    async def _read(self) -> None:
        """Read what is wanted until it does not change any more: a thread cannot be cancelled."""
        try:
            while self._wanted is not None:
                (connection, request, taken_at), self._wanted = self._wanted, None
                self._trend = await connection.trend(request, taken_at)
                self._read_at = self._clock.monotonic()
                if self._wanted is None:
                    self._on_read()
        finally:
            self._is_reading = False


def _key(request: TrendRequest) -> tuple[str, int, int]:
    return (request.uuid, request.span_ms, request.columns)
