"""Which tasks protect which resource: the node wants one each, and somebody should know where it is not so."""

from __future__ import annotations

from itertools import islice

from cdptui.models.task import Task


class Guards:
    """A book of resources and their tasks. The many with one task cost no more than their place in it.

    Each of several tasks is told of one other, so that thousands on one resource, which no node should have, take no
    longer than two.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, str | dict[str, None]] = {}
        self._touched: set[str] = set()

    def add(self, task: Task) -> None:
        """Note what a task protects."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known is None:
                self._tasks[ref.resource_uuid] = task.uuid
            elif isinstance(known, dict):
                known[task.uuid] = None
            elif known != task.uuid:
                self._tasks[ref.resource_uuid] = {known: None, task.uuid: None}
                self._touched.add(known)

    def remove(self, task: Task) -> None:
        """Strike out what a task protected."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known == task.uuid:
                del self._tasks[ref.resource_uuid]
            elif isinstance(known, dict) and task.uuid in known:
                told_of = list(islice(known, 2))
                del known[task.uuid]
                if task.uuid == told_of[0]:
                    self._touched.update(known)
                elif task.uuid == told_of[1]:
                    self._touched.add(told_of[0])
                if len(known) == 1:
                    self._tasks[ref.resource_uuid] = next(iter(known))

    def rival(self, task: Task) -> str:
        """Uuid of another task on what `task` protects; empty when there is none."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if isinstance(known, dict):
                for uuid in islice(known, 2):
                    if uuid != task.uuid:
                        return uuid
        return ""

    def take_touched(self) -> set[str]:
        """Uuids of the tasks whose rival came, went or changed since this was asked last."""
        touched, self._touched = self._touched, set()
        return touched
