"""The History tab: used capacity, RPO and events of a task over a window of time, and the RPO against its target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cdptui.models.event import Event
from cdptui.models.failure import FailureKind
from cdptui.models.sanitize import sanitize
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.models.trend import Gap, TaskTrend, TrendSource
from cdptui.render import formatting
from cdptui.render.event_text import event_text
from cdptui.render.line_fitting import line_width
from cdptui.render.rpo_table import rpo_table
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SIGNS
from cdptui.render.tabs.blocks import (
    BLANK,
    failure_cause,
    heading,
    marked_lines,
    replace_uuids,
    spacer,
    title_line,
    wrap,
)
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.window_line import WindowLine
from cdptui.render.text_wrap import cell_width, pad_cells
from cdptui.render.time_axis import TimeScale, axis_text
from cdptui.render.trend_chart import BEFORE, GUTTER, NO_MONITOR, OUTAGE, Plot, Scale, chart_lines, find_scale

_MIN_COLUMNS: Final = 8
_LOW_CHART: Final = 2
_HIGH_CHART: Final = 7
_OTHER_LINES: Final = 12
"""Lines of the tab without its charts that are seen without scrolling."""

_LABEL: Final = 10
_MARKS_LABEL: Final = f"{{:>{GUTTER - 2}}}  "
"""Beside the marks on the time axis."""
_PLAIN_MARK: Final = "·"
"""Mark of an event that is no problem, on the time axis."""
_FROM_SERVER: Final = "▓"
"""Mark of values that are not recorded, on the time axis."""

_MEMORY: Final = "Nothing is recorded: used capacity since this monitor was started, and no RPO"
_FROM_SERVER_TEXT: Final = "from the server's metrics"
_FROM_PERCENT_TEXT: Final = "from the server's metrics, used capacity by today's plan"
_NO_METRICS: Final = "The server's metrics could not be read: {cause}; {key} retries"
_MISSING_METRICS: Final = "this node has none"
_NO_TARGET: Final = "No RPO target: nothing to compare with"


def chart_columns(width: int) -> int:
    """Return the number of columns of the charts in a pane of `width` cells."""
    return max(_MIN_COLUMNS, width - GUTTER)


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines. The charts come first; they are higher in a high pane."""
    trend = context.trend
    head = [*_head(row, context, width), *spacer(height)]
    if trend is None:
        return [*head, (Span("Loading history …", Role.DIM),)]
    return [
        *head,
        *_charts(row.task, trend, context, width, height),
        BLANK,
        *_rpo_over_time(row.task, trend, context, width),
        *_events(trend.events, context, width),
    ]


def _head(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the status and the choices of the window, on one line if both fit."""
    title = title_line(row)
    line = WindowLine(context.trend_window, (*title, Span("  ")))
    return [line] if line_width(line, cell_width) <= width else [title, WindowLine(context.trend_window)]


def _charts(task: Task, trend: TaskTrend, context: DetailContext, width: int, height: int) -> list[Line]:
    rows = max(_LOW_CHART, min((height - _OTHER_LINES) // 4, _HIGH_CHART))
    scale = TimeScale(trend.request.start_ms, trend.request.end_ms, trend.request.columns, context.zone)
    missing = _missing(trend, scale)
    used = Plot(trend.used, missing, task.plan_bytes or None, formatting.size, from_server=trend.used_from_server)
    rpo = Plot(
        trend.rpo,
        missing,
        task.rpo_target_ms or None,
        formatting.latency,
        is_limit_bad=True,
        from_server=trend.rpo_from_server,
    )
    used_scale, rpo_scale = (find_scale(plot, is_zoomed=context.is_trend_zoomed) for plot in (used, rpo))
    body: list[Line] = [*_used_text(task, trend, used_scale, width)]
    if used_scale is not None:
        body += chart_lines(used, used_scale, rows)
    body += _rpo_text(task, trend, rpo_scale, width)
    if rpo_scale is not None:
        body += chart_lines(rpo, rpo_scale, rows)
    if used_scale is not None or rpo_scale is not None:
        body.append((Span(" " * (GUTTER - 1) + "└" + axis_text(scale), Role.DIM),))
        body += _server_marks(trend)
        body += _marks(trend.events, scale)
    return [*body, *_gap_lines(trend, context, width), *_metrics_lines(trend, context, width)]


def _missing(trend: TaskTrend, scale: TimeScale) -> str:
    """Return for each column the sign that it has when it has no data."""
    cells = [BEFORE] * scale.columns
    first = scale.column_of(trend.since_ms) if trend.since_ms is not None else None
    for column in range(first or 0, scale.columns if trend.since_ms is not None else 0):
        cells[column] = NO_MONITOR
    for gap in trend.gaps:
        if gap.is_outage:
            start = scale.column_of(max(gap.start_ms, scale.start_ms)) or 0
            end = scale.column_of(min(gap.end_ms, scale.end_ms)) or start
            cells[start : end + 1] = [OUTAGE] * (end + 1 - start)
    return "".join(cells)


def _used_text(task: Task, trend: TaskTrend, scale: Scale | None, width: int) -> list[Line]:
    """Return the change of the window, and where the plan is when it is not on the chart."""
    label = pad_cells("used", _LABEL)
    if trend.used_ends is None or scale is None:
        return [(Span(label, Role.DIM), Span("no data in this time", Role.DIM))]
    first, last = trend.used_ends
    change = last - first
    spans = [Span(label, Role.DIM), Span(formatting.size(last), Role.STRONG), Span(f", {_change_text(change)}")]
    if task.plan_bytes and change:
        spans.append(Span(f" ({formatting.percent(abs(change) / task.plan_bytes)} of plan)"))
    return _fitting(spans, _limit_text("plan", task.plan_bytes, scale, formatting.size), width)


def _change_text(change: int) -> str:
    if not change:
        return "no change"
    return f"{'+' if change > 0 else '−'}{formatting.size(abs(change))}"


def _rpo_text(task: Task, trend: TaskTrend, scale: Scale | None, width: int) -> list[Line]:
    """Return mean and worst RPO of the window, and where the target is when it is not on the chart."""
    label, known = pad_cells("RPO", _LABEL), trend.rpo_range
    if known is None or scale is None:
        text = _MEMORY if trend.source is TrendSource.MEMORY else "no data in this time"
        return marked_lines(Span(label, Role.DIM), text, width, Role.DIM)
    is_over = bool(task.rpo_target_ms) and known.high > (task.rpo_target_ms or 0)
    spans = [
        Span(label, Role.DIM),
        Span(f"mean {formatting.latency(round(known.mean))}, "),
        Span(f"worst {formatting.latency(known.high)}", Role.BAD if is_over else Role.STRONG),
    ]
    return _fitting(spans, _limit_text("target", task.rpo_target_ms, scale, formatting.latency), width)


def _limit_text(name: str, limit: int | None, scale: Scale, format_value: Callable[[int], str]) -> str:
    if not limit:
        return f"no {name}"
    is_shown = not scale.is_flat and scale.low <= limit <= scale.high
    return f"{name} {format_value(limit)} {'┄' if is_shown else 'not on this scale'}"


def _fitting(spans: Sequence[Span], rest: str, width: int) -> list[Line]:
    """Return one line, with `rest` at its end; on a line of its own if there is no room."""
    used = sum(cell_width(span.text) for span in spans)
    if used + 2 + cell_width(rest) <= width:
        return [(*spans, Span(f"  {rest}", Role.DIM))]
    return [tuple(spans), (Span(" " * _LABEL + rest, Role.DIM),)]


def _server_marks(trend: TaskTrend) -> list[Line]:
    """Return marks of the columns with values from the server, below the time axis."""
    marked = trend.used_from_server | trend.rpo_from_server
    if not marked:
        return []
    cells = (_FROM_SERVER if column in marked else " " for column in range(max(marked) + 1))
    return [(Span(_MARKS_LABEL.format("server") + "".join(cells), Role.DIM),)]


def _marks(events: Sequence[Event], scale: TimeScale) -> list[Line]:
    """Return the events of the window below its time axis: the sign of the most severe one of each column."""
    worst: dict[int, Severity] = {}
    for event in events:
        column = scale.column_of(event.at_ms)
        if column is not None:
            worst[column] = max(event.severity, worst.get(column, event.severity))
    if not worst:
        return []
    spans = [Span(_MARKS_LABEL.format("events"), Role.DIM)]
    for column in range(max(worst) + 1):
        severity = worst.get(column)
        text = " " if severity is None else SIGNS[severity] or _PLAIN_MARK
        role = Role.TEXT if severity is None else ROLES[severity]
        if severity is None or spans[-1].role is role:
            spans[-1] = Span(spans[-1].text + text, spans[-1].role)
        else:
            spans.append(Span(text, role))
    return [tuple(spans)]


def _gap_lines(trend: TaskTrend, context: DetailContext, width: int) -> list[Line]:
    """Return what the signs of times without data mean, and how long these are."""
    found: list[Line] = []
    for is_outage, sign, one, several in (
        (False, NO_MONITOR, "no monitor ran for {length}, {span}", "no monitor ran: {count} gaps, {length} in total"),
        (
            True,
            OUTAGE,
            "the node could not be read for {length}, {span}",
            "the node could not be read: {count} times, {length} in total",
        ),
    ):
        gaps = [gap for gap in trend.gaps if gap.is_outage is is_outage]
        if gaps:
            start_ms = trend.request.start_ms
            length = formatting.duration(sum(gap.end_ms - max(gap.start_ms, start_ms) for gap in gaps) / 1000)
            text = (one if len(gaps) == 1 else several).format(
                length=length, span=_span_text(gaps[0], context), count=len(gaps)
            )
            found += marked_lines(Span(f"{sign} ", Role.WARN if is_outage else Role.DIM), text, width, Role.DIM)
    if trend.since_ms is not None and trend.since_ms > trend.request.start_ms:
        template = "Seen since {time}" if trend.source is TrendSource.MEMORY else "Recorded since {time}"
        found += wrap(template.format(time=_short_time(trend.since_ms, context)), width, Role.DIM)
    if trend.is_thinned:
        found += wrap("░ ▒ highest and mean RPO of 15 minutes: older days are thinned", width, Role.DIM)
    return found


def _metrics_lines(trend: TaskTrend, context: DetailContext, width: int) -> list[Line]:
    """Return what the sign of values from the server means, and why there are none."""
    found: list[Line] = []
    if trend.used_from_server or trend.rpo_from_server:
        text = _FROM_PERCENT_TEXT if trend.used_from_server else _FROM_SERVER_TEXT
        found += marked_lines(Span(f"{_FROM_SERVER} ", Role.DIM), text, width, Role.DIM)
    failure = context.metrics.failure
    if failure is not None:
        is_missing = failure.kind is FailureKind.CDP_UNAVAILABLE
        cause = _MISSING_METRICS if is_missing else replace_uuids(failure_cause(failure), context.names)
        found += wrap(_NO_METRICS.format(cause=cause, key=context.keys["refresh"]), width, Role.DIM)
    return found


def _span_text(gap: Gap, context: DetailContext) -> str:
    start, end = (_local(at_ms, context) for at_ms in (gap.start_ms, gap.end_ms))
    return (
        f"{start:%m-%d %H:%M} to {end:%H:%M}"
        if start.date() == end.date()
        else f"{start:%m-%d %H:%M} to {end:%m-%d %H:%M}"
    )


def _rpo_over_time(task: Task, trend: TaskTrend, context: DetailContext, width: int) -> list[Line]:
    """Return the RPO against its target for a day, a week and a month."""
    if trend.source is TrendSource.MEMORY:
        return []
    title = "RPO over time"
    if task.rpo_target_ms:
        title += f" · target {formatting.latency(task.rpo_target_ms)}"
    head = heading(title, width)
    if not any(each.covered_ms for each in trend.statistics):
        return [head, *wrap(_NO_TARGET if not task.rpo_target_ms else "No RPO in this time", width, Role.DIM), BLANK]
    table = rpo_table(trend.statistics, context.zone, width, fleet=context.fleet_rpo)
    return [head, *table, BLANK]


def _events(events: Sequence[Event], context: DetailContext, width: int) -> list[Line]:
    if not events:
        return []
    found: list[Line] = [heading("Events, newest first", width)]
    for event in events:
        sign, role = SIGNS[event.severity], ROLES[event.severity]
        # The pane has the name of the task in its title.
        text = event_text(event, context.names).removeprefix(f"{sanitize(event.name)}: ")
        mark = Span(f"{_local(event.at_ms, context):%m-%d %H:%M:%S}  {sign or ' '} ", role if sign else Role.DIM)
        found += marked_lines(mark, text, width, role if sign else Role.TEXT)
    return [*found, BLANK]


def _short_time(at_ms: int, context: DetailContext) -> str:
    return f"{_local(at_ms, context):%m-%d %H:%M}"


def _local(at_ms: int, context: DetailContext) -> datetime:
    return formatting.local_time(at_ms, context.zone)
