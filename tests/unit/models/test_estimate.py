"""Histories as a CDP task writes them, and which of their estimates are trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import DAY_S, HOUR_S, TRUSTED_SPAN_S, CapacitySample, Doubt, GrowthRate, growth_rate
from cdptui.models.estimate import best_rate, estimate_full_in, find_doubt
from cdptui.models.forecast import Basis, Forecast, FreedCapacity, RateShift
from tests.doubles import GIB, a_task

REFRESH_S = 300
"""The server reads used capacity once in five minutes."""

PLAN = 1000 * GIB


def history(used_gib: Callable[[float], float], hours: float) -> list[CapacitySample]:
    """Return the changes of used capacity, given in GiB by hours."""
    samples: list[CapacitySample] = []
    for at in range(0, int(hours * HOUR_S) + 1, REFRESH_S):
        used = int(used_gib(at / HOUR_S) * GIB)
        if not samples or samples[-1].used_bytes != used:
            samples.append(CapacitySample(float(at), used))
    return samples


def judge(samples: Sequence[CapacitySample], hours: float) -> tuple[float | None, Doubt | None]:
    """Return the estimate at `hours`, in hours, and what speaks against it."""
    rate = growth_rate(samples, hours * HOUR_S)
    seconds = estimate_full_in(a_task(plan_bytes=PLAN, used_bytes=samples[-1].used_bytes), rate)
    return None if seconds is None else seconds / HOUR_S, find_doubt(seconds, rate)


@pytest.mark.parametrize(
    ("used_gib", "hours", "true_h", "doubt"),
    [
        pytest.param(lambda h: 400 + 2 * h, 24, 276, None, id="steady"),
        pytest.param(lambda h: 400 + 8 * 2 ** (h / 4), 24, 2, Doubt.CHANGING, id="rate doubles every four hours"),
        pytest.param(lambda h: 700 + h % 12 * 5, 30, None, Doubt.FREED, id="sawtooth that never fills"),
        pytest.param(lambda h: 400 + 5 * min(h, 12), 24, None, Doubt.PAUSED, id="no growth for half a day"),
        pytest.param(lambda h: 400 + 600 * h, 0.25, 0.75, Doubt.SHORT, id="a quarter of an hour"),
        pytest.param(lambda h: 400 + 30 * min(h, 12) + max(0, h - 12), 24, 205, Doubt.CHANGING, id="growth slows down"),
    ],
)
def test_estimate_is_trusted_only_for_a_steady_history(
    used_gib: Callable[[float], float], hours: float, true_h: float | None, doubt: Doubt | None
) -> None:
    estimate_h, found = judge(history(used_gib, hours), hours)
    assert found is doubt
    is_near = true_h is not None and estimate_h == pytest.approx(true_h, rel=0.1)
    assert is_near or doubt is not None, "a trusted estimate is a true one"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 50), st.integers(1, 20), st.integers(0, 12), st.lists(st.floats(0.6, 1.4), min_size=8, max_size=8)
)
def test_noise_of_steady_growth_is_trusted(mib_a_step: int, hours: int, phase: int, noise: list[float]) -> None:
    samples, used = [], 400 * GIB
    for step in range(hours * 12 + 1):
        samples.append(CapacitySample(float(step * REFRESH_S), used))
        used += int(mib_a_step * 2**20 * noise[(step * 5 + phase) % 8])
    assert judge(samples, hours)[1] is None


@given(st.integers(1, 10**9), st.floats(1, TRUSTED_SPAN_S - 1))
def test_rate_of_a_short_time_is_never_trusted(rate: int, span_s: float) -> None:
    samples = [CapacitySample(span_s / 2 * place, place * rate) for place in range(3)]
    growth = growth_rate(samples, span_s)
    assert find_doubt(3 * DAY_S, growth) is Doubt.SHORT


@pytest.mark.parametrize("status", ["Stopped", "Failed", "Unknown", "Created", "Starting", "Stopping"])
def test_task_that_records_nothing_has_no_estimate(status: str) -> None:
    rate = growth_rate(history(lambda h: 400 + 2 * h, 24), DAY_S)
    task = a_task(status=status, plan_bytes=PLAN, used_bytes=448 * GIB)
    assert estimate_full_in(task, rate) is None
    assert estimate_full_in(a_task(status=status, plan_bytes=PLAN, used_bytes=PLAN), rate) == 0.0


def test_disabled_task_is_neither_full_nor_soon_full() -> None:
    rate = growth_rate(history(lambda h: 400 + 2 * h, 24), DAY_S)
    for used in (448 * GIB, PLAN):
        assert estimate_full_in(a_task(state="Disabled", plan_bytes=PLAN, used_bytes=used), rate) is None


MEASURED = GrowthRate(5.0, 12 * HOUR_S)
IRREGULAR = GrowthRate(5.0, 12 * HOUR_S, Doubt.FREED)
NOON = 12 * HOUR_S


@pytest.mark.parametrize(
    ("measured", "hours", "rate"),
    [
        (MEASURED, 12, MEASURED),
        (IRREGULAR, 7, IRREGULAR),
        (IRREGULAR, 8, GrowthRate(2.0, 8 * HOUR_S, Doubt.FREED)),
        (IRREGULAR, 12, GrowthRate(2.0, 12 * HOUR_S, Doubt.FREED)),
    ],
)
def test_irregular_growth_of_less_than_a_day_is_its_median_slope(
    measured: GrowthRate, hours: int, rate: GrowthRate
) -> None:
    assert best_rate(measured, Forecast(Basis.HOURS, 2.0, hours), NOON) == rate


def test_irregular_growth_without_a_trend_is_none() -> None:
    rate = best_rate(IRREGULAR, Forecast(Basis.HOURS, -2.0, 12), NOON)
    assert rate is not None
    assert rate.bytes_per_s == 0


@pytest.mark.parametrize("now_s", [NOON, NOON + 299.0, NOON + HOUR_S - 1.0])
def test_times_of_a_change_and_of_what_was_freed_are_whole_hours_of_the_wall_clock(now_s: float) -> None:
    forecast = Forecast(Basis.DAYS, 2.0, 96, 4, 1.0, 3.0, RateShift(6.0, 3, 1.0), FreedCapacity(GIB, 4))

    rate = best_rate(MEASURED, forecast, now_s)

    assert rate is not None
    assert (rate.shift_factor, rate.shifted_s) == (6.0, 9 * HOUR_S)
    assert (rate.freed_bytes, rate.freed_s) == (GIB, 7 * HOUR_S)


def test_freed_capacity_is_kept_beside_the_measured_rate() -> None:
    rate = best_rate(MEASURED, Forecast(Basis.LAST_DAY, 2.0, 30, 1, freed=FreedCapacity(GIB, 0)), NOON)
    assert rate == GrowthRate(5.0, 12 * HOUR_S, freed_bytes=GIB, freed_s=11 * HOUR_S)
