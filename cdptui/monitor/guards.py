"""Which tasks protect which resource: the node wants one each, and somebody should know where it is not so."""

from __future__ import annotations

from cdptui.models.task import Task


class Guards:
    """A book of resources and their tasks. The many with one task cost no more than their place in it."""

    def __init__(self) -> None:
        self._tasks: dict[str, str | tuple[str, ...]] = {}
        self._touched: set[str] = set()

    def add(self, task: Task) -> None:
        """Note what a task protects."""
        for ref in task.resource_refs:
            before = self._of(ref.resource_uuid)
            if task.uuid in before:
                continue
            self._tasks[ref.resource_uuid] = (*before, task.uuid) if before else task.uuid
            self._touched.update(before)

    def remove(self, task: Task) -> None:
        """Strike out what a task protected."""
        for ref in task.resource_refs:
            left = tuple(uuid for uuid in self._of(ref.resource_uuid) if uuid != task.uuid)
            self._touched.update(left)
            if len(left) > 1:
                self._tasks[ref.resource_uuid] = left
            elif left:
                self._tasks[ref.resource_uuid] = left[0]
            else:
                self._tasks.pop(ref.resource_uuid, None)

    def rivals(self, task: Task) -> tuple[str, ...]:
        """Uuids of the other tasks on what `task` protects."""
        found: tuple[str, ...] = ()
        for ref in task.resource_refs:
            tasks = self._tasks.get(ref.resource_uuid)
            if isinstance(tasks, tuple):
                found += tuple(uuid for uuid in tasks if uuid != task.uuid and uuid not in found)
        return found

    def take_touched(self) -> set[str]:
        """Uuids of the tasks whose rivals came or went since this was asked last."""
        touched, self._touched = self._touched, set()
        return touched

    def _of(self, resource: str) -> tuple[str, ...]:
        tasks = self._tasks.get(resource, ())
        return (tasks,) if isinstance(tasks, str) else tasks
