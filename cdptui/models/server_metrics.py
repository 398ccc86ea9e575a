"""The metrics that the server keeps of a task, which fill the gaps of a recording. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct, structs

from cdptui.models.step_series import StepSeries, ValueRange, merge_ranges, part_edges
from cdptui.models.trend import MINUTE_MS, TaskTrend, TrendSource

_PERIOD_S: Final = 60
"""The server measures the RPO each minute (`latency.monitor.interval`), and the capacity each fifth."""

_POINTS: Final = 360
"""Most points of a window in one response: a chart has fewer columns."""

_MIN_SPAN_MS: Final = 5 * MINUTE_MS
_PARTS: Final = 24
"""The time that is asked for begins and ends at a multiple of this part of the window, which moves with each poll."""


class MetricsRequest(Struct, frozen=True):
    """A time of a task for which its metrics are read, in milliseconds since 1970."""

    uuid: str
    start_ms: int
    end_ms: int
    period_s: int
    """Seconds between two points."""

    @property
    def key(self) -> str:
        """The name of the answer in a cache."""
        return f"{self.uuid} {self.start_ms} {self.end_ms} {self.period_s}"


class MetricPoint(NamedTuple):
    """A value of a metric."""

    at_ms: int
    value: float


class TaskMetrics(Struct, frozen=True):
    """What the server measured of one task, oldest first."""

    period_s: int
    used_percent: Sequence[MetricPoint] = ()
    """Used capacity in percent of the plan."""
    rpo_ms: Sequence[MetricPoint] = ()


def missing_spans(trend: TaskTrend) -> list[tuple[int, int]]:
    """Return the times of a window in which nothing was recorded, in milliseconds since 1970, oldest first.

    One that lasts until the end of the window is left out: it grows, and the node cannot be read in it. So is one that
    is shorter than the time between two points.
    """
    start_ms, end_ms = trend.request.start_ms, trend.request.end_ms
    if trend.source is not TrendSource.RECORDING:
        return []
    spans = [(start_ms, min(trend.since_ms, end_ms))] if trend.since_ms is not None else []
    spans += [(max(start_ms, gap.start_ms), gap.end_ms) for gap in trend.gaps if gap.end_ms < end_ms]
    return sorted(span for span in spans if span[1] - span[0] >= 1000 * _PERIOD_S)


def metrics_request(trend: TaskTrend) -> MetricsRequest | None:
    """Return what to ask the server for the gaps of a window; None when it has none."""
    spans = missing_spans(trend)
    if not spans:
        return None
    request = trend.request
    part_ms = max(_MIN_SPAN_MS, request.span_ms // _PARTS)
    start_ms = spans[0][0] // part_ms * part_ms
    end_ms = -(-max(end for _, end in spans) // part_ms) * part_ms
    period_s = _PERIOD_S * max(1, -(-request.span_ms // (1000 * _PERIOD_S * _POINTS)))
    return MetricsRequest(request.uuid, start_ms, end_ms, period_s)


def fill_gaps(trend: TaskTrend, metrics: TaskMetrics, plan_bytes: int | None) -> TaskTrend:
    """Return a window with the server's values in columns without recorded values. None of these is changed.

    The used capacity is computed with the plan of today: the metric is a percentage.
    """
    per_percent = (plan_bytes or 0) / 100
    used_points = [(at_ms, round(value * per_percent)) for at_ms, value in metrics.used_percent if per_percent]
    used = _fill(trend, trend.used, _series(used_points, metrics.period_s))
    rpo_points = [(at_ms, round(value)) for at_ms, value in metrics.rpo_ms]
    rpo = _fill(trend, trend.rpo, _series(rpo_points, metrics.period_s))
    if not used and not rpo:
        return trend
    all_used = [used.get(column, value) for column, value in enumerate(trend.used)]
    return structs.replace(
        trend,
        used=all_used,
        rpo=[rpo.get(column, value) for column, value in enumerate(trend.rpo)],
        used_ends=_ends(all_used, used, trend.used_ends),
        rpo_range=merge_ranges([trend.rpo_range, *rpo.values()]),
        used_from_server=frozenset(used),
        rpo_from_server=frozenset(rpo),
    )


def _series(points: Iterable[tuple[int, int]], period_s: int) -> StepSeries:
    """Return points as steps: each is valid until the next one, at most for one and a half periods."""
    series, valid_ms = StepSeries(), 1500 * period_s
    for at_ms, value in points:
        if series.times_ms and at_ms > series.until_ms:
            series.extend([series.until_ms], [None])
        series.extend([at_ms], [value])
        series.until_ms = at_ms + valid_ms
    return series


def _fill(trend: TaskTrend, recorded: Sequence[ValueRange | None], series: StepSeries) -> dict[int, ValueRange]:
    """Return the values of the columns that have none of their own, by column, from the gaps in them."""
    if not series.times_ms:
        return {}
    request, spans = trend.request, missing_spans(trend)
    edges = pairwise(part_edges(request.start_ms, request.end_ms, request.columns))
    filled: dict[int, ValueRange] = {}
    for column, (start_ms, end_ms) in enumerate(edges):
        if recorded[column] is not None:
            continue
        parts = [(max(start_ms, first), min(end_ms, last)) for first, last in spans]
        found = merge_ranges(series.values(*part) for part in parts if part[0] < part[1])
        if found is not None:
            filled[column] = found
    return filled


def _ends(
    values: Sequence[ValueRange | None], filled: dict[int, ValueRange], recorded: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Return the first and the last used capacity, from the server where the first or the last column is."""
    known = [column for column, value in enumerate(values) if value is not None]
    if not known:
        return recorded
    first, last = filled.get(known[0]), filled.get(known[-1])
    if recorded is None:
        recorded = (0, 0)  # Not used: every column is the server's.
    return (
        round(first.mean) if first is not None else recorded[0],
        round(last.mean) if last is not None else recorded[1],
    )
