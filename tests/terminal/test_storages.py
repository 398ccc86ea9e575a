"""From a backup storage to its tasks, in the real program against the real simulator."""

from __future__ import annotations

import re
from collections.abc import Callable

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]


def unhealthy_tasks(line: str) -> tuple[int, int]:
    """The last two figures of a storage in a list of all columns: its tasks, and the unhealthy ones."""
    tasks, unhealthy = re.findall(r"(\d+) +(\d+) *$", line.rstrip("│▆▃ "))[0]
    return int(tasks), int(unhealthy)


def test_storages_lead_to_their_tasks_and_back(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for(r"live .*60/60 tasks")
    terminal.send("S")
    terminal.wait_for("Storages 3 · worst first", "● Connected")
    counts = [unhealthy_tasks(terminal.line_with(f"backup-server-{number}")) for number in (1, 2)]
    terminal.send("j")
    terminal.wait_for_quiet()
    terminal.send("\r")
    terminal.wait_for(r"Tasks \d+/60 · bs=")
    shown = int(re.findall(r"Tasks (\d+)/60", terminal.text)[0])
    assert shown in {tasks for tasks, _ in counts}
    terminal.send("\x1b")
    terminal.wait_for("Tasks 60 · worst first")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_storages_are_readable_on_a_small_screen_in_ascii_without_colours(
    simulate: Simulate, monitor: OpenMonitor
) -> None:
    _, server = simulate(tasks=60, seed=1)
    terminal = monitor(server.url, "--ascii", columns=60, lines=20, NO_COLOR="1")
    terminal.wait_for("live")
    terminal.send("S")
    terminal.wait_for("Storages 3", "Connected", "capacity .*free")

    def cursor_line(shown: Terminal) -> str:
        return next((line for y, line in enumerate(shown.lines) if shown.cell(5, y).reverse and y > 3), "")

    first = cursor_line(terminal)
    terminal.send("j")
    terminal.wait_for(lambda shown: cursor_line(shown) not in {first, ""})
    assert all(character.isascii() for line in terminal.lines for character in line)
    terminal.send("q")
    assert terminal.wait_for_end() == 0
