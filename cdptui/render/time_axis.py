"""The time axis of a chart, with labels at round times of the shown zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final

from msgspec import Struct

from cdptui.render import formatting

_MINUTES_PER_DAY: Final = 1440
_STEPS_MIN: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 10080, 14400)
"""Minutes between two labels."""

_NOW: Final = "now"
_LINE: Final = "─"
_TICK: Final = "┴"


class TimeScale(Struct, frozen=True):
    """A time that is divided into the columns of a chart."""

    start_ms: int
    end_ms: int
    columns: int
    zone: tzinfo | None
    """The zone of labels; None for that of this machine."""

    def time_of(self, column: int) -> datetime:
        """Return the time at the left edge of a column."""
        at_ms = self.start_ms + (self.end_ms - self.start_ms) * column / self.columns
        return formatting.local_time(at_ms, self.zone)

    def column_of(self, at_ms: int) -> int | None:
        """Return the column of a time; None outside of the chart."""
        if not self.start_ms <= at_ms <= self.end_ms:
            return None
        return min(self.columns - 1, (at_ms - self.start_ms) * self.columns // (self.end_ms - self.start_ms))


def axis_text(scale: TimeScale, end: str = _NOW) -> str:
    """Return the axis as one line: a tick at each round time, its label behind it, and `end` at the end."""
    cells = [_LINE] * scale.columns
    cells[max(0, scale.columns - len(end)) :] = end[-scale.columns :]
    room = scale.columns - len(end) - 1
    format_time = _format(scale)
    step_min = _step(scale, len(format_time(scale.time_of(0))) + 3)
    free_from = 0
    for column in _ticks(scale, step_min):
        label = _TICK + format_time(_round_down(_end_of(scale, column), step_min))
        if column >= free_from and column + len(label) <= room:
            cells[column : column + len(label)] = label
            free_from = column + len(label) + 1
    return "".join(cells)


def _format(scale: TimeScale) -> Callable[[datetime], str]:
    span = timedelta(milliseconds=scale.end_ms - scale.start_ms)
    pattern = "%H:%M" if span <= timedelta(days=2) else "%m-%d"
    return lambda at: at.strftime(pattern)


def _step(scale: TimeScale, cells: int) -> int:
    """Return the smallest step in minutes whose labels have room."""
    per_cell_min = (scale.end_ms - scale.start_ms) / 60_000 / scale.columns
    least = 1 if scale.end_ms - scale.start_ms <= 2 * _MINUTES_PER_DAY * 60_000 else _MINUTES_PER_DAY
    fitting = (step for step in _STEPS_MIN if step >= least and step >= cells * per_cell_min)
    return next(fitting, _STEPS_MIN[-1])


def _ticks(scale: TimeScale, step_min: int) -> Iterator[int]:
    """Yield the columns in which a step of the wall clock begins, so that a change of the offset moves no label."""
    before = _step_number(scale.time_of(0), step_min)
    for column in range(scale.columns):
        number = _step_number(_end_of(scale, column), step_min)
        if number != before:
            yield column
        before = number


def _end_of(scale: TimeScale, column: int) -> datetime:
    """Return the end of a column: a round time within it counts."""
    return scale.time_of(column + 1) - timedelta(milliseconds=1)


def _step_number(at: datetime, step_min: int) -> int:
    return (at.toordinal() * _MINUTES_PER_DAY + at.hour * 60 + at.minute) // step_min


def _round_down(at: datetime, step_min: int) -> datetime:
    minutes = _step_number(at, step_min) * step_min
    day = datetime.fromordinal(minutes // _MINUTES_PER_DAY)
    return day + timedelta(minutes=minutes % _MINUTES_PER_DAY)
