"""The history of the task or group in the pane: which window is shown, and when it is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.trend import DEFAULT_WINDOW, WINDOWS, TaskTrend, TrendRequest
from cdptui.tui.controllers.gap_filler import GapFiller
from cdptui.tui.controllers.latest_reading import LatestReading, RunWorker
from cdptui.tui.low_bandwidth import LowBandwidthMode

if TYPE_CHECKING:
    from cdptui.monitor.sources import FleetView

_STEPS: Final = 400
"""A window is read again after this part of it: most charts have fewer columns."""

_MAX_AGE_MS: Final = 300_000

ALL_TASKS: Final = ("", "")
"""The key of the whole fleet, in place of a grouping and the key of a group."""


class _FleetRpo(Struct, frozen=True):
    statistics: Sequence[RpoStatistics]
    end_ms: int


class TrendController:
    """Reads the history of one task, and of one group of tasks."""

    def __init__(
        self, clock: Clock, low_bandwidth: LowBandwidthMode, run: RunWorker, on_read: Callable[[], None]
    ) -> None:
        """`run` starts a coroutine; `on_read` is called after each reading."""
        self.window = DEFAULT_WINDOW
        self.is_zoomed = True
        """False to show charts from zero to the plan or target."""
        self.gaps: Final = GapFiller()
        self._clock = clock
        self._low_bandwidth = low_bandwidth
        self._task: LatestReading[tuple[str, int, int, int | None], TaskTrend] = LatestReading(run, on_read)
        self._fleet: LatestReading[tuple[str, str, int | None], _FleetRpo] = LatestReading(run, on_read)
        self._requested_at = 0.0

    def move_window(self, step: int) -> bool:
        """Show the next longer (1) or shorter (-1) window. Return False when there is none."""
        index = WINDOWS.index(self.window) + step
        if not 0 <= index < len(WINDOWS):
            return False
        self.window = WINDOWS[index]
        return True

    def get(
        self, connection: FleetView, uuid: str, columns: int, taken_at: datetime, *, is_failing: bool
    ) -> TaskTrend | None:
        """Return the history of a task; None until it is read. Start reading if it is missing or old.

        The window ends at the newest snapshot, of `taken_at`, or now while polls fail.
        """
        end_ms = _ms(self._clock.now() if is_failing else taken_at)
        request = TrendRequest(uuid, self.window.span_ms, end_ms, columns)
        key = (uuid, request.span_ms, columns, connection.moment_ms)
        known = self._task.get(key)
        if known is None or self._is_old(known.request, request):
            self._requested_at = self._clock.monotonic()
            self._task.request(key, partial(connection.trend, request, taken_at))
        return known

    def get_fleet_rpo(
        self, connection: FleetView, group: tuple[str, str], uuids: Callable[[], Iterable[str]], taken_at: datetime
    ) -> Sequence[RpoStatistics] | None:
        """Return the RPO of the tasks of a group over the times of `STATISTICS_MS`; None until it is read.

        `uuids` returns those of the group. It is not called for `ALL_TASKS`.
        """
        key = (*group, connection.moment_ms)
        known, end_ms = self._fleet.get(key), _ms(taken_at)
        if known is None or end_ms - known.end_ms > _MAX_AGE_MS:
            members = None if group == ALL_TASKS else frozenset(uuids())

            async def read() -> _FleetRpo:
                return _FleetRpo(await connection.fleet_rpo(members, end_ms), end_ms)

            self._fleet.request(key, read)
        return known.statistics if known is not None else None

    def _is_old(self, known: TrendRequest, request: TrendRequest) -> bool:
        if self._clock.monotonic() < self._requested_at + self._low_bandwidth.chart_period_s:
            return False
        return request.end_ms - known.end_ms > min(_MAX_AGE_MS, request.span_ms // _STEPS)


def _ms(at: datetime) -> int:
    return round(1000 * at.timestamp())
