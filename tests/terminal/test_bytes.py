"""Bytes written to the terminal, counted on a real pty."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from statistics import median

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

TICK = 30
"""Most bytes for a new second in the age: a cursor move, a colour change and a number."""

_MOVE = re.compile(rb"\x1b\[(\d+);\d+H")


def bytes_by_line(data: bytes) -> dict[int, int]:
    """Return the bytes written to each line, counted from 1, including the cursor moves to it."""
    counts: dict[int, int] = {}
    moves = [*_MOVE.finditer(data)]
    ends = [*(move.start() for move in moves[1:]), len(data)] if moves else []
    for move, end in zip(moves, ends, strict=True):
        line = int(move[1])
        counts[line] = counts.get(line, 0) + end - move.start()
    return counts


def polls(node: ManagementNode) -> int:
    return sum(request.path.endswith("/cdp-task") for request in node.journal.requests)


def wait_until_settled(terminal: Terminal, node: ManagementNode) -> None:
    """Wait for two more polls after the names are known; columns and chart do not change after that."""
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.wait_for(lambda _: any(request.path.endswith("/names") for request in node.journal.requests))
    seen = polls(node)
    terminal.wait_for(lambda _: polls(node) >= seen + 2)


@pytest.fixture
def frozen_fleet(simulate: Simulate) -> tuple[ManagementNode, EmbeddedServer]:
    """Return a fleet that does not change."""
    node, server = simulate(tasks=60)
    node.world.freeze()
    return node, server


def test_unchanged_poll_writes_almost_nothing(
    frozen_fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = frozen_fleet
    terminal = monitor(server.url, "--interval", "1")
    wait_until_settled(terminal, node)
    # The chart grows during its first ten seconds.
    terminal.wait_for(r"└-1[1-9] s")
    before, seen, started = len(terminal.output), polls(node), time.monotonic()
    terminal.wait_for(lambda _: polls(node) >= seen + 6)
    # The age changes once a second, also when a poll is late.
    ticks = math.ceil(time.monotonic() - started) + 1
    assert len(terminal.output) - before <= 100 * (polls(node) - seen) + TICK * ticks


def test_changed_cell_costs_a_cursor_move_a_colour_and_its_text(
    frozen_fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = frozen_fleet
    terminal = monitor(server.url, "--interval", "1")
    wait_until_settled(terminal, node)
    terminal.send("d>")
    terminal.wait_for("Sorted by name")
    terminal.wait_for_no("Sorted by name")
    terminal.wait_for_quiet()
    y = next(y for y, line in enumerate(terminal.lines) if y > 6 and "● Running" in line)
    shown = terminal.lines[y]
    task = next(task for task in node.world.tasks.values() if shown.split()[0] == task.name)
    used, _ = node.world.current_metrics(task)
    before = len(terminal.output)
    node.world.override_fields(task.uuid, usedCapacity=used + 3 * 2**30)
    terminal.wait_for(lambda screen: screen.lines[y] != shown)
    terminal.wait_for_quiet(0.3)
    written = {line: count for line, count in bytes_by_line(bytes(terminal.output[before:])).items() if line > 2}
    # Other lines may show that an operation is a minute older.
    assert sum(count for line, count in written.items() if line != y + 1) <= 5 * TICK
    # USED, USE with its bar, GROWTH and FULL IN: four cells of at most twelve characters.
    assert written[y + 1] <= 4 * 3 * (len("\x1b[12;100H") + len("\x1b[38;5;253m")) + 4 * 12


@pytest.mark.parametrize(("is_detail_open", "budget"), [(False, 500), (True, 2500)])
def test_cursor_move_writes_two_lines_and_the_detail_pane(
    frozen_fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor, is_detail_open: bool, budget: int
) -> None:
    _, server = frozen_fleet
    terminal = monitor(server.url, "--interval", "3600")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.wait_for("1 protected resource")
    if not is_detail_open:
        terminal.send("d")
        terminal.wait_for(lambda screen: "┤" not in screen.text)
    terminal.wait_for_quiet(0.3)
    counts = []
    for _ in range(7):
        before = len(terminal.output)
        terminal.send("j")
        terminal.wait_for(lambda _: len(terminal.output) > before)  # noqa: B023 - called before the next round
        terminal.wait_for_quiet(0.2)
        counts.append(len(terminal.output) - before)
    assert 0 < median(counts) - TICK <= budget
