"""Window sizes in any sequence work; too small windows show a message."""

from __future__ import annotations

import random
import re

import pytest
from textual.events import Resize
from textual.geometry import Size

from cdptui.models.failure import CredentialPrompt
from cdptui.tui.layout import MIN_SIZE, enlarged
from cdptui.tui.screens.login_prompt import LoginPrompt
from cdptui.tui.screens.menus import ProfileMenu
from tests.doubles import a_task
from tests.tui.running import Running, showing

SMALL = [(1, 1), (20, 5), (MIN_SIZE.width - 1, MIN_SIZE.height), (MIN_SIZE.width, MIN_SIZE.height - 1), (200, 3)]
FLEET = [a_task(f"cdp-{index:03d}", status="Failed" if index % 7 == 0 else "Running") for index in range(60)]


@pytest.mark.parametrize("size", SMALL)
async def test_small_window_shows_a_message_and_recovers(size: tuple[int, int]) -> None:
    async with showing(FLEET) as run:
        await run.press("j", "j")
        before = run.cursor
        await run.resize(*size)
        await run.until(lambda: "too" in run.screen if size[0] > 9 else "NAME" not in run.screen)
        assert "cdp-" not in run.screen
        await run.press("j", "s", "question_mark")
        await run.resize(120, 40)
        await run.until(lambda: "● Running" in run.screen)
        assert run.cursor == before
        assert len(run.app.screen_stack) == 1


async def test_app_can_start_in_a_small_window() -> None:
    async with showing(FLEET, size=(20, 5)) as run:
        assert "too small" in run.screen
        assert f"need {MIN_SIZE.width}x{MIN_SIZE.height}" in run.screen


async def test_smallest_size_shows_which_tasks_fail() -> None:
    async with showing(FLEET, size=(MIN_SIZE.width, MIN_SIZE.height)) as run:
        assert sum(bool(re.match("✖ cdp-.* failed ", line)) for line in run.list_lines) == MIN_SIZE.height - 4
        run.assert_every_line_fits()


async def test_dialog_opened_in_a_too_small_window_is_complete_after_a_resize() -> None:
    async with showing(FLEET) as run:
        await run.resize(20, 5)
        await run.until(lambda: "too small" in run.screen)
        # As by a key that was typed before the resize.
        run.app.action_help()
        await run.finish()
        assert "too small" in run.screen
        await run.resize(120, 40)
        await run.until(lambda: "Move down one line" in run.screen)
        await run.press("escape")
        await run.until(lambda: len(run.app.screen_stack) == 1)


async def test_dialog_is_kept_while_the_window_is_too_small() -> None:
    async with showing(FLEET) as run:
        await run.press("s")
        await run.resize(20, 5)
        await run.until(lambda: "too small" in run.screen)
        await run.resize(90, 30)
        await run.until(lambda: "Sort by" in run.screen)


@pytest.mark.parametrize("seed", [1, 2])
async def test_resizes_keys_and_clicks_in_random_order_work(seed: int) -> None:
    chance = random.Random(seed)
    keys = [
        "j",
        "k",
        "G",
        "g",
        "pagedown",
        "enter",
        "escape",
        "d",
        "s",
        "question_mark",
        "c",
        "t",
        "p",
        "greater_than_sign",
    ]
    async with showing(FLEET) as run:
        for _ in range(60):
            match chance.randrange(3):
                case 0:
                    await run.resize(chance.randint(20, 400), chance.randint(5, 120))
                case 1:
                    await run.press(chance.choice(keys))
                case _:
                    width, height = run.app.size
                    await run.click(offset=(chance.randrange(width), chance.randrange(height)))
        await run.resize(120, 40)
        await run.press("escape", "escape", "escape")
        await run.until(lambda: "NAME" in run.screen)
        run.assert_every_line_fits()


OPENED_BY: dict[str, tuple[str, ...]] = {
    "the list": (),
    "the list, wide and grouped": ("w", "b", "down", "enter"),
    "the detail pane": ("tab",),
    "the history": ("tab", "right"),
    "the filter": ("slash", "a", "space", "a"),
    "the search in the pane": ("tab", "slash", "a"),
    "the storages": ("S",),
    "the events": ("e",),
    "the filter of the events": ("e", "slash", "a"),
    "the sort menu": ("s",),
    "the columns": ("o",),
    "the views": ("v",),
    "the name of a view": ("v", "s"),
    "the groups": ("b",),
    "the copies": ("c",),
    "the files": ("ctrl+s",),
    "the help": ("question_mark",),
    "the search in the help": ("question_mark", "slash", "a"),
    "the palette": ("ctrl+p",),
    "the palette with hits": ("ctrl+p", "t", "h", "e"),
    "the profiles": ("profiles",),
    "the password": ("password",),
    "the moment": ("t",),
}
"""The dialogs and the keys that open them; the app itself opens two more."""

EVERY_SIZE = [(width, height) for width in range(1, 46) for height in range(1, 13)]
LAID_OUT = sorted({enlarged(Size(*size)) for size in EVERY_SIZE})
"""The sizes for which screens are laid out in these windows."""


async def opened(run: Running, keys: tuple[str, ...]) -> None:
    match keys:
        case ("profiles",):
            run.app.push_screen(ProfileMenu([run.app._watch.target] * 12, run.app._watch.target))
        case ("password",):
            run.app.push_screen(LoginPrompt(CredentialPrompt.PASSWORD, "admin", "http://node:8080", "a reason " * 20))
        case _:
            await run.press(*keys)
    await run.finish()


async def resize(run: Running, size: Size) -> None:
    """Resize the window and wait until the top screen fills it."""
    await run.resize(*size)
    await run.until(lambda: run.app.screen.size == size and run.fits)


def test_no_screen_is_laid_out_below_the_smallest_size() -> None:
    for size in EVERY_SIZE:
        laid_out = enlarged(Size(*size))
        assert laid_out == Size(max(size[0], MIN_SIZE.width), max(size[1], MIN_SIZE.height))


@pytest.mark.parametrize("keys", OPENED_BY.values(), ids=OPENED_BY)
async def test_open_dialog_survives_every_size_and_back(keys: tuple[str, ...]) -> None:
    async with showing(FLEET) as run:
        await opened(run, keys)
        before = [type(screen) for screen in run.app.screen_stack]
        for size in LAID_OUT:
            await resize(run, size)
        await run.resize(1, 1)
        await run.until(lambda: run.app.small_window == Size(1, 1))
        await resize(run, Size(120, 40))
        assert [type(screen) for screen in run.app.screen_stack] == before


@pytest.mark.parametrize("keys", OPENED_BY.values(), ids=OPENED_BY)
async def test_open_dialog_survives_many_fast_resizes(keys: tuple[str, ...]) -> None:
    sizes = random.Random(11).sample(EVERY_SIZE, 300)
    async with showing(FLEET) as run:
        await opened(run, keys)
        before = [type(screen) for screen in run.app.screen_stack]
        for index, size in enumerate(sizes):
            run.app.post_message(Resize(Size(*size), Size(*size)))
            if index % 20 == 0:
                await run.finish()
        await resize(run, Size(120, 40))
        assert [type(screen) for screen in run.app.screen_stack] == before


async def test_only_quit_works_in_a_too_small_window() -> None:
    async with showing(FLEET) as run:
        await run.resize(20, 5)
        await run.until(lambda: "q quits" in run.screen)
        await run.press("s", "slash", "x", "question_mark", "r")
        assert run.node.reads == 1
        assert len(run.app.screen_stack) == 1
        await run.press("q")
    assert run.app.return_value == 0


@pytest.mark.parametrize("keys", [(), ("slash",), ("v", "s"), ("question_mark",)])
async def test_ctrl_c_quits_in_a_too_small_window_with_any_dialog(keys: tuple[str, ...]) -> None:
    async with showing(FLEET) as run:
        await opened(run, keys)
        await run.resize(20, 5)
        await run.until(lambda: "q quits" in run.screen)
        await run.press("ctrl+c")
    assert run.app.return_value == 0
