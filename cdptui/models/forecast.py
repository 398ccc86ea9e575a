"""Growth of used capacity in the next day, from its values at whole hours: a rate, its range, and the evidence.

Whole days are compared because most tasks have a daily rhythm: a window that is not a multiple of it mistakes the time
of day for a trend. The back-test of `tests/benchmarks/forecast.py` compares the methods.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple, cast

from msgspec import Struct

from cdptui.models.capacity import DAY_S, HOUR_S, median

DAY_HOURS: Final = 24
MAX_DAYS: Final = 7
MAX_HOURS: Final = (MAX_DAYS + 1) * DAY_HOURS + 1
"""Whole hours that a forecast uses: seven whole days, and one more for the rule of shifts."""

MIN_HOURS: Final = 2
"""With fewer hours than this there is no forecast."""

_MEDIAN_DAYS: Final = 3
"""From this number of whole days on, the median of the days is the rate."""

_WIDENED: Final = 0.25
"""Share of the spread of the days by which the range is widened at each end: seven days alone cover 75 % at best."""

_SHIFT_WINDOWS: Final = (12, 6, 3)
"""Hours that are compared with the same hours of the days before."""

_SHIFT_DAYS: Final = 6
_SHIFT_FACTOR: Final = 2.0
_SHIFT_SIGMAS: Final = 5.0
_SIGMA_PER_MAD: Final = 1.4826
_SIGMA_FLOOR: Final = 0.15
"""The least robust deviation, as a share of the usual growth: equal days have none."""

_STEP_MADS: Final = 3.0
_STEPS_HOURS: Final = 3 * DAY_HOURS + 1
"""Hours whose steps are compared with a fall."""

_USUAL_DAYS: Final = 2
"""Falls on this number of other days are a rhythm, such as that of merging."""


class Basis(Enum):
    """The evidence of a forecast."""

    HOURS = "hours"
    """The median slope of less than a day. It is rough and has no range."""
    LAST_DAY = "last-day"
    """The difference over the last 24 hours."""
    DAYS = "days"
    """The median of up to seven whole days."""


class RateShift(NamedTuple):
    """A rate that has changed within the last half day."""

    factor: float
    """The new rate divided by the usual one."""
    hours_ago: int
    """Whole hours since the first hour of the new rate."""
    usual_bytes_per_s: float


class FreedCapacity(NamedTuple):
    """A single fall of used capacity that is not a rhythm."""

    bytes_freed: int
    hours_ago: int
    """Whole hours since the end of the hour in which it was freed."""


class Forecast(Struct, frozen=True, gc=False):
    """The expected growth of the next day."""

    basis: Basis
    bytes_per_s: float
    """The most likely rate; zero or less when the task does not grow."""
    hours: int
    """Hours between the first and the last value."""
    days: int = 0
    """Whole days that were compared."""
    slowest_bytes_per_s: float | None = None
    fastest_bytes_per_s: float | None = None
    """Both None when there is no range."""
    shift: RateShift | None = None
    freed: FreedCapacity | None = None

    @property
    def is_growing(self) -> bool:
        """Whether the plan will be full at the expected rate."""
        return self.bytes_per_s > 0


Hours = Sequence[int | None]
"""Used bytes at consecutive whole hours, oldest first; None where it is not known."""


def forecast_growth(hours: Hours) -> Forecast | None:
    """Return the forecast from the values of up to the last `MAX_HOURS` hours; None when these are too few.

    The last value must be known.

    >>> forecast_growth([0, 3600])
    >>> forecast_growth([0, 3600, 7200]).bytes_per_s
    1.0
    """
    values = hours[-MAX_HOURS:]
    if not values or values[-1] is None:
        return None
    first = 0 if values[0] is not None else next(hour for hour, used in enumerate(values) if used is not None)
    span = len(values) - 1 - first
    if span < MIN_HOURS:
        return None
    days = _whole_days(values)
    if len(days) >= _MEDIAN_DAYS:
        return _forecast_from_days(values, days, span)
    freed = _find_freed(values)
    if days:
        return Forecast(Basis.LAST_DAY, days[0] / DAY_S, span, 1, freed=freed)
    known = [(hour, used) for hour, used in enumerate(values[-DAY_HOURS:]) if used is not None]
    if len(known) <= MIN_HOURS:
        return None
    return Forecast(Basis.HOURS, _theil_sen(known) / HOUR_S, span, freed=freed)


def _whole_days(values: Hours) -> list[int]:
    """Return the growth of whole days, the newest first; days with an unknown end are left out."""
    ends = values[::-DAY_HOURS][: MAX_DAYS + 1]
    return list(_known(_differences(ends, ends[1:])))


def _forecast_from_days(values: Hours, days: Sequence[int], span: int) -> Forecast:
    ordered = sorted(days)
    usual = median(ordered)
    spread = _WIDENED * (ordered[-1] - ordered[0])
    slowest, fastest = ordered[0] - spread, ordered[-1] + spread
    shift = _find_shift(values, usual) if usual > 0 else None
    expected = usual
    if shift is not None:
        expected = usual * shift.factor
        # Either rate may last: the range has both.
        slowest, fastest = min(slowest, expected), max(fastest, expected * (1 + _WIDENED))
    return Forecast(
        Basis.DAYS,
        expected / DAY_S,
        span,
        len(days),
        slowest / DAY_S,
        fastest / DAY_S,
        shift,
        _find_freed(values),
    )


def _find_shift(values: Hours, usual: float) -> RateShift | None:
    """Compare the growth of the last hours with the same hours of the days before."""
    last = len(values) - 1
    factor = 0.0
    for window in _SHIFT_WINDOWS:
        now = _growth(values, last, window)
        if now is None:
            continue
        before = _growth_of_days(values, last, window, now / _SHIFT_FACTOR)
        if len(before) < _MEDIAN_DAYS:
            continue
        middle = median(before)
        if middle <= 0 or now <= _SHIFT_FACTOR * middle:
            continue
        sigma = max(_SIGMA_PER_MAD * median([abs(growth - middle) for growth in before]), _SIGMA_FLOOR * middle)
        if now - middle > _SHIFT_SIGMAS * sigma:
            factor = max(factor, now / middle)
    return None if not factor else RateShift(factor, _hours_since_shift(values, factor), usual / DAY_S)


def _hours_since_shift(values: Hours, factor: float) -> int:
    """Return the hours since the first hour of the new rate: those before it grew at less than half of it."""
    hours_ago = min(_SHIFT_WINDOWS)
    for hours_before in range(hours_ago, min(DAY_HOURS, len(values) - 1)):
        begin = len(values) - 2 - hours_before
        first = max(begin % DAY_HOURS, begin - _SHIFT_DAYS * DAY_HOURS)
        # The same hour of the days before.
        usual = _known(_differences(values[first + 1 : begin + 1 : DAY_HOURS], values[first:begin:DAY_HOURS]))
        now = _growth(values, begin + 1, 1)
        if now is None or not usual:
            break
        if now < max(1.0, median(usual)) * (1 + factor) / 2:
            break
        hours_ago = hours_before + 1
    return hours_ago


def _growth_of_days(values: Hours, end: int, window: int, usual: float) -> list[int]:
    """Return the growth during `window` hours on each of the days before, at the time of day of the index `end`.

    Return nothing when it was `usual` or more on most days: nearly all tasks end here, which is most of the cost.
    """
    found: list[int] = []
    usual_days = 0
    for at in range(end - DAY_HOURS, max(window - 1, end - (_SHIFT_DAYS + 1) * DAY_HOURS), -DAY_HOURS):
        before, after = values[at - window], values[at]
        if before is None or after is None:
            continue
        found.append(after - before)
        if after - before >= usual:
            usual_days += 1
            if usual_days > _SHIFT_DAYS // 2:
                return []
    return found


def _growth(values: Hours, end: int, window: int) -> int | None:
    """Return the growth during `window` hours before the index `end`; None when it is not known."""
    if end - window < 0:
        return None
    before, after = values[end - window], values[end]
    return None if before is None or after is None else after - before


def _find_freed(values: Hours) -> FreedCapacity | None:
    """Return the largest fall of the last day, unless it is usual: other days had falls of at least half its size."""
    recent = values[-DAY_HOURS - 1 :]
    if None not in recent and sorted(cast("Sequence[int]", recent)) == list(recent):
        # Nearly all tasks end here, at a fifth of the cost of the steps.
        return None
    steps = _steps(recent)
    fall = min(_known(steps), default=0)
    if fall >= 0 or _is_usual(values, fall / 2) or not _is_far_below(fall, _known(_steps(values[-_STEPS_HOURS:]))):
        return None
    return FreedCapacity(-fall, steps[::-1].index(fall))


def _is_usual(values: Hours, fall: float) -> bool:
    """Return whether several of the days before the last one had a step of `fall` or less."""
    older = values[: len(values) - DAY_HOURS]
    if _least_step(older[-DAY_HOURS - 1 :]) > fall and _least_step(older) > fall:
        return False
    days = 0
    for end in range(len(older), 1, -DAY_HOURS):
        days += _least_step(older[max(0, end - DAY_HOURS - 1) : end]) <= fall
        if days >= _USUAL_DAYS:
            return True
    return False


def _least_step(values: Hours) -> int:
    return min(_known(_steps(values)), default=0)


def _is_far_below(fall: int, steps: Sequence[int]) -> bool:
    """Return whether a fall is further below the median of the steps than other steps usually are."""
    ordered = sorted(steps)
    middle = median(ordered)
    # Half of the steps are between the quartiles, so that the median of the deviations is no more than this.
    most = max(middle - ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4] - middle)
    if fall < middle - _STEP_MADS * most:
        return True
    return fall < middle - _STEP_MADS * median([abs(step - middle) for step in steps])


def _steps(values: Hours) -> list[int | None]:
    """Return the growth from hour to hour."""
    return _differences(values[1:], values)


def _differences(after: Hours, before: Hours) -> list[int | None]:
    """Return the differences of two series; None where either is not known."""
    try:
        return list(map(operator.sub, after, before))
    except TypeError:
        return [
            None if early is None or late is None else late - early for late, early in zip(after, before, strict=False)
        ]


def _known(steps: Sequence[int | None]) -> Sequence[int]:
    """Return the steps that are known."""
    if None in steps:
        return [step for step in steps if step is not None]
    return cast("Sequence[int]", steps)


def _theil_sen(points: Sequence[tuple[int, int]]) -> float:
    """Return the median of the slopes between all pairs of points, in bytes per hour."""
    return median(
        [
            (after - before) / (end - start)
            for index, (start, before) in enumerate(points)
            for end, after in points[index + 1 :]
        ]
    )
