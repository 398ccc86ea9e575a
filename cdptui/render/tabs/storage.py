"""The Storage tab: the backup storage, its free capacity, and how much of it the tasks have planned."""

from __future__ import annotations

from typing import Final

from cdptui.models.inventory import BackupStorage, StorageCommitment
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES
from cdptui.render.tabs.blocks import BLANK, fetch_status, has_value, heading, labeled, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import bar, usage_role

_NOT_VISIBLE: Final = "Backup storage not found among those visible to this account"
_NOT_LISTED: Final = "Backup storage not found among the {count} that the server listed; the list may be incomplete"


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """Return all lines."""
    uuid, part = row.task.backup_storage_uuid, context.storages
    top = [title_line(row, context.storages, context.at), *spacer(height)]
    if uuid is None:
        return [*top, (Span("The server reports no backup storage for this task", Role.WARN),)]
    storage = (part.value or {}).get(uuid)
    commitment = context.commitment
    if storage is not None:
        body = [*_head(storage), *fetch_status(part, context, "storages", width), BLANK]
        body += [*_commitment(storage, commitment, width), BLANK]
    else:
        name = context.names.get(uuid)
        body = [labeled("storage", Span(name or "name not known", Role.STRONG if name else Role.DIM))]
        body += [labeled("UUID", Span(uuid, Role.DIM)), *fetch_status(part, context, "storages", width)]
        if has_value(part) and part.failure is None:
            message = _NOT_LISTED.format(count=len(part.value or {})) if part.is_partial else _NOT_VISIBLE
            body += wrap(message, width, Role.WARN)
        body.append(BLANK)
    return [*top, *body, *_others(row, commitment, width)]


def _head(storage: BackupStorage) -> list[Line]:
    ratio = storage.used_ratio
    lines = [
        labeled("storage", Span(storage.name or "(no name)", Role.STRONG)),
        labeled("connection", _connection(storage), *_state(storage)),
    ]
    if ratio is not None and storage.total_bytes is not None:
        used = storage.total_bytes - (storage.available_bytes or 0)
        lines.append(
            labeled(
                "capacity",
                Span(f"{formatting.size(used)} of {formatting.size(storage.total_bytes)}  "),
                Span(f"{formatting.percent(ratio)} ", usage_role(ratio)),
                *bar(ratio, 8),
            )
        )
    lines.append(labeled("free", Span(formatting.size(storage.available_bytes), Role.STRONG)))
    kind = " ".join(part for part in (storage.kind, storage.url) if part)
    return [*lines, labeled("kind", Span(kind or formatting.UNKNOWN, Role.DIM))]


def _connection(storage: BackupStorage) -> Span:
    match storage.status:
        case "Connected":
            return Span("● Connected", Role.OK)
        case "Disconnected":
            return Span("✖ Disconnected", Role.BAD)
        case status:
            return Span(f"◔ {status or 'not known'}", Role.BUSY if status else Role.DIM)


def _state(storage: BackupStorage) -> list[Span]:
    if storage.state in {"Enabled", None}:
        return []
    return [Span(f"  state {storage.state}", Role.WARN)]


def _commitment(storage: BackupStorage, commitment: StorageCommitment, width: int) -> list[Line]:
    total, free = storage.total_bytes, storage.available_bytes
    lines = [
        heading("Planned capacity", width),
        labeled("used by tasks", Span(formatting.size(commitment.used_bytes)), *_other_data(total, free, commitment)),
        labeled("planned", Span(formatting.size(commitment.plan_bytes)), *_planned_share(total, commitment)),
        labeled("not yet used", Span(formatting.size(commitment.remaining_planned_bytes))),
    ]
    over = commitment.overcommitted_bytes(storage)
    if over is None:
        lines += wrap("Free capacity not known: cannot check whether the plans fit", width, Role.DIM)
    elif over > 0:
        lines += wrap(f"▲ Overcommitted: plans exceed the free capacity by {formatting.size(over)}", width, Role.WARN)
    else:
        lines += wrap(f"✔ Plans fit, {formatting.size(-over)} to spare", width, Role.OK)
    count = commitment.unplanned
    if count == 1:
        lines += wrap("1 task without a plan is counted by its used capacity", width, Role.DIM)
    elif count:
        lines += wrap(f"{count} tasks without a plan are counted by their used capacity", width, Role.DIM)
    return lines


def _other_data(total: int | None, free: int | None, commitment: StorageCommitment) -> list[Span]:
    if total is None or free is None:
        return []
    rest = total - free - commitment.used_bytes
    return [Span(f"  plus {formatting.size(rest)} other data", Role.DIM)] if rest > 0 else []


def _planned_share(total: int | None, commitment: StorageCommitment) -> list[Span]:
    return [Span(f"  {formatting.percent(commitment.plan_bytes / total)} of the storage", Role.DIM)] if total else []


def _others(row: TaskRow, commitment: StorageCommitment, width: int) -> list[Line]:
    others = [other for other in commitment.worst if other.task.uuid != row.task.uuid]
    if not others:
        return [heading("No other tasks", width)]
    count, with_problems = commitment.tasks - 1, commitment.with_reasons - bool(row.reasons)
    tasks = "1 other task" if count == 1 else f"{count} other tasks"
    problems = f"{with_problems} with problems" if with_problems else "no problems"
    lines = [heading(f"{tasks}, {problems}", width)]
    lines += [_other(other, width) for other in others]
    if count > len(others):
        lines.append((Span(f"… {count - len(others)} more not shown", Role.DIM),))
    return lines


def _other(row: TaskRow, width: int) -> Line:
    task, ratio = row.task, row.task.used_ratio
    share = formatting.percent(ratio) if ratio is not None else formatting.UNKNOWN
    return (
        Span(f"{GLYPHS.get(task.status, OTHER_GLYPH)} ", ROLES[row.severity]),
        Span(f"{share:>4} ", usage_role(ratio or 0)),
        Span(f"{formatting.size(task.used_bytes):>9}  "),
        Span(task.name or task.uuid, ROLES[row.severity] if row.reasons else Role.TEXT),
    )
