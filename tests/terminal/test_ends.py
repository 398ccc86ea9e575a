"""However it ends: the terminal is as it was, the session is logged out, the code says why."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

SIGNALS = [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGINT, 0)]
PATIENCE_S = 10.0


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def state(pid: int) -> str:
    """R, S, T …: proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_a_signal_restores_the_terminal_and_logs_out(
    simulate: Simulate, monitor: OpenMonitor, number: signal.Signals, code: int
) -> None:
    node, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    assert node.sessions.alive() == 1
    terminal.process.send_signal(number)
    assert terminal.wait_for_end() == code
    assert terminal.is_restored
    assert node.sessions.alive() == 0


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_a_request_that_hangs_holds_no_end_up(
    simulate: Simulate, monitor: OpenMonitor, number: signal.Signals, code: int
) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for("60/60 tasks")
    node.faults.add("hang", "/cdp-task")
    seen = len(node.journal.requests)
    until(lambda: len(node.journal.requests) > seen, "a request that hangs")
    terminal.process.send_signal(number)
    assert terminal.wait_for_end() == code
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_ctrl_z_gives_the_terminal_back_and_fg_brings_the_whole_screen(
    simulate: Simulate, monitor: OpenMonitor
) -> None:
    _, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    before = terminal.lines[2:]
    for _ in range(2):
        terminal.send("\x1a")
        until(lambda: terminal.read_for(0.05) is not None and state(terminal.process.pid) == "T", "the process to stop")
        terminal.read_for(0.1)
        assert terminal.is_restored
        terminal.wipe()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("60/60 tasks")
        terminal.wait_for(lambda screen: screen.lines[2][:40] == before[0][:40] and "q quit" in screen.lines[-1])
        terminal.send("j")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_a_terminal_that_is_gone_ends_it_even_if_hangups_are_ignored(simulate: Simulate) -> None:
    node, server = simulate()
    line = f"trap '' HUP; exec {' '.join(CDPTUI)} --url {server.url} --account admin --log-file /dev/null"
    with Terminal(["sh", "-c", line], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for("60/60 tasks")
        assert node.sessions.alive() == 1
        terminal.hang_up()
        assert terminal.process.wait(PATIENCE_S) == 129
    assert node.sessions.alive() == 0


def test_a_process_that_stood_still_polls_at_once(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "3600")
    terminal.wait_for("60/60 tasks")
    polls = [request for request in node.journal.requests if request.path.endswith("/cdp-task")]
    terminal.process.send_signal(signal.SIGSTOP)
    # Longer than any hiccup: time is what this is about.
    time.sleep(6.5)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(
        lambda _: sum(request.path.endswith("/cdp-task") for request in node.journal.requests) > len(polls)
    )
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_reset_makes_a_terminal_usable_that_a_killed_monitor_left(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    terminal.process.kill()
    terminal.process.wait(PATIENCE_S)
    assert not terminal.is_restored
    terminal.run([*CDPTUI, "reset"])
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


FAULTS = {
    "a widget": "from cdptui.tui.widgets.task_table import TaskTable as C; C._look_of = boom",
    "a message": "from cdptui.tui.screens.main import MainScreen as C; C.on_task_table_cursor_moved = boom",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_its_own_restores_the_terminal_and_is_one_line(
    simulate: Simulate, tmp_path: Path, fault: str
) -> None:
    node, server = simulate()
    program = f"""
import sys
from cdptui.cli.main import main
def boom(*_):
    raise ZeroDivisionError("boom")
{fault}
main()
"""
    log = tmp_path / "log"
    command = [sys.executable, "-c", program, "--url", server.url, "--account", "admin", "--log-file", str(log)]
    with Terminal(command, environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        assert terminal.wait_for_end(20) == 1
        assert terminal.is_restored
        assert "stopped by a fault of its own" in terminal.text
        assert "Traceback" not in terminal.text
    assert "ZeroDivisionError: boom" in log.read_text(encoding="utf-8")
    assert "password" not in log.read_text(encoding="utf-8").replace("password_", "").replace("use_password", "")
    assert node.sessions.alive() == 0


def test_a_fault_in_one_poll_is_a_line_not_the_end(simulate: Simulate, tmp_path: Path) -> None:
    _, server = simulate()
    program = """
from cdptui.cli.main import main
from cdptui.monitor.monitor import Monitor
look_at, calls = Monitor._look_at, []
async def sometimes(self, snapshot):
    calls.append(1)
    if len(calls) == 2:
        raise ZeroDivisionError("boom")
    return await look_at(self, snapshot)
Monitor._look_at = sometimes
main()
"""
    log = tmp_path / "log"
    command = [sys.executable, "-c", program, "--url", server.url, "--interval", "1", "--log-file", str(log)]
    with Terminal(command, environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for("ZeroDivisionError")
        assert "60/60 tasks" in terminal.text
        terminal.wait_for("● live")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0
