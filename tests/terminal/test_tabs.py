"""From "something is wrong" to "this VM, because of that" in the real program, against the real simulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

_POLLS = 4
_SIDE = ("/resources/names", "/backup-storage", "/cdp-backup-storage", "/vm-instances")


def pane(terminal: Terminal) -> str:
    """What the detail pane beside the list says, its lines joined."""
    return " ".join(line.partition("│")[2].strip() for line in terminal.lines)


def says(words: str, terminal: Terminal) -> bool:
    """Whether the pane says so."""
    return words in pane(terminal)


def test_every_tab_tells_of_the_worst_task(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.wait_for(partial(says, "Plan is full"))
    for sign in (
        "● Running",
        "Schedule and retention",
        "Planned capacity",
        "points listed",
        '"usedCapacity"',
        "Raise the plan",
    ):
        terminal.send(".")
        terminal.wait_for(partial(says, sign))
    terminal.send("\t/")
    terminal.wait_for("Search…")
    terminal.send("plan\r")
    terminal.wait_for(r"/plan +1 of \d")
    terminal.send("\x1b")
    terminal.wait_for_no("/plan ")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param(None, "", id="well"),
        pytest.param("denied", "no permission", id="refused"),
        pytest.param("hang", "name not known", id="hanging"),
        pytest.param("module-missing", "name not known", id="missing"),
    ],
)
def test_polls_keep_their_rhythm_whatever_becomes_of_the_names(
    simulate: Simulate, monitor: OpenMonitor, kind: str | None, words: str
) -> None:
    node, server = simulate(tasks=60, seed=1)
    for path in _SIDE if kind is not None else ():
        node.faults.add(kind or "", path)
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for(r"live .*60/60 tasks")
    node.journal.clear()
    started = time.monotonic()

    def polls() -> int:
        return sum(request.path.endswith("/cdp-task") for request in list(node.journal.requests))

    # One that waited for the names would come once in their timeout of ten seconds.
    terminal.wait_for(lambda _: polls() >= _POLLS)
    # One that was due before may arrive late.
    assert polls() <= time.monotonic() - started + 2, "a poll a second, whatever else happens"
    terminal.wait_for(lambda screen: "live" in screen.lines[0], partial(says, words))
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_what_is_typed_ahead_goes_where_it_is_meant_to_go(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--interval", "60")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.wait_for(partial(says, "Plan is full"))
    # In one piece each, as they come over a line with a long delay.
    terminal.send("\t/protection\r")
    terminal.wait_for("protection  1 of ")
    terminal.send("\x1b")
    terminal.wait_for_no("protection  1 of ")
    terminal.send("\t/status=Failed\r")
    terminal.wait_for("1 of 60")
    terminal.wait_for("1 of 60 shown, 59 hidden")
    # Behind the Enter that closes the filter, keys are the list's again.
    terminal.send("/\x15running\rjj ")
    terminal.wait_for("1 marked")
    terminal.wait_for(lambda screen: screen.list_lines[2].startswith("*"))
    terminal.send("q")
    assert terminal.wait_for_end() == 0
