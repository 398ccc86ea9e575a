"""What waits for a line that takes nothing."""

from __future__ import annotations

import io

from textual.drivers._writer_thread import WriterThread

from cdptui.tui.driver import TerminalDriver, _Picture
from tests.doubles import ScriptedNode, a_task
from tests.tui.running import running


async def test_pictures_are_given_up_but_no_mode_that_is_switched() -> None:
    async with running(ScriptedNode([a_task("a")])) as run:
        driver = TerminalDriver(run.app, size=(80, 24))
        # Not started: a line that takes nothing.
        driver._writer_thread = WriterThread(io.StringIO())
        driver.write("\x1b[?1049h")
        driver.write(_Picture("a frame"))
        driver.write("\x1b[>25u")
        for _ in range(100):
            driver.write(_Picture("another frame"))
        assert driver.is_owing, "it was too much for the line"
        driver._drop_unwritten()
        waiting = driver._writer_thread._queue
        assert waiting.get_nowait() == "\x1b[?1049h\x1b[>25u"
        assert waiting.empty()
