"""The demo's monitor lives in the time of its node: RPO, ages, growth and the begin of problems fit together."""

from __future__ import annotations

from datetime import datetime

from cdptui.api.decode import decode_task
from cdptui.clock import ScaledClock
from cdptui.models.reasons import ReasonKind
from cdptui.models.snapshot import Snapshot
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.settings import SimulatorSettings
from tests.doubles import EPOCH, FakeClock

SPEED = 60.0
POLL_S = 2.0


class Demo:
    """A node and its monitor on one scaled clock."""

    def __init__(self) -> None:
        self.machine = FakeClock(seconds=1e6)
        self.clock = ScaledClock(SPEED, self.machine)
        self.node = ManagementNode(SimulatorSettings(port=0), now=lambda: self.clock.now().timestamp())
        self.tracker = FleetTracker(self.clock)

    async def poll(self) -> list[TaskRow]:
        self.machine.seconds += POLL_S
        self.node.world.advance()
        tasks = tuple(
            decode_task(self.node.task_table.encode(task), self.node.zone) for task in self.node.world.tasks.values()
        )
        snapshot = Snapshot(tasks, len(tasks), True, self.clock.now(), self.clock.monotonic(), 0.1)
        return list((await self.tracker.apply_snapshot(snapshot, 10.0))[0])


async def test_breach_begins_once_and_rpo_never_outruns_the_clock() -> None:
    demo = Demo()
    begins: dict[str, set[datetime]] = {}
    before: dict[str, int] = {}
    for _ in range(90):
        for row in await demo.poll():
            uuid, rpo_ms = row.task.uuid, row.task.rpo_ms or 0
            # A minute of jitter beside the time that passed.
            assert rpo_ms - before.get(uuid, rpo_ms) <= POLL_S * SPEED * 1000 + 60_000, row.task.name
            before[uuid] = rpo_ms
            breach = next((reason.since for reason in row.reasons if reason.kind is ReasonKind.RPO), None)
            if breach is None:
                begins.pop(uuid, None)
            else:
                begins.setdefault(uuid, set()).add(breach)
    assert begins
    assert all((max(times) - min(times)).total_seconds() <= 180 for times in begins.values())


async def test_growth_and_ages_are_in_the_time_of_the_node() -> None:
    demo = Demo()
    for _ in range(120):
        rows = await demo.poll()
    paces = {task.uuid: task.pace for task in demo.node.world.tasks.values()}
    rates = [row.growth for row in rows if row.growth is not None and row.growth.bytes_per_s > 0]
    assert rates
    assert max(rate.span_s for rate in rates) > 3 * 3600
    fastest = max(rate.bytes_per_s * 3600 for rate in rates)
    assert fastest < 20 * max(paces.values()), "bytes an hour of the node"
    assert all(row.task.last_op_at is None or row.task.last_op_at <= demo.clock.now() for row in rows)


def test_scaled_clock_runs_faster_but_measures_real_seconds() -> None:
    machine = FakeClock(seconds=5000.0)
    clock = ScaledClock(SPEED, machine)
    start = clock.now()
    assert start == machine.now() > EPOCH
    machine.seconds += 10
    assert (clock.now() - start).total_seconds() == 600
    assert clock.monotonic() == 10
