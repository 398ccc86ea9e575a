from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.capacity import growth_rate
from cdptui.monitor.capacity_series import MAX_POINTS, MIN_POINTS, CapacityRecorder, CapacitySeries
from tests.doubles import GIB, a_task


def test_series_records_only_changes() -> None:
    series = CapacitySeries()
    changed = [series.record(float(at), value) for at, value in enumerate([5, 5, 5, 6, 6, 5])]
    assert changed == [True, False, False, True, False, True]
    assert [point.used_bytes for point in series.points()] == [5, 6, 5]


@given(st.lists(st.integers(0, 2**40), max_size=2000))
def test_series_is_bounded_ordered_and_exact_at_its_end(values: list[int]) -> None:
    series = CapacitySeries()
    for at, value in enumerate(values):
        series.record(float(at), value, max_points=40)
    points = series.points()
    assert len(points) <= 40
    assert list(points) == sorted(points, key=lambda point: point.at)
    assert not values or points[-1].used_bytes == values[-1]


def test_large_fleet_has_shorter_series() -> None:
    recorder = CapacityRecorder()
    task = a_task()
    for at in range(1000):
        recorder.begin_poll(float(at), 10.0, fleet_size=100_000)
        recorder.record(a_task(used_bytes=at), float(at))
    series = recorder.get(task.uuid)
    assert series is not None
    assert len(series) <= MIN_POINTS < MAX_POINTS


def test_unknown_value_is_not_recorded() -> None:
    recorder = CapacityRecorder()
    recorder.begin_poll(0.0, 10.0, 1)
    recorder.record(a_task(used_bytes=GIB), 0.0)
    recorder.begin_poll(10.0, 10.0, 1)
    recorder.record(a_task(used_bytes=None), 10.0)
    assert [point.used_bytes for point in recorder.history("uuid-of-cdp-erp-db").points] == [GIB]


def test_long_wait_between_polls_is_a_gap() -> None:
    recorder = CapacityRecorder()
    for at in (0.0, 10.0, 100.0, 110.0):
        recorder.begin_poll(at, 25.0, 1)
    assert recorder.history("any").gaps == ((10.0, 100.0),)


def test_times_beyond_the_range_of_a_tick_are_kept_at_its_end() -> None:
    series = CapacitySeries()
    assert series.record(1e12, 1)
    assert series.record(2e12, 2)
    rate = growth_rate(series.points(), 2e12)
    assert rate is None or rate.bytes_per_s == 0
