"""What happened between two polls, in words."""

from __future__ import annotations

from collections.abc import Sequence

from cdptui.models.change import Change, ChangeKind


def summarize_changes(changes: Sequence[Change]) -> str:
    """One line, with the name where it was one task."""
    parts = []
    for kind in ChangeKind:
        tasks = [change.task for change in changes if change.kind is kind]
        if tasks:
            who = tasks[0].name if len(tasks) == 1 else f"{len(tasks)} tasks"
            parts.append(f"{who} {kind.value}")
    return ", ".join(parts)
