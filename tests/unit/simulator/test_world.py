"""The fleet: reproducible from its seed, plausible for weeks, and without dates in the future."""

from __future__ import annotations

from collections import Counter
from statistics import mean

import pytest

from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.resources import GIB, TIB
from cdptui.simulator.world.world import World
from tests.unit.simulator.clocks import START, ManualClock

FAST = SimulatorSettings(speed=600)
DAY_S = 86400 / FAST.speed


def fleet_state(world: World) -> list[tuple[object, ...]]:
    return [
        (task.uuid, task.name, task.status, task.state, task.plan, round(task.changed, 3), *world.current_metrics(task))
        for task in world.tasks.values()
    ]


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_initial_state_contains_every_problem(seed: int) -> None:
    world = World(SimulatorSettings(seed=seed), ManualClock())
    tasks = list(world.tasks.values())
    statuses = Counter((task.status, task.state) for task in tasks)
    assert len(tasks) == 60
    assert 0.74 <= statuses["Running", "Enabled"] / 60 <= 0.88
    expected = {"Failed", "Stopped", "Created", "Starting", "DataMerging", "Stopping", "Unknown"}
    assert expected <= {task.status for task in tasks}
    assert statuses["Stopped", "Enabled"]
    assert statuses["Stopped", "Disabled"]
    assert any(task.status == "Running" and world.current_metrics(task)[1] > task.max_latency for task in tasks)
    assert any(
        task.status == "Running" and task.plan and world.current_metrics(task)[0] > 0.9 * task.plan for task in tasks
    )
    assert all(50 * GIB <= task.plan <= 4 * TIB for task in tasks if task.plan)
    assert all(START - 366 * 86400 < task.created <= START for task in tasks)
    assert all(task.created <= task.changed <= START for task in tasks)


@pytest.mark.parametrize("count", [0, 1, 3, 11, 12, 400])
def test_fleet_of_any_size_starts_with_exactly_that_many(count: int) -> None:
    world = World(SimulatorSettings(tasks=count), ManualClock())
    world.advance()
    assert len(world.tasks) == count


@pytest.mark.parametrize("count", [0, 1, 3, 11, 12, 60])
def test_fleet_with_a_past_has_the_requested_number_of_tasks_at_the_start(count: int) -> None:
    world = World(SimulatorSettings(tasks=count, past_minutes=75 * 60), ManualClock())
    world.advance()
    assert len(world.tasks) == count
    assert all(task.created <= task.changed <= START for task in world.tasks.values())


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_fleet_with_a_past_starts_with_every_problem_that_came_about_before(seed: int) -> None:
    clock = ManualClock()
    world = World(SimulatorSettings(seed=seed, past_minutes=75 * 60), clock)
    clock.now = START - 74 * 3600
    world.advance()
    before = {task.status for task in world.tasks.values()}
    assert before <= {"Running", "DataMerging"}
    clock.now = START
    world.advance()
    tasks = list(world.tasks.values())
    expected = {"Failed", "Stopped", "Created", "Starting", "DataMerging", "Stopping", "Unknown"}
    assert expected <= {task.status for task in tasks}
    assert any(task.status == "Stopped" and task.state == "Disabled" for task in tasks)
    assert any(task.status == "Running" and world.current_metrics(task)[1] > task.max_latency for task in tasks)
    assert any(
        task.status == "Running" and task.plan and world.current_metrics(task)[0] > 0.93 * task.plan for task in tasks
    )
    assert [storage.connected for storage in world.storages.values() if storage.is_edge] == [False]


def test_past_of_a_fleet_does_not_depend_on_the_steps_in_which_it_is_moved() -> None:
    stepped_clock = ManualClock()
    settings = SimulatorSettings(past_minutes=75 * 60)
    stepped, direct = World(settings, stepped_clock), World(settings, ManualClock())
    for hour in range(75):
        stepped_clock.now = START - 3600 * (74 - hour)
        stepped.advance()
        fleet_state(stepped)
    direct.advance()
    assert fleet_state(stepped) == fleet_state(direct)


def test_growth_rates_differ_by_orders_of_magnitude() -> None:
    paces = sorted(task.pace for task in World(SimulatorSettings(tasks=300), ManualClock()).tasks.values())
    assert paces[-5] > 500 * paces[5]


def test_same_seed_gives_the_same_fleet_and_another_seed_does_not() -> None:
    first, second = World(FAST, ManualClock()), World(FAST, ManualClock())
    other = World(SimulatorSettings(seed=2), ManualClock())
    assert fleet_state(first) == fleet_state(second)
    assert set(first.tasks).isdisjoint(other.tasks)


def test_fleet_does_not_depend_on_the_frequency_of_advance() -> None:
    often_clock, rarely_clock = ManualClock(), ManualClock()
    often, rarely = World(FAST, often_clock), World(FAST, rarely_clock)
    for step in range(600):
        often_clock.advance(DAY_S / 100)
        often.advance()
        if step % 7 == 0:
            fleet_state(often)
    rarely_clock.now = often_clock.now
    rarely.advance()
    assert often.minute > 6 * 1430
    assert fleet_state(often) == fleet_state(rarely)


def test_fleet_stays_plausible_for_weeks() -> None:
    clock = ManualClock()
    world = World(FAST, clock)
    running: list[float] = []
    seen: Counter[str] = Counter()
    fills: list[float] = []
    sizes: set[int] = set()
    for _ in range(42 * 6):
        clock.advance(DAY_S / 6)
        world.advance()
        tasks = list(world.tasks.values())
        sizes.add(len(tasks))
        seen.update(task.status for task in tasks)
        running.append(sum(task.status == "Running" for task in tasks) / len(tasks))
        fills.append(mean(world.current_metrics(task)[0] / task.plan for task in tasks if task.plan))
        assert all(world.current_metrics(task)[0] <= task.plan * 1.06 for task in tasks if task.plan)
        assert all(task.changed <= clock.now and task.created <= clock.now for task in tasks)
    assert 0.78 <= mean(running) <= 0.93
    assert min(running) > 0.4
    assert 0.35 < mean(fills[-30:]) < 0.8
    assert {"Failed", "Stopped", "Unknown", "DataMerging", "Stopping", "Created"} <= set(seen)
    assert 54 <= min(sizes) <= max(sizes) <= 66
    assert len(sizes) > 2


def test_long_time_without_requests_is_skipped() -> None:
    clock = ManualClock()
    world = World(FAST, clock)
    clock.advance(3 * 365 * DAY_S)
    world.advance()
    assert world.minute <= 61 * 1440
    assert all(task.changed <= clock.now for task in world.tasks.values())


def test_capacity_is_measured_every_five_minutes_and_latency_every_minute() -> None:
    clock = ManualClock()
    world = World(SimulatorSettings(tasks=40), clock)
    clock.advance(20 * 60)
    world.advance()
    before = {task.uuid: world.current_metrics(task) for task in world.tasks.values() if task.status == "Running"}
    clock.advance(60)
    world.advance()
    after = {task.uuid: world.current_metrics(task) for task in world.tasks.values() if task.status == "Running"}
    same = before.keys() & after.keys()
    assert all(before[uuid][0] == after[uuid][0] for uuid in same)
    assert sum(before[uuid][1] != after[uuid][1] for uuid in same) > len(same) * 0.9
    clock.advance(5 * 60)
    world.advance()
    grown = [
        uuid for uuid in same if uuid in world.tasks and world.current_metrics(world.tasks[uuid])[0] > before[uuid][0]
    ]
    assert len(grown) > len(same) * 0.8


def test_past_metrics_are_those_that_were_seen_in_the_current_status() -> None:
    clock = ManualClock()
    world = World(SimulatorSettings(tasks=40), clock)
    seen: list[dict[str, tuple[int, int]]] = []
    for _ in range(90):
        seen.append({task.uuid: world.current_metrics(task) for task in world.tasks.values()})
        clock.advance(60)
        world.advance()
    compared = Counter[str]()
    for task in world.tasks.values():
        minutes = range(max(0, task.since), len(seen))
        assert world.metrics_at(task, minutes) == [seen[minute][task.uuid] for minute in minutes]
        compared[task.status] += len(minutes)
    assert compared["Running"] > 30 * 60
    assert len(compared) >= 5


def test_metrics_before_the_current_status_grow_to_it() -> None:
    world = World(SimulatorSettings(tasks=40), ManualClock())
    for task in world.tasks.values():
        used = [used for used, _ in world.metrics_at(task, range(task.since - 600, task.since + 1))]
        assert used == sorted(used)
        assert used[0] >= 0
        assert used[-1] - used[-2] <= max(1.0, task.pace)


def test_frozen_fleet_changes_only_by_commands() -> None:
    clock = ManualClock()
    world = World(FAST, clock)
    world.freeze()
    before = fleet_state(world)
    clock.advance(DAY_S)
    world.advance()
    assert fleet_state(world) == before
    world.thaw()
    clock.advance(DAY_S)
    world.advance()
    assert fleet_state(world) != before


def test_tasks_can_be_added_overridden_and_removed() -> None:
    world = World(SimulatorSettings(tasks=3), ManualClock())
    uuid = world.add(name="added", usedCapacity=7)
    assert world.tasks[uuid].overrides == {"usedCapacity": 7}
    world.override_fields(uuid, status="NewStatus")
    assert world.tasks[uuid].overrides["status"] == "NewStatus"
    world.clear_overrides(uuid)
    assert not world.tasks[uuid].overrides
    world.remove(uuid)
    assert uuid not in world.tasks
    with pytest.raises(KeyError):
        world.override_fields(uuid, status="x")


def test_vm_of_a_stopped_task_is_off_until_the_task_starts_again() -> None:
    clock = ManualClock()
    world = World(FAST, clock)
    off = {
        uuid: task
        for uuid, task in world.tasks.items()
        if task.status == "Stopped" and task.state == "Enabled" and task.machine is not None
    }
    assert off
    assert {task.machine.state for task in off.values() if task.machine is not None} == {"Stopped"}
    clock.advance(DAY_S)
    world.advance()
    started = [task for uuid, task in off.items() if uuid in world.tasks and task.status != "Stopped"]
    assert started
    assert {task.machine.state for task in started if task.machine is not None} == {"Running"}
