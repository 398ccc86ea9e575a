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

TIMEOUT_S = 1.0
PATIENCE_S = 25.0
"""The machine may have much else to do; what is asked for is that it happens, and in which order.

Shorter than the 30 s and more that a pause between two tries would grow to without its limit of 2 s.
"""


@dataclass
class WatchedNode:
    """A node in this process, and the real program that watches it."""

    node: ManagementNode
    server: EmbeddedServer
    terminal: Terminal

    # What the node was asked

    def requests(self, path: str = QUERY) -> list[LoggedRequest]:
        """What was asked for at a path, oldest first."""
        return [request for request in self.node.journal.requests if request.path == path]

    @property
    def most_in_flight(self) -> int:
        """The most requests that the node ever had to handle at a time."""
        return max((request.in_flight for request in self.node.journal.requests), default=0)

    def wait_for_polls(self, count: int) -> None:
        """Wait for so many more of them to arrive, each in its time: a slow node is polled less often."""
        seen = len(self.requests())
        for more in range(1, count + 1):
            self.wait_until(lambda more=more: len(self.requests()) >= seen + more, f"{count} more polls")  # type: ignore[misc]  # bound now

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something beyond the screen, and read the screen meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}; the screen:\n{self.terminal.text}"
            self.terminal.read_for(0.02)

    # What is on screen

    @property
    def header(self) -> str:
        """The line that is always true."""
        return self.terminal.lines[0]

    @property
    def age_s(self) -> int:
        """How old the data is said to be."""
        found = re.search(r"age +<?(?:(\d+) min ?)?(?:(\d+) s)?", self.header)
        assert found is not None, self.header
        return 60 * int(found[1] or 0) + int(found[2] or 0)

    @property
    def cursor_row(self) -> str:
        """What the line under the cursor begins with."""
        lines, grounds = self.terminal.lines, self.terminal.grounds
        rows = range(self.terminal.heading_row + 1, len(lines) - 1)
        return next((lines[y][:24] for y in rows if [grounds[row] for row in rows].count(grounds[y]) == 1), "")

    def answers_keys(self) -> None:
        """Down and up again: the cursor must follow."""
        # Half a drawing has no cursor, or two.
        self.terminal.wait_for_quiet()
        here = self.cursor_row
        assert here, self.terminal.text
        self.terminal.send("j")
        self.terminal.wait_for(lambda _: self.cursor_row not in {"", here}, seconds=PATIENCE_S)
        self.terminal.send("k")
        self.terminal.wait_for(lambda _: self.cursor_row == here, seconds=PATIENCE_S)

    def keeps_its_list(self) -> None:
        """All tasks are there, the age with them."""
        self.terminal.wait_for(
            lambda screen: re.search(r"60/60 tasks.*age +\S|age +\S.*60/60 tasks", screen.lines[0]),
            lambda screen: sum("●" in line for line in screen.lines) > 5,
            seconds=PATIENCE_S,
        )

    def is_live(self) -> None:
        """Wait for all to be well."""
        self.terminal.wait_for(lambda _: "● live" in self.header, seconds=PATIENCE_S)

    def recovers(self) -> None:
        """Switch all faults off: it is live again by itself."""
        self.wait_until(lambda: not self.node.journal.in_flight, "a pause between two tries")
        self.node.faults.clear()
        seen = len(self.requests())
        self.wait_until(lambda: len(self.requests()) > seen, "the next try")
        self.terminal.wait_for(r"● live .*60/60 tasks", seconds=PATIENCE_S)

    def leaves(self) -> None:
        """Quit: terminal restored, session gone, and all is well."""
        self.terminal.send("q")
        assert self.terminal.wait_for_end() == 0
        assert self.terminal.is_restored
        self.wait_until(lambda: not self.node.sessions.alive(), "the end of the session")


@contextmanager
def watched_node(*options: str, password: str = "password", **settings: object) -> Iterator[WatchedNode]:
    """A still fleet of 60, polled every second by a program whose patience is a second."""
    node = ManagementNode(SimulatorSettings(port=0, **settings))  # type: ignore[arg-type]  # keywords
    node.world.freeze()
    with EmbeddedServer(node) as server, open_monitor(server.url, *options, password=password) as terminal:
        yield WatchedNode(node, server, terminal)


def open_monitor(url: str, *options: str, password: str = "password", session: str | None = None) -> Terminal:
    """The real program at 150x40, with short times."""
    command = [*CDPTUI, "--url", url, "--interval", "1", "--timeout", str(TIMEOUT_S), "--log-file", os.devnull]
    way_in = {"ZSTACK_PASSWORD": password} if session is None else {"ZSTACK_SESSION_ID": session}
    return Terminal([*command, *options], columns=150, environment={**way_in, **STEADY_LINE})
