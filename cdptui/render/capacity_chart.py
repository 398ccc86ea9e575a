"""The capacity chart: used capacity over time against the plan.

The scale always runs from zero to the plan, so that a change of 0.01 % does not look like a full disk. The exact
figures are below the chart.
"""

from __future__ import annotations

import math
from typing import Final

from cdptui.models.capacity import CapacityHistory
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.task_cells import usage_role

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_PLAN_DASH: Final = "┄"
_GAP_DOT: Final = "·"
_GUTTER: Final = 9
_MIN_WINDOW_S: Final = 10.0


def capacity_chart(track: CapacityHistory, plan_bytes: int | None, width: int, height: int) -> list[Line]:
    """Return `height` rows of chart, a time axis and a line of figures, `width` cells wide.

    Each column shows the highest value in its part of the time; periods without data have a dot at the bottom.
    """
    columns = max(8, width - _GUTTER - 1)
    window_s = max(_MIN_WINDOW_S, track.until - track.since)
    levels = resample(track, window_s, columns)
    known = [level for level in levels if level is not None]
    blank_columns = round((1 - (track.until - track.since) / window_s) * columns)
    if not known:
        return [(Span("No data yet", Role.DIM),)]
    top = float(max(plan_bytes or 0, *known)) or 1.0
    plan_row = _plan_row(plan_bytes, top, height)
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        label, role = _label(row, height, plan_row, plan_bytes, top)
        lines.append(
            (
                Span(f"{label:>{_GUTTER - 1}} ", role),
                Span("┤", Role.DIM),
                *_row(levels, row, height, top, plan_row, blank_columns),
            )
        )
    lines.append(_axis(window_s, columns))
    lines.append(_figures(known, plan_bytes, is_gapped=any(level is None for level in levels[blank_columns:])))
    return lines


def resample(track: CapacityHistory, window_s: float, columns: int) -> list[int | None]:
    """Return the highest value in each of `columns` equal parts of the last `window_s`; None where there is no data.

    >>> from cdptui.models.capacity import CapacitySample
    >>> resample(CapacityHistory((CapacitySample(0, 5), CapacitySample(50, 9)), until=100), 100, 4)
    [5, 5, 9, 9]
    """
    start = track.until - window_s
    step = window_s / columns
    levels: list[int | None] = []
    for index in range(columns):
        # Both ends use the same formula, so that no sample falls between two columns.
        begin, end = start + index * step, start + (index + 1) * step
        values = [track.value_at(track.until if index == columns - 1 else end - step / 2)]
        # A short peak between two columns must not be lost.
        values.extend(point.used_bytes for point in track.points if begin <= point.at < end)
        known = [level for level in values if level is not None]
        levels.append(max(known) if known else None)
    return levels


def _plan_row(plan_bytes: int | None, top: float, height: int) -> int | None:
    if not plan_bytes:
        return None
    return min(height - 1, math.ceil(plan_bytes / top * height) - 1)


def _label(row: int, height: int, plan_row: int | None, plan_bytes: int | None, top: float) -> tuple[str, Role]:
    if row == plan_row:
        return formatting.size(plan_bytes), Role.PLAN
    if row == height - 1:
        return formatting.size(int(top)), Role.DIM
    return ("0", Role.DIM) if row == 0 else ("", Role.DIM)


def _row(
    levels: list[int | None], row: int, height: int, top: float, plan_row: int | None, blank_columns: int
) -> list[Span]:
    """Return one row of cells; neighbours with the same role are one span."""
    spans: list[Span] = []
    for index, level in enumerate(levels):
        char, role = _cell(level, row, height, top, plan_row)
        if index < blank_columns and char == _GAP_DOT:
            char = " "
        if spans and spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + char, role)
        else:
            spans.append(Span(char, role))
    return spans


def _cell(level: int | None, row: int, height: int, top: float, plan_row: int | None) -> tuple[str, Role]:
    empty = (_PLAN_DASH, Role.PLAN) if row == plan_row else (" ", Role.DIM)
    if level is None:
        return (_GAP_DOT, Role.DIM) if row == 0 else empty
    eighths = round(level / top * height * 8)
    # A value above zero is visible, however small it is beside the plan.
    eighths = max(1, eighths) if level > 0 else 0
    filled = eighths - row * 8
    if filled <= 0:
        return empty
    return _BLOCKS[min(8, filled) - 1], Role.BAR


def _axis(window_s: float, columns: int) -> Line:
    left = f"-{formatting.duration(window_s)}"
    return (Span(" " * _GUTTER + "└" + left + "─" * max(0, columns - len(left) - 3) + "now", Role.DIM),)


def _figures(known: list[int], plan_bytes: int | None, *, is_gapped: bool) -> Line:
    now = known[-1]
    role = usage_role(now / plan_bytes) if plan_bytes else Role.STRONG
    gap = (Span("  · no data", Role.DIM),) if is_gapped else ()
    return (
        Span("min ", Role.DIM),
        Span(formatting.size(min(known))),
        Span("  max ", Role.DIM),
        Span(formatting.size(max(known))),
        Span("  now ", Role.DIM),
        Span(formatting.size(now), role),
        *gap,
    )
