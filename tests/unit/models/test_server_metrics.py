"""Gaps of a recording filled from the server's metrics."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.server_metrics import MetricPoint, TaskMetrics, fill_gaps, metrics_request, missing_spans
from cdptui.models.step_series import StepSeries, part_edges
from cdptui.models.trend import HOUR_MS, MINUTE_MS, Gap, RecordedTrend, TaskTrend, TrendRequest, task_trend

SPAN_MS = 6 * HOUR_MS
END_MS = 1_000 * HOUR_MS
START_MS = END_MS - SPAN_MS
COLUMNS = 36


def a_trend(*gaps: tuple[int, int], first: int = 0) -> TaskTrend:
    """Return a window of 6 hours with gaps, and the first poll, in minutes from its start."""
    begin_ms = START_MS + first * MINUTE_MS
    used, rpo = StepSeries(until_ms=END_MS), StepSeries(until_ms=END_MS)
    for series, value in ((used, 40_000), (rpo, 3000)):
        series.extend([begin_ms], [value])
    found = [Gap(START_MS + start * MINUTE_MS, START_MS + end * MINUTE_MS) for start, end in gaps]
    for gap in found:
        for series in (used, rpo):
            series.blank(gap.start_ms, gap.end_ms)
    recorded = RecordedTrend(used, rpo, gaps=found, first_ms=begin_ms)
    return task_trend(recorded, TrendRequest("u", SPAN_MS, END_MS, COLUMNS))


def points(value: float, first: int = 0, last: int = 360) -> list[MetricPoint]:
    return [MetricPoint(START_MS + minute * MINUTE_MS, value) for minute in range(first, last)]


@given(
    st.lists(st.integers(0, 360), max_size=6, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(-10, 370), st.floats(0, 1000)), max_size=50).map(sorted),
)
def test_recorded_values_are_never_overwritten(edges: list[int], measured: list[tuple[int, float]]) -> None:
    trend = a_trend(*list(pairwise(edges))[::2])
    found = [MetricPoint(START_MS + minute * MINUTE_MS, value) for minute, value in measured]
    filled = fill_gaps(trend, TaskMetrics(60, found, found), 1_000_000)

    spans = missing_spans(trend)
    columns = list(pairwise(part_edges(START_MS, END_MS, COLUMNS)))
    for before, after, added in (
        (trend.used, filled.used, filled.used_from_server),
        (trend.rpo, filled.rpo, filled.rpo_from_server),
    ):
        for column, (old, new) in enumerate(zip(before, after, strict=True)):
            if column in added:
                start_ms, end_ms = columns[column]
                assert old is None
                assert new is not None
                assert any(first < end_ms and start_ms < last for first, last in spans)
            else:
                assert new == old


def test_gap_is_filled_as_far_as_the_server_has_points() -> None:
    trend = a_trend((60, 180))
    filled = fill_gaps(trend, TaskMetrics(60, points(5.0, 60, 120), points(9000, 60, 120)), 1_000_000)

    assert filled.used_from_server == filled.rpo_from_server == frozenset(range(7, 13))
    assert [value and value.low for value in filled.used[5:14]] == [40_000, 40_000, *[50_000] * 6, None]
    assert filled.used_ends == trend.used_ends == (40_000, 40_000)
    assert filled.rpo_range is not None
    assert filled.rpo_range.high == 9000
    assert filled.statistics == trend.statistics, "the RPO over time is that of the recording"


def test_time_before_the_recording_is_filled() -> None:
    filled = fill_gaps(a_trend(first=300), TaskMetrics(60, points(5.0), points(9000)), 1_000_000)

    assert filled.used_from_server == frozenset(range(30))
    assert filled.used_ends == (50_000, 40_000)


def test_used_capacity_is_not_filled_without_a_plan() -> None:
    filled = fill_gaps(a_trend((60, 180)), TaskMetrics(60, points(5.0), points(9000)), None)

    assert not filled.used_from_server
    assert filled.rpo_from_server


def test_request_is_for_the_gaps_of_the_window_only() -> None:
    assert metrics_request(a_trend()) is None
    assert metrics_request(a_trend((300, 360))) is None, "the node cannot be read in a gap that lasts"
    request = metrics_request(a_trend((62, 100), (200, 239)))
    assert request is not None
    assert (request.start_ms - START_MS, request.end_ms - START_MS) == (60 * MINUTE_MS, 240 * MINUTE_MS)
    assert request.period_s == 60
