"""Switching nodes never shows data of one node under the name of another."""

from __future__ import annotations

import asyncio

import pytest

from cdptui.api.errors import ApiError, Unreachable
from cdptui.clock import SystemClock
from cdptui.monitor.connection import NodeConnection
from cdptui.render.spans import Role, plain_text
from cdptui.tui.app import CdptuiApp
from cdptui.tui.target import Target
from cdptui.tui.widgets.bars import HeaderBar
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running

CLOCK = SystemClock()


def target(name: str, node: ScriptedNode, accent: str = "", gate: asyncio.Event | None = None) -> Target:
    async def connect() -> NodeConnection:
        if gate is not None:
            await gate.wait()
        return NodeConnection.create(node, CLOCK, 3600.0, (ApiError,))

    return Target(connect, f"http://{name}:8080", "admin", 3600.0, name, accent)


def fleet(name: str) -> list[object]:
    return [a_task(f"{name}-{number}") for number in range(5)]


async def test_profile_menu_switches_to_another_node() -> None:
    nodes = {name: ScriptedNode(fleet(name)) for name in ("prod", "test")}  # type: ignore[arg-type]  # lists of tasks
    targets = [target("prod", nodes["prod"], "red"), target("test", nodes["test"])]
    app = CdptuiApp(targets[0], clock=CLOCK, targets=targets)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, nodes["prod"])
        await run.until(lambda: run.rows)
        await run.until(lambda: run.header.startswith(" prod   ● live  http://prod:8080"))
        await run.press("x")
        await run.until(lambda: "http://test:8080" in run.screen)
        await run.until(lambda: "●  prod   http://prod:8080" in run.screen)
        await run.press("j", "enter")
        await run.until(lambda: run.names[:1] == ["test-0"])
        await run.until(lambda: run.header.startswith(" test   ● live  http://test:8080"))
        assert "prod" not in run.screen
        await run.until(lambda: nodes["prod"].closed)
        assert (nodes["prod"].closed, nodes["test"].closed) == (1, 0)
    await app.close_connections()
    assert (nodes["prod"].closed, nodes["test"].closed) == (1, 1)
    assert app.faults == 0


async def test_switch_to_a_silent_node_hides_data_of_the_previous_node() -> None:
    old, new = ScriptedNode(fleet("prod"), fleet("prod")), ScriptedNode(fleet("test"))  # type: ignore[arg-type]
    gate = asyncio.Event()
    targets = [target("prod", old), target("test", new, gate=gate)]
    app = CdptuiApp(targets[0], clock=CLOCK, targets=targets)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, old)
        await run.until(lambda: run.rows)
        app.switch_target(targets[1])
        for _ in range(20):
            await pilot.pause()
            assert "prod-" not in run.screen or "http://test" not in run.screen
        assert run.header.startswith(" test   ◌ connecting  http://test:8080")
        assert "connecting to http://test:8080" in run.screen
        gate.set()
        await run.until(lambda: run.rows)
        assert run.names[0] == "test-0"
    await app.close_connections()


async def test_hanging_request_does_not_delay_a_switch() -> None:
    old, new = ScriptedNode(fleet("prod")), ScriptedNode(fleet("test"))  # type: ignore[arg-type]
    old.gate.clear()
    targets = [target("prod", old), target("test", new)]
    app = CdptuiApp(targets[0], clock=CLOCK, targets=targets)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, old)
        await run.until(lambda: old.in_flight)
        app.switch_target(targets[1])
        await run.until(lambda: run.rows)
        await run.until(lambda: old.closed)
        assert old.in_flight == 0
    await app.close_connections()


async def test_node_left_before_it_was_connected_gets_no_request() -> None:
    old, new = ScriptedNode(fleet("prod")), ScriptedNode(fleet("test"))  # type: ignore[arg-type]
    gate = asyncio.Event()
    targets = [target("prod", old, gate=gate), target("test", new)]
    app = CdptuiApp(targets[0], clock=CLOCK, targets=targets)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, old)
        app.switch_target(targets[1])
        await run.until(lambda: run.rows)
        gate.set()
        await run.finish()
        assert old.reads == 0
    await app.close_connections()


async def test_switching_back_resets_pause_and_dialogs() -> None:
    nodes = {
        "prod": ScriptedNode(fleet("prod"), Unreachable("gone", url="http://prod")),  # type: ignore[arg-type]
        "test": ScriptedNode(fleet("test")),  # type: ignore[arg-type]
    }
    targets = [target(name, node) for name, node in nodes.items()]
    app = CdptuiApp(targets[0], clock=CLOCK, targets=targets)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, nodes["prod"])
        await run.until(lambda: run.rows)
        await run.poll()
        await run.until(lambda: run.banner)
        await run.press("p")
        assert "paused" in run.header
        for there in (targets[1], targets[0]):
            app.switch_target(there)
            await run.until(lambda there=there: there.node in run.header and "paused" not in run.header)  # type: ignore[misc]  # bound now
        await run.until(lambda: run.banner)
    await app.close_connections()
    assert [node.closed for node in nodes.values()] == [2, 1]


async def test_profile_key_without_other_profiles_shows_a_hint() -> None:
    node = ScriptedNode(fleet("prod"))  # type: ignore[arg-type]
    app = CdptuiApp(target("", node), clock=CLOCK)
    app.profile_hint = "add one to ~/cdptui.toml"
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, node)
        await run.press("x")
        assert "No other profile: add one to ~/cdptui.toml" in run.notice
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize("width", [120, 80, 60, 40])
async def test_profile_name_is_shown_at_every_width(width: int) -> None:
    node = ScriptedNode(fleet("prod"))  # type: ignore[arg-type]
    app = CdptuiApp(target("prod", node, "red"), clock=CLOCK)
    async with app.run_test(size=(width, 24)) as pilot:
        run = Running(app, pilot, node)
        await run.until(lambda: run.rows)
        first = app.screen.query_one(HeaderBar).lines[0]
        assert plain_text(first).startswith(" prod ")
        assert first[0].role is Role.LABEL_RED
        run.assert_every_line_fits()
