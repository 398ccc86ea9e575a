"""Run cdptui with an injected internal error: `python -m tests.terminal.faulty WHERE [options of cdptui]`.

The fault occurs when the key `I` is pressed; faults of a poll and of the resolver occur without it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from cdptui.cli.main import main
from cdptui.monitor.monitor import Monitor
from cdptui.tui import export_files
from cdptui.tui.app import CdptuiApp
from cdptui.tui.screens.main import MainScreen
from cdptui.tui.terminal import clipboard
from cdptui.tui.terminal.input_reader import InputReader
from cdptui.tui.widgets.task_browser import TaskBrowser
from cdptui.tui.widgets.task_table import TaskTable

armed: list[str] = []


def fail(*_: object) -> NoReturn:
    raise ZeroDivisionError("boom")


def block(*_: object, **__: object) -> NoReturn:
    """Do not return."""
    mark_as_blocked()
    while True:
        time.sleep(60)


async def fail_later() -> NoReturn:
    await asyncio.sleep(0)
    fail()


def when_armed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls `function` until the key was pressed and fails after that."""
    return lambda *arguments: fail() if armed else function(*arguments)


def arm(screen: MainScreen) -> None:
    armed.append("I")
    screen.refresh(layout=True)
    screen.query_one(TaskTable).refresh()
    screen.query_one(TaskTable).action_move("down")


def widget() -> None:
    TaskTable.render_lines = when_armed(TaskTable.render_lines)  # type: ignore[method-assign]


def message() -> None:
    moved = MainScreen.on_task_table_cursor_moved
    # Textual passes the message only to a handler that has a parameter for it.
    MainScreen.on_task_table_cursor_moved = lambda self, message: fail() if armed else moved(self, message)  # type: ignore[method-assign]


def keys() -> None:
    read = InputReader._read
    InputReader._read = lambda self: fail() if b"I" in (data := read(self)) else data  # type: ignore[method-assign]


def timer() -> None:
    MainScreen._tick = when_armed(MainScreen._tick)  # type: ignore[method-assign]


def worker() -> None:
    TaskBrowser.action_sort_invert = lambda self: self.run_worker(fail_later())  # type: ignore[assignment, method-assign]


def action() -> None:
    TaskBrowser.action_sort_invert = fail  # type: ignore[assignment, method-assign]


def poll() -> None:
    digest, calls = Monitor._build_update, []

    async def sometimes(self: Monitor, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            fail()
        return await digest(self, *arguments)

    Monitor._build_update = sometimes  # type: ignore[method-assign, assignment]


def resolver() -> None:
    socket.getaddrinfo = block


def mark_as_blocked() -> None:
    """Create a file in the home folder, which shows that the fault has begun."""
    (Path.home() / "blocked").touch()


def hold_in_python() -> None:
    def hold(_: object) -> None:
        mark_as_blocked()
        while True:
            pass

    TaskBrowser.action_sort_invert = hold  # type: ignore[method-assign, assignment]


def hold_in_c() -> None:
    def hold(_: object) -> None:
        mark_as_blocked()
        time.sleep(60)

    TaskBrowser.action_sort_invert = hold  # type: ignore[method-assign, assignment]


def hold_the_logout() -> None:
    """Hold the event loop in the shutdown, after the terminal was restored."""

    async def hold(_: object) -> bool:
        time.sleep(60)  # noqa: ASYNC251 - the fault
        return True

    CdptuiApp.close_connections = hold  # type: ignore[method-assign, assignment]


def none() -> None:
    """Inject no fault."""


def blocked_file() -> None:
    """Make each export file block, as on a file server that does not answer."""
    export_files.create_file = block  # type: ignore[attr-defined]


def blocked_copy_file() -> None:
    """Make the file of a copy block a thread of the executor."""
    clipboard.replace_file = block  # type: ignore[attr-defined]


def no_new_threads() -> None:
    """Refuse all threads except those of the terminal, the signals and the log."""
    start = threading.Thread.start

    def refuse(self: threading.Thread) -> None:
        if self.name.startswith("Thread-") or self.name == "write file":
            message = "can't start new thread"
            raise RuntimeError(message)
        start(self)

    threading.Thread.start = refuse  # type: ignore[method-assign]


def crash_at_start() -> None:
    """Fail before the first frame, when the app is mounted."""
    CdptuiApp.on_mount = fail  # type: ignore[method-assign, assignment]


def no_thread(name: str) -> None:
    start = threading.Thread.start

    def refuse(self: threading.Thread) -> None:
        if self.name == name:
            message = "can't start new thread"
            raise RuntimeError(message)
        start(self)

    threading.Thread.start = refuse  # type: ignore[method-assign]


FAULTS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        widget,
        message,
        keys,
        timer,
        worker,
        action,
        poll,
        resolver,
        hold_in_python,
        hold_in_c,
        hold_the_logout,
        no_thread,
        no_new_threads,
        crash_at_start,
        none,
        blocked_file,
        blocked_copy_file,
    )
}

if __name__ == "__main__":
    where = sys.argv.pop(1)
    TaskBrowser.action_sort_invert = arm  # type: ignore[method-assign, assignment]
    kind, _, argument = where.partition(":")
    FAULTS[kind](*filter(None, [argument]))
    os.environ.setdefault("ZSTACK_PASSWORD", "password")
    main()
