"""Growth of used capacity in the next day, from its values at whole hours: a rate, its range, and the evidence.

Whole days are compared because most tasks have a daily rhythm: a window that is not a multiple of it mistakes the time
of day for a trend. The back-test of `tests/benchmarks/forecast.py` compares the methods.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
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
    values = hours if len(hours) <= MAX_HOURS else hours[-MAX_HOURS:]
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
    return _known_differences(ends, ends[1:])


def _forecast_from_days(values: Hours, days: Sequence[int], span: int) -> Forecast:
    ordered = sorted(days)
    usual = _middle(ordered)
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
    last, used = len(values) - 1, values[-1]
    factor = 0.0
    ends = values[last - DAY_HOURS :: -DAY_HOURS][:_SHIFT_DAYS]
    for window in _SHIFT_WINDOWS:
        used_before = values[last - window]
        if used is None or used_before is None:
            continue
        now = used - used_before
        before = _known_differences(ends, values[last - DAY_HOURS - window :: -DAY_HOURS])
        before.sort()
        # Nearly all tasks end here: the median is no less than the lower one of the middle values.
        if len(before) < _MEDIAN_DAYS or now <= _SHIFT_FACTOR * before[(len(before) - 1) // 2]:
            continue
        middle = _middle(before)
        if middle <= 0 or now <= max(_SHIFT_FACTOR, factor) * middle:
            continue
        sigma = max(
            _SIGMA_PER_MAD * _middle(sorted([abs(growth - middle) for growth in before])), _SIGMA_FLOOR * middle
        )
        if now - middle > _SHIFT_SIGMAS * sigma:
            factor = now / middle
    return None if not factor else RateShift(factor, _hours_since_shift(values, factor), usual / DAY_S)


def _hours_since_shift(values: Hours, factor: float) -> int:
    """Return the hours since the first hour of the new rate: those before it grew at less than half of it."""
    hours_ago = min(_SHIFT_WINDOWS)
    least_factor = (1 + factor) / 2
    newest_first = values[::-1]
    for end in range(hours_ago, min(DAY_HOURS, len(values) - 1)):
        used, used_before = newest_first[end], newest_first[end + 1]
        # The same hour of the days before.
        ends = newest_first[end + DAY_HOURS : end + _SHIFT_DAYS * DAY_HOURS + 1 : DAY_HOURS]
        usual = _known_differences(ends, newest_first[end + DAY_HOURS + 1 :: DAY_HOURS])
        usual.sort()
        if used is None or used_before is None or not usual:
            break
        now = used - used_before
        # The median is no more than the upper one of the middle values, which is known without a computation.
        is_usual = now < least_factor * usual[len(usual) // 2] and now < least_factor * _middle(usual)
        if now < least_factor or is_usual:
            break
        hours_ago = end + 1
    return hours_ago


def _find_freed(values: Hours) -> FreedCapacity | None:
    """Return the largest fall of the last day, unless it is usual: other days had falls of at least half its size."""
    recent = values[-DAY_HOURS - 1 :]
    if _is_rising(recent):
        # Nearly all tasks end here.
        return None
    fall = min(_known_steps(recent), default=0)
    if fall >= 0 or _is_usual(values, fall / 2) or not _is_far_below(fall, _known_steps(values[-_STEPS_HOURS:])):
        return None
    hours_ago = next(
        hours_ago
        for hours_ago, (after, before) in enumerate(pairwise(recent[::-1]))
        if after is not None and before is not None and after - before == fall
    )
    return FreedCapacity(-fall, hours_ago)


def _is_usual(values: Hours, fall: float) -> bool:
    """Return whether several of the days before the last one had a step of `fall` or less."""
    older = values[: len(values) - DAY_HOURS]
    if _is_rising(older[-DAY_HOURS - 1 :]) and _is_rising(older):
        return False
    days = 0
    for end in range(len(older), 1, -DAY_HOURS):
        days += min(_known_steps(older[max(0, end - DAY_HOURS - 1) : end]), default=0) <= fall
        if days >= _USUAL_DAYS:
            return True
    return False


def _is_rising(values: Hours) -> bool:
    """Return whether all values are known and none is below the one before: a third of the cost of the steps."""
    try:
        return sorted(cast("Sequence[int]", values)) == list(values)
    except TypeError:
        return False


def _is_far_below(fall: int, steps: Sequence[int]) -> bool:
    """Return whether a fall is further below the median of the steps than other steps usually are."""
    ordered = sorted(steps)
    middle = _middle(ordered)
    # Half of the steps are between the quartiles, so that the median of the deviations is no more than this.
    most = max(middle - ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4] - middle)
    if fall < middle - _STEP_MADS * most:
        return True
    return fall < middle - _STEP_MADS * _middle(sorted([abs(step - middle) for step in ordered]))


def _known_steps(values: Hours) -> list[int]:
    """Return the known growth from hour to hour."""
    return _known_differences(values[1:], values)


def _known_differences(after: Hours, before: Hours) -> list[int]:
    """Return the known differences of two series."""
    try:
        return list(map(operator.sub, after, before))
    except TypeError:
        pairs = zip(after, before, strict=False)
        return [late - early for late, early in pairs if late is not None and early is not None]


def _middle(ordered: Sequence[float]) -> float:
    """Return the median of sorted values."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _theil_sen(points: Sequence[tuple[int, int]]) -> float:
    """Return the median of the slopes between all pairs of points, in bytes per hour."""
    return median(
        [
            (after - before) / (end - start)
            for index, (start, before) in enumerate(points)
            for end, after in points[index + 1 :]
        ]
    )
