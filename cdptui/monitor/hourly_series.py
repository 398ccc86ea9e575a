"""Used capacity at whole hours of the wall clock, up to eight days of each task, for the forecast."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from cdptui.models.capacity import HOUR_S
from cdptui.models.day_trend import DayTrend, find_day_trend
from cdptui.models.forecast import DAY_HOURS, MAX_HOURS, Forecast, forecast_growth

_UNKNOWN: Final = 2**64 - 1

MAX_CACHED: Final = 20_000
"""Tasks whose forecasts are kept, 200 bytes each; those of more are computed whenever growth is, in 20 µs each."""

MIN_HOURS: Final = 2 * DAY_HOURS
TOTAL_HOURS: Final = 4_000_000
"""Hours of all tasks, 8 bytes each: those of more than 20,000 tasks are shorter, so that memory is bounded."""


class HourlySeries:
    """Values of one task at consecutive whole hours: 8 bytes each, about 1.6 kB at most."""

    __slots__ = ("_last_hour", "_trend", "_values", "forecast")

    def __init__(self) -> None:
        self._values = array("Q")
        self._last_hour = 0
        self._trend: tuple[int, DayTrend | None] | None = None
        """The trend and the hour for which it was computed; None until it is asked for: few tasks are on screen."""
        self.forecast: Forecast | None = None
        """The forecast from these values, computed once an hour; None in a large fleet."""

    def record(self, hour: int, used_bytes: int | None, max_hours: int = MAX_HOURS) -> None:
        """Record the value at an hour, counted from 1970; hours since the last one are unknown."""
        if not self._values:
            self._last_hour = hour - 1
        if hour <= self._last_hour:
            # The clock was set back.
            return
        missing = hour - self._last_hour - 1
        self._values.extend([_UNKNOWN] * min(missing, MAX_HOURS))
        self._values.append(_UNKNOWN if used_bytes is None else used_bytes)
        self._last_hour = hour
        self._trend = None
        if len(self._values) >= max_hours + DAY_HOURS:
            del self._values[:-max_hours]

    def hours(self) -> list[tuple[int, int | None]]:
        """Return the hours and their values, oldest first."""
        first = self._last_hour + 1 - len(self._values)
        return list(enumerate(self.values(), first))

    def day_trend(self, hour: int) -> DayTrend | None:
        """Return the trend of the day that ends at an hour; None when nothing of it is known."""
        if self._trend is None or self._trend[0] != hour:
            unknown = [None] * min(max(0, hour - self._last_hour), DAY_HOURS)
            self._trend = (hour, find_day_trend([*self.values(), *unknown]))
        return self._trend[1]

    def values(self) -> list[int | None]:
        """Return the values, oldest first; None where one is not known."""
        values: list[int | None] = self._values[-MAX_HOURS:].tolist()  # type: ignore[assignment]  # None is put in below
        if _UNKNOWN in values:
            return [None if value == _UNKNOWN else value for value in values]
        return values


class HourlyRecorder:
    """The hourly series of all tasks."""

    def __init__(self) -> None:
        self._series: dict[str, HourlySeries] = {}
        self._last_poll_s: float | None = None
        self._max_hours = MAX_HOURS
        self._is_cached = True
        self.first_poll_s: float | None = None
        """Seconds since 1970 of the first poll."""
        self.completed: Sequence[int] = ()
        """Hours that ended since the previous poll, in which no gap was."""

    def begin_poll(self, at_s: float, longest_wait_s: float, fleet_size: int = 0) -> None:
        """Begin a poll at `at_s`, in seconds since 1970."""
        self._is_cached = fleet_size <= MAX_CACHED
        self._max_hours = max(MIN_HOURS, min(MAX_HOURS, TOTAL_HOURS // max(1, fleet_size)))
        last_s, self._last_poll_s = self._last_poll_s, at_s
        self.first_poll_s = at_s if self.first_poll_s is None else self.first_poll_s
        is_gap = last_s is None or not 0 <= at_s - last_s <= longest_wait_s
        self.completed = () if last_s is None or is_gap else hours_between(last_s, at_s)

    def record(self, uuid: str, used_bytes: int | None) -> None:
        """Record the value that a task had before this poll at the completed hours."""
        series = self._series.get(uuid)
        if series is None:
            series = self._series[uuid] = HourlySeries()
        self._add(series, ((hour, used_bytes) for hour in self.completed))

    def restore(self, uuid: str, hours: Iterable[tuple[int, int | None]]) -> None:
        """Put values that another monitor saw, oldest first, before those of this one."""
        series, known = HourlySeries(), self._series.get(uuid)
        self._add(series, (*hours, *(known.hours() if known is not None else ())))
        self._series[uuid] = series

    def _add(self, series: HourlySeries, hours: Iterable[tuple[int, int | None]]) -> None:
        for hour, used_bytes in hours:
            series.record(hour, used_bytes, self._max_hours)
        series.forecast = forecast_growth(series.values()) if self._is_cached else None

    def forecast(self, uuid: str) -> Forecast | None:
        """Return the forecast of a task as of the last whole hour; None with too few hours."""
        series = self._series.get(uuid)
        if series is None:
            return None
        return series.forecast if self._is_cached else forecast_growth(series.values())

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the trend of a task over the day up to the last whole hour; None when nothing of it is known."""
        series = self._series.get(uuid)
        if series is None or self._last_poll_s is None:
            return None
        return series.day_trend(int(self._last_poll_s // HOUR_S))

    def forget(self, uuids: Iterable[str]) -> None:
        """Drop the series of deleted tasks."""
        for uuid in uuids:
            self._series.pop(uuid, None)


def hours_between(start_s: float, end_s: float) -> range:
    """Return the whole hours after `start_s`, up to `end_s`.

    >>> list(hours_between(3600.0, 3700.0)), list(hours_between(3599.0, 7200.0))
    ([], [1, 2])
    """
    return range(int(start_s // HOUR_S) + 1, int(end_s // HOUR_S) + 1)
