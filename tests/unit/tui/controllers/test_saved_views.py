"""Saved views, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.config.saved_views import SavedView, SavedViews
from cdptui.query.parser import parse
from cdptui.tasklist.model import TaskListModel, Work
from cdptui.tasklist.sort_order import task_order
from cdptui.tui.controllers import saved_views
from cdptui.tui.controllers.saved_views import SavedViewsController
from cdptui.tui.screens.view_menu import ViewCommand
from tests.doubles import FakeClock


class Host:
    """A screen that runs work when asked to, and records what the controller shows."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.has_filter_bar = False
        self.menus: list[tuple[SavedViews, str, SavedView]] = []
        self.execute: Callable[[ViewCommand | None], None] = lambda _: None
        self._work: list[Work] = []

    def show_notice(self, notice: str) -> None:
        self.notices.append(notice)

    def run_in_group(self, work: Work, group: str) -> None:
        self._work.append(work)

    def cancel_group(self, group: str) -> None:
        pass

    async def ensure_filter_bar(self) -> None:
        self.has_filter_bar = True

    def show_filter(self) -> None:
        pass

    def open_view_menu(
        self, views: SavedViews, profile: str, current: SavedView, done: Callable[[ViewCommand | None], None]
    ) -> None:
        self.menus.append((views, profile, current))
        self.execute = done

    async def run(self) -> None:
        """Run all requested work, including work that it requests."""
        while self._work:
            await self._work.pop(0)()


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "views.json"
    monkeypatch.setattr(saved_views, "views_file", lambda: path)
    return path


def a_controller(
    configured: int | str | None = None, profile: str = ""
) -> tuple[SavedViewsController, Host, TaskListModel]:
    tasks = TaskListModel(FakeClock(), lambda: None, lambda _: None)
    host = Host()
    return SavedViewsController(host, tasks, profile, configured), host, tasks


async def save(controller: SavedViewsController, host: Host, number: int, name: str) -> None:
    controller.show_menu()
    await host.run()
    host.execute(ViewCommand("save", number, name))
    await host.run()


def test_saved_view_is_recalled_with_filter_order_and_name() -> None:
    controller, host, tasks = a_controller()

    async def scenario() -> None:
        tasks.set_filter(parse("used>80%"), is_unhealthy_only=True)
        tasks.set_order(task_order("name", is_inverted=True))
        await save(controller, host, 3, "nearly full")
        tasks.set_filter(None, is_unhealthy_only=False)
        tasks.set_order(task_order())
        await controller.recall(3)
        await host.run()

    asyncio.run(scenario())
    assert tasks.filter_text == "unhealthy, used>80%"
    assert tasks.order == task_order("name", is_inverted=True)
    assert controller.recalled_name == "3 nearly full"
    assert host.notices == ["Saved as view 3: nearly full", "View 3 nearly full"]
    assert host.has_filter_bar


def test_name_of_a_recalled_view_is_dropped_when_the_filter_changes() -> None:
    controller, host, tasks = a_controller()

    async def scenario() -> None:
        tasks.set_filter(parse("erp"), is_unhealthy_only=False)
        await save(controller, host, 3, "erp")
        assert controller.recalled_name == "3 erp"
        tasks.set_filter(parse("mail"), is_unhealthy_only=False)

    asyncio.run(scenario())
    assert controller.recalled_name == ""


def test_view_without_content_is_reported_as_empty() -> None:
    controller, host, _ = a_controller()

    async def scenario() -> None:
        await controller.recall(9)
        await host.run()

    asyncio.run(scenario())
    assert host.notices == ["View 9 is empty"]


def test_configured_startup_view_that_does_not_exist_is_reported() -> None:
    controller, host, tasks = a_controller("no such view")

    async def scenario() -> None:
        controller.apply_startup_view()
        await host.run()

    asyncio.run(scenario())
    assert host.notices == ["There is no view no such view: all tasks, worst first, at startup"]
    assert tasks.active_filter is None


def test_startup_view_of_the_profile_is_applied_at_startup() -> None:
    controller, host, tasks = a_controller()

    async def scenario() -> None:
        tasks.set_filter(parse("erp"), is_unhealthy_only=False)
        await save(controller, host, 4, "erp")
        host.execute(ViewCommand("default", 4))
        await host.run()
        assert host.notices[-1] == "View 4 opens at startup"

    asyncio.run(scenario())
    second, other_host, other_tasks = a_controller()

    async def start() -> None:
        second.apply_startup_view()
        await other_host.run()

    asyncio.run(start())
    assert other_tasks.filter_text == "erp"


def test_startup_view_of_a_profile_is_switched_on_and_off() -> None:
    controller, host, _ = a_controller(configured=2, profile="prod")

    async def scenario() -> None:
        for number in (4, 4, 9):
            controller.show_menu()
            await host.run()
            host.execute(ViewCommand("default", number))
            await host.run()

    asyncio.run(scenario())
    configured = "View 2 opens at startup of prod"
    assert host.notices == ["View 4 opens at startup of prod", configured, configured]


def test_filter_that_this_version_cannot_read_leaves_the_list_as_it_is() -> None:
    controller, host, tasks = a_controller()
    asyncio.run(controller.apply(SavedView(name="newer", filter="colour=red"), "2 newer"))
    assert tasks.active_filter is None
    assert host.notices[0].startswith("View 2 newer: cannot read the filter: unknown field 'colour'")
