"""The capacity chart: how used capacity moved, on a scale from its lowest to its highest value.

The bar beside the used capacity runs from zero to the plan. The chart shows the movement, so its scale is the movement
itself, which is stated: at the bottom of the axis the lowest value, at the top how much higher the highest one is. A
value that did not change is a single line.
"""

from __future__ import annotations

from typing import Final

from cdptui.models.capacity import CapacityHistory
from cdptui.models.step_series import ValueRange
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.text_wrap import pad_cells
from cdptui.render.trend_chart import BEFORE, GUTTER, NO_MONITOR, Plot, Scale, chart_lines

_LABEL: Final = 10
_MIN_WINDOW_S: Final = 10.0


def capacity_chart(track: CapacityHistory, plan_bytes: int | None, width: int, height: int) -> list[Line]:
    """Return a line of figures, `height` rows of chart and a time axis, `width` cells wide.

    Each column shows the highest value in its part of the time; periods without data have a dot at the bottom.
    """
    columns = max(8, width - GUTTER)
    window_s = max(_MIN_WINDOW_S, track.until - track.since)
    levels = resample(track, window_s, columns)
    known = [level for level in levels if level is not None]
    if not known:
        return [_label("change", "no data yet")]
    blank_columns = round((1 - (track.until - track.since) / window_s) * columns)
    missing = BEFORE * blank_columns + NO_MONITOR * (columns - blank_columns)
    low, high = min(known), max(known)
    values = [None if level is None else ValueRange(level, level, level) for level in levels]
    plot = Plot(values, missing, None, formatting.size, is_top_relative=True)
    is_gapped = any(level is None for level in levels[blank_columns:])
    return [
        _figures(track, plan_bytes, known, is_gapped=is_gapped),
        *chart_lines(plot, Scale(low, high), height),
        _axis(window_s, columns),
    ]


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


def _figures(track: CapacityHistory, plan_bytes: int | None, known: list[int], *, is_gapped: bool) -> Line:
    """Return the change over the time of the chart, in bytes and of the plan."""
    change = known[-1] - known[0]
    span = formatting.duration(track.until - track.since)
    text = f"{_signed(change)} in {span}" if min(known) != max(known) else f"none in {span}"
    share = f" ({formatting.percent(abs(change) / plan_bytes)} of plan)" if plan_bytes and change else ""
    gap = (Span("  · no data", Role.DIM),) if is_gapped else ()
    return (*_label("change", text), Span(share, Role.DIM), *gap)


def _label(label: str, text: str) -> Line:
    return (Span(pad_cells(label, _LABEL), Role.DIM), Span(text))


def _signed(count: int) -> str:
    """Return a number of bytes with its sign.

    >>> _signed(2048), _signed(-1024), _signed(0)
    ('+2 KiB', '−1 KiB', '0 B')
    """
    if not count:
        return formatting.size(0)
    return f"{'+' if count > 0 else '−'}{formatting.size(abs(count))}"


def _axis(window_s: float, columns: int) -> Line:
    left = f"-{formatting.duration(window_s)}"
    return (Span(" " * (GUTTER - 1) + "└" + left + "─" * max(0, columns - len(left) - 3) + "now", Role.DIM),)
