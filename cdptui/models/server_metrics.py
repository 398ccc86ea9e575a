"""The metrics that the server keeps of a task, which fill the gaps of a recording. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct, structs

from cdptui.models.step_series import StepSeries, ValueRange, merge_ranges, part_edges
from cdptui.models.trend import TaskTrend, TrendSource

_PERIOD_S: Final = 60
"""The server measures the RPO every minute (`latency.monitor.interval`) and the used capacity every five minutes."""

_MAX_POINTS: Final = 360
"""Of one metric in a window: most charts have fewer columns."""

_VALID_PERIODS: Final = 1.5
"""How long a point is valid without a next one."""


class MetricsRequest(Struct, frozen=True):
    """The time for which the metrics of a task are read, in milliseconds since 1970."""

    uuid: str
    start_ms: int
    end_ms: int
    period_s: int
    """Seconds between two points."""

    @property
    def key(self) -> str:
        """The key of the metrics in a cache: the task and the resolution."""
        return f"{self.uuid} {self.period_s}"

    def covers(self, other: MetricsRequest) -> bool:
        """Return whether the metrics of this request contain those of another one."""
        return self.key == other.key and self.start_ms <= other.start_ms and other.end_ms <= self.end_ms


class MetricPoint(NamedTuple):
    """A value of a metric."""

    at_ms: int
    value: float


class TaskMetrics(Struct, frozen=True):
    """What the server measured of one task, oldest first."""

    request: MetricsRequest
    used_percent: Sequence[MetricPoint] = ()
    """Used capacity in percent of the plan."""
    rpo_ms: Sequence[MetricPoint] = ()


def metrics_request(trend: TaskTrend) -> MetricsRequest | None:
    """Return what to ask the server for the gaps of a window; None when it has none."""
    gaps = _gaps(trend)
    if not gaps:
        return None
    period_s = _PERIOD_S * -(-trend.request.span_ms // (1000 * _PERIOD_S * _MAX_POINTS))
    return MetricsRequest(trend.request.uuid, gaps[0][0], max(end_ms for _, end_ms in gaps), period_s)


def fill_gaps(trend: TaskTrend, metrics: TaskMetrics, plan_bytes: int | None) -> TaskTrend:
    """Return a window with the server's values in the columns of its gaps that have no recorded value.

    The used capacity is computed with `plan_bytes`, the plan of today: the metric is a percentage.
    """
    period_s, plan = metrics.request.period_s, plan_bytes or 0
    used_points = [(at_ms, round(percent / 100 * plan)) for at_ms, percent in metrics.used_percent if plan]
    rpo_points = [(at_ms, round(rpo_ms)) for at_ms, rpo_ms in metrics.rpo_ms]
    used = _gap_values(trend, trend.used, _series(used_points, period_s))
    rpo = _gap_values(trend, trend.rpo, _series(rpo_points, period_s))
    return structs.replace(
        trend,
        used=[used.get(column, recorded) for column, recorded in enumerate(trend.used)],
        rpo=[rpo.get(column, recorded) for column, recorded in enumerate(trend.rpo)],
        used_ends=_used_ends(trend, used),
        rpo_range=merge_ranges([trend.rpo_range, *rpo.values()]),
        used_from_server=frozenset(used),
        rpo_from_server=frozenset(rpo),
    )


def _gaps(trend: TaskTrend) -> list[tuple[int, int]]:
    """Return begin and end of the times of a window in which nothing was recorded, oldest first.

    One that is shorter than a column is left out: no column is empty because of it. One that lasts until the end of the
    window is left out as well: the node cannot be read, and the gap still grows.
    """
    request = trend.request
    if trend.source is not TrendSource.RECORDING or trend.since_ms is None:
        return []
    times = [(request.start_ms, trend.since_ms), *((gap.start_ms, gap.end_ms) for gap in trend.gaps)]
    cut = [(max(request.start_ms, start_ms), end_ms) for start_ms, end_ms in times if end_ms < request.end_ms]
    column_ms = request.span_ms // request.columns
    return sorted((start_ms, end_ms) for start_ms, end_ms in cut if end_ms - start_ms >= column_ms)


def _series(points: Iterable[tuple[int, int]], period_s: int) -> StepSeries:
    """Return points as steps, each of which ends at the next one or after `_VALID_PERIODS`."""
    series = StepSeries()
    for at_ms, value in points:
        if series.times_ms and at_ms > series.until_ms:
            series.extend([series.until_ms], [None])
        series.extend([at_ms], [value])
        series.until_ms = at_ms + round(1000 * _VALID_PERIODS * period_s)
    return series


def _gap_values(trend: TaskTrend, recorded: Sequence[ValueRange | None], series: StepSeries) -> dict[int, ValueRange]:
    """Return the values of the columns that have no recorded one, from the gaps in them."""
    request, gaps = trend.request, _gaps(trend)
    edges = pairwise(part_edges(request.start_ms, request.end_ms, request.columns))
    found: dict[int, ValueRange] = {}
    for column, (start_ms, end_ms) in enumerate(edges):
        if recorded[column] is None:
            cut = ((max(start_ms, begin_ms), min(end_ms, until_ms)) for begin_ms, until_ms in gaps)
            values = merge_ranges(series.values(*part) for part in cut if part[0] < part[1])
            if values is not None:
                found[column] = values
    return found


def _used_ends(trend: TaskTrend, filled: dict[int, ValueRange]) -> tuple[int, int] | None:
    """Return the first and the last used capacity of a window, which may be the mean of a filled column."""
    if not filled:
        return trend.used_ends
    recorded = [column for column, value in enumerate(trend.used) if value is not None]
    first, last = round(filled[min(filled)].mean), round(filled[max(filled)].mean)
    if trend.used_ends is not None and recorded:
        first = first if min(filled) < recorded[0] else trend.used_ends[0]
        last = last if max(filled) > recorded[-1] else trend.used_ends[1]
    return first, last
