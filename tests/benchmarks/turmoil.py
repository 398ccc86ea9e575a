"""Random faults in quick succession: of the node, the terminal and the process."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import deque
from collections.abc import Callable

from cdptui.simulator.faults.rules import Fault
from cdptui.simulator.faults.spec import parse_fault
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.benchmarks.watched import Watched

LOST_REPLIES = ("hang-body", "trickle:seconds=0.1", "truncated", "endless-body:seconds=0.05")
"""Lost responses, of the list only: a login whose response is lost leaves an unknown session. Bodies of 64 MiB are
tested in tests/terminal: the memory that the allocator retains for one would hide a growth."""

ANYWHERE = (
    "delay:seconds=0.2",
    "delay:seconds=3",
    "hang",
    "reset",
    "invalid-json",
    "rate-limit",
    "empty-500",
    "bad-gateway",
    "gateway-timeout",
    "html-503",
    "module-missing",
    "tomcat-404",
    "redirect:location=http://127.0.0.1:9/",
    "denied",
    "error:code=SYS.1000",
    "error:code=SYS.1010",
    "error:code=LICENSE.1001",
    "error:code=ID.1006",
)
PATHS = ("", "", "/cdp-task", "/cdp-task", "/resources/names", "/accounts/login", "/management-nodes")
STATES = ("refuse", "slow-start:seconds=2", "clock-skew:seconds=-90000", "clock-skew:seconds=4000", "unique-session")
LISTS = ("endless-list", "capped-pages:rows=10", "deep-nesting", "shifting-rows", "session-kill:times=1")

SIZES = ((80, 24), (120, 40), (200, 50), (20, 5), (40, 10), (109, 30), (110, 30), (132, 43), (60, 100), (400, 120))

KEYS = (
    *"jjjkkkgG<>Isfdrrptowbz *?/nNcmxv,.[]Z-+--1289" * 2,
    *"TT(((){}HLP",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\r", "\t", "\x1b[Z", "\x7f"),
    *("\x06", "\x02", "\x15", "\x13", "\x00", "é", "系", "status=Failed", "used > 50%"),
)
"""All keys except those that quit: no q, and no way to choose Quit in the palette."""

ESCAPE = "\x1b"


class Turmoil:
    """Does random actions, and records the last ones."""

    def __init__(
        self,
        chance: random.Random,
        node: ManagementNode,
        server: EmbeddedServer,
        terminal: Watched,
        columns: int,
    ) -> None:
        self.counts: dict[str, int] = {}
        """The number of each action."""
        self.last: deque[str] = deque(maxlen=40)
        self.size = (columns, 40)
        self._random = chance
        self._node = node
        self._server = server
        self._terminal = terminal
        self._standing: list[tuple[float, Fault]] = []
        self._things: dict[Callable[[], str], int] = {
            self._type: 50,
            self._point: 8,
            self._palette: 1,
            self._resize: 6,
            self._fault: 14,
            self._change_the_fleet: 6,
            self._kill_sessions: 1,
            self._stop_process: 1,
            self._restart: 1,
        }

    def do_something(self) -> None:
        """Do one action, and remove the faults whose time is over."""
        now = time.monotonic()
        for until, fault in self._standing:
            if until <= now:
                self._node.faults.remove(fault)
        self._standing = [(until, fault) for until, fault in self._standing if until > now]
        (thing,) = self._random.choices(list(self._things), weights=list(self._things.values()))
        name = thing.__name__.strip("_").replace("_", " ")
        self.counts[name] = self.counts.get(name, 0) + 1
        self.last.append(f"{name}: {thing()}")

    def end(self) -> None:
        """Remove all faults."""
        self._standing = []
        self._node.faults.clear()

    def _type(self) -> str:
        keys = self._random.choices(KEYS, k=self._random.choice((1, 1, 2, 5, 30)))
        self._terminal.send("".join(keys))
        return repr("".join(keys))

    def _point(self) -> str:
        columns, lines = self.size
        # Not the last line, which may have a button that quits.
        x, y = self._random.randint(1, columns), self._random.randint(1, max(1, lines - 1))
        button = self._random.choice((0, 0, 2, 64, 65, 65, 35))
        self._terminal.send(f"\x1b[<{button};{x};{y}M" + (f"\x1b[<{button};{x};{y}m" if button < 3 else ""))
        return f"button {button} at {x}, {y}"

    def _palette(self) -> str:
        self._terminal.send("\x10")
        self._terminal.drain(0.3)
        self._terminal.send("the")
        self._terminal.drain(0.2)
        self.escape()
        return "opened and closed"

    def escape(self) -> None:
        """Close all dialogs."""
        for _ in range(3):
            self._terminal.send(ESCAPE)
            self._terminal.drain(0.15)

    def _resize(self) -> str:
        sizes = self._random.choices(SIZES, k=self._random.choice((1, 1, 1, 4)))
        for self.size in sizes:
            self._terminal.resize(*self.size)
            self._terminal.drain(self._random.choice((0.0, 0.02)))
        return str(sizes)

    def _fault(self) -> str:
        kind = self._random.choices((LOST_REPLIES, ANYWHERE, STATES, LISTS), weights=(4, 12, 3, 3))[0]
        spec = self._random.choice(kind)
        path = {LOST_REPLIES: "/cdp-task", ANYWHERE: self._random.choice(PATHS), STATES: "", LISTS: "/cdp-task"}[kind]
        if path:
            spec += f"{',' if ':' in spec else ':'}path={path}"
        lasts_s = self._random.choice((0.3, 1.0, 1.0, 3.0, 6.0))
        if len(self._standing) < 3:
            fault = parse_fault(spec)
            self._node.faults.add_fault(fault)
            self._standing.append((time.monotonic() + lasts_s, fault))
        return f"{spec} for {lasts_s:g} s"

    def _change_the_fleet(self) -> str:
        world = self._node.world
        with world.lock:
            uuids = sorted(world.tasks)
        uuid = self._random.choice(uuids) if uuids else ""
        match self._random.randint(0, 3):
            case 0 if len(uuids) > 20:
                world.remove(uuid)
                return "a task goes"
            case 1 if len(uuids) < 200:
                world.add(
                    name=self._random.choice(("new", "\x1b[2J\x9b31m", "[red]x[/]", "", "财务系统" * 30, "\u202egpj"))
                )
                return "a task comes"
            case 2 if uuid:
                world.override_fields(uuid, status=self._random.choice(("Failed", "Running", "\x07Melting", "")))
                return "a status"
            case _ if uuid:
                world.override_fields(uuid, usedCapacity=self._random.choice((None, -1, 1.5e11, "many", 2**70, [])))
                return "an odd number"
        return "nothing"

    def _kill_sessions(self) -> str:
        with self._node.world.lock:
            self._node.sessions.kill_all()
        return "all"

    def _stop_process(self) -> str:
        seconds = self._random.choice((0.05, 0.5, 2.0, 7.0))
        os.kill(self._terminal.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self._terminal.process.pid, signal.SIGCONT)
        return f"{seconds:g} s"

    def _restart(self) -> str:
        seconds = self._random.choice((0.0, 0.5, 4.0))
        self._server.stop()
        self._terminal.drain(seconds)
        self._server.start()
        return f"away for {seconds:g} s"
