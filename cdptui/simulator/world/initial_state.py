"""The initial state of the fleet: mostly healthy tasks, and one of each problem that the screen shows."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from cdptui.simulator.world.fleet_clock import FleetClock
from cdptui.simulator.world.lifecycle import Lifecycle
from cdptui.simulator.world.resources import TIB, Storage
from cdptui.simulator.world.task import SimulatedTask

_SMALLEST_MIXED = 12
"""Smaller fleets have only running tasks."""
_SHARES = (
    ("Failed", 0.017),
    ("Stopped", 0.025),
    ("Disabled", 0.04),
    ("DataMerging", 0.03),
    ("Starting", 0.012),
    ("Created", 0.008),
    ("Stopping", 0.008),
)
_TARGET_MS = 600_000


class InitialState:
    """Puts new tasks into their initial states."""

    def __init__(self, rng: Random, clock: FleetClock, lifecycle: Lifecycle, edge: Storage) -> None:
        self._rng = rng
        self._clock = clock
        self._lifecycle = lifecycle
        self._edge = edge

    def apply(self, tasks: Sequence[SimulatedTask]) -> None:
        """Set the first status and schedule the first event of every task."""
        for task in tasks:
            self._lifecycle.prepare(task, 0)
        rest = list(tasks)
        if len(tasks) >= _SMALLEST_MIXED:
            rest = self._apply_problems(rest)
        for task in rest:
            self._lifecycle.run(task, 0)
            self._age(task)

    def _apply_problems(self, tasks: list[SimulatedTask]) -> list[SimulatedTask]:
        order = [task for task in tasks if task.plan]
        self._rng.shuffle(order)
        if not self._edge.tasks:
            self._move_to_edge(order.pop())
        order = [task for task in order if task.storage.connected]
        used: set[str] = set()
        for kind, share in _SHARES:
            for _ in range(max(1, round(share * len(tasks)))):
                task = order.pop()
                used.add(task.uuid)
                self._apply_problem(task, kind)
        self._nearly_full(order.pop())
        self._lagging(order.pop())
        return [task for task in tasks if task.uuid not in used]

    def _apply_problem(self, task: SimulatedTask, kind: str) -> None:
        rng, enter = self._rng, self._lifecycle.enter
        match kind:
            case "Failed":
                task.used = task.plan * 1.0004
                enter(task, "Failed", 0, lasts=rng.randrange(120, 900))
            case "Stopped":
                enter(task, "Stopped", 0, lasts=rng.randrange(60, 1200))
                if task.machine is not None:
                    task.machine.state = "Stopped"
            case "Disabled":
                task.state = "Disabled"
                enter(task, "Stopped", 0, lasts=rng.randrange(600, 20000))
            case "DataMerging":
                enter(task, "DataMerging", 0, lasts=rng.randrange(20, 150))
                task.used_at_end = task.floor + (task.used - task.floor) * task.keep
            case "Created":
                task.created, task.used = self._clock.wall(-2), 0.0
                enter(task, "Created", 0, lasts=rng.randrange(5, 25))
            case _:
                enter(task, kind, 0, lasts=rng.randrange(5, 20))
        age = min(rng.randrange(3, 400), int((self._clock.wall(0) - task.created) / 60))
        # The progress of a merge is computed from its begin; the other statuses may have begun long before the start.
        task.since = task.since if kind == "DataMerging" else -age
        task.changed = self._clock.wall(task.since)

    def _nearly_full(self, task: SimulatedTask) -> None:
        """Set up a task that is over 90 % used and full within a day."""
        task.floor = task.plan * 0.5
        task.used = task.plan * 0.932
        task.pace = task.plan * 0.068 / 9
        task.keep = 0.93
        task.merge_at = task.failure_at = 2 * 1440

    def _lagging(self, task: SimulatedTask) -> None:
        """Set up a task over its RPO target."""
        task.max_latency = _TARGET_MS
        task.lag_from, task.lag_until = -35, 100
        task.merge_at, task.failure_at = 1440, 3000

    def _move_to_edge(self, task: SimulatedTask) -> None:
        del task.storage.tasks[task.uuid]
        task.storage = self._edge
        self._edge.tasks[task.uuid] = None

    def _age(self, task: SimulatedTask) -> None:
        """Move the last operation to a random moment before the start."""
        past = self._clock.wall(0) - task.created
        task.changed = task.created + past * self._rng.random()


def size_storages(tasks: Sequence[SimulatedTask], storages: Sequence[Storage]) -> None:
    """Size every storage for the plans on it, in whole TiB."""
    plans = dict.fromkeys((storage.uuid for storage in storages), 0)
    for task in tasks:
        plans[task.storage.uuid] += task.plan or TIB
    for storage in storages:
        storage.total = (int(plans[storage.uuid] * 1.15) // TIB + 2) * TIB
