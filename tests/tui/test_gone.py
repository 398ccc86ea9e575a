"""Closed dialogs lose no keys and leak no memory."""

from __future__ import annotations

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.events import Key
from textual.geometry import Region
from textual.screen import Screen

from cdptui import gc_tuning
from cdptui.tui.key_queue import KeyHandled
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import Running, running


class RemovedScreen(Screen[None]):
    """A screen that is removed before it reports that the third key was handled."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []

    def on_key(self, event: Key) -> None:
        self.taken.append(event.key)
        if len(self.taken) == 3:
            self.app.pop_screen()

    def on_key_handled(self, event: KeyHandled) -> None:
        if len(self.taken) == 3:
            event.stop()


async def test_key_of_a_removed_widget_does_not_block_the_queue() -> None:
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        removed = [RemovedScreen(), RemovedScreen()]
        for screen in removed:
            await run.app.push_screen(screen)
        for key in "wwwwwwjj":
            run.app.post_message(Key(key, key))
        await run.until(lambda: run.cursor == "uuid-of-c")
        assert [screen.taken for screen in removed] == [["w"] * 3] * 2


async def test_closed_dialogs_are_freed() -> None:
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        counts = []
        for _ in range(2):
            for key in ("question_mark", "s", "o", "b") * 3:
                await open_and_close(run, key)
            gc.collect()
            counts.append(sum(isinstance(thing, StylesCache) for thing in gc.get_objects()))
        assert counts[1] <= counts[0]


async def test_closed_dialog_is_freed_without_waiting_for_the_thresholds_of_the_collector() -> None:
    usual = gc.get_threshold()
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        try:
            gc.set_threshold(1_000_000, 1_000_000, 1_000_000)
            await run.press("question_mark")
            await run.until(lambda: len(run.app.screen_stack) == 2)
            dialog = weakref.ref(run.app.screen)
            await run.press("escape")
            await run.until(lambda: dialog() is None)
        finally:
            gc.set_threshold(*usual)


async def test_resize_clears_what_textual_cached_for_the_previous_size() -> None:
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        for number in range(1000):
            Region(number, 0, 1, 1).translate((number, 1))
        assert Region.translate.cache_info().currsize > 500
        await run.pilot.resize_terminal(100, 30)
        assert Region.translate.cache_info().currsize < 500


async def open_and_close(run: Running, key: str) -> None:
    await run.press(key)
    await run.until(lambda: len(run.app.screen_stack) == 2)
    await run.press("escape")
    await run.until(lambda: len(run.app.screen_stack) == 1)


async def test_poll_leaves_no_compared_regions_in_the_cache() -> None:
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        for number in range(500):
            Region(number, 0, 1, 1).overlaps(Region(0, 0, 1, 1))
            Region(number, 0, 1, 1).intersection(Region(0, 0, 1, 1))
        await run.poll()
        assert Region.overlaps.cache_info().currsize < 500
        assert Region.intersection.cache_info().currsize < 500


async def test_garbage_collection_is_rare_while_typing() -> None:
    gc_tuning.on_idle()
    usual = gc.get_threshold()
    async with running(ScriptedNode([a_task(name) for name in "abc"])) as run:
        await run.until(lambda: run.rows)
        try:
            await run.press("j")
            young, middle, _ = gc.get_threshold()
            assert young > usual[0]
            assert young * middle == usual[0] * usual[1], "the older generations must be collected as often as before"
            await run.until(lambda: gc.get_threshold()[:2] == usual[:2])
        finally:
            gc.set_threshold(*usual)
