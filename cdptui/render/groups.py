"""What the list can be grouped by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cdptui.models.aggregates import GroupSummary
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES
from cdptui.render.task_cells import BAR_CELLS, CellContext, bar, rpo_role, usage_role


class Grouping(Struct, frozen=True):
    """Something that tasks have in common."""

    key: str
    """For saved views; never changes once released."""
    letter: str
    """Chooses it in a menu."""
    label: str
    value: Callable[[TaskRow], str]
    """What a task has of it; empty when it has none."""
    is_named: bool = False
    """Whether the value is a uuid that may have a name."""


GROUPINGS: Final = (
    Grouping("storage", "b", "Backup storage", lambda row: row.task.backup_storage_uuid or "", is_named=True),
    Grouping("policy", "p", "Policy", lambda row: row.task.policy_uuid or "", is_named=True),
    Grouping("status", "s", "Status", lambda row: row.task.status),
    Grouping("state", "t", "State", lambda row: row.task.state),
)

BY_KEY: Final = {grouping.key: grouping for grouping in GROUPINGS}


_HEALTH_CELLS: Final = 13
"""Room for the figures of a hundred thousand tasks only just."""


def title(group: GroupSummary, context: CellContext) -> Line:
    """What its tasks have in common."""
    return (Span(group_name(group, context), Role.STRONG),)


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
    return (Span(formatting.size(group.used_bytes)),)


def plan(group: GroupSummary, _: CellContext) -> Line:
    """The sum of planned capacity."""
    return (Span(formatting.size(group.plan_bytes), Role.DIM),)


def use(group: GroupSummary, _: CellContext) -> Line:
    """Used of plan."""
    ratio = group.used_ratio
    return (
        (Span(f"{formatting.percent(ratio):>5} ", usage_role(ratio)), *bar(ratio, BAR_CELLS))
        if ratio is not None
        else ()
    )


def rpo(group: GroupSummary, _: CellContext) -> Line:
    """The worst recovery point offset."""
    if group.rpo_ratio is None:
        return ()
    role = rpo_role(group.rpo_ratio, is_on=True)
    return (Span(formatting.latency(group.rpo_ms), role), Span(f"/{formatting.latency(group.rpo_target_ms)}", Role.DIM))


def growth(group: GroupSummary, _: CellContext) -> Line:
    """The sum of growth, as far as it is known."""
    rate = group.growth_bytes_per_s
    if rate is None:
        return ()
    return (Span(formatting.rate(rate), Role.DIM if round(rate * 3600) == 0 else Role.TEXT),)


def group_name(group: GroupSummary, context: CellContext) -> str:
    """What its tasks have in common, in words."""
    if BY_KEY[group.by].is_named:
        return context.names.get(group.key, group.key) or f"no {group.by}"
    if group.by == "status":
        return f"{GLYPHS.get(group.key, OTHER_GLYPH)} {group.key}"
    return group.key or f"no {group.by}"
