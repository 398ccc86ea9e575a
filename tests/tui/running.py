"""The app on a scripted node, without a terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widget import Widget
from textual.worker import Worker

from cdptui.api.errors import ApiError
from cdptui.clock import Clock, SystemClock
from cdptui.config.recording import RecordSettings
from cdptui.models.task_row import TaskRow
from cdptui.monitor.connection import NodeConnection
from cdptui.render.spans import plain_text
from cdptui.tui import small_window
from cdptui.tui.app import CdptuiApp
from cdptui.tui.target import Target
from cdptui.tui.widgets.bars import ErrorBanner, FooterBar, HeaderBar
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.list_title import ListTitleBar
from cdptui.tui.widgets.task_table import TaskTable
from tests.doubles import ScriptedNode
from tests.tui.event_loop import PATIENCE_S, wait_for_idle

_STEP_S: Final = 0.005


class Running:
    """The running app and the content of its screen."""

    def __init__(
        self, app: CdptuiApp, pilot: Pilot[int], node: ScriptedNode, *, is_holding_threads: bool = False
    ) -> None:
        """`is_holding_threads`: the test blocks threads, so that their workers do not end."""
        self.app = app
        self.pilot = pilot
        self.node = node
        self._is_holding_threads = is_holding_threads

    @property
    def table(self) -> TaskTable:
        return self.app.screen_stack[0].query_one(TaskTable)

    @property
    def detail(self) -> DetailPane:
        return self.app.screen_stack[0].query_one(DetailPane)

    @property
    def rows(self) -> list[TaskRow]:
        return list(self.table.visible_rows()) if self.app.screen_stack[0].query(TaskTable) else []

    @property
    def names(self) -> list[str]:
        return [row.task.name for row in self.rows]

    @property
    def cursor(self) -> str | None:
        return self.table.cursor_uuid

    def text_of(self, kind: type[HeaderBar | ErrorBanner | FooterBar | DetailPane]) -> str:
        return "\n".join(plain_text(line) for view in self.app.screen_stack[0].query(kind) for line in view.lines)

    @property
    def header(self) -> str:
        return self.text_of(HeaderBar)

    @property
    def banner(self) -> str:
        """The text of the banner; empty while it is hidden."""
        return self.text_of(ErrorBanner) if self.app.screen_stack[0].query(ErrorBanner).filter(".-shown") else ""

    @property
    def footer(self) -> str:
        return self.text_of(FooterBar)

    @property
    def notice(self) -> str:
        """What is shown for a few seconds: in the title of the list, or at the end of the footer."""
        return f"{self.title}\n{self.footer}"

    @property
    def screen_lines(self) -> list[str]:
        """The lines as a terminal would show them."""
        if self.app.small_window is not None:
            return [strip.text for strip in small_window.strips(self.app.small_window, self.app.screen, "q")]
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def headings(self) -> str:
        """The line of the column headings."""
        return self.screen_lines[self.table.region.y]

    @property
    def list_lines(self) -> list[str]:
        """The lines of the list, below its headings."""
        table = self.table.region
        return self.screen_lines[table.y + 1 : table.bottom]

    @property
    def title(self) -> str:
        """The title of the list; empty where there is no room for it."""
        bar = self.app.screen_stack[0].query_one(ListTitleBar)
        return "".join(plain_text(line) for line in bar.lines) if bar.display else ""

    @property
    def screen(self) -> str:
        return "\n".join(self.screen_lines)

    async def press(self, *keys: str) -> None:
        """Press keys one at a time, each after the app has handled the previous one."""
        for key in keys:
            await self.pilot.press(key)
            await self.finish()

    async def click(self, widget: type[Widget] | str | None = None, *, offset: tuple[int, int], times: int = 1) -> None:
        """Click, and wait until the app is idle."""
        await self.pilot.click(widget, offset=offset, times=times)
        await self.finish()

    async def resize(self, width: int, height: int) -> None:
        """Resize the window, and wait until the app is idle."""
        await self.pilot.resize_terminal(width, height)
        await self.finish()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition is true, and then until the app is idle."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"timed out; the screen:\n{self.screen}"
            await asyncio.sleep(_STEP_S)
        await self.finish()

    async def finish(self) -> None:
        """Wait until the app is idle: keys, messages, drawing, workers, responses of the node.

        Responses that a test holds back by a gate, and threads with `is_holding_threads`, are not waited for.
        """
        deadline = time.monotonic() + PATIENCE_S
        await wait_for_idle()
        while self._workers:
            assert time.monotonic() < deadline, f"never idle: {self._workers}; the screen:\n{self.screen}"
            await asyncio.sleep(_STEP_S)
            await wait_for_idle()

    @property
    def _workers(self) -> list[Worker[object]]:
        """The workers that finish without a further event."""
        if self._is_holding_threads:
            return []
        return [worker for worker in self.app.workers if worker.name != "watch" and not worker.is_finished]

    async def poll(self) -> None:
        """Poll once more, and wait until the result is on screen."""
        reads = self.node.reads
        await self.press("r")
        await self.until(lambda: self.node.reads > reads)

    async def tick(self) -> None:
        """Run what the app does each second."""
        self.app._main._tick()
        await self.finish()

    @property
    def fits(self) -> bool:
        """Whether every line of the screen is as wide as the window."""
        return {cell_len(line) for line in self.screen_lines} == {self.app.size.width}

    def assert_every_line_fits(self) -> None:
        assert self.fits, self.screen


@asynccontextmanager
async def running(
    node: ScriptedNode,
    *,
    size: tuple[int, int] = (120, 40),
    interval_s: float = 3600.0,
    low_bandwidth: bool | None = None,
    is_holding_threads: bool = False,
    zone: tzinfo | None = None,
    record: RecordSettings | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    """Run the app on `node`; it polls once at startup, and then only by `poll`. Nothing is recorded by default."""
    clock = clock or SystemClock()

    async def connect() -> NodeConnection:
        await asyncio.sleep(0)
        return NodeConnection.create(node, clock, interval_s, (ApiError,), record=record)

    target = Target(connect, "http://node:8080", "admin", interval_s, zone=zone)
    app = CdptuiApp(target, clock=clock, low_bandwidth=low_bandwidth)
    async with app.run_test(size=size) as pilot:
        yield Running(app, pilot, node, is_holding_threads=is_holding_threads)
        assert app.faults == 0, "an action failed"


@asynccontextmanager
async def showing(
    *polls: Sequence[object] | Exception,
    size: tuple[int, int] = (120, 40),
    low_bandwidth: bool | None = None,
    is_holding_threads: bool = False,
    zone: tzinfo | None = None,
    record: RecordSettings | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    """Run the app until its first poll is on screen."""
    node = ScriptedNode(*polls)  # type: ignore[arg-type]  # lists of tasks or readings
    async with running(
        node,
        size=size,
        low_bandwidth=low_bandwidth,
        is_holding_threads=is_holding_threads,
        zone=zone,
        record=record,
        clock=clock,
    ) as run:
        await run.until(lambda: run.rows or run.banner or "no CDP tasks" in run.screen)
        yield run
