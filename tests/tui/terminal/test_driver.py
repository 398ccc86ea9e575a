"""Pending output of a blocked terminal."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from cdptui.tui.app import CdptuiApp
from cdptui.tui.terminal.driver import TerminalDriver
from cdptui.tui.terminal.output import FrameText, OutputLink, OutputQueue, TimedWriter
from cdptui.tui.terminal.screen_buffer import Frame
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import running


@pytest.fixture
async def app() -> AsyncIterator[CdptuiApp]:
    async with running(ScriptedNode([a_task("a")])) as run:
        yield run.app


@pytest.fixture
async def driver(app: CdptuiApp) -> TerminalDriver:
    """Return a driver whose writer thread was not started: a terminal that accepts nothing."""
    return TerminalDriver(app, size=(120, 40))


def accept_all_output(driver: TerminalDriver) -> None:
    while not driver._output._queue.empty():
        driver._writer.written += len(driver._output._queue.get_nowait() or "")


def draw(app: CdptuiApp, driver: TerminalDriver) -> None:
    update = app.screen._compositor.render_update(full=True)
    assert isinstance(update, Frame)
    driver.draw(update, app.console, (120, 40), is_synchronised=True)


def test_full_queue_drops_frames_but_no_mode_switches() -> None:
    queue = OutputQueue(TimedWriter(io.StringIO(), OutputLink()), when_idle=lambda: None)
    queue.put("\x1b[?1049h")
    queue.put(FrameText("a frame"))
    queue.put("\x1b[>25u")
    while not queue.is_full:
        queue.put(FrameText("another frame"))
    assert queue.is_behind
    queue.drop_frames()
    assert not queue.is_behind
    assert queue._queue.get_nowait() == "\x1b[?1049h\x1b[>25u"
    assert queue._queue.empty()


async def test_output_of_a_blocked_terminal_is_bounded(driver: TerminalDriver) -> None:
    for _ in range(1_000):
        driver.write(FrameText("a frame"))
    assert driver._output._queue.qsize() <= 30
    assert driver.has_pending_redraw


async def test_skipped_frame_stays_pending_until_a_full_redraw(app: CdptuiApp, driver: TerminalDriver) -> None:
    draw(app, driver)
    assert not driver.has_pending_redraw
    for _ in range(20):
        driver.write(FrameText("more than the terminal accepts"))
    draw(app, driver)
    assert driver.has_pending_redraw
    accept_all_output(driver)
    # A clock that ticks, for example, before the writer thread becomes idle.
    draw(app, driver)
    assert driver.has_pending_redraw
    driver._catch_up()
    assert not driver.has_pending_redraw
