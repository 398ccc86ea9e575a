"""Values over time, and their ranges in equal parts of a time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.step_series import StepSeries, aggregate, merge_ranges

WIDTH = 120

VALUES = st.lists(st.integers(0, 9) | st.none(), min_size=1, max_size=WIDTH)
"""The value in each millisecond; None is a time without data."""


def series_of(values: list[int | None]) -> StepSeries:
    """Return the steps of these values: the last one ends with the last millisecond."""
    series = StepSeries(until_ms=len(values))
    for at_ms, value in enumerate(values):
        if not series.means or series.means[-1] != value:
            series.extend([at_ms], [value])
    return series


@given(VALUES, st.integers(1, 30))
def test_part_has_lowest_mean_and_highest_of_its_values(values: list[int | None], columns: int) -> None:
    found = aggregate(series_of(values), 0, len(values), columns)

    edges = [len(values) * index // columns for index in range(columns + 1)]
    for ranges, (start, end) in zip(found, pairwise(edges), strict=True):
        known = [value for value in values[start:end] if value is not None]
        if start == end:
            continue
        if not known:
            assert ranges is None, "a gap is not interpolated"
        else:
            assert ranges is not None
            assert (ranges.low, ranges.high, ranges.known_ms) == (min(known), max(known), len(known))
            assert ranges.mean == pytest.approx(sum(known) / len(known))


@given(VALUES, st.integers(1, 30))
def test_lowest_and_highest_value_are_kept_with_any_number_of_parts(values: list[int | None], columns: int) -> None:
    known = [value for value in values if value is not None]

    whole = merge_ranges(aggregate(series_of(values), 0, len(values), columns))

    if not known:
        assert whole is None
    else:
        assert whole is not None
        assert (whole.low, whole.high, whole.known_ms) == (min(known), max(known), len(known))
        assert whole.mean == pytest.approx(sum(known) / len(known))


@given(VALUES, st.integers(0, WIDTH), st.integers(0, WIDTH), st.integers(1, 30))
def test_blanked_time_has_no_values_and_the_rest_is_unchanged(
    values: list[int | None], one: int, other: int, columns: int
) -> None:
    start, end = sorted((min(one, len(values)), min(other, len(values))))
    if start == end or values[start] is None:
        return
    series, blanked = series_of(values), list(values)
    blanked[start:end] = [None] * (end - start)
    series.blank(start, end)

    def known(each: StepSeries) -> list[int | None]:
        found = [each.values(at, at + 1) for at in range(len(values))]
        return [ranges.low if ranges is not None and ranges.known_ms else None for ranges in found]

    assert known(series) == blanked


def test_value_that_was_seen_once_before_a_gap_is_kept() -> None:
    series = StepSeries(until_ms=100)
    series.extend([0, 40], [5, 9])
    series.blank(40, 80)

    whole = merge_ranges(aggregate(series, 0, 100, 5))

    assert whole is not None
    assert (whole.low, whole.high, whole.known_ms) == (5, 9, 60)
    assert whole.mean == pytest.approx((40 * 5 + 20 * 9) / 60)


def test_last_value_is_a_part_of_the_last_time() -> None:
    series = StepSeries(until_ms=100)
    series.extend([0, 100], [5, 9])

    *_, last, after = aggregate(series, 0, 120, 6)

    assert last is not None
    assert (last.low, last.high, after) == (5, 9, None)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20))
def test_ranges_of_thinned_data_are_kept(windows: list[tuple[int, int, int]]) -> None:
    series = StepSeries(until_ms=10 * len(windows))
    for index, values in enumerate(windows):
        low, mean, high = sorted(values)
        series.append_range(10 * index, (low, mean, high), over_ms=3)

    whole = merge_ranges(aggregate(series, 0, series.until_ms, 7))

    assert whole is not None
    assert (whole.low, whole.high) == (min(map(min, windows)), max(map(max, windows)))
    assert series.is_thinned(0, 10)
    assert not series.is_thinned(series.until_ms, series.until_ms + 10)
