"""The tasks that somebody marked, to do something with them together."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set

from cdptui.models.task_row import TaskRow


class MarkedTasks:
    """Uuids of marked tasks. They survive polls, sorting and filters, and vanish with their tasks."""

    def __init__(self) -> None:
        self._uuids: set[str] = set()

    def __len__(self) -> int:
        return len(self._uuids)

    @property
    def uuids(self) -> Set[str]:
        """What is marked; the same set all the time."""
        return self._uuids

    def toggle(self, uuids: Collection[str]) -> None:
        """Mark them, or unmark them when all of them are marked."""
        if self._uuids.issuperset(uuids):
            self._uuids.difference_update(uuids)
        else:
            self._uuids.update(uuids)

    def clear(self) -> None:
        """Mark nothing."""
        self._uuids.clear()

    def forget_gone(self, rows: Sequence[TaskRow], listed: Set[str]) -> int:
        """Unmark tasks that are not among `rows`; how many those are. Most are `listed`, which is asked first."""
        missing = self.outside(listed)
        if missing:
            missing.difference_update(row.task.uuid for row in rows)
            self._uuids -= missing
        return len(missing)

    def outside(self, listed: Set[str]) -> set[str]:
        """Those that a filter keeps out of what is `listed`."""
        return {uuid for uuid in self._uuids if uuid not in listed}


def marks_text(count: int, hidden: int) -> str:
    """How many tasks are marked; empty when none is.

    >>> marks_text(3, 0), marks_text(3, 1), marks_text(0, 0)
    ('3 marked', '3 marked, 1 hidden by the filter', '')
    """
    if not count:
        return ""
    return f"{count} marked" + (f", {hidden} hidden by the filter" if hidden else "")
