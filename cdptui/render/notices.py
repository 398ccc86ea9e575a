"""One-line notices: what changed between two polls, and how many tasks are marked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from cdptui.models.change import Change
from cdptui.models.task import ResourceRef, Task
from cdptui.render import formatting

_APPEARED: Final = "{name} appeared: {status}"
_VANISHED: Final = "{name} vanished"
_CHANGED: Final = "{name}: {differences}"
_WITH_OTHERS: Final = "{notice} · {count} more"

_NONE: Final = "none"
_MAX_TEXT: Final = 24
"""Characters of a description in a notice."""

Names = Mapping[str, str]
"""Known names of resources by UUID."""


def summarize_changes(changes: Sequence[Change], names: Names) -> str:
    """Return one line: the most severe change in full, and the number of the others; empty without changes."""
    if not changes:
        return ""
    notice = _describe_change(max(changes, key=_importance), names)
    return notice if len(changes) == 1 else _WITH_OTHERS.format(notice=notice, count=len(changes) - 1)


def _importance(change: Change) -> tuple[int, bool, bool]:
    """Return a key that is greater for a more severe change, and then for one of a task that is still there."""
    before, after = change.before, change.after
    return change.severity, before is not None and after is not None, after is not None


def _describe_change(change: Change, names: Names) -> str:
    before, after = change.before, change.after
    if after is None:
        return _VANISHED.format(name=change.task.name)
    if before is None:
        return _APPEARED.format(name=after.name, status=after.status)
    return _CHANGED.format(name=before.name, differences=", ".join(_differences(before, after, change.fields, names)))


def _differences(before: Task, after: Task, fields: Collection[str], names: Names) -> Iterator[str]:
    """Yield what differs, the status and the state first."""
    for field, template, value in _FIELDS:
        if field in fields:
            yield template.format(before=value(before, names), after=value(after, names))
    if "resource_refs" in fields:
        yield from _resource_differences(before.resource_refs, after.resource_refs, names)


def _resource_differences(before: Sequence[ResourceRef], after: Sequence[ResourceRef], names: Names) -> Iterator[str]:
    old, new = ({ref.resource_uuid for ref in refs} for refs in (before, after))
    if new == old:
        yield "protected resources updated"
    for template, uuids in (("now protects {what}", new - old), ("no longer protects {what}", old - new)):
        if uuids:
            uuid = min(uuids)
            others = f" and {len(uuids) - 1} more" if len(uuids) > 1 else ""
            yield template.format(what=f"{names.get(uuid, uuid)}{others}")


def _bytes(count: int | None) -> str:
    return _NONE if count == 0 else formatting.size(count)


def _limit(task: Task, _: Names) -> str:
    return f"{_bytes(task.bandwidth_limit_bps)}/s" if task.bandwidth_limit_bps else _bytes(task.bandwidth_limit_bps)


def _name(uuid: str | None, names: Names) -> str:
    return names.get(uuid, uuid) if uuid else _NONE


def _text(text: str | None) -> str:
    if not text:
        return _NONE
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


_FIELDS: Final[tuple[tuple[str, str, Callable[[Task, Names], str]], ...]] = (
    ("status", "{before} → {after}", lambda task, _: task.status),
    ("state", "{before} → {after}", lambda task, _: task.state),
    ("name", "renamed to {after}", lambda task, _: task.name),
    ("plan_bytes", "plan {before} → {after}", lambda task, _: _bytes(task.plan_bytes)),
    ("rpo_target_ms", "RPO target {before} → {after}", lambda task, _: formatting.latency(task.rpo_target_ms)),
    ("policy_uuid", "policy {before} → {after}", lambda task, names: _name(task.policy_uuid, names)),
    (
        "backup_storage_uuid",
        "backup storage {before} → {after}",
        lambda task, names: _name(task.backup_storage_uuid, names),
    ),
    ("bandwidth_limit_bps", "limit {before} → {after}", _limit),
    ("task_type", "type {before} → {after}", lambda task, _: _text(task.task_type)),
    ("description", "description {before} → {after}", lambda task, _: _text(task.description)),
    ("created_at", "creation date updated", lambda _, __: ""),
)
"""Fields that can change, with a template of the change and the value as text."""


def marks_text(count: int, hidden: int) -> str:
    """Return how many tasks are marked, for the footer; empty when none is.

    >>> marks_text(3, 0), marks_text(3, 1), marks_text(0, 0)
    ('3 marked', '3 marked, 1 hidden by the filter', '')
    """
    if not count:
        return ""
    return f"{count} marked" + (f", {hidden} hidden by the filter" if hidden else "")
