"""Gaps of a recording filled from the server's metrics."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.capacity import CapacityHistory
from cdptui.models.server_metrics import MetricPoint, MetricsRequest, TaskMetrics, fill_gaps, metrics_request
from cdptui.models.step_series import StepSeries, part_edges
from cdptui.models.trend import (
    HOUR_MS,
    MINUTE_MS,
    WINDOWS,
    Gap,
    RecordedTrend,
    TaskTrend,
    TrendRequest,
    TrendWindow,
    memory_trend,
    task_trend,
)

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


def metrics(used_percent: list[MetricPoint], rpo_ms: list[MetricPoint]) -> TaskMetrics:
    return TaskMetrics(MetricsRequest("u", START_MS, END_MS, 60), used_percent, rpo_ms)


@given(
    st.lists(st.integers(0, 360), max_size=6, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(-10, 370), st.floats(0, 1000)), max_size=50).map(sorted),
)
def test_only_empty_columns_of_a_gap_are_filled(edges: list[int], measured: list[tuple[int, float]]) -> None:
    trend = a_trend(*list(pairwise(edges))[::2])
    found = [MetricPoint(START_MS + minute * MINUTE_MS, value) for minute, value in measured]
    filled = fill_gaps(trend, metrics(found, found), 1_000_000)

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
                assert any(gap.start_ms < end_ms and start_ms < gap.end_ms for gap in trend.gaps)
            else:
                assert new == old


def test_gap_is_filled_as_far_as_the_server_has_points() -> None:
    trend = a_trend((60, 180))
    filled = fill_gaps(trend, metrics(points(5.0, 60, 120), points(9000, 60, 120)), 1_000_000)

    assert filled.used_from_server == filled.rpo_from_server == frozenset(range(7, 13))
    assert [value and value.low for value in filled.used[5:14]] == [40_000, 40_000, *[50_000] * 6, None]
    assert filled.used_ends == trend.used_ends == (40_000, 40_000)
    assert filled.rpo_range is not None
    assert filled.rpo_range.high == 9000
    assert filled.statistics == trend.statistics, "the RPO over time is that of the recording"


def test_time_before_the_recording_is_filled() -> None:
    filled = fill_gaps(a_trend(first=300), metrics(points(5.0), points(9000)), 1_000_000)

    assert filled.used_from_server == frozenset(range(30))
    assert filled.used_ends == (50_000, 40_000)


def test_used_capacity_is_not_filled_without_a_plan() -> None:
    for plan_bytes in (None, 0):
        filled = fill_gaps(a_trend((60, 180)), metrics(points(5.0), points(9000)), plan_bytes)
        assert not filled.used_from_server
        assert filled.rpo_from_server


def test_metrics_without_points_fill_nothing() -> None:
    trend = a_trend((60, 180))
    assert fill_gaps(trend, metrics([], []), 1_000_000) == trend


@pytest.mark.parametrize(
    ("trend", "minutes"),
    [
        (a_trend(), None),
        (a_trend((300, 360)), None),
        (a_trend((60, 69)), None),
        (a_trend((60, 70)), (60, 70)),
        (a_trend((62, 100), (200, 239), (300, 360)), (62, 239)),
        (a_trend((200, 239), first=100), (0, 239)),
        (a_trend((-60, 30)), (0, 30)),
        (memory_trend(CapacityHistory(), END_MS / 1000, TrendRequest("u", SPAN_MS, END_MS, COLUMNS)), None),
    ],
    ids=[
        "no gap",
        "a gap that lasts",
        "shorter than a column",
        "as long as a column",
        "two gaps",
        "before the recording",
        "since before the window",
        "nothing is recorded",
    ],
)
def test_request_is_for_the_gaps_of_the_window(trend: TaskTrend, minutes: tuple[int, int] | None) -> None:
    request = metrics_request(trend)
    expected = minutes and tuple(START_MS + minute * MINUTE_MS for minute in minutes)
    assert (request and (request.start_ms, request.end_ms)) == expected


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.label)
def test_window_has_at_most_some_hundred_points(window: TrendWindow) -> None:
    recorded = RecordedTrend(StepSeries(), StepSeries(), first_ms=END_MS - MINUTE_MS)
    request = metrics_request(task_trend(recorded, TrendRequest("u", window.span_ms, END_MS, COLUMNS)))
    assert request is not None
    assert request.period_s % 60 == 0
    assert 15 <= window.span_ms / 1000 / request.period_s <= 360


def test_request_is_covered_by_one_for_a_longer_time_with_the_same_resolution() -> None:
    known = MetricsRequest("a", 100, 200, 60)
    for request, is_covered in (
        (known, True),
        (MetricsRequest("a", 120, 200, 60), True),
        (MetricsRequest("a", 90, 200, 60), False),
        (MetricsRequest("a", 100, 201, 60), False),
        (MetricsRequest("a", 100, 200, 120), False),
        (MetricsRequest("b", 100, 200, 60), False),
    ):
        assert known.covers(request) is is_covered
