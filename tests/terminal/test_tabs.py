"""The detail tabs of the real program: from a problem to its VM and its cause."""

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
    """Return the text of the detail pane beside the list, with its lines joined."""
    return " ".join(line.partition("│")[2].strip() for line in terminal.lines)


def pane_contains(words: str, terminal: Terminal) -> bool:
    """Return whether the pane contains a text."""
    return words in pane(terminal)


def test_every_tab_shows_a_task_whose_plan_is_full(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.send("/file-srv\r")
    terminal.wait_for(partial(pane_contains, "Plan is full"))
    for text in (
        "[24 h]",
        "● Running",
        "Schedule and retention",
        "Planned capacity",
        "points listed",
        '"usedCapacity"',
        "Raise the plan",
    ):
        terminal.send(".")
        terminal.wait_for(partial(pane_contains, text))
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
        pytest.param(None, "", id="answered"),
        pytest.param("denied", "no permission", id="refused"),
        pytest.param("hang", "name not known", id="hanging"),
        pytest.param("module-missing", "name not known", id="missing"),
    ],
)
def test_failing_name_requests_do_not_delay_polls(
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

    # A poll that waited for the names would take as long as their time-out of ten seconds.
    terminal.wait_for(lambda _: polls() >= _POLLS)
    # A poll that was due before the start may arrive late.
    assert polls() <= time.monotonic() - started + 2, "more than one poll a second"
    terminal.wait_for(lambda screen: "live" in screen.lines[0], partial(pane_contains, words))
    terminal.send("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(None, "▓ from the server's metrics", id="answered"),
        pytest.param("denied", "The server's metrics could not be read: no permission", id="refused"),
    ],
)
def test_time_before_the_recording_is_filled_from_the_metrics_of_the_server(
    simulate: Simulate, monitor: OpenMonitor, fault: str | None, words: str
) -> None:
    node, server = simulate(tasks=60, seed=1)
    if fault is not None:
        node.faults.add(fault, "/zwatch/metrics")
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for(r"live .*60/60 tasks", partial(pane_contains, "Plan is full"))

    def requests() -> int:
        return sum(request.path.endswith("/zwatch/metrics") for request in node.journal.requests)

    assert not requests(), "no history is shown"
    terminal.send(".")
    terminal.wait_for(partial(pane_contains, words))
    assert requests() == (2 if fault is None else 1)
    node.journal.clear()
    terminal.wait_for(lambda _: sum(request.path.endswith("/cdp-task") for request in node.journal.requests) >= _POLLS)
    assert not requests(), "the gaps have not changed"
    assert all(request.in_flight <= 2 for request in node.journal.requests)
    assert "metrics" not in "".join(line.partition("│")[0] for line in terminal.lines)
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_keys_typed_ahead_go_to_the_widget_that_gets_the_focus(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--interval", "60")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.wait_for(partial(pane_contains, "Plan is full"))
    # Each in one piece, as over a connection with a long delay.
    terminal.send("\t/protection\r")
    terminal.wait_for("protection  1 of ")
    terminal.send("\x1b")
    terminal.wait_for_no("protection  1 of ")
    terminal.send("\t/status=Failed\r")
    terminal.wait_for("1 of 60")
    terminal.wait_for("1 of 60 shown, 59 hidden")
    # After Enter has closed the filter, keys go to the list again.
    terminal.send("/\x15running\rjj ")
    terminal.wait_for("1 marked")
    terminal.wait_for(lambda screen: screen.list_lines[2][1:2] == "*")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
