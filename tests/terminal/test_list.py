"""Columns, groups, marks and files, by keys on a real terminal."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import ESCAPE, Terminal
from tests.terminal.test_bytes import TICK, bytes_by_line, polls, wait_until_settled

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]


@pytest.fixture
def opened(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ManagementNode, Terminal]:
    """A monitor of a frozen fleet, without the detail pane."""
    monkeypatch.chdir(tmp_path)
    node, server = simulate(tasks=60)
    node.world.freeze()
    terminal = monitor(server.url, "--interval", "1", columns=100, lines=30)
    wait_until_settled(terminal, node)
    return node, terminal


def bytes_of(terminal: Terminal, key: str) -> float:
    """Return the bytes after a key press, the median of several; without those of the clock and of polls."""
    counts = []
    for _ in range(7):
        before = len(terminal.output)
        terminal.send(key)
        terminal.wait_for(lambda _: len(terminal.output) > before)  # noqa: B023 - called before the next round
        terminal.wait_for_quiet()
        counts.append(sum(n for line, n in bytes_by_line(bytes(terminal.output[before:])).items() if line > 2))
    return median(counts) - TICK


def lines_written_by(count: int, terminal: Terminal, node: ManagementNode) -> list[int]:
    """Return the lines of the list that the next `count` polls write."""
    before, seen = len(terminal.output), polls(node)
    terminal.wait_for(lambda _: polls(node) >= seen + count)
    terminal.wait_for_quiet()
    return [line for line in bytes_by_line(bytes(terminal.output[before:])) if 2 < line < len(terminal.lines)]


def wait_for_unchanged_poll(terminal: Terminal, node: ManagementNode) -> None:
    """Wait until a poll changes neither columns nor names nor groups."""
    for _ in range(20):
        if not lines_written_by(1, terminal, node):
            return
    pytest.fail(f"the list never comes to rest:\n{terminal.text}")


@pytest.mark.parametrize("way", ["", "w", "bs", "bsw"], ids=["plain", "wide", "grouped", "grouped and wide"])
def test_cursor_key_writes_two_lines_and_an_unchanged_poll_none(
    opened: tuple[ManagementNode, Terminal], way: str
) -> None:
    node, terminal = opened
    terminal.send(way)
    terminal.wait_for({"w": "All columns", "s": "Grouped by"}.get(way[-1:], "Tasks"))
    for notice in ("All columns", "Grouped by"):
        terminal.wait_for_no(notice)
    # Past the small groups: on their lines the footer has other keys.
    terminal.send("j" * 11)
    wait_for_unchanged_poll(terminal, node)
    assert 0 < bytes_of(terminal, "j") <= 500
    assert 0 < bytes_of(terminal, " ") <= 500
    wait_for_unchanged_poll(terminal, node)
    assert not lines_written_by(3, terminal, node), "the list must not be written"


def test_keys_typed_at_once_group_fold_and_filter(opened: tuple[ManagementNode, Terminal]) -> None:
    _, terminal = opened
    terminal.send("bb")
    terminal.wait_for(r"▾ backup-server-\d")
    terminal.send("Z")

    def is_folded(screen: Terminal) -> bool:
        folded = [line for line in screen.lines if line.startswith("▸")]
        return bool(folded) and all(" of " in line or "● all" in line for line in folded)

    terminal.wait_for(is_folded, lambda screen: "▾" not in screen.text)
    terminal.send("g\r")
    terminal.wait_for(lambda screen: screen.list_lines[0].startswith("▾") and "of" in screen.list_lines[0])


def test_marked_tasks_are_exported_to_the_current_folder(
    opened: tuple[ManagementNode, Terminal], tmp_path: Path
) -> None:
    _, terminal = opened
    terminal.send("  ")
    terminal.wait_for("2 marked", lambda screen: sum(line[1:2] == "*" for line in screen.lines) == 2)
    marked = [line[2:].split()[0] for line in terminal.lines if line[1:2] == "*"]
    terminal.send("\x13j")
    terminal.wait_for(r"Wrote 2 marked tasks to \./cdptui-127\.0\.0\.1-\d+-\w+\.json")
    (path,) = tmp_path.glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    saved = json.loads(path.read_text())
    assert [task["name"] for task in saved["tasks"]] == marked
    assert saved["tasks"][0]["resourceRefs"]
    terminal.send("\x15")
    terminal.wait_for_no("2 marked")
    terminal.send("\x13c")
    terminal.wait_for(r"Wrote 60 tasks to \./cdptui-\S+\.csv")
    (path,) = tmp_path.glob("*.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert set(marked) <= {row["name"] for row in rows}


@pytest.mark.parametrize("lines", [5, 24, 50])
@pytest.mark.parametrize("columns", [20, 80, 200])
def test_every_dialog_fits_and_closes(simulate: Simulate, monitor: OpenMonitor, columns: int, lines: int) -> None:
    _, server = simulate(tasks=20)
    terminal = monitor(server.url, columns=columns, lines=lines)
    terminal.wait_for(lambda screen: screen.text.strip())
    terminal.wait_for_quiet(0.3)
    for key in ("o", "b", "\x13"):
        # On a small screen the effect of a key may be out of sight and cannot be waited for.
        for pressed in (key, ESCAPE):
            terminal.send(pressed)
            terminal.wait_until_read()
            terminal.wait_for_quiet()
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
