"""One-line notices of what changed between two polls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cdptui.models.change import Change, ChangeKind

_ONE: Final = {
    ChangeKind.APPEARED: "{name} appeared",
    ChangeKind.VANISHED: "{name} vanished",
    ChangeKind.CHANGED: "{name} changed",
}
_MANY: Final = {
    ChangeKind.APPEARED: "{count} tasks appeared",
    ChangeKind.VANISHED: "{count} tasks vanished",
    ChangeKind.CHANGED: "{count} tasks changed",
}
_OTHER_STATUS: Final = "{name}: {before} → {after}"


def summarize_changes(changes: Sequence[Change]) -> str:
    """Return one line: for each kind of change the name of the one task, or the number of tasks."""
    notices = []
    for kind in ChangeKind:
        of_kind = [change for change in changes if change.kind is kind]
        if len(of_kind) == 1:
            notices.append(_describe_change(of_kind[0]))
        elif of_kind:
            notices.append(_MANY[kind].format(count=len(of_kind)))
    return ", ".join(notices)


def _describe_change(change: Change) -> str:
    before, after = change.before, change.after
    if before is not None and after is not None:
        for old, new in ((before.status, after.status), (before.state, after.state)):
            if old != new:
                return _OTHER_STATUS.format(name=after.name, before=old, after=new)
    return _ONE[change.kind].format(name=change.task.name)


def marks_text(count: int, hidden: int) -> str:
    """Return how many tasks are marked, for the footer; empty when none is.

    >>> marks_text(3, 0), marks_text(3, 1), marks_text(0, 0)
    ('3 marked', '3 marked, 1 hidden by the filter', '')
    """
    if not count:
        return ""
    return f"{count} marked" + (f", {hidden} hidden by the filter" if hidden else "")
