"""Groupings of the list, and the cells of a group's row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cdptui.models.aggregates import SHARED_CAUSES, GroupSummary, main_reason
from cdptui.models.reasons import ReasonKind
from cdptui.models.severity import plan_use_severity
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.problem_text import problem_phrase
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, sign
from cdptui.render.task_cells import SHARE_CELLS, CellContext, rpo_role, used_share

if TYPE_CHECKING:
    from cdptui.models.storages import StorageSummary


class Grouping(Struct, frozen=True):
    """A field by which the list can be grouped."""

    key: str
    """Name in saved views; must not change after a release."""
    letter: str
    """The key that selects it in the menu."""
    label: str
    value: Callable[[TaskRow], str]
    """Returns the value of a task; empty when it has none."""
    is_named: bool = False
    """True when the value is a UUID that may have a name."""


def _problem_key(row: TaskRow) -> str:
    """Return the worst problem of a task, with the UUID of its cause where many tasks share it."""
    worst = main_reason(row)
    if worst is None:
        return ""
    return f"{worst.kind.value}{_CAUSE}{worst.other}" if worst.kind in SHARED_CAUSES else worst.kind.value


_CAUSE: Final = ":"
"""Separates the kind of a problem from the UUID of its cause."""


GROUPINGS: Final = (
    Grouping("storage", "b", "Backup storage", lambda row: row.task.backup_storage_uuid or "", is_named=True),
    Grouping("policy", "p", "Policy", lambda row: row.task.policy_uuid or "", is_named=True),
    Grouping("status", "s", "Status", lambda row: row.task.status),
    Grouping("state", "t", "State", lambda row: row.task.state),
    Grouping("problem", "r", "Problem", _problem_key),
)

BY_KEY: Final = {grouping.key: grouping for grouping in GROUPINGS}


_HEALTH_CELLS: Final = 13
"""Width of the STATUS column: just enough for the numbers of 100,000 tasks."""


def title(group: GroupSummary, context: CellContext) -> Line:
    """Return the name of the group."""
    return (Span(group_name(group, context), Role.STRONG),)


def health(group: GroupSummary, _: CellContext) -> Line:
    """Return how many tasks of the group are unhealthy, of how many."""
    if not group.unhealthy:
        return (Span(f"● all {group.count}", Role.OK),)
    worst = sign(group.worst)
    text = f"{worst.text} {group.unhealthy} of {group.count}"
    is_short = len(text) <= _HEALTH_CELLS
    return (Span(text if is_short else f"{worst.text} {group.unhealthy}/{group.count}", worst.role),)


def used(group: GroupSummary, _: CellContext) -> Line:
    """Return the total used capacity."""
    return (Span(formatting.size(group.used_bytes)),)


def plan(group: GroupSummary, _: CellContext) -> Line:
    """Return the total planned capacity."""
    return (Span(formatting.size(planned_bytes(group)), Role.DIM),)


def planned_bytes(group: GroupSummary) -> int | None:
    """Return the total planned capacity; of a storage, what its tasks will need."""
    return group.committed_bytes if group.by == "storage" else group.plan_bytes


def use(group: GroupSummary, _: CellContext) -> Line:
    """Return the used share of the plans, as a percentage and a bar."""
    ratio = group.used_ratio
    return () if ratio is None else used_share(ratio, plan_use_severity(ratio), width=SHARE_CELLS)


def rpo(group: GroupSummary, _: CellContext) -> Line:
    """Return the worst recovery point offset against its target."""
    if group.rpo_ratio is None:
        return ()
    role = rpo_role(group.rpo_ratio)
    return (Span(formatting.latency(group.rpo_ms), role), Span(f"/{formatting.latency(group.rpo_target_ms)}", Role.DIM))


def growth(group: GroupSummary, _: CellContext) -> Line:
    """Return the total growth, with a mark where it is not trusted."""
    from cdptui.render.storage_cells import growth_spans

    return growth_spans(group.growth_bytes_per_s, is_trusted=group.is_growth_trusted)


def full_in(group: GroupSummary, context: CellContext) -> Line:
    """Return the time until a storage is full; empty for other groups."""
    summary = storage_summary(group, context)
    if summary is None:
        return ()
    from cdptui.render import storage_cells

    return storage_cells.full_in(summary)


def problem(group: GroupSummary, context: CellContext) -> Line:
    """Return the worst problem of a storage; empty for other groups."""
    summary = storage_summary(group, context)
    if summary is None:
        return ()
    from cdptui.render import storage_cells

    return storage_cells.problem(summary)


def free(group: GroupSummary, context: CellContext) -> Line:
    """Return the free capacity of a storage; empty for other groups, and when unknown."""
    summary = storage_summary(group, context)
    if summary is None or summary.available_bytes is None:
        return ()
    return (Span(f"{formatting.size(summary.available_bytes)} free"),)


def storage_summary(group: GroupSummary, context: CellContext) -> StorageSummary | None:
    """Return the storage of a group with the totals of all its tasks; None for other groups, and while unknown."""
    return context.storages.get(group.key) if group.by == "storage" else None


def group_name(group: GroupSummary, context: CellContext) -> str:
    """Return the name of the group: its value, or the name of the resource."""
    if BY_KEY[group.by].is_named:
        return context.names.get(group.key, group.key) or f"no {group.by}"
    if group.by == "problem" and group.key:
        kind, _, cause = group.key.partition(_CAUSE)
        return problem_phrase(ReasonKind(kind), context.names.get(cause, ""))
    if group.by == "status":
        return f"{GLYPHS.get(group.key, OTHER_GLYPH)} {group.key}"
    return group.key or f"no {group.by}"
