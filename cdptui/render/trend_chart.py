"""A chart of a value over time: bars up to the mean, shades up to the highest value, and a line for the limit.

The scale is that of the values, so that what moves is seen, or it runs from zero to the limit. Times without data have
a sign at the bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from cdptui.models.step_series import ValueRange
from cdptui.render.spans import Line, Role, Span
from cdptui.render.task_cells import BLOCKS, FLAT

GUTTER: Final = 11
"""Cells of the labels of the scale, with its line."""

NO_MONITOR: Final = "·"
OUTAGE: Final = "×"
BEFORE: Final = " "
"""Signs of times without data; the last one is that before the recording."""

_UP_TO_MEAN: Final = "▒"
_UP_TO_HIGH: Final = "░"
_LIMIT: Final = "┄"
_NEAR: Final = 1.0
"""A limit that is above the values by less than this share of their range is on the chart of what moves."""


class Scale(Struct, frozen=True):
    """The values at the bottom and at the top of a chart."""

    low: int
    high: int

    @property
    def is_flat(self) -> bool:
        """Whether there is a single value."""
        return self.low == self.high


class Plot(Struct, frozen=True):
    """What a chart shows."""

    values: Sequence[ValueRange | None]
    missing: str
    """For each column the sign that it has when it has no data."""
    limit: int | None
    """The plan or the target; None without one."""
    format: Callable[[int], str]
    is_limit_bad: bool = False
    """Whether a value over the limit is drawn as a problem."""
    is_top_relative: bool = False
    """Whether the label at the top is how much higher the highest value is than the lowest one."""
    from_server: frozenset[int] = frozenset()
    """Columns that are drawn dim: their values are not recorded."""


def find_scale(plot: Plot, *, is_zoomed: bool) -> Scale | None:
    """Return the scale of what moves, or that from zero to the limit; None without data."""
    known = [value for value in plot.values if value is not None]
    if not known:
        return None
    low, high = min(value.low for value in known), max(value.high for value in known)
    if not is_zoomed:
        return Scale(0, max(high, plot.limit or 0, 1))
    if plot.limit is not None and high < plot.limit <= high + _NEAR * (high - low):
        high = plot.limit
    return Scale(low, high)


def chart_lines(plot: Plot, scale: Scale, height: int) -> list[Line]:
    """Return `height` rows, the highest first. Each has a label of `GUTTER` cells, and a cell for each value."""
    limit_row = _row_of_limit(plot, scale, height)
    columns = [_column(value, sign, scale, height) for value, sign in zip(plot.values, plot.missing, strict=True)]
    roles = [_role(plot, column) for column in range(len(columns))]
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        label = Span(f"{_label(plot, scale, row, height, limit_row)[: GUTTER - 2]:>{GUTTER - 2}} ┤", Role.DIM)
        lines.append((label, *_spans([column[row] for column in columns], roles, is_limit=row == limit_row)))
    return lines


def _role(plot: Plot, column: int) -> Role:
    value = plot.values[column]
    if plot.is_limit_bad and value is not None and plot.limit is not None and value.high > plot.limit:
        return Role.BAD
    return Role.DIM if column in plot.from_server else Role.BAR


def _row_of_limit(plot: Plot, scale: Scale, height: int) -> int | None:
    if plot.limit is None or scale.is_flat or not scale.low <= plot.limit <= scale.high:
        return None
    return (_eighths(plot.limit, scale, height) - 1) // 8


def _label(plot: Plot, scale: Scale, row: int, height: int, limit_row: int | None) -> str:
    if scale.is_flat:
        return plot.format(scale.low) if row == (height - 1) // 2 else ""
    if row == 0:
        return plot.format(scale.low)
    if row == height - 1:
        low, high = plot.format(scale.low), plot.format(scale.high)
        # Two values that are written alike say nothing about what moves.
        return f"+{plot.format(scale.high - scale.low)}" if plot.is_top_relative or low == high else high
    return plot.format(plot.limit) if plot.limit is not None and row == limit_row else ""


def _eighths(value: float, scale: Scale, height: int) -> int:
    """Return a value in eighths of a row. The lowest one is visible too: an eighth."""
    return 1 + round((value - scale.low) / (scale.high - scale.low) * (height * 8 - 1))


def _column(value: ValueRange | None, sign: str, scale: Scale, height: int) -> str:
    """Return the cells of a column, the lowest first.

    >>> _column(ValueRange(0, 30.0, 70), " ", Scale(0, 80), 4)
    '▁▒░░'
    >>> _column(None, "·", Scale(0, 80), 3), _column(ValueRange(40, 40.0, 40), " ", Scale(0, 80), 3)
    ('·  ', '█▅ ')
    """
    if value is None:
        return sign + " " * (height - 1)
    if scale.is_flat:
        middle = (height - 1) // 2
        return " " * middle + FLAT + " " * (height - 1 - middle)
    low, mean, high = (_eighths(each, scale, height) for each in value[:3])
    if high - low < 8:
        return _bar(mean, height)
    # The range is drawn in whole rows, each with what is in most of it.
    cells = list(_bar(low, height))
    for row in range((low - 1) // 8 + 1, (high - 1) // 8 + 1):
        cells[row] = _UP_TO_MEAN if mean >= row * 8 + 4 else _UP_TO_HIGH
    return "".join(cells)


def _bar(eighths: int, height: int) -> str:
    full, rest = divmod(eighths, 8)
    return (BLOCKS[-1] * full + (BLOCKS[rest - 1] if rest else "")).ljust(height)


def _spans(cells: Sequence[str], roles: Sequence[Role], *, is_limit: bool) -> list[Span]:
    """Return a row of cells as spans; neighbours with the same role are one span. `roles` are those of bars."""
    spans: list[Span] = []
    for cell, column_role in zip(cells, roles, strict=True):
        char, role = cell, column_role
        if cell == " " and is_limit:
            char, role = _LIMIT, Role.PLAN
        elif cell in {NO_MONITOR, OUTAGE}:
            role = Role.WARN if cell == OUTAGE else Role.DIM
        if spans and (char == " " or spans[-1].role is role):
            spans[-1] = Span(spans[-1].text + char, spans[-1].role)
        else:
            spans.append(Span(char, role))
    return spans
