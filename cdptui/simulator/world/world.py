"""The world of the node: all tasks and resources, advanced to the present on each request.

It owns all mutable fleet state. Callers from several threads hold `lock`.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from threading import RLock
from zoneinfo import ZoneInfo

from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.fleet_clock import FleetClock
from cdptui.simulator.world.initial_state import InitialState, size_storages
from cdptui.simulator.world.lifecycle import Lifecycle
from cdptui.simulator.world.long_jobs import make_long_jobs
from cdptui.simulator.world.resources import (
    Machine,
    Policy,
    Storage,
    make_hosts,
    make_policies,
    make_storages,
    make_unprotected_machines,
)
from cdptui.simulator.world.seeded_random import hash64, uniform
from cdptui.simulator.world.status_history import StatusHistory
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.task_factory import TaskFactory
from cdptui.simulator.world.write_rate import WriteMeter, first_minute_above, hour_factor

_DAY = 1440
_CATCH_UP_TASK_DAYS = 20_000
_CATCH_UP_DAYS = 60.0
_CATCH_UP_LEAST_DAYS = 0.25
_MEMBERSHIP_EVERY = 8 * 60 * 60
"""Fleet minutes for each task between two additions or removals: one in eight hours in a fleet of sixty."""


_Subject = SimulatedTask | Storage | Callable[[int], None] | None
"""What an event concerns: a task, a storage, a planned change, or the number of tasks."""

_LOST_BEFORE = 31 * 60
_EDGE_OUTAGES_BEFORE = (_LOST_BEFORE, _LOST_BEFORE - 70, 12)
_OUTAGE_BEFORE = (19 * 60, 19 * 60 - 25)
"""Minutes before the start of the node, in a fleet with a past: when a task is deleted, when the storage of the branch
office is disconnected, comes back and is disconnected again, and when another storage is, for 25 minutes."""


class World:
    """All tasks by UUID, and their storages, VMs and policies.

    Time moves only in `advance`, from event to event. One call simulates at most 60 days or 20,000 task-days,
    whichever is less, but at least a quarter of a day; the rest of a longer time is skipped without growth.
    """

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float]) -> None:
        self.lock = RLock()
        self.version = 0
        """Changes when tasks are added, removed or changed by a caller."""
        self.minute = 0
        self._now = now
        self._target = settings.tasks
        self._events: list[tuple[int, int, _Subject, int]] = []
        self._sequence = 0
        start = now()
        self._past = settings.past_minutes
        self.born = start - self._past * 60 / settings.speed
        """Wall-clock time of minute 0."""
        self._clock = FleetClock(self.born, settings.speed, ZoneInfo(settings.zone))
        self._planned_toggles: dict[str, deque[int]] = {}
        """Minutes of the past at which storages are disconnected and come back, by UUID."""
        self.status_history = StatusHistory()
        self._lifecycle = Lifecycle(self._clock, self._schedule, self.status_history.record)
        rng = Random(settings.seed)  # noqa: S311 - a fleet, not a secret
        self._rng = rng
        self.policies = {policy.uuid: policy for policy in make_policies(rng, start)}
        storages = make_storages(rng, settings.tasks, start)
        self.storages = {storage.uuid: storage for storage in storages}
        self._factory = TaskFactory(rng, list(self.policies.values()), storages)
        self.tasks: dict[str, SimulatedTask] = {}
        self.hosts = {host.uuid: host for host in make_hosts(start)}
        self.machines: dict[str, Machine] = {}
        """The VMs of the tasks, and some without a task."""
        self._populate(settings.tasks, self.born, storages)
        self.status_history.restart(list(self.tasks.values()))
        unprotected = make_unprotected_machines(settings.seed, settings.tasks, start)
        self.machines |= {machine.uuid: machine for machine in unprotected}
        self.long_jobs = {job.uuid: job for job in make_long_jobs(settings.seed, list(self.machines.values()), start)}

    def advance(self) -> None:
        """Advance the fleet to the current time."""
        with self.lock:
            now = self._now()
            target = self._clock.minute(now)
            excess = target - self.minute - self._most_minutes()
            if excess > 0:
                self._clock.skip(now, excess)
                target = self._clock.minute(now)
            while self._events and self._events[0][0] <= target:
                minute, _, subject, version = heapq.heappop(self._events)
                self.minute = max(self.minute, minute)
                self._dispatch(minute, subject, version)
            self.minute = max(self.minute, target)

    def current_metrics(self, task: SimulatedTask) -> tuple[int, int]:
        """Return the current usedCapacity (bytes) and lastLatency (ms) as last measured by the server."""
        return task.used_at(self.minute), task.latency_at(self.minute)

    def metrics_at(self, task: SimulatedTask, minutes: Sequence[int]) -> list[tuple[int, int]]:
        """Return usedCapacity and lastLatency of a task at past minutes, oldest first.

        From the begin of the current status on they are those that a client saw then. The fleet keeps nothing of the
        time before: the capacity grows at the mean pace, and the latency is that of a running task.
        """
        # The meter of the task has passed these minutes.
        meter = WriteMeter(task.seed, task.rhythm, task.pace, task.since, self._clock.week_offset)
        past = replace(task, meter=meter if task.meter is not None else None)
        found = []
        for minute in minutes:
            if minute >= task.since:
                found.append((past.used_at(minute), past.latency_at(minute)))
            else:
                used = task.used - task.pace * (task.since - minute) / 60
                found.append((max(0, int(used)), task.calm_latency_at(minute)))
        return found

    def wall_time(self, minute: int) -> float:
        """Return the wall-clock time of a fleet minute."""
        return self._clock.wall(minute)

    def minute_above(self, task: SimulatedTask, used: float) -> int:
        """Return the minute at which a task exceeded `used` bytes in its current status; the begin of that at least."""
        if task.meter is None or task.used > used:
            return task.since
        meter = WriteMeter(task.seed, task.rhythm, task.pace, task.since, self._clock.week_offset)
        above = first_minute_above(meter, used - task.used, task.since, self.minute)
        return self.minute if above is None else above

    def write_rate(self, task: SimulatedTask, wall: float) -> float:
        """Return the bytes that the VM of a task writes in a second of the wall clock at a time."""
        return (
            task.pace * hour_factor(task.seed, task.rhythm, self._clock.hour_of_week(wall)) * self._clock.speed / 3600
        )

    def available(self, storage: Storage) -> int:
        """Return the free bytes of a storage."""
        used = sum(self.tasks[uuid].used_at(self.minute) for uuid in storage.tasks)
        return max(storage.total // 50, storage.total - used)

    # Operations of the API.

    def switch(self, task: SimulatedTask, *, on: bool) -> None:
        """Start to enable or disable a task; `finish_switch` completes it."""
        with self.lock:
            task.state = "Enabled" if on else "Disabled"
            self._clear_override(task, "state", "status")
            self._lifecycle.enter(task, "Starting" if on else "Stopping", self.minute)

    def finish_switch(self, task: SimulatedTask) -> None:
        """Complete what `switch` started."""
        with self.lock:
            if task.uuid not in self.tasks:
                return
            if task.status == "Starting":
                self._lifecycle.run(task, self.minute)
            elif task.status == "Stopping":
                self._lifecycle.enter(task, "Stopped", self.minute, lasts=7 * _DAY)

    def update(self, task: SimulatedTask, changes: Mapping[str, object]) -> None:
        """Change the fields that UpdateCdpTask may change; other keys are ignored."""
        with self.lock:
            attributes = {"name": "name", "description": "description", "backupBandwidth": "bandwidth"}
            attributes |= {"maxCapacity": "plan", "maxLatency": "max_latency"}
            for key in attributes.keys() & changes.keys():
                self._clear_override(task, key)
                setattr(task, attributes[key], changes[key])
            task.changed = self._now()
            self._lifecycle.replan(task, self.minute)
            self.version += 1

    def create_task(
        self, name: str, policy: Policy, storage: Storage, machine: Machine, fields: Mapping[str, object]
    ) -> SimulatedTask:
        """Create a task for a VM; `fields` are further fields as for `update`. It starts by itself."""
        with self.lock:
            task = self._factory.create(self._now(), is_new=True)
            profile_plan = task.plan
            task.name, task.policy, task.storage, task.machine = name, policy, storage, machine
            self._insert(task)
            self._lifecycle.create(task, self.minute)
            self.update(task, fields)
            if task.plan and profile_plan:
                # The growth profile was drawn for another plan.
                scale = task.plan / profile_plan
                task.pace, task.floor, task.used = task.pace * scale, task.floor * scale, task.used * scale
            return task

    def delete_task(self, uuid: str) -> None:
        """Delete a task and keep its VM, as DeleteCdpTask does. Unknown UUIDs are ignored."""
        with self.lock:
            task = self.tasks.get(uuid)
            if task is None:
                return
            self.remove(uuid)
            if task.machine is not None:
                self.machines[task.machine.uuid] = task.machine

    def task_of(self, machine: str) -> SimulatedTask | None:
        """Return the task that protects a VM; None for a VM without a task."""
        found = (task for task in self.tasks.values() if task.machine is not None and task.machine.uuid == machine)
        return next(found, None)

    # Operations of tests.

    def add(self, **overrides: object) -> str:
        """Add a running task of some age, with overridden fields. Return its UUID."""
        with self.lock:
            task = self._factory.create(self._now(), is_new=False)
            task.uuid = str(overrides.pop("uuid", task.uuid))
            task.name = str(overrides.pop("name", task.name))
            self._insert(task)
            self._lifecycle.prepare(task, self.minute)
            self._lifecycle.run(task, self.minute)
            task.overrides.update(overrides)
            return task.uuid

    def override_fields(self, uuid: str, **fields: object) -> None:
        """Set fields of a task until `clear_overrides` or an operation on them. None omits the field.

        Dates are epoch seconds or any text. Raises KeyError for an unknown UUID.
        """
        with self.lock:
            self.tasks[uuid].overrides.update(fields)
            self.version += 1

    def clear_overrides(self, uuid: str) -> None:
        """Undo `override_fields`."""
        with self.lock:
            self.tasks[uuid].overrides.clear()
            self.version += 1

    def remove(self, uuid: str) -> None:
        """Delete a task with its VM. Raises KeyError for an unknown UUID."""
        with self.lock:
            task = self.tasks.pop(uuid)
            task.event_version += 1
            task.storage.tasks.pop(uuid, None)
            if task.machine is not None:
                self.machines.pop(task.machine.uuid, None)
            self.version += 1

    def freeze(self) -> None:
        """Stop fleet time: only explicit commands change the world."""
        with self.lock:
            self.advance()
            self._clock.freeze(self._now())

    def thaw(self) -> None:
        """Resume fleet time."""
        with self.lock:
            self._clock.unfreeze(self._now())

    @property
    def is_frozen(self) -> bool:
        """True between `freeze` and `thaw`."""
        return self._clock.is_frozen

    def _populate(self, count: int, start: float, storages: list[Storage]) -> None:
        storages[0].connected = count < 1 or self._past > 0
        for _ in range(count):
            self._insert(self._factory.create(start, is_new=False))
        tasks = list(self.tasks.values())
        initial = InitialState(
            self._rng, self._clock, self._lifecycle, storages[0], self._past, self._push, self._create_late
        )
        initial.apply(tasks)
        size_storages(tasks, storages)
        if self._past and count:
            self._plan_past(start, storages)
        for i, storage in enumerate(storages):
            storage.changed = self._clock.wall(-12) if not storage.connected else storage.changed
            planned = self._planned_toggles.get(storage.uuid)
            self._push(planned.popleft() if planned else self._storage_lasts(storage, i), storage)
        if count:
            # In the past the number of tasks changes as planned only, so that it is the requested one at the start.
            self._push(self._past + self._membership_gap(), None)

    def _plan_past(self, start: float, storages: list[Storage]) -> None:
        """Plan the outages of two storages, and a task that is deleted before the start of the node."""
        for storage, before in zip(storages, (_EDGE_OUTAGES_BEFORE, _OUTAGE_BEFORE), strict=False):
            toggles = [self._past - minutes for minutes in before if minutes < self._past]
            self._planned_toggles[storage.uuid] = deque(toggles)
        if self._past > _LOST_BEFORE:
            task = self._factory.create(start, is_new=False)
            self._insert(task)
            self._lifecycle.prepare(task, 0)
            self._lifecycle.run(task, 0)
            self._push(self._past - _LOST_BEFORE, lambda _: self.remove(task.uuid))

    def _create_late(self, task: SimulatedTask, minute: int) -> None:
        def create(minute: int) -> None:
            task.created, task.used = self._clock.wall(minute), 0.0
            self._insert(task)
            self._lifecycle.create(task, minute)

        self.remove(task.uuid)
        self._push(minute, create)

    def _insert(self, task: SimulatedTask) -> None:
        self.tasks[task.uuid] = task
        task.storage.tasks[task.uuid] = None
        if task.machine is not None:
            self.machines[task.machine.uuid] = task.machine
        self.version += 1

    def _most_minutes(self) -> int:
        days = min(_CATCH_UP_DAYS, _CATCH_UP_TASK_DAYS / max(1, len(self.tasks)))
        return int(max(_CATCH_UP_LEAST_DAYS, days) * _DAY)

    def _push(self, minute: int, subject: _Subject, version: int = 0) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (minute, self._sequence, subject, version))

    def _schedule(self, task: SimulatedTask, minute: int) -> None:
        self._push(minute, task, task.event_version)

    def _dispatch(self, minute: int, subject: _Subject, version: int) -> None:
        if isinstance(subject, SimulatedTask):
            if subject.event_version == version:
                self._lifecycle.run_event(subject, minute)
        elif isinstance(subject, Storage):
            self._toggle_storage(subject, minute)
        elif subject is not None:
            subject(minute)
        else:
            self._add_or_remove_task(minute)

    def _toggle_storage(self, storage: Storage, minute: int) -> None:
        storage.connected = not storage.connected
        storage.changed = self._clock.wall(minute)
        tasks = [self.tasks[uuid] for uuid in list(storage.tasks)]
        for place, task in enumerate(tasks):
            if storage.connected:
                self._lifecycle.storage_back(task, minute, place)
            else:
                self._lifecycle.storage_lost(task, minute)
        planned = self._planned_toggles.get(storage.uuid)
        self._push(planned.popleft() if planned else minute + self._storage_lasts(storage, minute), storage)

    def _storage_lasts(self, storage: Storage, salt: int) -> int:
        seed = int(storage.uuid[:16], 16)
        chance = uniform(seed, salt)
        if storage.is_edge:
            return int(90 + 300 * chance) if storage.connected else int(35 + 90 * chance)
        return int((12 + 40 * chance) * _DAY) if storage.connected else int(5 + 15 * chance)

    def _add_or_remove_task(self, minute: int) -> None:
        size = len(self.tasks)
        slack = max(0, min(self._target // 10 - 1, self._target // 20 + 1))
        grows = hash64(0x626F726E, minute) % (2 * slack + 1) >= size - self._target + slack
        if grows and size < self._target + slack:
            task = self._factory.create(self._clock.wall(minute), is_new=True)
            self._insert(task)
            self._lifecycle.create(task, minute)
        elif not grows and size > self._target - slack:
            uuids = list(self.tasks)
            self.remove(uuids[hash64(0x676F6E65, minute) % size])
        self._push(minute + self._membership_gap(), None)

    def _membership_gap(self) -> int:
        return max(1, _MEMBERSHIP_EVERY // max(1, self._target))

    @staticmethod
    def _clear_override(task: SimulatedTask, *names: str) -> None:
        for name in names:
            task.overrides.pop(name, None)
