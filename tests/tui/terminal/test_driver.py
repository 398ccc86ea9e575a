"""Pending output of a blocked terminal."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from textual._compositor import CompositorUpdate
from textual.drivers._writer_thread import WriterThread

from cdptui.tui.terminal.driver import TerminalDriver, _FrameText
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import running


@pytest.fixture
async def driver() -> AsyncIterator[TerminalDriver]:
    """With a writer that has not begun: a line that takes nothing."""
    async with running(ScriptedNode([a_task("a")])) as run:
        driver = TerminalDriver(run.app, size=(120, 40))
        driver._writer_thread = WriterThread(io.StringIO())
        yield driver


def all_is_taken(driver: TerminalDriver) -> None:
    """The line takes all that waits."""
    assert driver._write_queue is not None
    while not driver._write_queue.empty():
        driver._file.written += len(driver._write_queue.get_nowait() or "")


def draw(driver: TerminalDriver) -> None:
    app = driver._app
    update = app.screen._compositor.render_update(full=True)
    assert isinstance(update, CompositorUpdate)
    driver.draw(update, app.console, (120, 40), is_synchronised=True)


async def test_blocked_terminal_drops_frames_but_no_mode_switches(driver: TerminalDriver) -> None:
    driver.write("\x1b[?1049h")
    driver.write(_FrameText("a frame"))
    driver.write("\x1b[>25u")
    for _ in range(100):
        driver.write(_FrameText("another frame"))
    assert driver.has_pending_redraw, "it was too much for the line"
    driver._drop_unwritten()
    assert driver._write_queue is not None
    assert driver._write_queue.get_nowait() == "\x1b[?1049h\x1b[>25u"
    assert driver._write_queue.empty()


async def test_skipped_frame_stays_pending_until_a_full_redraw(driver: TerminalDriver) -> None:
    draw(driver)
    assert not driver.has_pending_redraw
    for _ in range(20):
        driver.write(_FrameText("more than the line takes"))
    draw(driver)
    assert driver.has_pending_redraw
    all_is_taken(driver)
    # A clock that ticks, say, before the writer has told that it has nothing left to do.
    draw(driver)
    assert driver.has_pending_redraw
    driver._catch_up()
    assert not driver.has_pending_redraw
