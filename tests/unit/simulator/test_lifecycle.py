"""The state machine of one task."""

from __future__ import annotations

import pytest

from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.task import SimulatedTask
from cdptui.simulator.world.world import World
from tests.unit.simulator.clocks import ManualClock


class Fleet:
    """A fleet of one running task, and a clock that moves in fleet minutes."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.world = World(SimulatorSettings(tasks=0), self.clock)
        self.task: SimulatedTask = self.world.tasks[self.world.add()]
        self.task.storage.connected = True
        self.task.failure_at = 10**9

    def advance(self, minutes: int) -> str:
        self.clock.advance(60 * minutes)
        self.world.advance()
        return self.task.status

    def advance_to(self, *statuses: str, within: int) -> int:
        """Advance to one of the statuses; return the minutes that it took."""
        for minute in range(within):
            if self.task.status in statuses:
                return minute
            self.advance(1)
        pytest.fail(f"still {self.task.status}")


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


def test_full_task_fails_and_recovers(fleet: Fleet) -> None:
    task = fleet.task
    task.plan = int(task.used) + 1
    fleet.world.update(task, {"maxCapacity": task.plan})
    fleet.advance_to("Failed", within=24 * 60)
    assert task.used_now(fleet.world.minute) > task.plan
    failed_for = fleet.advance_to("Starting", within=41 * 60)
    assert failed_for >= 5 * 60
    fleet.advance_to("Running", within=60)
    assert task.used <= task.plan


def test_merge_reduces_the_used_capacity(fleet: Fleet) -> None:
    task = fleet.task
    task.floor, task.used, task.keep = 0.0, 1e9, 0.5
    task.plan = 10**12
    task.merge_at = fleet.world.minute + 10
    fleet.world.update(task, {"maxCapacity": task.plan})
    fleet.advance_to("DataMerging", within=20)
    before = fleet.world.current_metrics(task)[0]
    fleet.advance_to("Running", within=160)
    assert fleet.world.current_metrics(task)[0] < 0.6 * before


def test_disabling_stops_and_enabling_starts(fleet: Fleet) -> None:
    world, task = fleet.world, fleet.task
    world.switch(task, on=False)
    assert (task.state, task.status) == ("Disabled", "Stopping")
    world.finish_switch(task)
    assert (task.state, task.status) == ("Disabled", "Stopped")
    assert world.current_metrics(task)[1] == 0
    world.switch(task, on=True)
    assert (task.state, task.status) == ("Enabled", "Starting")
    world.finish_switch(task)
    assert (task.state, task.status) == ("Enabled", "Running")


def test_task_is_unknown_while_its_storage_is_disconnected(fleet: Fleet) -> None:
    task, storage = fleet.task, fleet.task.storage
    fleet.world._toggle_storage(storage, fleet.world.minute)
    assert (task.status, storage.connected) == ("Unknown", False)
    used = fleet.world.current_metrics(task)[0]
    fleet.advance(2)
    assert fleet.world.current_metrics(task)[0] == used
    fleet.world._toggle_storage(storage, fleet.world.minute)
    assert task.status == "Starting"
    fleet.advance_to("Running", within=100)


def test_random_failure_stops_an_enabled_task_for_hours(fleet: Fleet) -> None:
    task = fleet.task
    for _ in range(400):
        task.failure_at = fleet.world.minute + 1
        fleet.world.update(task, {"maxCapacity": 0})
        fleet.advance(2)
        if task.status == "Stopping" and task.state == "Enabled":
            break
        fleet.advance_to("Running", within=40 * 1440)
    fleet.advance_to("Stopped", within=20)
    assert task.state == "Enabled"
    assert 0 < fleet.world.current_metrics(task)[1] <= task.max_latency
    assert fleet.advance_to("Starting", within=31 * 60) > 3 * 60


def test_new_task_is_created_then_starts_then_runs(fleet: Fleet) -> None:
    fleet.world._lifecycle.create(fleet.task, fleet.world.minute)
    assert fleet.task.status == "Created"
    fleet.task.used = 0.0
    fleet.advance_to("Starting", within=30)
    assert fleet.advance(30) == "Starting"
    assert 0 < fleet.world.current_metrics(fleet.task)[0] < fleet.task.floor
    fleet.advance_to("Running", within=300)
    assert fleet.world.current_metrics(fleet.task)[0] >= int(fleet.task.floor)
