"""A proxy that caps pages, between the client and the simulated node, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

import pytest

from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.monitor.connection import connect
from cdptui.monitor.update import Update
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings

TASKS = 2500


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(ManagementNode(SimulatorSettings(port=0, tasks=TASKS))) as server:
        server.node.world.freeze()
        yield server


async def whole_poll(server: EmbeddedServer) -> Update:
    settings = MonitorSettings(
        base_url=normalize_url(server.url),
        auth=PasswordLogin(name="admin", password="password"),
        interval_s=3600.0,
        timeout_s=15.0,
    )
    link = await connect(settings, SystemClock())
    try:
        async with aclosing(link.monitor.updates()) as updates:
            async for update in updates:
                assert update.failure is None
                if update.snapshot is not None and update.snapshot.is_complete:
                    return update
    finally:
        await link.aclose()
    raise AssertionError


@pytest.mark.parametrize(("rows", "requests"), [(100, 26), (999, 3)])
async def test_fleet_in_capped_pages_is_listed_completely(server: EmbeddedServer, rows: int, requests: int) -> None:
    server.node.faults.clear()
    server.node.faults.add("capped-pages", "/cdp-task", rows=rows)
    server.node.journal.clear()
    update = await whole_poll(server)
    assert update.snapshot is not None
    assert {task.uuid for task in update.snapshot.tasks} == set(server.node.world.tasks)
    assert not update.snapshot.is_partial
    asked = [request for request in server.node.journal.requests if request.path == "/zstack/v1/cdp-task"]
    assert len(asked) == requests


async def test_fleet_in_pages_of_one_row_is_reported_as_partial(server: EmbeddedServer) -> None:
    server.node.faults.clear()
    server.node.faults.add("capped-pages", "/cdp-task", rows=1)
    update = await whole_poll(server)
    assert update.snapshot is not None
    assert update.snapshot.is_partial
    assert update.snapshot.total == TASKS
