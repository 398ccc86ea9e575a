"""Used capacity of the last day in a few values, for a sparkline and for export. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from cdptui.models.forecast import DAY_HOURS

TREND_CELLS: Final = 8
_CELL_HOURS: Final = DAY_HOURS // TREND_CELLS


class DayTrend(Struct, frozen=True, gc=False):
    """Used capacity at the end of each three hours of a day, oldest first."""

    used_bytes: tuple[int | None, ...]
    """The last known value of each three hours; None where none is known."""
    growth_bytes: int | None
    """How much it grew in the day; negative when capacity was freed, None when it is not known."""


def find_day_trend(hours: Sequence[int | None]) -> DayTrend | None:
    """Return the trend of values at whole hours, of which the last is the newest; None when none is known.

    >>> find_day_trend([None] * 20 + [5, 6, 7, 8]).used_bytes
    (None, None, None, None, None, None, 5, 8)
    """
    known = hours[-DAY_HOURS:]
    day: list[int | None] = [*[None] * (DAY_HOURS - len(known)), *known]
    used = tuple(_last_known(day[start : start + _CELL_HOURS]) for start in range(0, DAY_HOURS, _CELL_HOURS))
    if not any(value is not None for value in used):
        return None
    before = hours[-DAY_HOURS - 1] if len(hours) > DAY_HOURS else None
    newest = day[-1]
    return DayTrend(used, newest - before if newest is not None and before is not None else None)


def _last_known(values: Sequence[int | None]) -> int | None:
    return next((value for value in reversed(values) if value is not None), None)
