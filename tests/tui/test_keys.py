"""Remapped keys work on all screens and are shown everywhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cdptui.api.errors import ApiError, LoginRefused
from cdptui.clock import SystemClock
from cdptui.monitor.connection import NodeConnection
from cdptui.render.spans import plain_text
from cdptui.tui.app import CdptuiApp
from cdptui.tui.keymap import DEFAULT_KEYMAP, KEYS, normalize_key, with_overrides
from cdptui.tui.target import Target
from cdptui.tui.widgets.scrollable_lines import ScrollableLines
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running
from tests.tui.test_sizes import OPENED_BY, opened

CLOCK = SystemClock()


def app_with(node: ScriptedNode, **keys: str) -> CdptuiApp:
    async def connect() -> NodeConnection:
        return NodeConnection.create(node, CLOCK, 3600.0, (ApiError,))

    keymap = with_overrides({action.replace("_", "-"): names.split() for action, names in keys.items()})
    return CdptuiApp(Target(connect, "http://node:8080", "admin", 3600.0), clock=CLOCK, keymap=keymap)


def node(*names: str) -> ScriptedNode:
    return ScriptedNode([a_task(name) for name in names])


async def test_remapped_key_replaces_the_default_key() -> None:
    app = app_with(node(*"abc"), down="n", help="^k", detail="q", quit="D")
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, node())
        await run.until(lambda: run.rows)
        await run.press("j", "down")
        assert run.cursor == "uuid-of-a"
        await run.press("n")
        assert run.cursor == "uuid-of-b"
        assert run.detail.display
        await run.press("q")
        await run.until(lambda: not run.detail.display)
        await run.press("question_mark")
        assert len(app.screen_stack) == 1
        await run.press("ctrl+k")
        assert len(app.screen_stack) == 2
        await run.press("escape", "D")
        await run.until(lambda: app.return_value == 0)


async def test_remapped_key_is_shown_in_footer_palette_and_help() -> None:
    app = app_with(node("a"), sort="comma", help="^k h", pause="F4", refresh="alt+r")
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, node())
        await run.until(lambda: run.rows)
        await run.until(lambda: " , sort " in run.footer)
        await run.until(lambda: " ^k help " in run.footer)
        await run.press("f4")
        assert "F4 resumes" in run.notice
        await run.press("ctrl+p", "r", "e", "f", "r")
        await run.until(lambda: "Refresh (alt+r)" in run.screen)
        await run.press("escape", "h")
        await run.until(lambda: len(app.screen_stack) == 2)
        page = "\n".join(plain_text(line) for line in app.screen.query_one("#help", ScrollableLines).lines)
        assert re.search(r"^  \^k h +Show help$", page, re.MULTILINE)
        await run.press("h")
        assert len(app.screen_stack) == 1, "the key that opens the help closes it"


async def test_menu_is_closed_by_the_key_that_opened_it() -> None:
    app = app_with(node("a"), sort="e", down="n")
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, node())
        await run.until(lambda: run.rows)
        await run.press("e", "n", "enter")
        assert "Sorted by name" in run.notice
        await run.press("e")
        assert len(app.screen_stack) == 2
        await run.press("e")
        assert len(app.screen_stack) == 1


TYPED_INTO = {
    "the filter",
    "the search in the pane",
    "the name of a view",
    "the search in the help",
    "the filter of the events",
    "the palette",
    "the palette with hits",
    "the password",
    "the moment",
}


@asynccontextmanager
async def showing_dialog(what: str, **keys: str) -> AsyncIterator[Running]:
    """Run the app with remapped `keys`, and open one of `OPENED_BY`."""
    nodes = node("a")
    app = app_with(nodes, **keys)
    async with app.run_test(size=(120, 40)) as pilot:
        run = Running(app, pilot, nodes)
        await run.until(lambda: run.rows)
        await opened(run, OPENED_BY[what])
        yield run


@pytest.mark.parametrize("what", OPENED_BY)
async def test_quit_key_works_in_dialogs_without_text_fields(what: str) -> None:
    async with showing_dialog(what) as run:
        await run.press("q")
        if what in TYPED_INTO:
            assert run.app.return_value is None
            await run.press("ctrl+c")
        await run.until(lambda: run.app.return_value == 0)


@pytest.mark.parametrize("text", ["[/x]", "<j[status=Failed", "[bold red on", "\\[", "[@click=quit]"])
@pytest.mark.parametrize("what", sorted(TYPED_INTO))
async def test_typed_text_is_never_read_as_markup(what: str, text: str) -> None:
    async with showing_dialog(what) as run:
        await run.press(*text)
        await run.finish()
        await run.press("ctrl+c")
        await run.until(lambda: run.app.return_value == 0)


@pytest.mark.parametrize("what", [what for what in OPENED_BY if what not in TYPED_INTO])
async def test_remapped_quit_key_works_in_dialogs(what: str) -> None:
    async with showing_dialog(what, quit="D") as run:
        await run.press("q")
        assert run.app.return_value is None
        await run.press("D")
        await run.until(lambda: run.app.return_value == 0)


async def test_messages_name_remapped_keys() -> None:
    refused = ScriptedNode(LoginRefused("wrong", url="http://node:8080"))
    app = app_with(refused, refresh="R")
    async with app.run_test(size=(160, 40)) as pilot:
        run = Running(app, pilot, refused)
        await run.until(lambda: run.banner)
        await run.until(lambda: "press R to type the password again" in run.banner)


def test_two_actions_can_swap_keys() -> None:
    keymap = with_overrides({"quit": ["d"], "detail": ["q"]})
    assert keymap.overrides == {"detail": "q", "quit": "d"}


def test_displayed_key_names_are_accepted_in_the_configuration() -> None:
    for key in KEYS:
        for name in key.keys.split(","):
            assert normalize_key(name) == name
        label = DEFAULT_KEYMAP.labels[key.id]
        assert normalize_key(label) == key.keys.split(",")[0]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (",", "comma"),
        ("/", "slash"),
        ("-", "minus"),
        ("_", "underscore"),
        ("é", "é"),
        ("Space", "space"),
        (" ", "space"),
        ("esc", "escape"),
        ("^C", "ctrl+c"),
        ("ctrl+i", "tab"),
        ("alt+?", "alt+question_mark"),
        ("ctrl+left", "ctrl+left"),
        ("F12", "f12"),
        ("^", "circumflex_accent"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("\x1b", None),
        ("f99", None),
        ("super+x", None),
        ("<scroll-up>", None),
    ],
)
def test_key_names_are_normalized(name: str, key: str | None) -> None:
    assert normalize_key(name) == key
