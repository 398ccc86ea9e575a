"""When a plan is full, and whether that estimate is trusted. Colour, order, filters and problems all ask here."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from cdptui.models.capacity import DAY_S, HOUR_S, TRUSTED_SPAN_S, Doubt, GrowthRate, seconds_until_full
from cdptui.models.forecast import Basis, Forecast
from cdptui.models.severity import Severity, is_recording
from cdptui.models.task import Task

FULL_SOON_S: Final = 3 * DAY_S
"""A plan that is full before this is a problem."""

FULL_TODAY_S: Final = DAY_S
"""A plan that is full before this is a worse one."""

FAR_S: Final = 365 * DAY_S
"""A plan that is full after this is `> 1 y`, whether the estimate is trusted or not."""

_MIN_SLOPE_HOURS: Final = 8
"""From this on, the median slope of an irregular growth has a smaller error than the rate from change to change.

Geometric mean over the fleets of the back-test, in percent of the bytes of a day: 32 against 39 with 12 hours, 21
against 25 with 23 hours; no difference with six.
"""

_ROUGH_RANK_S: Final = 10 * FAR_S
_FAR_RANK_S: Final = 100 * FAR_S


def estimate_full_in(task: Task, rate: GrowthRate | None) -> float | None:
    """Return the seconds until the plan of `task` is full: 0.0 when it is, None when unknown or never.

    A task that records nothing does not fill its plan, whatever it wrote before; a disabled one needs no plan.
    """
    if task.state == "Disabled":
        return None
    return seconds_until_full(task.used_bytes, task.plan_bytes, rate if is_recording(task) else None)


def best_rate(measured: GrowthRate | None, forecast: Forecast | None, now_s: float) -> GrowthRate | None:
    """Return the growth rate with the best evidence: that of whole days, or the one measured from change to change.

    `measured` is not needed when several days were compared. `now_s` is in seconds since 1970; the last value of the
    forecast is that of the last whole hour.

    >>> best_rate(GrowthRate(1.0, 3600.0), Forecast(Basis.DAYS, 2.0, 96, 4, 1.0, 3.0), 0.0).bytes_per_s
    2.0
    """
    if forecast is None:
        return measured
    rate = _rate_by_basis(measured, forecast)
    if rate is None:
        return None
    hour = now_s // HOUR_S
    if forecast.shift is not None:
        shifted_s = (hour - forecast.shift.hours_ago) * HOUR_S
        rate = structs.replace(rate, shift_factor=forecast.shift.factor, shifted_s=shifted_s)
    if forecast.freed is not None:
        freed_s = (hour - forecast.freed.hours_ago - 1) * HOUR_S
        rate = structs.replace(rate, freed_bytes=forecast.freed.bytes_freed, freed_s=freed_s)
    return rate


def _rate_by_basis(measured: GrowthRate | None, forecast: Forecast) -> GrowthRate | None:
    if forecast.basis is Basis.HOURS:
        if measured is None or measured.irregularity is None or forecast.hours < _MIN_SLOPE_HOURS:
            return measured
        return GrowthRate(max(0.0, forecast.bytes_per_s), forecast.hours * HOUR_S, measured.irregularity)
    if forecast.basis is Basis.LAST_DAY and (measured is None or forecast.freed is not None):
        # What was freed makes the difference of the single day that is known too low.
        return measured
    return GrowthRate(
        max(0.0, forecast.bytes_per_s),
        forecast.days * DAY_S,
        None,
        forecast.days,
        forecast.slowest_bytes_per_s,
        forecast.fastest_bytes_per_s,
    )


def full_in_range(task: Task, rate: GrowthRate | None) -> tuple[float, float | None] | None:
    """Return the seconds until the plan of `task` is full at the fastest and at the slowest rate.

    The second is None when the task may not grow at all. None when there is no range.
    """
    if rate is None or rate.fastest_bytes_per_s is None or rate.slowest_bytes_per_s is None:
        return None
    earliest_s = seconds_until_full(task.used_bytes, task.plan_bytes, GrowthRate(rate.fastest_bytes_per_s, rate.span_s))
    if earliest_s is None or earliest_s <= 0:
        return None
    slowest = GrowthRate(rate.slowest_bytes_per_s, rate.span_s)
    return earliest_s, seconds_until_full(task.used_bytes, task.plan_bytes, slowest)


def find_doubt(full_in_s: float | None, rate: GrowthRate | None) -> Doubt | None:
    """Return why the estimate `full_in_s` from `rate` is not trusted; None when it is, or when there is none.

    >>> find_doubt(3600.0, GrowthRate(1.0, 60.0)), find_doubt(3600.0, GrowthRate(1.0, 3600.0))
    (<Doubt.SHORT: 'short'>, None)
    """
    if rate is None or full_in_s is None or full_in_s <= 0:
        # A plan that is full is not an estimate.
        return None
    return rate_doubt(rate)


def rate_doubt(rate: GrowthRate) -> Doubt | None:
    """Return why a forecast from `rate` is not trusted; None when it is."""
    return Doubt.SHORT if rate.span_s < TRUSTED_SPAN_S else rate.irregularity


def full_in_rank(full_in_s: float, doubt: Doubt | None) -> float:
    """Return what sorts estimates: trusted ones by time, then rough ones by time, then those beyond `FAR_S`.

    >>> full_in_rank(7 * DAY_S, None) < full_in_rank(3600.0, Doubt.SHORT) < full_in_rank(2 * FAR_S, None)
    True
    """
    if full_in_s > FAR_S:
        return _FAR_RANK_S + full_in_s
    return full_in_s if doubt is None else _ROUGH_RANK_S + full_in_s


def is_full_soon(trusted_full_in_s: float | None) -> bool:
    """Return whether a trusted estimate is a problem."""
    return trusted_full_in_s is not None and trusted_full_in_s < FULL_SOON_S


def full_in_severity(trusted_full_in_s: float | None) -> Severity | None:
    """Return the severity of the problem that a trusted estimate is; None when it is no problem.

    >>> [severity and severity.name for severity in map(full_in_severity, (0.0, 3600.0, 2 * DAY_S, 7 * DAY_S))]
    ['CRITICAL', 'WARNING', 'NOTICE', None]
    """
    if trusted_full_in_s is None or not is_full_soon(trusted_full_in_s):
        return None
    if trusted_full_in_s <= 0:
        return Severity.CRITICAL
    return Severity.WARNING if trusted_full_in_s < FULL_TODAY_S else Severity.NOTICE
