"""The history of one task in a window of time, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from cdptui.models.capacity import CapacityHistory
from cdptui.models.event import Event
from cdptui.models.rpo_history import RpoPeriod, RpoStatistics, rpo_statistics
from cdptui.models.severity import Severity
from cdptui.models.step_series import StepSeries, ValueRange, aggregate, merge_ranges

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

_MIN_GAP_MS: Final = 5000

STATISTICS_MS: Final = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
"""The times for which the RPO is compared with its target."""


class TrendWindow(Struct, frozen=True):
    """A choice of how much time is shown."""

    label: str
    span_ms: int


WINDOWS: Final = (
    TrendWindow("15 min", 15 * MINUTE_MS),
    TrendWindow("1 h", HOUR_MS),
    TrendWindow("6 h", 6 * HOUR_MS),
    TrendWindow("24 h", DAY_MS),
    TrendWindow("7 d", 7 * DAY_MS),
    TrendWindow("30 d", 30 * DAY_MS),
)
DEFAULT_WINDOW: Final = WINDOWS[3]


class TrendRequest(Struct, frozen=True):
    """The window of a task that is shown."""

    uuid: str
    span_ms: int
    end_ms: int
    columns: int
    """Columns of the chart."""

    @property
    def start_ms(self) -> int:
        """The start of the window."""
        return self.end_ms - self.span_ms


class TrendSource(Enum):
    """Where the values are from."""

    RECORDING = "recording"
    MEMORY = "memory"
    """Used capacity only, since this monitor was started."""


class Gap(Struct, frozen=True):
    """A time without data."""

    start_ms: int
    end_ms: int
    is_outage: bool = False
    """True when the node could not be read, false when no monitor ran."""


class Timeline(Struct, frozen=True):
    """The time that is recorded. Times are milliseconds since 1970."""

    first_ms: int
    last_ms: int
    gaps: Sequence[Gap] = ()
    """Times without polls: outages of the node, and times in which no monitor ran."""
    marks: Sequence[tuple[int, Severity]] = ()
    """Events: the first one and the worst severity of each short time."""

    def gap_at(self, moment_ms: int) -> Gap | None:
        """Return the time without polls in which a moment is; None when there is none."""
        return next((gap for gap in self.gaps if gap.start_ms < moment_ms < gap.end_ms), None)


class RecordedTrend(Struct):
    """The values of one task, as far as a reader was asked for them."""

    used: StepSeries
    rpo: StepSeries
    periods: Sequence[RpoPeriod] = ()
    gaps: Sequence[Gap] = ()
    events: Sequence[Event] = ()
    """Those of the task, newest first."""
    first_ms: int | None = None
    """The first poll of the recording; None when it is empty."""


class TaskTrend(Struct, frozen=True):
    """Used capacity and RPO of a task, one value for each column of a chart."""

    request: TrendRequest
    used: Sequence[ValueRange | None]
    rpo: Sequence[ValueRange | None]
    source: TrendSource
    used_ends: tuple[int, int] | None = None
    """The first and the last used capacity of the window; None without data."""
    rpo_range: ValueRange | None = None
    """RPO in the whole window."""
    is_thinned: bool = False
    """True when a part of the window has been thinned to windows of 15 minutes."""
    gaps: Sequence[Gap] = ()
    """Those of the window."""
    since_ms: int | None = None
    """The first poll that is known; None when there is none."""
    statistics: Sequence[RpoStatistics] = ()
    """One for each of `STATISTICS_MS`; empty when nothing is recorded."""
    events: Sequence[Event] = ()
    """Those of the task, newest first, also of the time before the window."""
    used_from_server: frozenset[int] = frozenset()
    """Columns of the used capacity in which nothing was recorded, with values from the metrics of the server."""
    rpo_from_server: frozenset[int] = frozenset()
    """The same for the RPO."""


def task_trend(recorded: RecordedTrend, request: TrendRequest) -> TaskTrend:
    """Return what a recording says about a window of one task."""
    used, rpo = recorded.used, recorded.rpo
    start_ms, end_ms = request.start_ms, request.end_ms
    rpo_ranges = aggregate(rpo, start_ms, end_ms, request.columns)
    return TaskTrend(
        request,
        aggregate(used, start_ms, end_ms, request.columns),
        rpo_ranges,
        TrendSource.RECORDING,
        used.ends(start_ms, end_ms),
        merge_ranges(rpo_ranges),
        rpo.is_thinned(start_ms, end_ms),
        [gap for gap in recorded.gaps if gap.end_ms > start_ms],
        recorded.first_ms,
        [rpo_statistics(rpo, recorded.periods, end_ms - span_ms, end_ms) for span_ms in STATISTICS_MS],
        recorded.events,
    )


def memory_trend(history: CapacityHistory, until_s: float, request: TrendRequest) -> TaskTrend:
    """Return what this monitor has seen of a task. `until_s` is the last poll in seconds since 1970."""
    offset_s = until_s - history.until
    used = StepSeries(until_ms=_ms(history.until + offset_s))
    # The series has tenths of a second, so that the last change may seem to be later than the poll.
    times = [min(used.until_ms, _ms(point.at + offset_s)) for point in history.points]
    used.extend(times, [point.used_bytes for point in history.points])
    # This monitor ran in them.
    gaps = [Gap(_ms(gap.start + offset_s), _ms(gap.end + offset_s), is_outage=True) for gap in history.gaps]
    if request.end_ms - used.until_ms > _MIN_GAP_MS:
        gaps.append(Gap(used.until_ms, request.end_ms, is_outage=True))
    for gap in gaps:
        used.blank(gap.start_ms, gap.end_ms)
    return TaskTrend(
        request,
        aggregate(used, request.start_ms, request.end_ms, request.columns),
        [None] * request.columns,
        TrendSource.MEMORY,
        used.ends(request.start_ms, request.end_ms),
        gaps=[gap for gap in gaps if gap.end_ms > request.start_ms],
        since_ms=_ms(history.points[0].at + offset_s) if history.points else None,
    )


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
