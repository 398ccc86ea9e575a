"""A group in the detail pane: its sums in words."""

from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.render import group_cells, units
from cdptui.render.cells import CellContext
from cdptui.render.grouping import BY_KEY
from cdptui.render.span import Line, Role, Span
from cdptui.render.statuses import ROLES
from cdptui.render.tabs.pieces import BLANK, labelled


def group_lines(group: GroupSummary, context: CellContext) -> list[Line]:
    """Return all lines."""
    count = f"{group.count} task{'' if group.count == 1 else 's'}"
    health: Line
    if group.unhealthy:
        health = (Span(f"{count}, "), Span(f"{group.unhealthy} not as they should be", ROLES[group.worst]))
    else:
        health = (Span(f"{count}, all as they should be", Role.OK),)
    lines: list[Line] = [
        (Span(group_cells.name_of(group, context), Role.STRONG),),
        health,
        BLANK,
        labelled("used", Span(f"{units.size(group.used_bytes)} of {units.size(group.plan_bytes)} planned")),
        labelled("of plans", *(group_cells.use(group, context) or (Span("no plans", Role.DIM),))),
        labelled("worst RPO", *(group_cells.rpo(group, context) or (Span("not known", Role.DIM),))),
        labelled("growth", *(group_cells.growth(group, context) or (Span("not known yet", Role.DIM),))),
    ]
    if BY_KEY[group.by].is_named and group.key in context.names:
        lines += [BLANK, labelled("uuid", Span(group.key, Role.DIM))]
    return lines
