"""Run the real app through simulated days, headless: `python -m … day TASKS POLLS` or `… week`. Prints JSON.

Monitor, series and screen are real; each poll is drawn before the next one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from msgspec import structs

from cdptui.api.client import Client
from cdptui.api.decode import decode_task
from cdptui.api.errors import ApiError
from cdptui.api.raw_task import json_line, raw_fields
from cdptui.models.auth import PasswordLogin
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import BackupStorage, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.server_metrics import MetricsRequest, TaskMetrics
from cdptui.models.snapshot import FetchProgress
from cdptui.models.task import RawField, RawLines, Task
from cdptui.monitor.capacity_series import CapacityRecorder
from cdptui.monitor.connection import NodeConnection
from cdptui.monitor.sources import NodeClient
from cdptui.tui.app import CdptuiApp
from cdptui.tui.target import Target
from tests.benchmarks.simulated_fleet import FleetTransport, SimulatedClock, row
from tests.benchmarks.watched import held_bytes, peak_bytes

_HOUR_S, _DAY_S = 3600.0, 86_400.0
_WEEK_TASKS, _WEEK_INTERVAL_S = 1000, 10.0
_WEEK_LIMIT_S = 1800.0
"""Limit in real time; a week that takes longer is ended early and reported."""

_CAPACITY_S = 300.0
_CAPACITY_EVERY = int(_CAPACITY_S / _WEEK_INTERVAL_S)
"""Polls between two changes of a task's capacity: the server updates it every five minutes."""


class GrowingNode:
    """A thousand tasks: each changes every 30 polls, in turn; each hour one is removed and another added."""

    def __init__(self) -> None:
        self._tasks = {number: decode_task(row(number, 0), UTC) for number in range(_WEEK_TASKS)}
        self._next = _WEEK_TASKS
        self._polls = 0

    @property
    def zone(self) -> tzinfo | None:
        return UTC

    async def read(self) -> AsyncIterator[FetchProgress]:
        self._polls += 1
        if self._polls % (_HOUR_S / _WEEK_INTERVAL_S) == 0:
            del self._tasks[next(iter(self._tasks))]
            self._tasks[self._next] = decode_task(row(self._next, 0), UTC)
            self._next += 1
        for number in self._tasks:
            if number % _CAPACITY_EVERY == self._polls % _CAPACITY_EVERY:
                self._tasks[number] = decode_task(row(number, self._polls // _CAPACITY_EVERY), UTC)
        yield FetchProgress(tuple(self._tasks.values()), len(self._tasks), is_complete=True)

    def json_record(self, task: Task) -> str:
        return json_line(task)

    def fields(self, task: Task) -> tuple[RawField, ...]:
        return raw_fields(task, UTC)

    @property
    def resources(self) -> GrowingNode:
        return self

    def raw_lines(self, task: Task) -> RawLines:
        return RawLines()

    async def names(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        return Fetched({uuid: f"vm-{uuid[-6:]}" for uuid in uuids})

    async def storages(self) -> Fetched[ResourceList[BackupStorage]]:
        return Fetched(ResourceList())

    async def policies(self) -> Fetched[ResourceList[Policy]]:
        return Fetched(ResourceList())

    async def vm(self, uuid: str) -> Fetched[VmInstance | None]:
        return Fetched(None)

    async def vm_states(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        return Fetched({})

    async def recovery_points(self, vm_uuid: str, now: datetime) -> Fetched[RecoveryPoints]:
        return Fetched(RecoveryPoints(now, now))

    async def task_metrics(self, request: MetricsRequest) -> Fetched[TaskMetrics]:
        return Fetched(TaskMetrics(request))

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        pass

    def use_password(self, password: str) -> None:
        raise NotImplementedError

    def use_otp(self, code: str) -> None:
        raise NotImplementedError

    async def aclose(self) -> bool:
        return True


class Simulation:
    """The app on a node, in simulated time."""

    def __init__(self, interval_s: float, last_s: float, *, recorded_polls: int = 0, limit_s: float = 3600.0) -> None:
        """`recorded_polls` polls are written to the series only; after `limit_s` of real time the run ends early."""
        self.clock = SimulatedClock(self._show, last_s)
        self._interval_s = interval_s
        self._recorded_polls = recorded_polls
        self._ends_at = time.monotonic() + limit_s
        # Allocated at the start, because a list of notes would itself grow.
        self._notes = array("d", bytes(3 * 8 * (int(last_s / _HOUR_S) + 1)))
        self._noted = 0
        self._app: CdptuiApp | None = None

    @property
    def hours(self) -> list[tuple[float, ...]]:
        """For each hour: simulated hour, bytes of memory, allocated blocks of the interpreter."""
        return [tuple(self._notes[at : at + 3]) for at in range(0, 3 * self._noted, 3)]

    async def run(self, node: NodeClient) -> None:
        """Run until the simulated time is over."""

        async def connect() -> NodeConnection:
            await asyncio.sleep(0)
            return NodeConnection.create(node, self.clock, self._interval_s, (ApiError,))

        target = Target(connect, "http://node", "admin", self._interval_s)
        self._app = app = CdptuiApp(target, clock=self.clock)
        async with app.run_test(size=(120, 40)):
            await self.clock.is_over.wait()
        if app.crash is not None or app._main._update.failure is not None:
            message = f"{app.crash!r} {app._main._update.failure!r}"
            raise AssertionError(message)

    async def _show(self) -> AsyncIterator[None]:
        app = self._app
        assert app is not None
        if app.link is None:
            return
        while app._main._update.snapshot is not app.link.monitor._update.snapshot:
            yield
        app._main._tick()
        app._main._on_timer_update()
        yield
        snapshot = app._main._update.snapshot
        if self._recorded_polls and snapshot is not None:
            self._record(app.link.monitor._tracker._series, snapshot.tasks)
        if time.monotonic() > self._ends_at:
            self.clock.is_over.set()
        if self.clock.seconds >= _HOUR_S * (self._noted + 1):
            gc.collect()
            for place, value in enumerate((self.clock.seconds / _HOUR_S, held_bytes(), sys.getallocatedblocks())):
                self._notes[3 * self._noted + place] = value
            self._noted += 1

    def _record(self, series: CapacityRecorder, tasks: Sequence[Task]) -> None:
        """Record polls as the monitor would, with a change of each task."""
        for number in range(self._recorded_polls):
            self.clock.seconds += self._interval_s
            series.begin_poll(self.clock.seconds, 2.5 * self._interval_s, len(tasks))
            for task in tasks:
                grown = structs.replace(task, used_bytes=(task.used_bytes or 0) + number)
                series.record(grown, self.clock.seconds)
        self._recorded_polls = 0


def a_day(tasks: int, polls: int) -> dict[str, Any]:
    """Run 24 simulated hours: all but the last `polls` polls are written to the series only.

    All tasks change every five minutes, as on the server.
    """

    async def run() -> None:
        simulation = Simulation(_CAPACITY_S, _DAY_S, recorded_polls=int(_DAY_S / _CAPACITY_S) - polls)
        auth = PasswordLogin(name="admin", password="password")
        client = Client(
            "http://node:8080/zstack/v1",
            auth,
            timeout_s=60.0,
            clock=simulation.clock,
            transport=FleetTransport(tasks),
        )
        await simulation.run(client)

    started = time.monotonic()
    asyncio.run(run())
    return {"peak_bytes": peak_bytes(), "held_bytes": held_bytes(), "took_s": time.monotonic() - started}


def a_week() -> dict[str, Any]:
    """Run seven simulated days of polls every ten seconds."""
    simulation = Simulation(_WEEK_INTERVAL_S, 7 * _DAY_S, limit_s=_WEEK_LIMIT_S)
    started = time.monotonic()
    node = GrowingNode()
    asyncio.run(simulation.run(node))
    return {"hours": simulation.hours, "polls": node._polls, "took_s": time.monotonic() - started}


if __name__ == "__main__":
    found = a_week() if sys.argv[1] == "week" else a_day(int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(found) + "\n")
