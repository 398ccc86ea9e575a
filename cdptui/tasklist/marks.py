"""Marked tasks: the selection that copying and saving work on."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set

from cdptui.models.task_row import TaskRow


class MarkedTasks:
    """Uuids of marked tasks. Marks survive polls, sorting and filters, and are removed with their tasks."""

    def __init__(self) -> None:
        self._uuids: set[str] = set()

    def __len__(self) -> int:
        return len(self._uuids)

    @property
    def uuids(self) -> Set[str]:
        """The marked uuids; always the same set object."""
        return self._uuids

    def toggle(self, uuids: Collection[str]) -> None:
        """Mark tasks, or unmark them if all of them are marked."""
        if self._uuids.issuperset(uuids):
            self._uuids.difference_update(uuids)
        else:
            self._uuids.update(uuids)

    def clear(self) -> None:
        """Remove all marks."""
        self._uuids.clear()

    def remove_missing(self, rows: Sequence[TaskRow], listed: Set[str]) -> int:
        """Unmark tasks that are not among `rows`; return how many. Most are among the `listed` uuids, checked first."""
        missing = self.outside(listed)
        if missing:
            missing.difference_update(row.task.uuid for row in rows)
            self._uuids -= missing
        return len(missing)

    def outside(self, listed: Set[str]) -> set[str]:
        """Return the marked uuids that are not `listed`."""
        return {uuid for uuid in self._uuids if uuid not in listed}
