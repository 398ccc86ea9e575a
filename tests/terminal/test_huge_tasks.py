"""The real program with a task of 100,000 resources."""

from __future__ import annotations

import signal

import pytest

from tests.terminal.conftest import OpenMonitor, Simulate
from tests.terminal.pty_terminal import Terminal

REFS = 100_000


@pytest.fixture
def terminal(simulate: Simulate, monitor: OpenMonitor) -> Terminal:
    """The monitor with the Resources tab of the huge task open and focused."""
    node, server = simulate(tasks=1)
    node.world.freeze()
    (uuid,) = node.world.tasks
    refs = [{"resourceUuid": f"{index:032x}", "resourceType": "VmInstanceVO"} for index in range(REFS)]
    node.world.override_fields(uuid, resourceRefs=refs)
    terminal = monitor(server.url, "--interval", "3600", "--timeout", "60")
    terminal.wait_for("1/1 tasks")
    terminal.send("\t")
    terminal.wait_for(f"{REFS} protected resources")
    terminal.send("..")
    terminal.wait_for(f"{REFS - 1} other resources")
    return terminal


def test_q_quits_after_keys_in_the_resources_tab(terminal: Terminal) -> None:
    terminal.send("G")
    terminal.wait_for(f"{REFS - 1:032x}")
    terminal.send("gjjj")
    terminal.wait_for(f"{3:032x}")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_sigterm_ends_the_program_during_a_search_that_matches_every_line(terminal: Terminal) -> None:
    terminal.send("/00")
    terminal.wait_for("/00")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_for_end() == 143
    assert terminal.is_restored
