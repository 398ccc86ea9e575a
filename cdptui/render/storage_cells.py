"""The figures of a backup storage as text, for its row in the list of storages, its group and its tab.

What is not known says so: a dash for a figure that depends on it, words for the capacity itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cdptui.models.capacity import DAY_S
from cdptui.models.estimate import is_full_soon
from cdptui.models.inventory import BackupStorage
from cdptui.models.storages import StorageSummary, storage_use_severity
from cdptui.render import formatting
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES
from cdptui.render.task_cells import full_in_role, problem_role

NOT_KNOWN: Final = "not known"
NO_STORAGE: Final = "no storage reported"
NOT_RELIABLE: Final = "~ not reliable: the growth of tasks is not known yet, or is changing"
_NOT_LISTED: Final = "? not listed"
_YEAR_S: Final = 365 * DAY_S


def name(summary: StorageSummary, names: Mapping[str, str]) -> Line:
    """Return the name; the UUID where the name is not known."""
    if not summary.uuid:
        return (Span(NO_STORAGE, Role.WARN),)
    known = (summary.storage.name if summary.storage is not None else "") or names.get(summary.uuid, "")
    return (Span(known, Role.STRONG),) if known else (Span(summary.uuid, Role.DIM),)


def connection(summary: StorageSummary) -> Line:
    """Return the connection of the node to the storage, and its state where that is not Enabled."""
    if not summary.uuid:
        return ()
    if summary.storage is None:
        return (Span(_NOT_LISTED, Role.WARN),) if summary.is_list_known else (Span(NOT_KNOWN, Role.DIM),)
    return (*connection_spans(summary.storage), *state_spans(summary.storage))


def connection_spans(storage: BackupStorage) -> Line:
    """Return the connection of the node to a storage."""
    match storage.status:
        case "Connected":
            return (Span("● Connected", Role.OK),)
        case "Disconnected":
            return (Span("✖ Disconnected", Role.BAD),)
        case status:
            return (Span(f"◔ {status or NOT_KNOWN}", Role.BUSY if status else Role.DIM),)


def state_spans(storage: BackupStorage) -> Line:
    """Return the state of a storage; empty for Enabled."""
    if storage.state in {"Enabled", None}:
        return ()
    return (Span(f"  state {storage.state}", Role.WARN),)


def capacity(summary: StorageSummary) -> Line:
    """Return the total capacity."""
    return _known_size(summary, summary.total_bytes)


def use(summary: StorageSummary) -> Line:
    """Return the used share of the capacity."""
    ratio = summary.used_ratio
    return _dash() if ratio is None else (Span(formatting.percent(ratio), problem_role(storage_use_severity(ratio))),)


def free(summary: StorageSummary) -> Line:
    """Return the free capacity."""
    return _known_size(summary, summary.available_bytes)


def planned(summary: StorageSummary) -> Line:
    """Return the planned capacity of the tasks."""
    return (Span(formatting.size(summary.tasks.committed_bytes)),) if summary.tasks.count else _dash()


def spare(summary: StorageSummary) -> Line:
    """Return the free capacity that is left when all plans are full; negative when they do not fit."""
    left = summary.spare_bytes
    if left is None or not summary.tasks.count:
        return _dash()
    return (Span(formatting.size(left)),) if left >= 0 else (Span(f"−{formatting.size(-left)}", Role.WARN),)


def growth(summary: StorageSummary) -> Line:
    """Return the growth of the tasks, with a mark where it is not trusted."""
    return growth_spans(summary.tasks.growth_bytes_per_s, is_trusted=summary.tasks.is_growth_trusted) or _dash()


def growth_spans(bytes_per_s: float | None, *, is_trusted: bool) -> Line:
    """Return the growth of several tasks, with a mark where it is not trusted; empty when unknown."""
    if bytes_per_s is None:
        return ()
    text = formatting.rate(bytes_per_s)
    is_quiet = not is_trusted or round(bytes_per_s * 3600) == 0
    return (Span(text if is_trusted else f"~{text.removeprefix('+')}", Role.DIM if is_quiet else Role.TEXT),)


def full_in(summary: StorageSummary) -> Line:
    """Return the time until the free capacity is used up, with a mark where it is not trusted."""
    seconds = summary.full_in_s
    if seconds is None:
        return _dash()
    if seconds <= 0:
        return (Span("full", Role.BAD),)
    if seconds > _YEAR_S:
        return (Span("> 1 y", Role.DIM),)
    text = formatting.duration(seconds)
    return (Span(text, full_in_role(seconds)),) if summary.is_full_in_trusted else (Span(f"~{text}", Role.DIM),)


def tasks(summary: StorageSummary) -> Line:
    """Return the number of tasks."""
    return (Span(str(summary.tasks.count), Role.TEXT if summary.tasks.count else Role.DIM),)


def unhealthy(summary: StorageSummary) -> Line:
    """Return the number of unhealthy tasks."""
    count = summary.tasks.unhealthy
    return (Span(str(count), ROLES[summary.tasks.worst] if count else Role.DIM),)


def problem(summary: StorageSummary) -> Line:
    """Return the worst problem of the storage itself, in a few words; empty for none."""
    storage, seconds, left = summary.storage, summary.full_in_s, summary.spare_bytes
    if not summary.uuid:
        return ()
    if storage is None:
        return (Span("storage not listed", Role.WARN),) if summary.is_list_known else ()
    if storage.is_disconnected:
        return (Span("disconnected", Role.BAD),)
    if seconds is not None and is_full_soon(summary.trusted_full_in_s):
        text = f"full in {full_in(summary)[0].text}" if seconds > 0 else "storage full"
        return (Span(text, full_in(summary)[0].role),)
    ratio = summary.used_ratio
    use_severity = storage_use_severity(ratio)
    if ratio is not None and use_severity is not None:
        return (Span(f"{formatting.percent(ratio)} used", ROLES[use_severity]),)
    if storage.state not in {"Enabled", None}:
        return (Span(f"state {storage.state}", Role.WARN),)
    return (Span(f"over-commit {formatting.size(-left)}", Role.WARN),) if left is not None and left < 0 else ()


def _known_size(summary: StorageSummary, count: int | None) -> Line:
    if not summary.uuid:
        return _dash()
    return (Span(NOT_KNOWN, Role.WARN),) if count is None else (Span(formatting.size(count)),)


def _dash() -> Line:
    return (Span(formatting.UNKNOWN, Role.DIM),)
