"""Forecast of growth: the method by the data at hand, the range, shifts, falls, and the error on eight fleets."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.capacity import DAY_S, HOUR_S
from cdptui.models.forecast import MAX_HOURS, Basis, forecast_growth
from tests.doubles import GIB
from tests.forecast_backtest import run_backtest


def hours(steps: list[int]) -> list[int]:
    return list(accumulate(steps, initial=100 * GIB))


@pytest.mark.parametrize(
    ("length", "basis", "days"),
    [
        (0, None, 0),
        (1, None, 0),
        (2, Basis.HOURS, 0),
        (23, Basis.HOURS, 0),
        (24, Basis.LAST_DAY, 1),
        (48, Basis.DAYS, 2),
        (71, Basis.DAYS, 2),
        (72, Basis.DAYS, 3),
        (192, Basis.DAYS, 7),
        (400, Basis.DAYS, 7),
    ],
)
def test_forecast_uses_the_best_method_for_the_hours_at_hand(length: int, basis: Basis | None, days: int) -> None:
    found = forecast_growth(hours([GIB] * length))

    if days == 2:
        basis, days = Basis.LAST_DAY, 1
    assert (found.basis if found else None) == basis
    if found is not None:
        assert found.bytes_per_s == pytest.approx(GIB / HOUR_S)
        assert (found.days, found.hours) == (days, min(length, MAX_HOURS - 1))
        assert (found.slowest_bytes_per_s is not None) == (basis is Basis.DAYS)


def test_range_is_slowest_and_fastest_day_widened_by_a_quarter_of_their_spread() -> None:
    found = forecast_growth(hours([GIB] * 24 + [2 * GIB] * 24 + [3 * GIB] * 24))

    assert found is not None
    assert found.slowest_bytes_per_s is not None
    assert found.slowest_bytes_per_s * DAY_S == pytest.approx(12 * GIB)
    assert found.bytes_per_s * DAY_S == pytest.approx(48 * GIB)
    assert found.fastest_bytes_per_s is not None
    assert found.fastest_bytes_per_s * DAY_S == pytest.approx(84 * GIB)


@pytest.mark.parametrize("since", [3, 4, 6, 9, 12])
def test_rate_that_has_just_changed_is_used_and_the_range_has_both(since: int) -> None:
    found = forecast_growth(hours([GIB] * (24 * 8 - since) + [6 * GIB] * since))

    assert found is not None
    assert found.shift is not None
    assert found.shift.factor == pytest.approx(6.0)
    assert found.shift.hours_ago == since
    assert found.slowest_bytes_per_s is not None
    assert found.fastest_bytes_per_s is not None
    assert found.slowest_bytes_per_s * DAY_S <= 24 * GIB
    assert found.fastest_bytes_per_s * DAY_S >= 6 * 24 * GIB


def test_nightly_burst_is_no_shift() -> None:
    night = [30 * GIB if hour % 24 == 23 else GIB // 10 for hour in range(24 * 8)]

    found = forecast_growth(hours(night))

    assert found is not None
    assert found.shift is None


def test_single_fall_is_reported_and_leaves_the_rate() -> None:
    steps = [GIB] * 192
    steps[-5] = -12 * GIB

    found = forecast_growth(hours(steps))

    assert found is not None
    assert found.freed is not None
    assert (found.freed.bytes_freed, found.freed.hours_ago) == (12 * GIB, 4)
    assert found.bytes_per_s == pytest.approx(GIB / HOUR_S)


def test_daily_fall_is_a_rhythm() -> None:
    found = forecast_growth(hours([-12 * GIB if hour % 24 == 2 else GIB for hour in range(192)]))

    assert found is not None
    assert found.freed is None
    assert found.bytes_per_s == pytest.approx(11 * GIB / DAY_S)


def test_task_that_does_not_grow_is_said_not_to() -> None:
    found = forecast_growth(hours([0] * 100))

    assert found is not None
    assert not found.is_growing


def test_days_with_an_unknown_end_are_left_out() -> None:
    values: list[int | None] = [*hours([GIB] * 168)]
    values[72] = None

    found = forecast_growth(values)

    assert found is not None
    assert (found.basis, found.days) == (Basis.DAYS, 5)


@given(
    steps=st.lists(st.integers(-GIB, 10 * GIB), min_size=2, max_size=250),
    unknown=st.sets(st.integers(0, 200), max_size=40),
)
def test_range_contains_the_expected_rate(steps: list[int], unknown: set[int]) -> None:
    values: list[int | None] = [*hours(steps)]
    for index in unknown:
        if index < len(values) - 1:
            values[index] = None

    found = forecast_growth(values)

    if found is not None and found.slowest_bytes_per_s is not None and found.fastest_bytes_per_s is not None:
        assert found.slowest_bytes_per_s <= found.bytes_per_s <= found.fastest_bytes_per_s


def test_error_is_less_than_half_of_that_of_the_last_hour() -> None:
    result = run_backtest(20)

    assert result.mean_error("median and shifts") < 0.5 * result.mean_error("last-hour slope")
    assert all(coverage.share >= 0.7 for coverage in result.coverage.values())
