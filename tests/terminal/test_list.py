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
from tests.terminal.test_bytes import TICK, at_rest, bytes_by_line, polls

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]


@pytest.fixture
def opened(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ManagementNode, Terminal]:
    """A fleet in which nothing happens, on a screen without the detail pane."""
    monkeypatch.chdir(tmp_path)
    node, server = simulate(tasks=60)
    node.world.freeze()
    terminal = monitor(server.url, "--interval", "1", columns=100, lines=30)
    at_rest(terminal, node)
    return node, terminal


def bytes_of(terminal: Terminal, key: str) -> float:
    """Bytes of one press, the median of several; without a second's tick and the poll that may come in between."""
    counts = []
    for _ in range(7):
        before = len(terminal.output)
        terminal.send(key)
        terminal.wait_for(lambda _: len(terminal.output) > before)  # noqa: B023 - called before the next round
        terminal.wait_for_quiet()
        counts.append(sum(n for line, n in bytes_by_line(bytes(terminal.output[before:])).items() if line > 2))
    return median(counts) - TICK


def lines_written_by(count: int, terminal: Terminal, node: ManagementNode) -> list[int]:
    """The lines of the list that so many more polls write."""
    before, seen = len(terminal.output), polls(node)
    terminal.wait_for(lambda _: polls(node) >= seen + count)
    terminal.wait_for_quiet()
    return [line for line in bytes_by_line(bytes(terminal.output[before:])) if 2 < line < len(terminal.lines)]


def wait_for_poll_without_news(terminal: Terminal, node: ManagementNode) -> None:
    """Columns, names and groups have come to rest."""
    for _ in range(20):
        if not lines_written_by(1, terminal, node):
            return
    pytest.fail(f"the list never comes to rest:\n{terminal.text}")


@pytest.mark.parametrize("way", ["", "w", "bs", "bsw"], ids=["plain", "wide", "grouped", "grouped and wide"])
def test_a_key_in_any_list_writes_two_lines_and_a_poll_nothing(
    opened: tuple[ManagementNode, Terminal], way: str
) -> None:
    node, terminal = opened
    terminal.send(way)
    wait_for_poll_without_news(terminal, node)
    assert 0 < bytes_of(terminal, "j") <= 500
    assert 0 < bytes_of(terminal, " ") <= 500
    wait_for_poll_without_news(terminal, node)
    assert not lines_written_by(3, terminal, node), "nothing of the list is written"


def test_letters_that_come_at_once_group_fold_and_find(opened: tuple[ManagementNode, Terminal]) -> None:
    _, terminal = opened
    terminal.send("bb")
    terminal.wait_for(r"▾ backup-server-\d")
    terminal.send("Z")

    def is_folded(screen: Terminal) -> bool:
        folded = [line for line in screen.lines if line.startswith("▸")]
        return bool(folded) and all(" of " in line or "● all" in line for line in folded)

    terminal.wait_for(is_folded, lambda screen: "▾" not in screen.text)
    terminal.send("g\r")
    terminal.wait_for(lambda screen: screen.lines[3].startswith("▾") and "of" in screen.lines[3])


def test_what_is_marked_is_written_where_the_user_is(opened: tuple[ManagementNode, Terminal], tmp_path: Path) -> None:
    _, terminal = opened
    terminal.send("  ")
    terminal.wait_for("2 marked", lambda screen: sum(line.startswith("*") for line in screen.lines) == 2)
    marked = [line.split()[1] for line in terminal.lines if line.startswith("*")]
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
def test_every_dialog_fits_and_goes(simulate: Simulate, monitor: OpenMonitor, columns: int, lines: int) -> None:
    _, server = simulate(tasks=20)
    terminal = monitor(server.url, columns=columns, lines=lines)
    terminal.wait_for(lambda screen: screen.text.strip())
    terminal.wait_for_quiet(0.3)
    for key in ("o", "b", "\x13"):
        # What comes of a key on a screen that is too small for it is not to be waited for.
        for pressed in (key, ESCAPE):
            terminal.send(pressed)
            terminal.wait_until_read()
            terminal.wait_for_quiet()
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
