"""What the cells of a group's row say: its sums, under the same headings as what they are the sums of."""

from __future__ import annotations

from typing import Final

from cdptui.models.aggregates import GroupSummary
from cdptui.models.severity import Severity
from cdptui.render import units
from cdptui.render.cells import BAR_CELLS, CellContext, bar, fill_role, rpo_role
from cdptui.render.grouping import BY_KEY
from cdptui.render.span import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES

_HEALTH_CELLS: Final = 13
"""Room for the figures of a hundred thousand tasks only just."""


def title(group: GroupSummary, context: CellContext) -> Line:
    """What its tasks have in common."""
    return (Span(name_of(group, context), Role.STRONG),)


def health(group: GroupSummary, _: CellContext) -> Line:
    """How many of its tasks are not as they should be, of how many."""
    if not group.unhealthy:
        return (Span(f"● all {group.count}", Role.OK),)
    glyph = "✖" if group.worst is Severity.CRITICAL else "!"
    text = f"{glyph} {group.unhealthy} of {group.count}"
    is_short = len(text) <= _HEALTH_CELLS
    return (Span(text if is_short else f"{glyph} {group.unhealthy}/{group.count}", ROLES[group.worst]),)


def used(group: GroupSummary, _: CellContext) -> Line:
    """The sum of used capacity."""
    return (Span(units.size(group.used_bytes)),)


def plan(group: GroupSummary, _: CellContext) -> Line:
    """The sum of planned capacity."""
    return (Span(units.size(group.plan_bytes), Role.DIM),)


def use(group: GroupSummary, _: CellContext) -> Line:
    """Used of plan."""
    ratio = group.used_ratio
    return (Span(f"{units.percent(ratio):>5} ", fill_role(ratio)), *bar(ratio, BAR_CELLS)) if ratio is not None else ()


def rpo(group: GroupSummary, _: CellContext) -> Line:
    """The worst recovery point offset."""
    if group.rpo_ratio is None:
        return ()
    role = rpo_role(group.rpo_ratio, is_on=True)
    return (Span(units.latency(group.rpo_ms), role), Span(f"/{units.latency(group.rpo_target_ms)}", Role.DIM))


def growth(group: GroupSummary, _: CellContext) -> Line:
    """The sum of growth, as far as it is known."""
    rate = group.growth_bytes_per_s
    if rate is None:
        return ()
    return (Span(units.rate(rate), Role.DIM if round(rate * 3600) == 0 else Role.TEXT),)


def name_of(group: GroupSummary, context: CellContext) -> str:
    """What its tasks have in common, in words."""
    if BY_KEY[group.by].is_named:
        return context.names.get(group.key, group.key) or f"no {group.by}"
    if group.by == "status":
        return f"{GLYPHS.get(group.key, OTHER_GLYPH)} {group.key}"
    return group.key or f"no {group.by}"
