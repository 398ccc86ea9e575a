from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.recovery_points import RecoveryPoint, RecoveryPoints, coverage, volume_histories
from tests.doubles import EPOCH

START = EPOCH - timedelta(hours=24)


def of(minutes: list[float], interval_s: int | None = 3, volume: str = "v") -> RecoveryPoints:
    points = tuple(RecoveryPoint(0, volume, START + timedelta(minutes=n), 60) for n in minutes)
    return RecoveryPoints(START, EPOCH, points)


def test_gap_is_longer_than_twice_the_interval() -> None:
    (history,) = volume_histories(of([0, 1, 3, 10]), 3)
    assert [lull.seconds for lull in history.gaps] == [420.0]
    assert volume_histories(of([0, 10, 20, 41]), 600)[0].gaps[0].seconds == 1260.0


def test_change_rate_is_total_size_over_covered_time() -> None:
    (history,) = volume_histories(of([0, 1, 2]), 3)
    assert history.bytes_per_s == 180 / 120
    assert volume_histories(of([5]), 3)[0].bytes_per_s is None


def test_order_and_points_without_date_do_not_matter() -> None:
    points = of([3, 0, 1])
    undated = RecoveryPoint(1, "v", None, 60)
    (history,) = volume_histories(RecoveryPoints(START, EPOCH, (*points.recent, undated)), 3)
    assert history.newest == START + timedelta(minutes=3)
    assert history.count == 3


def test_oldest_point_is_taken_from_all_lists() -> None:
    day = RecoveryPoint(0, "v", EPOCH - timedelta(days=7))
    lock = RecoveryPoint(0, "v", EPOCH - timedelta(days=9))
    (history,) = volume_histories(RecoveryPoints(START, EPOCH, of([1, 2]).recent, (day,), (lock,)), 3)
    assert history.oldest == EPOCH - timedelta(days=9)


@given(st.lists(st.floats(min_value=0, max_value=1440), max_size=30), st.integers(min_value=1, max_value=60))
def test_coverage_is_between_zero_and_one(minutes: list[float], cells: int) -> None:
    for history in volume_histories(of(minutes), 3):
        shares = coverage(history, START, EPOCH, cells)
        assert len(shares) == cells
        assert all(0 <= share <= 1 for share in shares)
