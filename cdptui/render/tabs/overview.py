"""The Overview tab: status, figures, chart, problems and resources of one task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cdptui.models.capacity import HOUR_S, CapacityHistory, GrowthRate, growth_rate
from cdptui.models.severity import is_recording, is_rpo_breach, is_rpo_measured
from cdptui.models.task import ResourceRef, Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.capacity_chart import capacity_chart
from cdptui.render.growth_text import freed_text, full_in_range_text, per_day, rate_evidence
from cdptui.render.lazy_lines import ItemLines, JoinedLines
from cdptui.render.line_fitting import line_width
from cdptui.render.line_wrap import wrap_line
from cdptui.render.reason_messages import describe_reason
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SEVERITY_TEXT, during_status, status_line
from cdptui.render.tabs.blocks import BLANK, arrow_lines, heading, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import (
    DOUBT_TEXT,
    bar,
    full_in_role,
    full_in_text,
    is_zero,
    resource_kind,
    task_rpo_role,
    used_share,
)
from cdptui.render.text_wrap import cell_width, pad_cells, wrap_text

_LABEL: Final = 10
_LOW_PANE: Final = 18
_LOW_CHART: Final = 2
_HIGH_CHART: Final = 5
_BAR_CELLS: Final = 10
_INDENT: Final = "  "
_LONG_SPAN_S: Final = 1.5 * HOUR_S
"""From this time on, the rate of the last hour can differ from that of the whole time."""
_SIMILAR: Final = 0.2
"""A rate of the last hour that differs by less than this share is not shown: it says nothing new."""


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> Sequence[Line]:
    """Return all lines for a pane of `width` and `height` cells; the next step is visible without scrolling.

    The name of the task is the title of the pane. In a high pane the chart has the same place for every task, so
    that it does not jump while the user moves through the list; a next step that does not fit below it comes first.
    """
    task = row.task
    is_low = height < _LOW_PANE
    chart = capacity_chart(context.track, task.plan_bytes, width, _LOW_CHART if is_low else _HIGH_CHART)
    head = _head(row, context, width)
    figures = _wide_figures(row, context, width) if is_low else [BLANK, *_figures(row, context), BLANK]
    step = _next_step(row, context, width)
    is_step_first = bool(step) and (
        is_low or sum(len(wrap_line(line, width)) for line in (*head, *figures, *chart, BLANK, *step)) > height
    )
    if is_low or is_step_first:
        # The blank line below a short problem is only there to keep the chart in its place.
        head = [line for line in head if line]
    if is_step_first:
        text = describe_reason(row.reasons[0], row, context.reason_context)
        body = [*head, *arrow_lines(text.next_step, width), *figures, *chart, BLANK]
        body += [*wrap(text.checked, width, Role.DIM), BLANK] if text.checked else []
    else:
        body = [*head, *figures, *chart, BLANK, *step]
    return JoinedLines(
        [*body, *_other_problems(row, context, width), *_description(task, width)],
        _resources_head(task, context, width),
        _resources(task, context, width),
    )


def _head(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return exactly three lines, so that what is below does not move from task to task."""
    task = row.task
    text = SEVERITY_TEXT[row.severity]
    meaning = "" if row.reasons or text == task.state else f" · {text}"
    status = (*status_line(row), Span(f" · {task.state}{meaning}", Role.DIM))
    reason = _first_reason(row, context, width) if row.reasons else [BLANK]
    if context.is_gone:
        reason = [(Span("No longer on the server", Role.WARN),)]
    return [status, *reason, BLANK][:3]


def _description(task: Task, width: int) -> list[Line]:
    if not task.description:
        return []
    return [heading("Description", width), (Span(task.description),), BLANK]


def _first_reason(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the most severe problem, on at most two lines; the Why tab lists all of them."""
    reason = row.reasons[0]
    text = describe_reason(reason, row, context.reason_context)
    sentence = f"{text.sentence}, {text.since}" if text.since else text.sentence
    first, *rest = wrap_text(sentence, width)
    role = ROLES[reason.severity]
    return [(Span(first, role),), *([(Span(" ".join(rest), role),)] if rest else [])]


def _next_step(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the next step for the most severe problem, which is in the head, under a heading."""
    if not row.reasons:
        return []
    text = describe_reason(row.reasons[0], row, context.reason_context)
    return [
        heading("Next step", width),
        *wrap(text.next_step, width),
        *wrap(text.checked, width, Role.DIM),
        BLANK,
    ]


def _other_problems(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the problems after the first, each with its next step."""
    others = row.reasons[1:]
    if not others:
        return []
    lines = [heading("1 more problem" if len(others) == 1 else f"{len(others)} more problems", width)]
    for reason in others:
        text = describe_reason(reason, row, context.reason_context)
        lines += wrap(text.sentence, width, ROLES[reason.severity])
        lines += wrap(text.next_step, width, indent=_INDENT)
    return [*lines, BLANK]


def _wide_figures(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the figures for a low pane: two on a line where they fit."""
    figures = [(label._replace(text=f"{label.text.strip()} "), *rest) for label, *rest in _figures(row, context)]
    lines: list[Line] = []
    has_room = False
    for figure in figures:
        pair = (*lines[-1], Span("  "), *figure) if has_room else ()
        has_room = not pair or line_width(pair, cell_width) > width
        if has_room:
            lines.append(figure)
        else:
            lines[-1] = pair
    return lines


def _figures(row: TaskRow, context: DetailContext) -> list[Line]:
    return [_used_of_plan(row), _rpo(row.task), _growth(row, context), _full_in(row)]


def _used_of_plan(row: TaskRow) -> Line:
    task, ratio = row.task, row.task.used_ratio
    used = formatting.size(task.used_bytes)
    if ratio is None:
        plan = "no plan set" if task.plan_bytes == 0 else "plan unknown"
        return (_label("used"), Span(used, Role.STRONG), Span(f"  {plan}", Role.DIM))
    return (
        _label("used"),
        Span(used, Role.STRONG),
        Span(f" of {formatting.size(task.plan_bytes)}  "),
        *used_share(ratio, row.use_severity, cells=_BAR_CELLS),
    )


def _rpo(task: Task) -> Line:
    if task.rpo_ms is None:
        return (_label("RPO"), Span("not known", Role.DIM))
    role, is_measured = task_rpo_role(task), is_rpo_measured(task)
    if not is_measured and not task.rpo_ms:
        return (_label("RPO"), Span(f"not measured {during_status(task)}", Role.DIM))
    rpo, target = formatting.latency(task.rpo_ms), formatting.latency(task.rpo_target_ms)
    figure = (_label("RPO"), Span(rpo if is_measured else f"last measured {rpo}", role))
    if not task.rpo_target_ms:
        return figure
    # A bar is for a figure of now.
    share = (Span("  "), *_rpo_bar(task.rpo_ratio or 0.0, role)) if is_measured else ()
    if is_rpo_breach(task):
        return (*figure, Span(f", target {target}: breached", Role.BAD), *share)
    return (*figure, Span(f" (target {target})", Role.DIM), *share)


def _rpo_bar(ratio: float, role: Role) -> Line:
    """Return a bar from zero to the RPO target, in the role of the RPO."""
    filled = Role.BAR if role is Role.TEXT else role
    return tuple(span if span.role is Role.TRACK else span._replace(role=filled) for span in bar(ratio, _BAR_CELLS))


def _growth(row: TaskRow, context: DetailContext) -> Line:
    """Return the rate from which the time until full follows, and that of the last hour where it differs much."""
    rate = row.growth
    if rate is None:
        return (_label("growth"), Span("not known yet", Role.DIM))
    freed = freed_text(rate, context.now, context.zone)
    notes = (
        Span(rate_evidence(rate, context.now, context.zone), Role.DIM),
        *_last_hour(rate, context.track),
        *((Span(f"; {freed}", Role.DIM),) if freed else ()),
    )
    if is_zero(rate):
        return (_label("growth"), Span("none", Role.DIM), *notes)
    growth, in_day = formatting.rate(rate.bytes_per_s), per_day(rate.bytes_per_s)
    return (_label("growth"), Span(growth), Span(f" ({in_day})"), *notes)


def _last_hour(rate: GrowthRate, track: CapacityHistory) -> Line:
    if rate.span_s < _LONG_SPAN_S:
        return ()
    hour = growth_rate(track.points, track.until, HOUR_S)
    # A task that rarely changes has no rate of an hour.
    if hour is None or hour.span_s > HOUR_S or abs(hour.bytes_per_s - rate.bytes_per_s) <= _SIMILAR * rate.bytes_per_s:
        return ()
    text = "none" if is_zero(hour) else formatting.rate(hour.bytes_per_s)
    return (Span(f"; last hour {text}", Role.DIM),)


def _full_in(row: TaskRow) -> Line:
    seconds, doubt = row.seconds_until_full, row.full_in_doubt
    if seconds is None:
        return (_label("full in"), Span(_no_estimate(row), Role.DIM))
    if seconds <= 0:
        return (_label("full now"), Span("protection stops at the plan", Role.BAD))
    basis = f" at {formatting.rate(row.growth.bytes_per_s)}" if row.growth is not None else " at this growth"
    return (
        _label("full in"),
        Span(full_in_text(row), full_in_role(row.trusted_full_in_s)),
        Span(full_in_range_text(row), Role.DIM),
        Span(f"{basis}, not reliable: {DOUBT_TEXT[doubt]}" if doubt is not None else basis, Role.DIM),
    )


def _no_estimate(row: TaskRow) -> str:
    """Return why there is no time until the plan is full."""
    task = row.task
    if task.state == "Disabled" or not is_recording(task):
        return f"no estimate {during_status(task)}"
    if task.plan_bytes == 0:
        return "never: no plan set"
    if task.used_ratio is None:
        return "no estimate: capacity not known"
    return "no estimate: growth not known yet" if row.growth is None else "no estimate: not growing"


def _resources_head(task: Task, context: DetailContext, width: int) -> list[Line]:
    count = len(task.resource_refs)
    lines = [heading("1 protected resource" if count == 1 else f"{count} protected resources", width)]
    if not count:
        lines.append((Span("No VM attached", Role.WARN),))
        return lines
    if context.names_problem:
        lines.append((Span(f"Names not loaded: {context.names_problem}", Role.WARN),))
    return lines


def _resources(task: Task, context: DetailContext, width: int) -> Sequence[Line]:
    is_wide = width >= 96

    def render(ref: ResourceRef) -> Sequence[Line]:
        kind, name = resource_kind(ref.resource_type), context.names.get(ref.resource_uuid)
        named = Span(name, Role.STRONG) if name else Span("name not known", Role.DIM)
        dates = Span(f"since {_date(ref.created_at, context)}  last change {_date(ref.last_op_at, context)}", Role.DIM)
        if is_wide:
            return [(Span(pad_cells(kind, 6)), Span(f"{ref.resource_uuid}  "), named, Span("  "), dates)]
        return [
            (Span(pad_cells(kind, 6)), named),
            (Span("      "), Span(ref.resource_uuid)),
            (Span("      "), dates),
        ]

    return ItemLines(task.resource_refs, 1 if is_wide else 3, render)


def _date(at: datetime | None, context: DetailContext) -> str:
    return formatting.UNKNOWN if at is None else at.astimezone(context.zone).strftime("%Y-%m-%d")


def _label(text: str) -> Span:
    return Span(pad_cells(text, _LABEL), Role.DIM)
