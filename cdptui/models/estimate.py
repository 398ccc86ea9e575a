"""When a plan is full, and whether that estimate is trusted. Colour, order, filters and problems all ask here."""

from __future__ import annotations

from typing import Final

from cdptui.models.capacity import DAY_S, TRUSTED_SPAN_S, Doubt, GrowthRate, seconds_until_full
from cdptui.models.severity import is_recording
from cdptui.models.task import Task

FULL_SOON_S: Final = 3 * DAY_S
"""A plan that is full before this is a problem."""

FULL_TODAY_S: Final = DAY_S
"""A plan that is full before this is a worse one."""

FAR_S: Final = 365 * DAY_S
"""A plan that is full after this is `> 1 y`, whether the estimate is trusted or not."""

_ROUGH_RANK_S: Final = 10 * FAR_S
_FAR_RANK_S: Final = 100 * FAR_S


def estimate_full_in(task: Task, rate: GrowthRate | None) -> float | None:
    """Return the seconds until the plan of `task` is full: 0.0 when it is, None when unknown or never.

    A task that records nothing does not fill its plan, whatever it wrote before; a disabled one needs no plan.
    """
    if task.state == "Disabled":
        return None
    return seconds_until_full(task.used_bytes, task.plan_bytes, rate if is_recording(task) else None)


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
