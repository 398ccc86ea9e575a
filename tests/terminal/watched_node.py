"""A monitor on a terminal together with its simulated node, for the tests of faults."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.request_log import LoggedRequest
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.pty_terminal import CDPTUI, STEADY_LINE, Terminal

QUERY = "/zstack/v1/cdp-task"
LOGIN = "/zstack/v1/accounts/login"

WIDTH = 150
HEIGHT = 40
"""The window of the monitor, in cells."""

TIMEOUT_S = 1.0
PATIENCE_S = 25.0
"""Time limit of each wait, on a busy machine.

Shorter than the 30 s and more that the pause between two retries would grow to without its limit of 2 s.
"""


@dataclass
class WatchedNode:
    """A node in this process, and the real program that monitors it."""

    node: ManagementNode
    server: EmbeddedServer
    terminal: Terminal

    # Requests to the node

    def requests(self, path: str = QUERY) -> list[LoggedRequest]:
        """Return the requests to a path, oldest first."""
        return [request for request in self.node.journal.requests if request.path == path]

    @property
    def most_in_flight(self) -> int:
        """The largest number of concurrent requests so far."""
        return max((request.in_flight for request in self.node.journal.requests), default=0)

    def wait_for_polls(self, count: int) -> None:
        """Wait for `count` more polls, with a time limit for each: a slow node is polled less often."""
        seen = len(self.requests())
        for more in range(1, count + 1):
            self.wait_until(lambda more=more: len(self.requests()) >= seen + more, f"{count} more polls")  # type: ignore[misc]  # bound now

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition that is not on the screen; reads output meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"timed out waiting for {what}; the screen:\n{self.terminal.text}"
            self.terminal.read_for(0.02)

    # The screen

    @property
    def header(self) -> str:
        """The first line, with connection state and data age."""
        return self.terminal.lines[0]

    @property
    def age_s(self) -> int:
        """The age of the data as shown, in seconds."""
        found = re.search(r"age +<?(?:(\d+) min ?)?(?:(\d+) s)?", self.header)
        assert found is not None, self.header
        return 60 * int(found[1] or 0) + int(found[2] or 0)

    @property
    def cursor_row(self) -> str:
        """The name in the line under the cursor, without the marks at its left, which go; empty when there is none."""
        lines, grounds = self.terminal.lines, self.terminal.grounds
        rows = range(self.terminal.heading_row + 1, len(lines) - 1)
        return next((lines[y][2:20] for y in rows if [grounds[row] for row in rows].count(grounds[y]) == 1), "")

    def assert_keys_work(self) -> None:
        """Move the cursor down and up; it must follow."""
        # An incomplete frame has no cursor, or two.
        self.terminal.wait_for_quiet()
        here = self.cursor_row
        assert here, self.terminal.text
        self.terminal.send("j")
        self.terminal.wait_for(lambda _: self.cursor_row not in {"", here}, seconds=PATIENCE_S)
        self.terminal.send("k")
        self.terminal.wait_for(lambda _: self.cursor_row == here, seconds=PATIENCE_S)

    def assert_list_is_kept(self) -> None:
        """Wait until all tasks and the age are shown."""
        self.terminal.wait_for(
            lambda screen: re.search(r"60/60 tasks.*age +\S|age +\S.*60/60 tasks", screen.lines[0]),
            lambda screen: sum("●" in line for line in screen.lines) > 5,
            seconds=PATIENCE_S,
        )

    def wait_until_live(self) -> None:
        """Wait until the header says live."""
        self.terminal.wait_for(lambda _: "● live" in self.header, seconds=PATIENCE_S)

    def clear_faults_and_recover(self) -> None:
        """Remove all faults; the monitor must recover without a key."""
        self.wait_until(lambda: not self.node.journal.in_flight, "a pause between two retries")
        self.node.faults.clear()
        seen = len(self.requests())
        self.wait_until(lambda: len(self.requests()) > seen, "the next retry")
        self.terminal.wait_for(r"● live .*60/60 tasks", seconds=PATIENCE_S)

    def quit(self) -> None:
        """Quit; the terminal must be restored and the session logged out."""
        self.terminal.send("q")
        assert self.terminal.wait_for_end() == 0
        assert self.terminal.is_restored
        self.wait_until(lambda: not self.node.sessions.alive(), "the end of the session")


@contextmanager
def watched_node(*options: str, password: str = "password", **settings: object) -> Iterator[WatchedNode]:
    """Run a frozen fleet of 60 tasks and a monitor that polls every second with a time-out of a second."""
    node = ManagementNode(SimulatorSettings(port=0, **settings))  # type: ignore[arg-type]  # keywords
    node.world.freeze()
    with EmbeddedServer(node) as server, open_monitor(server.url, *options, password=password) as terminal:
        yield WatchedNode(node, server, terminal)


def open_monitor(url: str, *options: str, password: str = "password", session: str | None = None) -> Terminal:
    """Run the real program at 150x40, with a short interval and time-out."""
    command = [*CDPTUI, "--url", url, "--interval", "1", "--timeout", str(TIMEOUT_S), "--log-file", os.devnull]
    login = {"ZSTACK_PASSWORD": password} if session is None else {"ZSTACK_SESSION_ID": session}
    return Terminal([*command, *options], columns=WIDTH, lines=HEIGHT, environment={**login, **STEADY_LINE})
