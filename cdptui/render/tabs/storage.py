"""The tab Storage: where the recovery points lie, how much room there is, and what all tasks on it want of that."""

from __future__ import annotations

from cdptui.models.inventory import BackupStorage, StorageCommitment
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH, ROLES
from cdptui.render.tabs.blocks import BLANK, fetch_status, has_value, heading, labeled, spacer, title_line, wrap
from cdptui.render.tabs.context import DetailContext
from cdptui.render.task_cells import bar, usage_role


def lines(row: TaskRow, context: DetailContext, width: int, height: int) -> list[Line]:
    """All lines."""
    uuid, part = row.task.backup_storage_uuid, context.storages
    top = [title_line(row, context.storages, context.at), *spacer(height)]
    if uuid is None:
        return [*top, (Span("the server named no backup storage", Role.WARN),)]
    storage = (part.value or {}).get(uuid)
    tenancy = context.commitment
    if storage is not None:
        body = [*_head(storage), *fetch_status(part, context, "storages", width), BLANK]
        body += [*_tenancy(storage, tenancy, width), BLANK]
    else:
        name = context.names.get(uuid)
        body = [labeled("storage", Span(name or "name not known", Role.STRONG if name else Role.DIM))]
        body += [labeled("uuid", Span(uuid, Role.DIM)), *fetch_status(part, context, "storages", width)]
        if has_value(part) and part.failure is None:
            seen = "that this account sees"
            listed = f"that the server listed ({len(part.value or {})}); it has, or may have, more"
            body += wrap(f"it is not among the backup storages {listed if part.is_partial else seen}", width, Role.WARN)
        body.append(BLANK)
    return [*top, *body, *_others(row, tenancy, width)]


def _head(storage: BackupStorage) -> list[Line]:
    ratio = storage.used_ratio
    lines = [
        labeled("storage", Span(storage.name or "(no name)", Role.STRONG)),
        labeled("connection", _connection(storage), *_switch(storage)),
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


def _switch(storage: BackupStorage) -> list[Span]:
    if storage.state in {"Enabled", None}:
        return []
    return [Span(f"  switched off ({storage.state})", Role.WARN)]


def _tenancy(storage: BackupStorage, tenancy: StorageCommitment, width: int) -> list[Line]:
    total, free = storage.total_bytes, storage.available_bytes
    lines = [
        heading("What is planned on it", width),
        labeled("used by tasks", Span(formatting.size(tenancy.used_bytes)), *_not_by_tasks(total, free, tenancy)),
        labeled("planned", Span(formatting.size(tenancy.plan_bytes)), *_of_the_whole(total, tenancy)),
        labeled(
            "still to come",
            Span(formatting.size(tenancy.remaining_planned_bytes)),
            Span("  if all plans fill up", Role.DIM),
        ),
    ]
    over = tenancy.overcommitted_bytes(storage)
    if over is None:
        lines += wrap("what is free is not known, so neither is whether the plans fit", width, Role.DIM)
    elif over > 0:
        words = f"▲ over-committed: the plans want {formatting.size(over)} more than is free"
        lines += wrap(words, width, Role.WARN)
    else:
        lines += wrap(f"✔ the plans fit: {formatting.size(-over)} are left beyond them", width, Role.OK)
    if tenancy.unplanned:
        count = tenancy.unplanned
        words = "1 task without a plan is" if count == 1 else f"{count} tasks without a plan are"
        lines += wrap(f"{words} counted with what is used", width, Role.DIM)
    return lines


def _not_by_tasks(total: int | None, free: int | None, tenancy: StorageCommitment) -> list[Span]:
    if total is None or free is None:
        return []
    rest = total - free - tenancy.used_bytes
    return [Span(f"  {formatting.size(rest)} by other data", Role.DIM)] if rest > 0 else []


def _of_the_whole(total: int | None, tenancy: StorageCommitment) -> list[Span]:
    return [Span(f"  {formatting.percent(tenancy.plan_bytes / total)} of the storage", Role.DIM)] if total else []


def _others(row: TaskRow, tenancy: StorageCommitment, width: int) -> list[Line]:
    others = [other for other in tenancy.worst if other.task.uuid != row.task.uuid]
    if not others:
        return [heading("No other task lies on it", width)]
    count, worried = tenancy.tasks - 1, tenancy.with_reasons - bool(row.reasons)
    lines = [heading(f"{count} other task{'' if count == 1 else 's'}, {worried} with a reason to look", width)]
    lines += [_other(other, width) for other in others]
    if count > len(others):
        lines.append((Span(f"… and {count - len(others)} more", Role.DIM),))
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
