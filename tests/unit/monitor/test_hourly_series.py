"""Used capacity at whole hours: what is recorded in gaps, restored, and kept."""

from __future__ import annotations

from cdptui.models.capacity import HOUR_S
from cdptui.models.forecast import MAX_HOURS
from cdptui.monitor.hourly_series import HourlyRecorder, HourlySeries


def test_hours_without_a_value_are_unknown() -> None:
    series = HourlySeries()
    for hour, used in ((10, 5), (13, 8), (12, 1), (14, None)):
        series.record(hour, used)

    assert series.hours() == [(10, 5), (11, None), (12, None), (13, 8), (14, None)]


def test_values_are_bounded_and_the_newest_are_kept() -> None:
    series = HourlySeries()
    for hour in range(1000):
        series.record(hour, hour)
    series.record(100_000, 1)

    assert len(series.values()) == MAX_HOURS
    assert series.hours()[-1] == (100_000, 1)


def test_hours_of_a_gap_and_of_a_clock_that_was_set_back_are_not_completed() -> None:
    recorder, completed = HourlyRecorder(), []
    for hours in (0.9, 1.0, 1.1, 5.0, 5.9, 6.2, 3.0, 3.9, 4.2):
        recorder.begin_poll(hours * HOUR_S, HOUR_S)
        completed.append(list(recorder.completed))

    assert completed == [[], [1], [], [], [], [6], [], [], [4]]


def test_restored_hours_are_before_those_of_this_monitor() -> None:
    recorder = HourlyRecorder()
    recorder.begin_poll(9.5 * HOUR_S, HOUR_S)
    recorder.begin_poll(10.5 * HOUR_S, HOUR_S)
    recorder.record("task", 100)

    recorder.restore("task", [(hour, hour * 10) for hour in range(10)])

    forecast = recorder.forecast("task")
    assert forecast is not None
    assert forecast.hours == 10
    recorder.forget(["task"])
    assert recorder.forecast("task") is None


def test_trend_is_the_day_up_to_the_last_hour_and_follows_it() -> None:
    recorder = HourlyRecorder()
    recorder.restore("task", [(hour, 10 * hour) for hour in range(30)])
    recorder.begin_poll(29.5 * HOUR_S, HOUR_S)
    trend = recorder.day_trend("task")
    assert trend is not None
    assert trend.used_bytes == (80, 110, 140, 170, 200, 230, 260, 290)
    assert trend.growth_bytes == 240

    recorder.begin_poll(30.2 * HOUR_S, HOUR_S)
    recorder.record("task", 1000)
    trend = recorder.day_trend("task")
    assert trend is not None
    assert trend.used_bytes[-1] == 1000
    assert trend.growth_bytes == 1000 - 60


def test_trend_after_a_gap_is_unknown_in_it() -> None:
    recorder = HourlyRecorder()
    recorder.restore("task", [(hour, 10) for hour in range(30)])
    recorder.begin_poll(29.5 * HOUR_S, HOUR_S)
    recorder.begin_poll(36.5 * HOUR_S, HOUR_S)
    trend = recorder.day_trend("task")
    assert trend is not None
    assert trend.used_bytes == (10, 10, 10, 10, 10, 10, None, None)
    assert trend.growth_bytes is None

    recorder.begin_poll(100.5 * HOUR_S, HOUR_S)
    assert recorder.day_trend("task") is None
    assert recorder.day_trend("another") is None
