"""The history of status changes of the tasks, for events and alarms."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from cdptui.simulator.world.seeded_random import hash64
from cdptui.simulator.world.task import SimulatedTask

_MAX_CHANGES = 10_000
_ID_SALT = 0x68697374


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One change of a task's status. `at` is wall-clock time in epoch seconds."""

    uuid: str
    at: float
    task_uuid: str
    task_name: str
    state: str
    previous: str
    status: str

    @property
    def is_abnormal(self) -> bool:
        """Whether protection ended although the task is enabled."""
        return self.state == "Enabled" and self.status in ("Failed", "Stopped", "Unknown")


class StatusHistory:
    """The last changes, oldest first."""

    def __init__(self) -> None:
        self._changes: deque[StatusChange] = deque(maxlen=_MAX_CHANGES)

    def __iter__(self) -> Iterator[StatusChange]:
        """Iterate over the changes, oldest first."""
        return iter(self._changes)

    def record(self, task: SimulatedTask, previous: str) -> None:
        """Record that a task has just changed its status."""
        number = task.event_version
        uuid = f"{hash64(task.seed ^ _ID_SALT, number):016x}{hash64(task.seed, number):016x}"
        self._changes.append(StatusChange(uuid, task.changed, task.uuid, task.name, task.state, previous, task.status))

    def restart(self, tasks: list[SimulatedTask]) -> None:
        """Replace the history by the change to the current status of each task."""
        self._changes.clear()
        for task in sorted(tasks, key=lambda task: task.changed):
            if task.status != "Running":
                self.record(task, "Running")
