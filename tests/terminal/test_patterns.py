"""Expensive regular expressions delay neither signals nor keys."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.conftest import OpenMonitor

TASKS = 300
NAMES = ("a" * 255, ("a" * 27 + "b") * 9, "a" * 254 + "!")
SLOW = "(.{0,30}){0,5}z"
"""A pattern that exceeds the time limit."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A node whose tasks have names of 255 characters on which patterns take longest."""
    node = ManagementNode(SimulatorSettings(port=0, tasks=TASKS))
    node.world.freeze()
    for number, uuid in enumerate(list(node.world.tasks)):
        node.world.override_fields(uuid, name=NAMES[number % len(NAMES)])
    with EmbeddedServer(node) as server:
        yield server.url


@pytest.mark.parametrize(
    ("pattern", "keys", "number", "code"),
    [
        ("(a|aa)" * 28 + "$", "", signal.SIGTERM, 143),
        ("a*a*a{0,16}a{0,16}b", "", signal.SIGTERM, 143),
        (SLOW, "", signal.SIGTERM, 143),
        (SLOW, "\x03", None, 0),
        (SLOW, "\x1bq", None, 0),
    ],
    ids=["alternatives", "repeats", "timed out", "Ctrl+C", "q"],
)
def test_expensive_pattern_does_not_delay_the_exit(
    monitor: OpenMonitor, url: str, pattern: str, keys: str, number: signal.Signals | None, code: int
) -> None:
    terminal = monitor(url)
    terminal.wait_for(f"{TASKS}/{TASKS} tasks")
    terminal.send(f"/re:{pattern}")
    terminal.wait_for(lambda terminal: any(f"{pattern[-20:]} " in line for line in terminal.lines))
    for key in keys:
        terminal.send(key)
        if key == "\x1b":
            terminal.wait_for(lambda terminal: not any(line.startswith("/ ") for line in terminal.lines))
    if number is not None:
        os.kill(terminal.process.pid, number)
    assert terminal.wait_for_end(30.0) == code
    assert terminal.is_restored


def test_pattern_that_times_out_is_reported(monitor: OpenMonitor, url: str) -> None:
    terminal = monitor(url)
    terminal.wait_for(f"{TASKS}/{TASKS} tasks")
    terminal.send(f"/re:{SLOW}")
    terminal.wait_for("regular expression timed out on these names; simplify it")
