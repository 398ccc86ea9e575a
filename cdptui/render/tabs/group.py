"""A group in the detail pane: its sums in words."""

from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.render import formatting, groups
from cdptui.render.groups import BY_KEY
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES
from cdptui.render.tabs.blocks import BLANK, labeled
from cdptui.render.task_cells import CellContext


def group_lines(group: GroupSummary, context: CellContext) -> list[Line]:
    """Return all lines."""
    count = f"{group.count} task{'' if group.count == 1 else 's'}"
    health: Line
    if group.unhealthy:
        health = (Span(f"{count}, "), Span(f"{group.unhealthy} not as they should be", ROLES[group.worst]))
    else:
        health = (Span(f"{count}, all as they should be", Role.OK),)
    lines: list[Line] = [
        (Span(groups.group_name(group, context), Role.STRONG),),
        health,
        BLANK,
        labeled("used", Span(f"{formatting.size(group.used_bytes)} of {formatting.size(group.plan_bytes)} planned")),
        labeled("of plans", *(groups.use(group, context) or (Span("no plans", Role.DIM),))),
        labeled("worst RPO", *(groups.rpo(group, context) or (Span("not known", Role.DIM),))),
        labeled("growth", *(groups.growth(group, context) or (Span("not known yet", Role.DIM),))),
    ]
    if BY_KEY[group.by].is_named and group.key in context.names:
        lines += [BLANK, labeled("uuid", Span(group.key, Role.DIM))]
    return lines
