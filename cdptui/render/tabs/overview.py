"""The Overview tab: status, figures, chart, problems and resources of one task."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cdptui.models.capacity import DAY_S, HOUR_S, CapacityHistory, GrowthRate, growth_rate
from cdptui.models.severity import is_rpo_breach, is_rpo_measured
from cdptui.models.task import ResourceRef, Task
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.capacity_chart import capacity_chart
from cdptui.render.lazy_lines import ItemLines, JoinedLines
from cdptui.render.reason_messages import describe_reason
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SEVERITY_TEXT, status_line
from cdptui.render.tabs.blocks import BLANK, heading, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import (
    DOUBT_TEXT,
    bar,
    full_in_role,
    full_in_text,
    resource_kind,
    task_rpo_role,
    usage_role,
)
from cdptui.render.text_wrap import pad_cells, wrap_text

_LABEL: Final = 10
_LOW_PANE: Final = 18
_LOW_CHART: Final = 2
_HIGH_CHART: Final = 5
_BAR_CELLS: Final = 10
_INDENT: Final = "  "


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> Sequence[Line]:
    """Return all lines for a pane of `width` and `height` cells; the chart is visible without scrolling.

    The name of the task is the title of the pane. The chart has the same place for every task, so that it does not jump
    while the user moves through the list. Lines that are too long are cut when they are drawn.
    """
    task = row.task
    is_low = height < _LOW_PANE
    chart = capacity_chart(context.track, task.plan_bytes, width, _LOW_CHART if is_low else _HIGH_CHART)
    top = _low_head(row, context) if is_low else [*_head(row, context, width), BLANK, *_figures(row, context), BLANK]
    return JoinedLines(
        [*top, *chart, BLANK, *_problems(row, context, width), *_description(task, width)],
        _resources_head(task, context, width),
        _resources(task, context, width),
    )


def _head(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return exactly three lines, so that what is below does not move from task to task."""
    task = row.task
    meaning = "" if row.reasons else f" · {SEVERITY_TEXT[row.severity]}"
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


def _problems(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    """Return the next step for the most severe problem, which is in the head, and the other problems with theirs."""
    if not row.reasons:
        return []
    texts = [describe_reason(reason, row, context.reason_context) for reason in row.reasons]
    lines = [heading("Next step", width), *wrap(texts[0].next_step, width), BLANK]
    if len(texts) > 1:
        lines.append(heading("1 more problem" if len(texts) == 2 else f"{len(texts) - 1} more problems", width))
        for reason, text in zip(row.reasons[1:], texts[1:], strict=True):
            lines += wrap(text.sentence, width, ROLES[reason.severity])
            lines += wrap(text.next_step, width, indent=_INDENT)
        lines.append(BLANK)
    return lines


def _low_head(row: TaskRow, context: DetailContext) -> list[Line]:
    """Return head and figures for a low pane: two figures on a line."""
    status, *rest = _head(row, context, 1000)
    figures = [tuple(span._replace(text=span.text.strip() + " ") for span in line) for line in _figures(row, context)]
    pairs = [
        (*figures[at], *((Span("  "), *figures[at + 1]) if at + 1 < len(figures) else ()))
        for at in range(0, len(figures), 2)
    ]
    return [status, *rest[:1], *pairs]


def _figures(row: TaskRow, context: DetailContext) -> list[Line]:
    task, track = row.task, context.track
    return [_used_of_plan(task), _rpo(task), _growth(track), _full_in(row)]


def _used_of_plan(task: Task) -> Line:
    ratio = task.used_ratio
    used = formatting.size(task.used_bytes)
    if ratio is None:
        plan = "no plan set" if task.plan_bytes == 0 else "plan unknown"
        return (_label("used"), Span(used, Role.STRONG), Span(f"  {plan}", Role.DIM))
    return (
        _label("used"),
        Span(used, Role.STRONG),
        Span(f" of {formatting.size(task.plan_bytes)}  "),
        Span(f"{formatting.percent(ratio)} ", usage_role(ratio)),
        *bar(ratio, _BAR_CELLS),
    )


def _rpo(task: Task) -> Line:
    if task.rpo_ms is None:
        return (_label("RPO"), Span("not known", Role.DIM))
    role = task_rpo_role(task)
    figure = (_label("RPO"), Span(formatting.latency(task.rpo_ms), role))
    if not task.rpo_target_ms:
        return figure
    target = formatting.latency(task.rpo_target_ms)
    share = _rpo_bar(task.rpo_ratio or 0.0, role)
    if is_rpo_breach(task):
        return (*figure, Span(f", target {target}: breached  ", Role.BAD), *share)
    as_measured = "" if is_rpo_measured(task) else " as last measured"
    return (*figure, Span(f"{as_measured} (target {target})  ", Role.DIM), *share)


def _rpo_bar(ratio: float, role: Role) -> Line:
    """Return a bar from zero to the RPO target, in the role of the RPO."""
    filled = Role.BAR if role is Role.TEXT else role
    return tuple(span if span.role is Role.TRACK else span._replace(role=filled) for span in bar(ratio, _BAR_CELLS))


def _growth(track: CapacityHistory) -> Line:
    hour = growth_rate(track.points, track.until, HOUR_S)
    day = growth_rate(track.points, track.until, DAY_S)
    if day is None:
        return (_label("growth"), Span("not known yet", Role.DIM))
    spans = [_label("growth")]
    if hour is not None:
        spans.append(Span(formatting.rate(hour.bytes_per_s)))
        spans.append(Span("  "))
    spans.append(Span(formatting.rate(day.bytes_per_s, int(DAY_S), "day")))
    spans.append(Span(_basis(day), Role.DIM))
    return tuple(spans)


def _basis(rate: GrowthRate) -> str:
    return f"  (measured over {formatting.duration(rate.span_s)})" if rate.span_s < 0.9 * DAY_S else ""


def _full_in(row: TaskRow) -> Line:
    seconds, doubt = row.seconds_until_full, row.full_in_doubt
    if seconds is None:
        return (_label("full in"), Span("no estimate", Role.DIM))
    if seconds <= 0:
        return (_label("full now"), Span("protection stops at the plan", Role.BAD))
    return (
        _label("full in"),
        Span(full_in_text(row), full_in_role(row.trusted_full_in_s)),
        Span(f" not reliable: {DOUBT_TEXT[doubt]}" if doubt is not None else " at this growth", Role.DIM),
    )


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
