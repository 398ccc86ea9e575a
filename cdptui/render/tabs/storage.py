"""The Storage tab: the backup storage, its free capacity, and how much of it the tasks have planned."""

from __future__ import annotations

from typing import Final

from cdptui.models.aggregates import is_unhealthy
from cdptui.models.inventory import BackupStorage
from cdptui.models.storages import StorageSummary, storage_use_severity
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting, storage_cells
from cdptui.render.spans import Line, Role, Span, TaskLine
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES, sign
from cdptui.render.tabs.blocks import BLANK, fetch_status, has_value, heading, labeled, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import problem_role, used_share

_BAR_CELLS: Final = 8
_NOT_VISIBLE: Final = "Backup storage not found among those visible to this account"
_NOT_LISTED: Final = "Backup storage not found among the {count} that the server listed; the list may be incomplete"
_GO_TO: Final = "{next} {previous} select a task, {open} goes to it"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines."""
    uuid, part = row.task.backup_storage_uuid, context.storages
    top = [title_line(row, context.storages, context.at), *spacer(height)]
    if uuid is None:
        return [*top, (Span("The server reports no backup storage for this task", Role.WARN),)]
    storage, summary = (part.value or {}).get(uuid), context.storage
    if storage is not None:
        body = [*_head(storage), *fetch_status(part, context, "storages", width), BLANK]
        body += [*_commitment(storage, summary, width), BLANK]
    else:
        name = context.names.get(uuid)
        body = [labeled("storage", Span(name or "name not known", Role.STRONG if name else Role.DIM))]
        body += [labeled("UUID", Span(uuid, Role.DIM)), *fetch_status(part, context, "storages", width)]
        if has_value(part) and part.failure is None:
            message = _NOT_LISTED.format(count=len(part.value or {})) if part.is_partial else _NOT_VISIBLE
            body += wrap(message, width, Role.WARN)
        body.append(BLANK)
    return [*top, *body, *_others(row, context, width)]


def _head(storage: BackupStorage) -> list[Line]:
    ratio = storage.used_ratio
    lines = [
        labeled("storage", Span(storage.name or "(no name)", Role.STRONG)),
        labeled("connection", *storage_cells.connection_spans(storage), *storage_cells.state_spans(storage)),
    ]
    if ratio is not None and storage.total_bytes is not None:
        used = storage.total_bytes - (storage.available_bytes or 0)
        lines.append(
            labeled(
                "used",
                Span(f"{formatting.size(used)} of {formatting.size(storage.total_bytes)}  "),
                *used_share(ratio, storage_use_severity(ratio), cells=_BAR_CELLS),
            )
        )
    lines.append(labeled("free", Span(formatting.size(storage.available_bytes), Role.STRONG)))
    kind = " ".join(part for part in (storage.kind, storage.url) if part)
    return [*lines, labeled("kind", Span(kind or formatting.UNKNOWN, Role.DIM))]


def _commitment(storage: BackupStorage, summary: StorageSummary, width: int) -> list[Line]:
    total, free, tasks = storage.total_bytes, storage.available_bytes, summary.tasks
    used = tasks.used_bytes or 0
    lines = [
        heading("Planned capacity", width),
        labeled("used by tasks", Span(formatting.size(tasks.used_bytes)), *_other_data(total, free, used)),
        labeled("planned", *storage_cells.planned(summary), *_planned_share(total, tasks.committed_bytes)),
        labeled("not yet used", Span(formatting.size(tasks.remaining_planned_bytes))),
        labeled("growth", *storage_cells.growth(summary)),
        labeled("full in", *storage_cells.full_in(summary)),
    ]
    if not summary.is_full_in_trusted and tasks.growth_bytes_per_s is not None:
        lines += wrap(storage_cells.NOT_RELIABLE, width, Role.DIM)
    spare = summary.spare_bytes
    if tasks.unplanned == tasks.count:
        lines += wrap("No plans to check against the free capacity", width, Role.DIM)
    elif spare is None:
        lines += wrap("Free capacity not known: cannot check whether the plans fit", width, Role.DIM)
    elif spare < 0:
        lines += wrap(f"▲ Overcommitted: plans exceed the free capacity by {formatting.size(-spare)}", width, Role.WARN)
    else:
        lines += wrap(f"✔ Plans fit, {formatting.size(spare)} to spare", width, Role.OK)
    count = tasks.unplanned
    if count == 1:
        lines += wrap("1 task without a plan is counted by its used capacity", width, Role.DIM)
    elif count:
        lines += wrap(f"{count} tasks without a plan are counted by their used capacity", width, Role.DIM)
    return lines


def _other_data(total: int | None, free: int | None, used: int) -> list[Span]:
    if total is None or free is None:
        return []
    rest = total - free - used
    return [Span(f"  plus {formatting.size(rest)} other data", Role.DIM)] if rest > 0 else []


def _planned_share(total: int | None, planned: int) -> list[Span]:
    return [Span(f"  {formatting.percent(planned / total)} of the storage", Role.DIM)] if total else []


def _others(row: TaskRow, context: DetailContext, width: int) -> list[Line]:
    others = [other for other in context.storage_tasks if other.task.uuid != row.task.uuid]
    if not others:
        return [heading("No other tasks", width)]
    tasks, keys = context.storage.tasks, context.keys
    count, unhealthy = tasks.count - 1, tasks.unhealthy - is_unhealthy(row)
    title = "1 other task" if count == 1 else f"{count} other tasks"
    lines = [
        heading(f"{title}, {unhealthy} unhealthy" if unhealthy else f"{title}, no problems", width),
        *wrap(
            _GO_TO.format(next=keys["link-next"], previous=keys["link-previous"], open=keys["open"]), width, Role.DIM
        ),
    ]
    lines += [_other(other) for other in others]
    if count > len(others):
        lines.append((Span(f"… {count - len(others)} more not shown", Role.DIM),))
    return lines


def _other(row: TaskRow) -> Line:
    task, ratio = row.task, row.task.used_ratio
    share = formatting.percent(ratio) if ratio is not None else formatting.UNKNOWN
    severity = sign(row.severity)
    spans = (
        severity._replace(text=f"{severity.text} "),
        Span(f"{GLYPHS.get(task.status, OTHER_GLYPH)} ", ROLES[row.severity]),
        Span(f"{share:>4} ", problem_role(row.use_severity)),
        Span(f"{formatting.size(task.used_bytes):>9}  "),
        Span(task.name or task.uuid, ROLES[row.severity] if row.reasons else Role.TEXT),
    )
    return TaskLine(spans, task.uuid)
