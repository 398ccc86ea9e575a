"""The RPO over time against its target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.rpo_history import RpoPeriod, RpoStatistics, period_of, rpo_statistics
from cdptui.models.step_series import StepSeries

TARGET_MS = 5

SAMPLE = st.tuples(
    st.integers(0, 9) | st.none(),
    st.sampled_from(["Running", "DataMerging", "Stopped"]),
    st.sampled_from(["Enabled", "Disabled"]),
    st.sampled_from([TARGET_MS, 3, None]),
)
"""RPO, status, state and target in a millisecond."""


def recorded(samples: list[tuple[int | None, str, str, int | None]]) -> tuple[StepSeries, list[RpoPeriod]]:
    series, periods = StepSeries(until_ms=len(samples)), []
    for at_ms, (value, status, state, target_ms) in enumerate(samples):
        if not series.means or series.means[-1] != value:
            series.extend([at_ms], [value])
        periods.append(period_of(at_ms, status, state, target_ms))
    return series, periods


def brute_force(samples: list[tuple[int | None, str, str, int | None]]) -> tuple[int, int, int, int, int]:
    """Return the covered time, that over the target, the number of breaches, the longest and the worst one."""
    covered = over = 0
    lengths: list[int] = []
    worst = [0]
    is_over = False
    for value, status, state, target_ms in samples:
        if value is None or state == "Disabled" or target_ms is None:
            continue
        if value > target_ms:
            covered, over = covered + 1, over + 1
            lengths = lengths if is_over else [*lengths, 0]
            lengths[-1] += 1
            worst.append(value)
            is_over = True
        elif status != "Stopped":
            covered, is_over = covered + 1, False
        elif is_over:
            covered, over = covered + 1, over + 1
            lengths[-1] += 1
    return covered, over, len(lengths), max(lengths, default=0), max(worst)


@given(st.lists(SAMPLE, min_size=1, max_size=60), st.integers(0, 30))
def test_statistics_are_those_of_the_samples(
    samples: list[tuple[int | None, str, str, int | None]], start_ms: int
) -> None:
    start_ms = min(start_ms, len(samples) - 1)
    found = rpo_statistics(*recorded(samples), start_ms, len(samples))

    covered, over, breaches, longest, worst = brute_force(samples[start_ms:])
    assert (found.covered_ms, found.over_ms, found.breaches) == (covered, over, breaches)
    assert (found.longest.over_ms if found.longest else 0) == longest
    assert (found.worst.worst_ms if found.worst else 0) == worst
    assert found.share_within == (1 - over / covered if covered else None)


def test_breach_goes_on_after_a_gap_which_does_not_count() -> None:
    series = StepSeries(until_ms=100)
    series.extend([0, 10], [1, 9])
    series.blank(20, 80)

    found = rpo_statistics(series, [period_of(0, "Running", "Enabled", TARGET_MS)], 0, 100)

    assert (found.covered_ms, found.over_ms, found.breaches) == (40, 30, 1)
    assert found.longest is not None
    assert found.longest.start_ms == 10


@pytest.mark.parametrize(
    ("stopped_rpo", "state", "expected"),
    [
        pytest.param(9, "Enabled", (90, 50, 1), id="reported over the target"),
        pytest.param(0, "Enabled", (90, 50, 1), id="reported within the target"),
        pytest.param(9, "Disabled", (50, 10, 1), id="disabled"),
    ],
)
def test_breach_goes_on_while_its_task_is_stopped(stopped_rpo: int, state: str, expected: tuple[int, int, int]) -> None:
    series = StepSeries(until_ms=90)
    series.extend([0, 10, 20, 60], [1, 9, stopped_rpo, 1])
    stop = period_of(20, "Stopped", state, TARGET_MS)
    periods = [period_of(0, "Running", "Enabled", TARGET_MS), stop, period_of(60, "Running", "Enabled", TARGET_MS)]

    found = rpo_statistics(series, periods, 0, 90)

    assert (found.covered_ms, found.over_ms, found.breaches) == expected


def test_stop_within_the_target_does_not_count() -> None:
    series = StepSeries(until_ms=100)
    series.extend([0], [1])

    found = rpo_statistics(
        series, [period_of(0, "Running", "Enabled", 5), period_of(20, "Stopped", "Enabled", 5)], 0, 100
    )

    assert (found.covered_ms, found.over_ms, found.breaches) == (20, 0, 0)


def test_thinned_window_has_its_own_time_over_the_target() -> None:
    series = StepSeries(until_ms=30)
    series.append_range(0, (1, 4, 9), over_ms=4)
    series.append_range(10, (6, 7, 8), over_ms=10)
    series.append_range(20, (1, 1, 2), over_ms=0)

    found = rpo_statistics(series, [period_of(0, "Running", "Enabled", TARGET_MS)], 0, 30)

    assert (found.covered_ms, found.over_ms, found.breaches) == (30, 14, 1)
    assert found.worst is not None
    assert (found.worst.worst_ms, found.worst.worst_at_ms) == (9, 0)


def test_no_samples_cover_nothing() -> None:
    assert rpo_statistics(StepSeries(), [], 0, 100) == RpoStatistics()
