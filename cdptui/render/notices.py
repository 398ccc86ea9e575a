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


def marks_text(count: int, hidden: int) -> str:
    """Return how many tasks are marked, for the footer; empty when none is.

    >>> marks_text(3, 0), marks_text(3, 1), marks_text(0, 0)
    ('3 marked', '3 marked, 1 hidden by the filter', '')
    """
    if not count:
        return ""
    return f"{count} marked" + (f", {hidden} hidden by the filter" if hidden else "")
