from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.capacity import DAY_S, HOUR_S, CapacitySample, GrowthRate, growth_rate, seconds_until_full

GIB = 2**30
MINUTE_S = 60.0

MIB = 2**20
steps = st.lists(st.tuples(st.integers(15, 7200), st.integers(0, 2**30).map(lambda count: count * MIB)), max_size=40)


def track_of(changes: list[tuple[int, int]]) -> list[CapacitySample]:
    """Return samples from pairs of seconds since the last one, and bytes."""
    at, points = 0, []
    for wait, used in changes:
        at += wait
        points.append(CapacitySample(float(at), used))
    return points


def end_of(points: list[CapacitySample], silence: int) -> float:
    return (points[-1].at if points else 0.0) + silence


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 2**64 - 1)).map(
            lambda pair: CapacitySample(pair[0] / 1000, pair[1])
        ),
        max_size=30,
    ).map(sorted),
    st.floats(-1e4, 1e4),
    st.floats(0, 1e9),
)
def test_growth_never_raises_and_is_a_finite_number(
    points: list[CapacitySample], until: float, window_s: float
) -> None:
    rate = growth_rate(points, until, window_s)
    assert rate is None or math.isfinite(rate.bytes_per_s)


@settings(max_examples=100)
@given(steps, st.integers(0, 100_000))
def test_drops_never_make_growth_negative(changes: list[tuple[int, int]], silence: int) -> None:
    points = track_of(changes)
    rate = growth_rate(points, end_of(points, silence))
    assert rate is None or rate.bytes_per_s >= 0


@settings(max_examples=100)
@given(steps, st.integers(0, 100_000), st.integers(1, 1000))
def test_growth_scales_with_the_bytes(changes: list[tuple[int, int]], silence: int, factor: int) -> None:
    points = track_of(changes)
    until = end_of(points, silence)
    rate = growth_rate(points, until)
    scaled = growth_rate([CapacitySample(point.at, point.used_bytes * factor) for point in points], until)
    assert (rate is None) == (scaled is None)
    if rate is not None and scaled is not None:
        # Bytes are whole: a byte more or less over the fifteen seconds of the shortest step.
        assert scaled.bytes_per_s == pytest.approx(rate.bytes_per_s * factor, rel=1e-6, abs=factor)
        assert scaled.span_s == rate.span_s


@settings(max_examples=100)
@given(steps, st.integers(0, 100_000), st.integers(0, 2**40), st.integers(-(10**6), 10**6))
def test_growth_does_not_depend_on_the_start_of_the_scales(
    changes: list[tuple[int, int]], silence: int, more_bytes: int, later: int
) -> None:
    points = track_of(changes)
    until = end_of(points, silence)
    rate = growth_rate(points, until)
    moved = growth_rate(
        [CapacitySample(point.at + later, point.used_bytes + more_bytes) for point in points], until + later
    )
    assert (rate is None) == (moved is None)
    if rate is not None and moved is not None:
        assert moved.bytes_per_s == pytest.approx(rate.bytes_per_s, rel=1e-6, abs=1)
        assert moved.span_s == rate.span_s


@settings(max_examples=100)
@given(st.integers(MIB, 10**9), st.integers(30, 3600), st.integers(4, 30), st.integers(0, 30))
def test_steady_growth_is_found_exactly(per_step: int, step_s: int, count: int, silence: int) -> None:
    points = [CapacitySample(float(index * step_s), index * per_step) for index in range(count)]
    rate = growth_rate(points, points[-1].at + silence, window_s=count * step_s + silence)
    assert rate is not None
    assert rate.bytes_per_s == pytest.approx(per_step / step_s, rel=1e-3)


@pytest.mark.parametrize(
    ("points", "until"),
    [
        pytest.param([], 0.0, id="no samples"),
        pytest.param([], 10_000.0, id="no samples for long"),
        pytest.param([CapacitySample(0, 5)], 60.0, id="one sample"),
        pytest.param([CapacitySample(0, 5), CapacitySample(300, 9)], 360.0, id="one change"),
        pytest.param([CapacitySample(0, 9), CapacitySample(300, 5)], 360.0, id="one drop"),
    ],
)
def test_growth_is_unknown_until_two_changes(points: list[CapacitySample], until: float) -> None:
    assert growth_rate(points, until) is None


def test_unchanged_value_gives_zero_growth_after_a_while() -> None:
    assert growth_rate([CapacitySample(0, 5 * GIB)], until=3600) == GrowthRate(0.0, 3600)


@pytest.mark.parametrize("at", [pytest.param(index, id=f"sample {index} of 24") for index in (2, 6, 12, 18, 22)])
def test_burst_has_little_effect_on_the_rate(at: int) -> None:
    points = [
        CapacitySample(index * 300.0, index * 300 * MIB + (100 * GIB if index >= at else 0)) for index in range(24)
    ]
    rate = growth_rate(points, until=points[-1].at)
    assert rate is not None
    assert rate.bytes_per_s == pytest.approx(MIB, rel=0.5)


@pytest.mark.parametrize("at", [pytest.param(index, id=f"sample {index} of 24") for index in (2, 6, 12, 18, 22)])
def test_single_odd_value_has_little_effect_on_the_rate(at: int) -> None:
    points = [
        CapacitySample(index * 300.0, index * 300 * MIB + (100 * GIB if index == at else 0)) for index in range(24)
    ]
    rate = growth_rate(points, until=points[-1].at)
    assert rate is not None
    assert rate.bytes_per_s == pytest.approx(MIB, rel=0.5)


def test_merge_does_not_hide_the_growth_before_and_after_it() -> None:
    used = [100, 200, 300, 400, 50, 150, 250, 350]
    rate = growth_rate([CapacitySample(index * 100.0, value * MIB) for index, value in enumerate(used)], until=700)
    assert rate is not None
    assert rate.bytes_per_s == pytest.approx(MIB)


def test_stopped_growth_decreases() -> None:
    points = [CapacitySample(index * 300.0, index * GIB) for index in range(6)]
    at_once, later = growth_rate(points, until=1500), growth_rate(points, until=1500 + 6 * HOUR_S)
    assert at_once is not None
    assert later is not None
    assert later.bytes_per_s < at_once.bytes_per_s


@pytest.mark.parametrize(
    "period_s", [pytest.param(minutes * MINUTE_S, id=f"{minutes} min") for minutes in (15, 22, 28, 40)]
)
def test_rare_but_steady_changes_never_give_zero_growth(period_s: float) -> None:
    points = [CapacitySample(index * period_s, index * GIB) for index in range(40)]
    rates = [
        growth_rate([point for point in points if point.at <= minute * MINUTE_S], minute * MINUTE_S, HOUR_S)
        for minute in range(300, 420)
    ]
    assert not [rate for rate in rates if rate is not None and rate.bytes_per_s == 0]


def test_changes_before_the_window_do_not_count() -> None:
    fast_then_slow = [
        *(CapacitySample(index * 300.0, index * 300 * 1000) for index in range(10)),
        *(CapacitySample(2 * DAY_S + index * 300.0, 3_000_000 + index * 300) for index in range(10)),
    ]
    rate = growth_rate(fast_then_slow, until=2 * DAY_S + 2700)
    assert rate is not None
    assert rate.bytes_per_s == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("used", "plan", "rate", "expected"),
    [
        pytest.param(50, 100, GrowthRate(2.0, 600), 25.0, id="growing"),
        pytest.param(100, 100, None, 0.0, id="full with unknown growth"),
        pytest.param(101, 100, GrowthRate(0.0, 600), 0.0, id="over its plan"),
        pytest.param(50, 100, GrowthRate(0.0, 600), None, id="no growth"),
        pytest.param(50, 100, None, None, id="growth unknown"),
        pytest.param(50, 0, GrowthRate(2.0, 600), None, id="no plan set"),
        pytest.param(50, None, GrowthRate(2.0, 600), None, id="plan unknown"),
        pytest.param(None, 100, GrowthRate(2.0, 600), None, id="used unknown"),
        pytest.param(0, 100, GrowthRate(1.0, 600), 100.0, id="zero used is known"),
    ],
)
def test_seconds_until_full(
    used: int | None, plan: int | None, rate: GrowthRate | None, expected: float | None
) -> None:
    assert seconds_until_full(used, plan, rate) == expected
