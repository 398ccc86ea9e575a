"""Alarm and event records of a fleet over days."""

from __future__ import annotations

import pytest

from cdptui.simulator.records import LATENCY_ALARM, Record, alarm_records, event_records
from cdptui.simulator.settings import SimulatorSettings
from cdptui.simulator.world.world import World
from tests.unit.simulator.clocks import ManualClock

FAST = SimulatorSettings(speed=600)
DAY_S = 86400 / FAST.speed


def records(world: World) -> list[tuple[str, float, dict[str, object]]]:
    return [(record.uuid, record.at, record.values) for record in [*event_records(world), *alarm_records(world)]]


def test_records_do_not_depend_on_the_frequency_of_advance() -> None:
    often_clock, rarely_clock = ManualClock(), ManualClock()
    often, rarely = World(FAST, often_clock), World(FAST, rarely_clock)
    for step in range(300):
        often_clock.advance(DAY_S / 100)
        often.advance()
        if step % 50 == 0:
            records(often)
    rarely_clock.now = often_clock.now
    rarely.advance()
    assert records(often) == records(rarely)


@pytest.mark.parametrize("seed", [1, 2])
def test_records_of_weeks_are_past_unique_and_agree_with_the_fleet(seed: int) -> None:
    clock = ManualClock()
    world = World(SimulatorSettings(speed=600, seed=seed), clock)
    for _ in range(21 * 4):
        clock.advance(DAY_S / 4)
        world.advance()
        alarms, events = alarm_records(world), event_records(world)
        assert all(record.at <= clock.now for record in [*alarms, *events])
        assert len({record.uuid for record in alarms}) == len(alarms)
        assert len({record.uuid for record in events}) == len(events)
        assert latency_alarms_now(alarms) == {
            task.uuid
            for task in world.tasks.values()
            if task.status == "Running" and world.current_metrics(task)[1] > 600_000
        }
    assert {record.values["name"] for record in events} == {"CdpTaskFailed", "CdpTaskStatusAbnormallyChanged"}


def latency_alarms_now(alarms: list[Record]) -> set[object]:
    """Return the tasks whose newest record of the latency alarm is no recovery."""
    newest: dict[object, object] = {}
    for record in alarms:
        if record.values["alarmUuid"] == LATENCY_ALARM:
            newest.setdefault(record.values["resourceUuid"], record.values["alarmStatus"])
    return {uuid for uuid, status in newest.items() if status == "Alarm"}
