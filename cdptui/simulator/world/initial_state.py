"""The initial state of the fleet: mostly healthy tasks, and one of each problem that the screen shows.

A fleet with a past has the same problems at the start of the node, but they came about in the days before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from cdptui.simulator.world.fleet_clock import FleetClock
from cdptui.simulator.world.lifecycle import Lifecycle
from cdptui.simulator.world.resources import TIB, Storage
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.write_rate import WriteMeter

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
_NEARLY_FULL = 0.932
_DAY = 1440


class InitialState:
    """Puts new tasks into their initial states.

    Args:
        rng: The random numbers of the fleet.
        clock: The fleet clock, whose minute 0 is the start of the past.
        lifecycle: Moves tasks from status to status.
        edge: The storage that is disconnected at the start of the node.
        past: Minutes from minute 0 to the start of the node.
        stage: Calls a function with a minute at that minute.
        create_late: Adds a task at a minute, which does not exist before.

    """

    def __init__(
        self,
        rng: Random,
        clock: FleetClock,
        lifecycle: Lifecycle,
        edge: Storage,
        past: int,
        stage: Callable[[int, Callable[[int], None]], None],
        create_late: Callable[[SimulatedTask, int], None],
    ) -> None:
        self._rng = rng
        self._clock = clock
        self._lifecycle = lifecycle
        self._edge = edge
        self._past = past
        self._stage = stage
        self._create_late = create_late

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
        order = [task for task in order if task.storage is not self._edge]
        used: set[str] = set()
        for kind, share in _SHARES:
            for _ in range(max(1, round(share * len(tasks)))):
                task = order.pop()
                used.add(task.uuid)
                if self._past:
                    self._stage_problem(task, kind)
                else:
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

    def _stage_problem(self, task: SimulatedTask, kind: str) -> None:
        """Let the task run, and let it come by its problem before the start of the node."""
        rng, enter = self._rng, self._lifecycle.enter
        task.failure_at = task.merge_at = self._past + 2 * _DAY
        age, lasts = min(rng.randrange(30, 400), self._past - 1), rng.randrange(420, 1200)

        def stop(minute: int) -> None:
            enter(task, "Stopped", minute, lasts=lasts)
            if task.machine is not None:
                task.machine.state = "Stopped"

        def disable(minute: int) -> None:
            task.state = "Disabled"
            enter(task, "Stopped", minute, lasts=14 * lasts)

        match kind:
            case "Failed":
                task.floor = task.plan * 0.6
                self._fill_until(task, self._past - age, 0.78, 1.0003)
            case "Stopped":
                self._stage(self._past - age, stop)
            case "Disabled":
                self._stage(self._past - age, disable)
            case "DataMerging":
                task.merge_at = self._past - age % 20 - 3
            case "Created":
                self._create_late(task, self._past - 2)
                return
            case "Starting":
                # It was stopped for half an hour, and starts now.
                self._stage(self._past - 32, lambda minute: enter(task, "Stopped", minute, lasts=30))
            case _:
                self._stage(self._past - 2, lambda minute: enter(task, kind, minute, lasts=5 + age % 15))
        self._lifecycle.run(task, 0)
        self._age(task)

    def _fill_until(self, task: SimulatedTask, minute: int, begin: float, end: float) -> None:
        """Let a task grow from one used share of its plan to another one until a minute."""
        meter = WriteMeter(task.seed, task.rhythm, 1.0, 0, self._clock.week_offset)
        task.used = task.plan * begin
        task.pace = task.plan * (end - begin) / meter.bytes_written(minute)

    def _nearly_full(self, task: SimulatedTask) -> None:
        """Set up a task that is over 90 % used and full within a day."""
        task.floor = task.plan * 0.5
        task.used = task.plan * _NEARLY_FULL
        task.pace = task.plan * 0.068 / 9
        task.keep = 0.93
        if self._past:
            begin = max(0.2, _NEARLY_FULL - self._past / 60 * 0.068 / 9)
            self._fill_until(task, self._past, begin, _NEARLY_FULL)
        task.merge_at = task.failure_at = self._past + 2 * _DAY

    def _lagging(self, task: SimulatedTask) -> None:
        """Set up a task over its RPO target."""
        task.max_latency = _TARGET_MS
        task.lag_from, task.lag_until = self._past - 35, self._past + 100
        task.merge_at, task.failure_at = self._past + _DAY, self._past + 3000

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
