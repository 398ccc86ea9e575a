"""Resizes that arrive faster than they are laid out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from tests.doubles import ScriptedNode, a_task
from tests.tui.running import running


async def one_turn(screen: Screen[Any]) -> None:
    """Wait until the screen has handled all messages that are in its queue now."""
    done = asyncio.Event()
    screen.call_later(done.set)
    await done.wait()


@pytest.mark.parametrize("opened", [pytest.param("", id="the list"), "question_mark", "s", "ctrl+p"])
async def test_two_concurrent_resizes_settle(opened: str) -> None:
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.detail.head)
        if opened:
            await run.press(opened)
            await run.until(lambda: len(run.app.screen_stack) == 2 and run.app.screen.is_running)
        stack = list(run.app.screen_stack)
        for screen in stack:
            for size in (Size(100, 30), run.app.size, Size(90, 20), run.app.size):
                screen.post_message(Resize(size, size))
                # A message between them: Textual merges consecutive resizes.
                screen.call_later(lambda: None)
                screen.call_later(screen.call_after_refresh, lambda: None)
        sizes = set()
        for turn in range(60):
            for screen in stack:
                await one_turn(screen)
                if turn > 20:
                    sizes.add(screen._compositor.size)
        assert sizes == {run.app.size}
