"""Any size, as fast as a window manager can: nothing breaks, and what is too small says so."""

from __future__ import annotations

import random

import pytest

from cdptui.tui.window import LEAST
from tests.doubles import a_task
from tests.tui.running import showing

SMALL = [(1, 1), (20, 5), (LEAST.width - 1, LEAST.height), (LEAST.width, LEAST.height - 1), (200, 3)]
FLEET = [a_task(f"cdp-{index:03d}", status="Failed" if index % 7 == 0 else "Running") for index in range(60)]


@pytest.mark.parametrize("size", SMALL)
async def test_a_window_that_is_too_small_says_so_and_recovers(size: tuple[int, int]) -> None:
    async with showing(FLEET) as run:
        await run.press("j", "j")
        before = run.cursor
        await run.pilot.resize_terminal(*size)
        await run.until(lambda: "too" in run.screen if size[0] > 9 else "NAME" not in run.screen)
        assert "cdp-" not in run.screen
        await run.press("j", "s", "question_mark")
        await run.pilot.resize_terminal(120, 40)
        await run.until(lambda: "● Running" in run.screen)
        assert run.cursor == before
        assert len(run.app.screen_stack) == 1


async def test_it_can_begin_too_small() -> None:
    async with showing(FLEET, size=(20, 5)) as run:
        assert "too small" in run.screen
        assert f"need {LEAST.width}x{LEAST.height}" in run.screen


async def test_the_least_size_shows_which_tasks_fail() -> None:
    async with showing(FLEET, size=(LEAST.width, LEAST.height)) as run:
        assert sum("✖ Failed" in line for line in run.screen_lines[3:]) == LEAST.height - 4
        run.assert_every_line_fits()


async def test_a_dialog_that_opened_over_the_cover_does_not_keep_it() -> None:
    async with showing(FLEET) as run:
        await run.pilot.resize_terminal(20, 5)
        await run.until(lambda: "too small" in run.screen)
        # As by a key that was on its way.
        run.app.action_help()
        await run.pilot.pause()
        await run.pilot.resize_terminal(120, 40)
        await run.until(lambda: "● Running" in run.screen)
        assert len(run.app.screen_stack) == 1


async def test_a_dialog_is_still_there_when_the_window_has_grown_again() -> None:
    async with showing(FLEET) as run:
        await run.press("s")
        await run.pilot.resize_terminal(20, 5)
        await run.until(lambda: "too small" in run.screen)
        await run.pilot.resize_terminal(90, 30)
        await run.until(lambda: "Sort by" in run.screen)


@pytest.mark.parametrize("seed", [1, 2])
async def test_sizes_keys_and_clicks_in_any_order_break_nothing(seed: int) -> None:
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
                    await run.pilot.resize_terminal(chance.randint(20, 400), chance.randint(5, 120))
                case 1:
                    await run.pilot.press(chance.choice(keys))
                case _:
                    width, height = run.app.size
                    await run.pilot.click(offset=(chance.randrange(width), chance.randrange(height)))
        await run.pilot.resize_terminal(120, 40)
        await run.press("escape", "escape", "escape")
        await run.until(lambda: "NAME" in run.screen)
        run.assert_every_line_fits()
