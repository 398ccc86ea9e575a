"""The detail pane of a group: its totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdptui.models.aggregates import GroupSummary
from cdptui.models.rpo_history import RpoStatistics
from cdptui.models.severity import plan_use_severity
from cdptui.models.storages import StorageSummary
from cdptui.render import formatting, groups
from cdptui.render.groups import BY_KEY
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES
from cdptui.render.tabs.blocks import BLANK, heading, labeled
from cdptui.render.task_cells import CellContext, rpo_role, used_share


def group_lines(group: GroupSummary, context: CellContext) -> list[Line]:
    """Return the lines of the pane, whose title is the name of the group."""
    health: Line
    if group.unhealthy:
        health = (Span(f"{group.unhealthy} of {group.count} unhealthy", ROLES[group.worst]),)
    elif group.count == 1:
        health = (Span("1 task, healthy", Role.OK),)
    else:
        health = (Span(f"{group.count} tasks, all healthy", Role.OK),)
    used, planned = formatting.size(group.used_bytes), formatting.size(groups.planned_bytes(group))
    lines: list[Line] = [
        health,
        BLANK,
        labeled("used", Span(f"{used} of {planned} planned")),
        labeled("plan used", *_plan_used(group)),
        labeled("worst RPO", *_worst_rpo(group)),
        labeled("growth", *(groups.growth(group, context) or (Span("not known yet", Role.DIM),))),
    ]
    storage = groups.storage_summary(group, context)
    if storage is not None:
        lines += [BLANK, *_storage_lines(storage)]
    if BY_KEY[group.by].is_named and group.key in context.names:
        lines += [BLANK, labeled("UUID", Span(group.key, Role.DIM))]
    return lines


def group_rpo_lines(
    statistics: Sequence[RpoStatistics], task_names: Mapping[str, str], context: CellContext, width: int
) -> list[Line]:
    """Return the RPO of the group's tasks over time, for the end of its pane; none when no RPO was recorded."""
    if not any(each.covered_ms for each in statistics):
        return []
    from cdptui.render.rpo_table import rpo_table

    return [BLANK, heading("RPO over time", width), *rpo_table(statistics, context.zone, width, names=task_names)]


def _plan_used(group: GroupSummary) -> Line:
    ratio = group.used_ratio
    if ratio is None:
        return (Span("no plan set", Role.DIM),)
    return used_share(ratio, plan_use_severity(ratio))


def _worst_rpo(group: GroupSummary) -> Line:
    if group.rpo_ratio is None:
        return (Span("not known", Role.DIM),)
    target = Span(f" (target {formatting.latency(group.rpo_target_ms)})", Role.DIM)
    return (Span(formatting.latency(group.rpo_ms), rpo_role(group.rpo_ratio)), target)


def _storage_lines(summary: StorageSummary) -> list[Line]:
    """Return the figures of a storage, as in the list of storages: those of all its tasks, not of the shown ones."""
    from cdptui.render import storage_cells

    return [
        labeled("connection", *storage_cells.connection(summary)),
        labeled("capacity", *storage_cells.capacity(summary)),
        labeled("use", *storage_cells.use(summary)),
        labeled("free", *storage_cells.free(summary)),
        labeled("planned", *storage_cells.planned(summary)),
        labeled("spare", *storage_cells.spare(summary)),
        labeled("full in", *storage_cells.full_in(summary)),
    ]
