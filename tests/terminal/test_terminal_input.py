"""Only known keys have an effect on the real program."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.benchmarks.input_fuzz import END_ANYTHING, FORBIDDEN, make_garbage
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import Terminal
from tests.unit.tui.terminal.input_bytes import SILENT

TASKS = 12


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    node = ManagementNode(SimulatorSettings(port=0, tasks=TASKS))
    node.world.freeze()
    with EmbeddedServer(node) as server:
        yield server.url


def cursor_line(terminal: Terminal) -> int:
    """Return the line of the cursor, which has its own background; -1 while it is not drawn."""
    grounds = terminal.grounds[terminal.heading_row + 1 :][:TASKS]
    return next((y for y, ground in enumerate(grounds) if grounds.count(ground) == 1), -1)


def opened(monitor: OpenMonitor, url: str, **environment: str) -> Terminal:
    terminal = monitor(url, "--interval", "3600", **environment)
    terminal.wait_for(f"live .*{TASKS}/{TASKS} tasks")
    terminal.wait_for("1 protected resource", lambda screen: "reading VMs" not in screen.text)
    terminal.wait_for(lambda screen: cursor_line(screen) == 0)
    return terminal


def assert_keys_work(terminal: Terminal) -> None:
    """Move the cursor and wait for it; all earlier input was handled by then."""
    terminal.wait_for(lambda screen: cursor_line(screen) >= 0)
    before = cursor_line(terminal)
    terminal.send("j")
    terminal.wait_for(lambda screen: cursor_line(screen) == before + 1)


def list_of(terminal: Terminal) -> list[str]:
    """Return footer and list, without the header, whose age changes, and the detail pane, which follows the cursor."""
    return [re.split("[│┌]", line)[0] for line in terminal.lines[2:]]


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut in two"])
def test_sequence_that_is_not_a_key_changes_nothing(url: str, monitor: OpenMonitor, is_cut: bool) -> None:
    terminal = opened(monitor, url)
    shown = list_of(terminal)
    chance = random.Random(11)
    for data in SILENT.values():
        # Not cut after the escape character, which is the Escape key when the rest is late.
        at = chance.randrange(2, len(data)) if is_cut else 0
        terminal.send_bytes(data[:at])
        terminal.read_for(0.02 if is_cut else 0.0)
        terminal.send_bytes(data[at:])
    assert_keys_work(terminal)
    terminal.wait_for(lambda screen: list_of(screen) == shown)
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"\xe8", b"\xb4\xa2"),
        (b"\x1b[?", b"6c"),
        (b"\x1b]11;rgb:1e1e/", b"1e1e/2e2e\x07"),
        (b"\x1b[<0;", b"NaN;NaNM"),
        (b"\x1b", b"[?6c"),
        (b"\x1b", b"]11;rgb:1e1e/1e1e/2e2e\x07"),
    ],
)
def test_sequence_whose_rest_is_late_changes_nothing(
    url: str, monitor: OpenMonitor, first: bytes, second: bytes
) -> None:
    terminal = opened(monitor, url)
    shown = list_of(terminal)
    terminal.send_bytes(first)
    terminal.read_for(0.3)
    terminal.send_bytes(second)
    assert_keys_work(terminal)
    terminal.wait_for(lambda screen: list_of(screen) == shown)
    terminal.send("q")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(
    ("unfinished", "given_up_after_s"),
    [(b"\x1b[" + b"1;" * 3_000, 1.2), (b"\x1b]11;" + b"x" * 6_000, 1.2), (b"\x1b[200~q", 3.2)],
    ids=["numbers", "string", "paste"],
)
def test_key_after_an_unfinished_sequence_works(
    url: str, monitor: OpenMonitor, unfinished: bytes, given_up_after_s: float
) -> None:
    terminal = opened(monitor, url)
    terminal.send_bytes(unfinished)
    # As a user does: press the key, wait, and press it again.
    deadline = time.monotonic() + 20.0
    while terminal.process.poll() is None and time.monotonic() < deadline:
        terminal.send("q")
        pressed = time.monotonic()
        while terminal.process.poll() is None and time.monotonic() < pressed + given_up_after_s:
            terminal.read_for(0.05)
    assert terminal.wait_for_end() == 0


def test_kitty_keys_are_keys(url: str, monitor: OpenMonitor) -> None:
    terminal = opened(monitor, url)
    before = cursor_line(terminal)
    terminal.send("\x1b[106;1:1u\x1b[106;1:3u\x1b[1;1:2B\x1b[1;1:3B")
    terminal.wait_for(lambda screen: cursor_line(screen) == before + 2)
    terminal.send("\x1b[63;2;63u")
    terminal.wait_for("─ Help ─")
    terminal.send("\x1b[27u")
    terminal.wait_for_no("─ Help ─")
    terminal.send("\x1b[99;5u")
    assert terminal.wait_for_end() == 0


def test_columns_and_lines_variables_are_ignored(url: str, monitor: OpenMonitor) -> None:
    terminal = opened(monitor, url, COLUMNS="80", LINES="24")

    def is_filled(columns: int, lines: int) -> Callable[[Terminal], bool]:
        # The footer is at the bottom, and the line below the headings reaches the right edge.
        return lambda screen: "q quit" in screen.lines[lines - 1] and len(screen.lines[0]) >= columns - 2

    terminal.wait_for(is_filled(120, 40))
    terminal.resize(100, 30)
    terminal.wait_for(is_filled(100, 30))
    # Size reports in the input have no effect.
    terminal.send_bytes(b"\x1b[48;24;80;480;800t\x1b[48;9999999;9999999;0;0t")
    assert_keys_work(terminal)
    terminal.wait_for(is_filled(100, 30))
    terminal.resize(130, 45)
    terminal.wait_for(is_filled(130, 45))
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_program_survives_garbage_and_keys_work_after_it(url: str, monitor: OpenMonitor) -> None:
    terminal = opened(monitor, url)
    begun = len(terminal.output)
    chance = random.Random(7)
    garbage = make_garbage(chance, 40_000)
    cuts = [0, *sorted(chance.sample(range(1, len(garbage)), 30)), len(garbage)]
    for start, end in pairwise(cuts):
        terminal.send_bytes(garbage[start:end])
    terminal.send_bytes(END_ANYTHING)
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
    assert not [text for text in FORBIDDEN if text in bytes(terminal.output[begun:])]


def test_alt_and_question_mark_does_not_open_the_help(url: str, monitor: OpenMonitor) -> None:
    terminal = opened(monitor, url)
    shown = list_of(terminal)
    terminal.send("\x1b?")
    assert_keys_work(terminal)
    terminal.wait_for(lambda screen: list_of(screen) == shown)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ESCDELAY", "9999999999"),
        ("TEXTUAL_PRESS", "q"),
        ("TEXTUAL_COLOR_SYSTEM", "nonsense"),
        ("TEXTUAL_LOG", "/nonexistent/x"),
        ("TEXTUAL_FPS", "999999999"),
        ("TEXTUAL_SCREENSHOT", "0"),
    ],
)
def test_variables_of_libraries_have_no_effect(url: str, monitor: OpenMonitor, name: str, value: str) -> None:
    terminal = opened(monitor, url, **{name: value})
    terminal.send("?")
    terminal.wait_for("─ Help ─")
    terminal.send("\x1b")
    terminal.wait_for_no("─ Help ─")
    assert_keys_work(terminal)
    terminal.send("q")
    assert terminal.wait_for_end() == 0
