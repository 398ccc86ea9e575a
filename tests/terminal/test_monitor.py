"""The real program on a real terminal against the real simulator over a real socket."""

from __future__ import annotations

import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal
from tests.wire.canned import VENDOR_PAGE, canned

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

BLOCKS = "▁▂▃▄▅▆▇█"


def bars(terminal: Terminal) -> int:
    """Return the filled part of the sparkline, in eighths of a cell."""
    chart = [line.partition("┤")[2] for line in terminal.lines if "┤" in line]
    return sum(BLOCKS.index(char) + 1 for line in chart for char in line if char in BLOCKS)


def change(terminal: Terminal) -> str:
    """Return by how much the used capacity grew, from the line above the chart."""
    found = re.search(r"│ change +(\+\S+ \S+) in ", terminal.text)
    return found[1] if found is not None else ""


def sort_heading(terminal: Terminal) -> str | None:
    """Return the heading before the arrow, empty for that of the severity; None while none is drawn."""
    found = re.search(r"(\S*)[▲▼]", terminal.lines[terminal.heading_row].partition("│")[0])
    return found[1] if found is not None else None


def step_sort_column(terminal: Terminal) -> None:
    """Sort by the next column, and wait until its arrow is drawn."""
    sorted_by = sort_heading(terminal)
    terminal.send(">")
    terminal.wait_for(lambda screen: sort_heading(screen) not in {sorted_by, None})


def test_list_detail_outage_and_exit(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=60, speed=600)
    # Wide enough for the column GROWTH; notices are soon replaced by those of the next poll.
    terminal = monitor(server.url, "--interval", "1", columns=200)
    # The worst task is first.
    terminal.wait_for(
        r"live .*60/60 tasks", lambda screen: re.search(r"✖ Failed|\? Unknown|■ Stopped", screen.list_lines[0])
    )

    def growing(terminal: Terminal) -> object:
        return re.search(r"^ growth +\+", "\n".join(line.partition("│")[2] for line in terminal.lines), re.MULTILINE)

    # Sort to find a growing task; then enlarge its details and wait until the chart grows.
    # A poll may change which columns have room between two keys.
    while "GROWTH▼" not in terminal.text:
        step_sort_column(terminal)
    terminal.send("g")
    terminal.wait_for(growing, lambda screen: bars(screen) > 8, change)
    before = change(terminal)
    terminal.wait_for(lambda screen: change(screen) not in {"", before})

    server.stop()
    # The last data stays on screen.
    terminal.wait_for(r"retry \d+ (in \d+ s|now): unreachable", lambda screen: "60/60 tasks" in screen.lines[0])
    assert server.start() == server.url
    terminal.wait_for(r"● live")

    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_example_of_the_vendor_is_shown_exactly(monitor: OpenMonitor) -> None:
    with canned(VENDOR_PAGE.read_bytes()) as server:
        terminal = monitor(server.url, columns=200, lines=50)
        terminal.wait_for(r"(?m)^(?=.*● Running)(?=.*My Task)(?=.*22\.8 MiB)")
        terminal.wait_for("22.8 MiB of 100 GiB", "● Running · Enabled")
        terminal.send(",,")
        texts = (
            "uuid              cfcb3c865b2e363f96ec43615c9862d6",
            "name              My Task",
            "policyUuid        aa3ff8d5586b39c18b330f2b118e6936",
            "backupStorageUuid 2ff526012ceb362ebfa903ba69d7a53a",
            "status            Running",
            "state             Enabled",
            "taskType          VM",
            "backupBandwidth   100 MiB/s per volume",
            "maxCapacity       100 GiB",
            "usedCapacity      22.8 MiB",
        )
        terminal.wait_for(*map(re.escape, texts))
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def test_2500_tasks_are_read_in_three_pages_with_one_login(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=2500)
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for("2500/2500 tasks")
    seen = len(node.journal.requests)
    # Three more polls of three pages each.
    terminal.wait_for(lambda _: len(node.journal.requests) >= seen + 9)
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    requests = list(node.journal.requests)
    queries = [request for request in requests if request.path.endswith("/cdp-task")]
    starts = [re.search(r"start=(\d+)", request.query) for request in queries]
    # The last poll may have been in flight at the exit.
    assert [int(start[1]) for start in starts if start] == ([0, 999, 1999] * len(starts))[: len(starts)]
    assert [request.path for request in requests].count("/zstack/v1/accounts/login") == 1
    assert max(request.in_flight for request in requests) == 1
    assert [request.has_cookie for request in requests] == [False] + [True] * (len(requests) - 1)
    assert node.sessions.alive() == 0


def test_ten_thousand_tasks_do_not_delay_the_first_frame(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=10_000)
    node.faults.add_fault(Fault(kind=FaultKind.DELAY, seconds=60.0))
    terminal = monitor(server.url)
    terminal.wait_for("NAME .*STATUS")
    terminal.wait_for("connecting")
    terminal.send("?")
    terminal.wait_for("Navigation")
    terminal.send("?")
    terminal.wait_for_no("Navigation")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_demo_needs_no_options_and_knows_the_growth_of_the_days_before(tmp_path: Path) -> None:
    with Terminal([*CDPTUI, "demo"], environment={"TMPDIR": str(tmp_path)}) as terminal:
        terminal.wait_for(r"^ +demo ×60 +● live .*60/60 tasks")
        terminal.wait_for("growth .*median of the last 3 days")
        terminal.wait_for(r"since .*\d\d:\d\d: \d+ failed")
        (folder,) = tmp_path.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        terminal.send("e")
        terminal.wait_for("Events", "monitor started")
        terminal.send("qq")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shown", "number", "code"),
    [
        pytest.param("NAME .*STATUS", signal.SIGTERM, 143, id="SIGTERM before the list"),
        pytest.param("60/60 tasks", signal.SIGTERM, 143, id="SIGTERM while the history is written"),
        pytest.param("median of the last 3 days", signal.SIGHUP, 129, id="SIGHUP"),
    ],
)
def test_demo_that_is_ended_by_a_signal_leaves_no_folder(
    shown: str, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    with Terminal([*CDPTUI, "demo"], environment={"TMPDIR": str(tmp_path)}) as terminal:
        terminal.wait_for(shown)
        terminal.process.send_signal(number)
        assert terminal.wait_for_end() == code
        assert terminal.is_restored
    assert list(tmp_path.iterdir()) == []


def test_password_prompt_has_no_echo(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate(password="s3cret-word")
    terminal = monitor(server.url, "--account", "admin", ZSTACK_PASSWORD="")
    terminal.wait_for("Password of admin at http://")
    terminal.send("s3cret-word\r")
    terminal.wait_for("60/60 tasks")
    assert b"s3cret-word" not in terminal.output
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_refused_password_is_tried_once_and_another_can_be_typed(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "1", ZSTACK_PASSWORD="wrong")
    terminal.wait_for("login refused")
    terminal.read_for(2.5)
    assert [request.path for request in node.journal.requests].count("/zstack/v1/accounts/login") == 1
    terminal.send("r")
    terminal.wait_for("Log in again")
    terminal.send("password\r")
    terminal.wait_for("60/60 tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert b"wrong" not in terminal.output.replace(b"Incorrect", b"")


def test_keys_are_read_from_the_terminal_after_a_password_from_stdin(simulate: Simulate, tmp_path: Path) -> None:
    _, server = simulate()
    secret = tmp_path / "password"
    secret.write_text("password\n")
    line = f"{' '.join(CDPTUI)} --url {server.url} --account admin --password-stdin < {secret}"
    with Terminal(["sh", "-c", line]) as terminal:
        terminal.wait_for("60/60 tasks")
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def test_given_session_is_used_and_not_logged_out(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate()
    session = node.sessions.open().uuid
    terminal = monitor(server.url, ZSTACK_SESSION_ID=session, ZSTACK_PASSWORD="")
    terminal.wait_for("given session.*60/60 tasks|60/60 tasks.*given session")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert node.sessions.alive() == 1
    assert session.encode() not in terminal.output


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (200, 50)])
def test_every_line_fits_the_screen(simulate: Simulate, monitor: OpenMonitor, columns: int, lines: int) -> None:
    _, server = simulate()
    terminal = monitor(server.url, columns=columns, lines=lines)
    terminal.wait_for("60/60 tasks")
    for key, dialog in (("s", "Sort by"), ("?", "Navigation")):
        terminal.send(key)
        terminal.wait_for(dialog)
        terminal.send("\x1b")
        terminal.wait_for_no(dialog)
    is_open = columns >= 110
    terminal.wait_for(lambda screen: ("┤" in screen.text) is is_open)
    terminal.send("d")
    terminal.wait_for(
        lambda screen: ("┤" in screen.text) is not is_open, lambda screen: screen.lines[lines - 1].endswith("quit")
    )
    terminal.send("q")
    assert terminal.wait_for_end() == 0
