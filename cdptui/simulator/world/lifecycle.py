"""The life cycle of a task: its state machine and the schedule of its events.

    Created ─▶ Starting ─▶ Running ◀─▶ DataMerging
                  ▲           ├──▶ Stopping ─▶ Stopped   (state Disabled, or a failure while Enabled)
                  │           ├──▶ Failed                (used exceeds the plan)
                  │           └──▶ Unknown               (its storage or its host is disconnected)
                  └── an operator or a reconnection restarts it

Every event is at a whole fleet minute; its random numbers come from the task's seed.
"""

from __future__ import annotations

from collections.abc import Callable

from cdptui.simulator.world.fleet_clock import FleetClock
from cdptui.simulator.world.resources import GIB
from cdptui.simulator.world.seeded_random import exponential, uniform
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.task_factory import LARGEST_PLAN
from cdptui.simulator.world.write_rate import PEAK, WriteMeter, first_minute_above

_HOUR = 60
_DAY = 1440
_LOOK_AHEAD = _DAY
_FAILURE_EVERY = 16 * _DAY

_LOST_WITH_STORAGE = ("Running", "DataMerging", "Starting", "Stopping", "Unknown")


class Lifecycle:
    """Moves tasks from event to event. `schedule(task, minute)` replaces the task's pending event.

    `on_change(task, previous)` is called after each change of a status.
    """

    def __init__(
        self,
        clock: FleetClock,
        schedule: Callable[[SimulatedTask, int], None],
        on_change: Callable[[SimulatedTask, str], None],
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._on_change = on_change
        self._handlers: dict[str, Callable[[SimulatedTask, int], None]] = {
            "Created": self._first_copy,
            "Starting": self.run,
            "Running": self._while_running,
            "DataMerging": self._merged,
            "Stopping": self._stopped,
            "Stopped": self._start,
            "Failed": self._recover,
            "Unknown": self._start,
        }

    def prepare(self, task: SimulatedTask, minute: int) -> None:
        """Schedule a task's next merge and failure."""
        task.failure_at = minute + int(exponential(task.seed, -1, _FAILURE_EVERY)) + 30
        task.merge_at = minute + int(task.merge_every * _HOUR * uniform(task.seed, -2)) + 5

    def run_event(self, task: SimulatedTask, minute: int) -> None:
        """Handle a task's event."""
        task.events += 1
        self._handlers[task.status](task, minute)

    def enter(self, task: SimulatedTask, status: str, minute: int, *, lasts: int | None = None) -> None:
        """Enter a status for a number of minutes; None until another event ends it."""
        task.used = task.used_now(minute)
        task.meter = None
        task.used_at_end = None
        previous, task.status = task.status, status
        task.since = minute
        task.until = minute + (lasts or 0)
        task.changed = self._clock.wall(minute)
        task.event_version += 1
        self._on_change(task, previous)
        if lasts is not None:
            self._schedule(task, task.until)

    def create(self, task: SimulatedTask, minute: int) -> None:
        """Initialise a new task."""
        self.prepare(task, minute)
        self.enter(task, "Created", minute, lasts=self._minutes(task, 3, 25))

    def run(self, task: SimulatedTask, minute: int) -> None:
        """Start protection."""
        if not task.storage.connected:
            self.enter(task, "Unknown", minute)
            return
        self.enter(task, "Running", minute)
        task.meter = WriteMeter(task.seed, task.rhythm, task.pace, minute, self._clock.week_offset)
        if task.merge_at <= minute:
            task.merge_at = minute + self._merge_gap(task)
        self._look_ahead(task, minute)

    def storage_lost(self, task: SimulatedTask, minute: int) -> None:
        """Handle a disconnected storage: the status becomes Unknown."""
        if task.state == "Enabled" and task.status in _LOST_WITH_STORAGE:
            self.enter(task, "Unknown", minute)

    def storage_back(self, task: SimulatedTask, minute: int, place: int) -> None:
        """Restart the tasks of a reconnected storage, two at a time (`concurrent.start.level`)."""
        if task.status == "Unknown":
            self.enter(task, "Starting", minute, lasts=2 + min(90, 3 * (place // 2)) + self._minutes(task, 0, 3))

    def replan(self, task: SimulatedTask, minute: int) -> None:
        """Recompute when the task is full, after a change of its plan."""
        if task.status == "Running" and task.meter is not None:
            task.event_version += 1
            self._look_ahead(task, minute)

    def _first_copy(self, task: SimulatedTask, minute: int) -> None:
        self.enter(task, "Starting", minute, lasts=self._minutes(task, 40, 300))
        task.used_at_end = task.floor

    def _start(self, task: SimulatedTask, minute: int) -> None:
        task.state = "Enabled"
        if task.machine is not None and task.machine.state == "Stopped":
            task.machine.state = "Running"
        self.enter(task, "Starting", minute, lasts=self._minutes(task, 3, 20))

    def _while_running(self, task: SimulatedTask, minute: int) -> None:
        if task.plan and task.used_now(minute) > task.plan:
            self.enter(task, "Failed", minute, lasts=self._minutes(task, 6 * _HOUR, 40 * _HOUR))
        elif minute >= task.failure_at:
            self._random_failure(task, minute)
        elif minute >= task.merge_at:
            self._merge(task, minute)
        else:
            self._look_ahead(task, minute)

    def _random_failure(self, task: SimulatedTask, minute: int) -> None:
        task.failure_at = minute + int(exponential(task.seed, task.events, _FAILURE_EVERY)) + _DAY
        kind = uniform(task.seed, 7 * task.events + 1)
        if kind < 0.2:
            self.enter(task, "Unknown", minute, lasts=self._minutes(task, 10, 90))
            return
        if kind < 0.3:
            task.state = "Disabled"
        self.enter(task, "Stopping", minute, lasts=self._minutes(task, 3, 15))

    def _stopped(self, task: SimulatedTask, minute: int) -> None:
        if task.state == "Disabled":
            lasts = self._minutes(task, 2 * _DAY, 20 * _DAY)
        else:
            lasts = self._minutes(task, 4 * _HOUR, 30 * _HOUR)
        self.enter(task, "Stopped", minute, lasts=lasts)

    def _merge(self, task: SimulatedTask, minute: int) -> None:
        used = task.used_now(minute)
        self.enter(task, "DataMerging", minute, lasts=self._minutes(task, 25, 150))
        task.used_at_end = min(used, task.floor + max(0.0, used - task.floor) * task.keep)

    def _merged(self, task: SimulatedTask, minute: int) -> None:
        task.merge_at = minute + self._merge_gap(task)
        self.run(task, minute)

    def _recover(self, task: SimulatedTask, minute: int) -> None:
        """Simulate the operator: free data, sometimes extend the plan, and restart the task."""
        larger = -(-int(task.plan * 1.25) // (50 * GIB)) * 50 * GIB
        if uniform(task.seed, 11 * task.events) < 0.2 and larger <= LARGEST_PLAN:
            task.plan = larger
        else:
            task.used = min(task.floor, task.plan * 0.8) * (0.95 + 0.3 * uniform(task.seed, 13 * task.events))
        self._start(task, minute)

    def _look_ahead(self, task: SimulatedTask, minute: int) -> None:
        """Schedule the next event: plan full, failure, merge, or another look-ahead after a day."""
        end = max(minute + 1, min(task.merge_at, task.failure_at, minute + _LOOK_AHEAD))
        meter = task.meter
        if task.plan and meter is not None:
            room = task.plan - task.used_now(minute)
            if task.pace * PEAK * (end - minute + _HOUR) / _HOUR > room:
                full = first_minute_above(meter.fork(), task.plan - task.used, minute, end)
                end = end if full is None else full
        self._schedule(task, end)

    def _merge_gap(self, task: SimulatedTask) -> int:
        return int(task.merge_every * _HOUR * (0.8 + 0.4 * uniform(task.seed, 3 * task.events + 2)))

    def _minutes(self, task: SimulatedTask, low: int, high: int) -> int:
        return low + int((high - low) * uniform(task.seed, 5 * task.events + 3))
