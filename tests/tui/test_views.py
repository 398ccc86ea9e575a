from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.events import Key

from cdptui.config.paths import views_file
from cdptui.config.saved_views import SavedView, SavedViewsFile
from cdptui.tui.screens.view_menu import ViewMenu
from cdptui.tui.widgets.text_field import TextField
from tests.doubles import GIB, a_task
from tests.tui.event_loop import PATIENCE_S
from tests.tui.running import Running, showing

FLEET = [
    a_task("erp-db", used_bytes=90 * GIB),
    a_task("erp-web", used_bytes=20 * GIB, status="Failed"),
    a_task("mail", used_bytes=85 * GIB, status="Stopped", state="Disabled"),
    a_task("oa", used_bytes=10 * GIB),
]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SavedViewsFile:
    """A saved views file in a temporary folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return SavedViewsFile(views_file())


async def test_preset_views_can_be_opened() -> None:
    async with showing(FLEET) as run:
        await run.press("1")
        await run.until(lambda: run.names == ["erp-web"])
        await run.until(lambda: "1 enabled, not running: state=Enabled and status!=Running  1 of 4 shown" in run.screen)
        await run.until(lambda: "View 1 enabled, not running" in run.notice)
        await run.press("4")
        await run.until(lambda: run.names == ["mail"])
        await run.press("0")
        await run.until(lambda: len(run.names) == 4)
        await run.until(lambda: "All tasks, worst first" in run.notice)


async def test_view_without_a_filter_sets_no_filter() -> None:
    async with showing(FLEET) as run:
        await run.press("f")
        await run.until(lambda: len(run.names) == 3)
        await run.press("0")
        await run.until(lambda: len(run.names) == 4)
        assert "shown" not in run.screen
        assert run.app._main.browser.filter_text == ""


async def test_empty_view_number_names_the_views_key() -> None:
    async with showing(FLEET) as run:
        await run.press("9")
        await run.until(lambda: "View 9 is empty" in run.notice)
        assert len(run.names) == 4


async def test_list_is_saved_as_a_view_with_number_and_name(state: SavedViewsFile) -> None:
    async with showing(FLEET) as run:
        await run.press("slash", *"used>80%", "enter")
        await run.press("f", "f", "greater_than_sign", "greater_than_sign", "I", "v")
        await run.until(lambda: "Views" in run.screen)
        await run.press("s", *"nearly full", "enter")
        await run.until(lambda: "Saved as view 8: nearly full" in run.notice)
        await run.until(lambda: "8 nearly full: used>80%  2 of 4 shown" in run.screen)
        order = run.names
    saved = state.read().view(8)
    assert saved == SavedView(name="nearly full", filter="used>80%", sort="status", inverted=True)
    async with showing(FLEET) as run:
        await run.press("8")
        await run.until(lambda: run.names == order)


async def test_changed_view_loses_its_name() -> None:
    async with showing(FLEET) as run:
        await run.press("1")
        await run.until(lambda: "1 enabled, not running" in run.screen)
        await run.press("f", "f")
        assert "1 enabled, not running: " in run.screen
        await run.press("slash", "end", *" erp", "enter")
        assert "1 enabled, not running: " not in run.screen
        assert "state=Enabled and status!=Running and erp  1 of 4" in run.screen


async def test_profile_opens_its_startup_view(state: SavedViewsFile) -> None:
    async with showing(FLEET) as run:
        await run.press("v")
        await run.until(lambda: "Views" in run.screen)
        await run.press("home", "asterisk")
        await run.until(lambda: "View 1 opens at startup" in run.notice)
    assert state.read().defaults == {"default": 1}
    async with showing(FLEET) as run:
        await run.until(lambda: run.names == ["erp-web"])
        await run.press("escape")
        assert len(run.names) == 4
        await run.press("0")
        await run.until(lambda: run.names == ["erp-web"])


async def test_saved_view_can_be_deleted(state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_view(1, SavedView(name="mine", filter="oa")))
    async with showing(FLEET) as run:
        await run.press("v")
        await run.until(lambda: "mine" in run.screen)
        await run.press("home", "x")
        await run.until(lambda: "is enabled, not running again" in run.notice)
    assert state.read().saved == {}


async def test_unreadable_views_file_is_reported(state: SavedViewsFile) -> None:
    views_file().parent.mkdir(parents=True)
    views_file().write_text("{")
    async with showing(FLEET, size=(200, 40)) as run:
        await run.until(lambda: "Saved views were unreadable and renamed to" in run.notice)
        assert len(run.names) == 4
    assert views_file().with_name("views.json.broken").read_text() == "{"


async def test_view_with_an_invalid_filter_changes_nothing(state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_view(2, SavedView(name="newer", filter="colour=red", columns=("nothing",))))
    async with showing(FLEET) as run:
        await run.press("2")
        await run.until(lambda: "View 2 newer: cannot read the filter: unknown field 'colour'" in run.notice)
        assert len(run.names) == 4


@pytest.mark.parametrize("key", ["asterisk", "enter", "x", "8"])
async def test_command_on_an_empty_view_is_refused_in_the_menu(key: str, state: SavedViewsFile) -> None:
    async with showing(FLEET) as run:
        await run.press("v", key)
        assert isinstance(run.app.screen, ViewMenu)
        assert "View 8 is empty" in run.screen
        await run.press("up")
        assert "View 8 is empty" not in run.screen
    assert not views_file().exists()


async def test_deletion_of_a_preset_is_refused_in_the_menu() -> None:
    async with showing(FLEET) as run:
        await run.press("v", "home", "x")
        assert "View 1 is a preset, which cannot be deleted" in run.screen


async def test_startup_view_can_be_switched_off_again(state: SavedViewsFile) -> None:
    async with showing(FLEET) as run:
        for text in ("View 1 opens at startup", "All tasks, worst first, at startup"):
            await run.press("v", "home", "asterisk")
            await run.until(lambda text=text: text in run.notice)  # type: ignore[misc]  # a default argument
    assert state.read().defaults == {}


async def test_deleted_startup_view_is_no_longer_the_startup_view(state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_view(8, SavedView(name="mine", filter="oa")).with_default("default", 8))
    async with showing(FLEET) as run:
        await run.until(lambda: run.names == ["oa"])
        await run.press("v", "8", "v", "end", "up", "x")
        await run.until(lambda: "View 8 deleted. All tasks, worst first, at startup" in run.notice)
    assert state.read().defaults == {}


PROPOSED_NAMES = {
    "no filter": ((), "all tasks, worst first"),
    "a filter": (("slash", *"used>80%", "enter"), "used>80%"),
    "a long filter": (("slash", *"used>80%", " ", *"and", " ", *"state=Enabled and name~erp and rpo>1x", "enter"), ""),
    "unhealthy and a filter": (("f", "slash", *"erp", "enter"), "unhealthy, erp"),
    "a preset": (("1",), "enabled, not running"),
    "a preset in another order": (("1", "I"), "enabled, not running"),
    "a preset without a filter": (("6",), "growing fastest"),
    "a preset without a filter in another order": (("6", "I"), "sorted by growth, reversed"),
    "another filter after a preset": (("1", "slash", *"erp", "enter"), "erp"),
    "a filter cleared after a preset": (("1", "escape"), "all tasks, worst first"),
    "a filter after a preset without one": (("6", "slash", *"erp", "enter"), "erp"),
    "groups": (("b", "b"), "grouped by backup storage"),
}


@pytest.mark.parametrize(("keys", "name"), PROPOSED_NAMES.values(), ids=PROPOSED_NAMES)
async def test_proposed_name_fits_the_list(keys: tuple[str, ...], name: str) -> None:
    async with showing(FLEET) as run:
        await run.press(*keys, "v", "s")
        field = run.app.screen.query_one("#view-name", TextField)
        assert field.value == (name or "used>80% and state=Enabled and name~erp…")
        assert field.selected_text == field.value, "typing replaces it"


async def test_saving_over_another_view_asks_first(state: SavedViewsFile) -> None:
    async with showing(FLEET, size=(60, 20)) as run:
        await run.press("slash", *"erp", "enter", "v", "home", "s", "enter")
        assert "View 1 is in use" in run.screen
        assert "Keep enabled, not running: state=Enabled" in run.screen
        assert "Replace it with erp: erp" in run.screen
        await run.press("enter")
        assert isinstance(run.app.screen, ViewMenu), "the first choice keeps the view"
        assert state.read().saved == {}
        await run.press("enter", "y")
        await run.until(lambda: "Saved as view 1: erp" in run.notice)
    assert state.read().saved == {1: SavedView(name="erp", filter="erp")}


@pytest.mark.parametrize("filter_", ["erp", " erp "])
async def test_saving_over_the_same_view_does_not_ask(filter_: str, state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_view(1, SavedView(name="mine", filter=filter_)))
    async with showing(FLEET) as run:
        await run.press("slash", *"erp", "enter", "v", "home", "s", *"renamed", "enter")
        await run.until(lambda: "Saved as view 1: renamed" in run.notice)


async def test_view_without_a_name_is_not_saved() -> None:
    async with showing(FLEET) as run:
        await run.press("v", "s", "backspace", "enter")
        assert isinstance(run.app.screen, ViewMenu)
        assert "Type a name for the view" in run.screen


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 12)])
async def test_view_menu_keeps_its_shape_at_every_size(size: tuple[int, int], state: SavedViewsFile) -> None:
    state.update(
        lambda views: views.with_view(8, SavedView(name="数据库备份任务全部" * 4, filter="erp and " * 9 + "oa"))
    )
    async with showing(FLEET, size=size) as run:
        await run.press("v")
        menu = box_lines(run)
        assert len(menu) == min(12, size[1] - 1)
        assert "".join(line[4] for line in menu[1:-2]) in "123456789", "one line for each view"
        await run.press("s")
        named = box_lines(run)
        assert named[:-2] == menu[:-2], "only the line of the field changes"
        assert "all tasks, worst first" in named[-2]
        run.assert_every_line_fits()
        await run.press("escape")
        assert box_lines(run) == menu
        await run.press("escape")
        assert "Views" not in run.screen


def box_lines(run: Running) -> list[str]:
    """The lines of the menu with its border."""
    box = run.app.screen.query_one("#views").region
    return [
        strip.crop(box.x, box.right).text for strip in run.app.screen._compositor.render_strips()[box.y : box.bottom]
    ]


async def test_menu_shows_the_highlighted_view_in_full() -> None:
    async with showing(FLEET, size=(60, 20)) as run:
        await run.press("v", "home")
        assert "state=Enabled and status!=Running" in run.screen


class SlowDisk(ThreadPoolExecutor):
    """An executor that holds back searches for the views file, and reads of it."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = {"lexists": Event(), "read": Event()}
        self.asked: set[str] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # `asyncio.to_thread` wraps the function.
        name = fn.args[0].__name__ if isinstance(fn, partial) else ""
        self.asked.add(name)
        return super().submit(self._let_through, name, fn, *args, **kwargs)

    def _let_through(self, name: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> object:
        if name in self.gates:
            assert self.gates[name].wait(PATIENCE_S)
        return fn(*args, **kwargs)


@pytest.fixture
async def disk() -> SlowDisk:
    disk = SlowDisk()
    asyncio.get_running_loop().set_default_executor(disk)
    return disk


async def test_last_view_key_wins_on_a_slow_disk(disk: SlowDisk) -> None:
    async with showing(FLEET, is_holding_threads=True) as run:
        await run.until(lambda: "lexists" in disk.asked)
        await run.press("1")
        await run.until(lambda: "read" in disk.asked)
        await run.press("0")
        for gate in disk.gates.values():
            gate.set()
        await run.until(lambda: "All tasks, worst first" in run.notice)
        assert len(run.names) == 4
        assert "All tasks, worst first" in run.notice


async def test_view_key_wins_over_a_late_startup_view(disk: SlowDisk, state: SavedViewsFile) -> None:
    state.update(lambda views: views.with_default("default", 4))
    disk.gates["lexists"].set()
    async with showing(FLEET, is_holding_threads=True) as run:
        await run.until(lambda: "read" in disk.asked)
        await run.press("1")
        disk.gates["read"].set()
        await run.until(lambda: run.names == ["erp-web"])
        assert run.names == ["erp-web"]


async def test_filter_typed_after_a_view_key_applies() -> None:
    async with showing(FLEET) as run:
        for _ in range(3):
            for character in "10/erp":
                run.app.post_message(Key({"/": "slash"}.get(character, character), character))
            await run.until(lambda: sorted(run.names) == ["erp-db", "erp-web"])
            await run.until(lambda: "“erp” anywhere (2)" in run.screen)
            await run.press("escape")
            await run.until(lambda: len(run.names) == 4)


@pytest.mark.parametrize("number", [2, 3, 6, 7])
async def test_escape_leaves_a_view_with_its_filter_order_groups_and_columns(number: int) -> None:
    async with showing([a_task("a"), a_task("b", status="Failed")], size=(200, 40)) as run:
        before = (run.title, run.headings, run.list_lines)
        await run.press(str(number), "o", "space", "enter")
        await run.until(lambda: run.title != before[0])
        await run.press("escape")
        await run.until(lambda: "Tasks 2 · worst first" in run.title)
        assert run.names == ["b", "a"]
        assert (run.headings, run.list_lines) == before[1:]
        await run.press("escape")
        assert "Tasks 2 · worst first" in run.title


async def test_escape_clears_another_filter_and_keeps_the_order_of_the_view() -> None:
    async with showing([a_task("a"), a_task("b", status="Failed")], size=(200, 40)) as run:
        await run.press("6", "slash", "a", "enter", "escape")
        assert "Tasks 2 · by growth" in run.title
