"""Every kind of exit restores the terminal, logs out and has the right exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

SIGNALS = [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGINT, 0)]
PATIENCE_S = 60.0
LONGEST_S = 30.0
"""Longest time from a signal to the end of the process on a busy machine; on an idle one it is a second.

What the exit must not wait for takes far longer: a request that hangs, `_UNANSWERED`.
"""

_UNANSWERED = ("--timeout", "120")


@pytest.fixture(scope="module")
def fleet() -> Iterator[tuple[ManagementNode, EmbeddedServer]]:
    """A node shared by the tests that do not change it; frozen, because changes would replace notices."""
    node = ManagementNode(SimulatorSettings(port=0))
    node.world.freeze()
    with EmbeddedServer(node) as server:
        yield node, server


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.01)


def block_output(terminal: Terminal) -> None:
    """Stop reading, and redraw until the output blocks; then redraw more, so that frames have to wait."""
    terminal.stop_reading()

    def is_blocked() -> bool:
        terminal.send("\x0cd")
        return terminal.is_output_blocked

    wait_until(is_blocked, "blocked output")
    terminal.send("\x0cd" * 20)


def seconds_to_end(terminal: Terminal, number: signal.Signals, code: int) -> float:
    started = time.monotonic()
    terminal.process.send_signal(number)
    assert terminal.wait_for_end() == code
    return time.monotonic() - started


def state(pid: int) -> str:
    """Return the state of a process: R, S, T …, see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def cpu_seconds(pid: int) -> float:
    """Return user and system time, see proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_signal_restores_the_terminal_and_logs_out(
    simulate: Simulate, monitor: OpenMonitor, number: signal.Signals, code: int
) -> None:
    node, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    assert node.sessions.alive() == 1
    assert seconds_to_end(terminal, number, code) < LONGEST_S
    assert terminal.is_restored
    assert node.sessions.alive() == 0
    assert terminal.left_behind == ""


@pytest.mark.parametrize(("number", "code"), SIGNALS, ids=str)
def test_hanging_request_does_not_delay_the_exit(
    simulate: Simulate, monitor: OpenMonitor, number: signal.Signals, code: int
) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "1", *_UNANSWERED)
    terminal.wait_for("60/60 tasks")
    node.faults.add("hang", "/cdp-task")
    seen = len(node.journal.requests)
    wait_until(lambda: len(node.journal.requests) > seen, "a request that hangs")
    assert seconds_to_end(terminal, number, code) < LONGEST_S
    assert terminal.is_restored
    assert node.sessions.alive() == 0


@pytest.mark.parametrize(("key", "dialog"), [("s", "Sort by"), ("/", "Text, or conditions")])
def test_ctrl_l_and_ctrl_c_work_on_every_screen(
    simulate: Simulate, monitor: OpenMonitor, key: str, dialog: str
) -> None:
    node, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    terminal.send(key)
    terminal.wait_for(dialog)
    terminal.wait_for_quiet()
    terminal.wipe()
    terminal.send("\x0c")
    terminal.wait_for(lambda screen: dialog in screen.text and "60/60 tasks" in screen.lines[0])
    terminal.send("\x03")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_signals_during_shutdown_have_no_effect(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = fleet
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT, signal.SIGWINCH):
        with contextlib.suppress(ProcessLookupError):
            terminal.process.send_signal(number)
    assert terminal.wait_for_end() in {143, 129, 0}
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_hangups_until_the_process_is_gone_have_no_effect(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = fleet
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    terminal.process.send_signal(signal.SIGTERM)
    # The interpreter itself needs some 10 ms to end, in which it drops its signal handlers.
    while terminal.process.poll() is None:
        terminal.process.send_signal(signal.SIGHUP)
        terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait_for_end() in {143, 129, 0}
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_ctrl_z_restores_the_terminal_and_fg_redraws_the_screen(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks", "NAME .*STATUS", "● Running", "q quit")
    before = terminal.lines[2:]
    for is_typed in (True, False):
        if is_typed:
            terminal.send("\x1a")
        else:
            terminal.process.send_signal(signal.SIGTSTP)
        terminal.wait_for(lambda screen: state(screen.process.pid) == "T" and screen.is_restored)
        terminal.wipe()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(
            "60/60 tasks",
            lambda screen: screen.lines[2][:40] == before[0][:40],
            lambda screen: "q quit" in screen.lines[-1],
        )
        terminal.send("j")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_suspend_while_drawing_does_no_harm(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate()
    terminal = monitor(server.url, columns=200, lines=60)
    terminal.wait_for("60/60 tasks")
    for _ in range(40):
        terminal.send("\x0c")
        # No condition to wait for: the frame is drawn within the next two milliseconds.
        time.sleep(0.001)
        terminal.process.send_signal(signal.SIGSTOP)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.read_for(0.03)
    terminal.wipe()
    terminal.send("\x0c")
    terminal.wait_for("60/60 tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_closed_terminal_ends_the_program_even_with_sighup_ignored(simulate: Simulate) -> None:
    node, server = simulate()
    line = f"trap '' HUP; exec {' '.join(CDPTUI)} --url {server.url} --account admin --log-file /dev/null"
    with Terminal(["sh", "-c", line], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for("60/60 tasks")
        assert node.sessions.alive() == 1
        cpu_before, started = cpu_seconds(terminal.process.pid), time.monotonic()
        terminal.hang_up()
        wait_until(lambda: state(terminal.process.pid) == "Z", "the process to end")
        assert time.monotonic() - started < LONGEST_S
        assert cpu_seconds(terminal.process.pid) - cpu_before < 0.5
        assert terminal.process.wait(PATIENCE_S) == 129
    assert node.sessions.alive() == 0


def test_resumed_process_polls_at_once(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "3600")
    terminal.wait_for("60/60 tasks")
    polls = [request for request in node.journal.requests if request.path.endswith("/cdp-task")]
    terminal.process.send_signal(signal.SIGSTOP)
    # The length of the pause is what the program reacts to.
    time.sleep(6.5)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(
        lambda _: sum(request.path.endswith("/cdp-task") for request in node.journal.requests) > len(polls)
    )
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_reset_restores_the_terminal_after_a_killed_monitor(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate()
    terminal = monitor(server.url)
    terminal.wait_for("60/60 tasks")
    terminal.process.kill()
    terminal.process.wait(PATIENCE_S)
    assert not terminal.is_restored
    terminal.run([*CDPTUI, "reset"])
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def faulty_monitor(where: str, url: str, log: Path, *options: str) -> Terminal:
    """Run the real program with an injected fault; its home folder is that of the log."""
    faulty = [sys.executable, "-m", "tests.terminal.faulty", where]
    command = [*faulty, "--url", url, "--account", "admin", "--log-file", str(log), *options]
    return Terminal(command, environment={"HOME": str(log.parent)})


@pytest.mark.parametrize("where", ["widget", "message", "keys", "timer"])
def test_internal_error_restores_the_terminal_and_prints_one_line(
    fleet: tuple[ManagementNode, EmbeddedServer], tmp_path: Path, where: str
) -> None:
    node, server = fleet
    log = tmp_path / "log"
    with faulty_monitor(where, server.url, log) as terminal:
        terminal.wait_for("60/60 tasks")
        terminal.send("I")
        assert terminal.wait_for_end() == 1
        assert terminal.is_restored
        assert terminal.left_behind == (
            "cdptui: stopped by an internal error; the log file has the details, --debug shows them here"
        )
    logged = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError: boom" in logged
    assert "password" not in logged.replace("password_", "").replace("use_password", "")
    assert log.stat().st_mode & 0o077 == 0
    assert node.sessions.alive() == 0


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("action", "Action failed: ZeroDivisionError"),
        ("worker", "Action failed: ZeroDivisionError"),
        ("poll", "ZeroDivisionError"),
    ],
)
def test_error_in_a_poll_key_or_background_work_is_shown_and_the_program_continues(
    fleet: tuple[ManagementNode, EmbeddedServer], tmp_path: Path, where: str, message: str
) -> None:
    _, server = fleet
    log = tmp_path / "log"
    with faulty_monitor(where, server.url, log, "--interval", "1") as terminal:
        terminal.wait_for("60/60 tasks")
        terminal.send("I")
        terminal.wait_for(message, "60/60 tasks")
        terminal.wait_for("● live")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert "Traceback" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("delay_s", [0.05, 0.15, 0.25, 0.4, 0.6, 0.9])
def test_signal_during_start_leaves_no_session(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor, delay_s: float
) -> None:
    node, server = fleet
    terminal = monitor(server.url)
    terminal.read_for(delay_s)
    terminal.process.send_signal(signal.SIGTERM)
    # Before the program takes over the terminal, the signal has its default effect.
    assert terminal.wait_for_end() in {143, -signal.SIGTERM}
    assert terminal.is_restored
    assert node.sessions.alive() == 0


def test_name_lookup_does_not_delay_the_exit(tmp_path: Path) -> None:
    with faulty_monitor("resolver", "http://node.invalid:8080", tmp_path / "log") as terminal:
        terminal.wait_for("q quit", lambda _: (tmp_path / "blocked").exists())
        assert seconds_to_end(terminal, signal.SIGTERM, 143) < LONGEST_S
        assert terminal.is_restored


def test_hanging_logout_does_not_delay_the_exit(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate()
    terminal = monitor(server.url, "--interval", "1", *_UNANSWERED)
    terminal.wait_for("60/60 tasks")
    node.faults.add("hang", "/")
    assert seconds_to_end(terminal, signal.SIGTERM, 143) < LONGEST_S
    assert terminal.is_restored
    assert terminal.left_behind == ("cdptui: not logged out: a session may remain on the node until it expires")


def test_blocked_terminal_does_not_delay_the_exit(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = fleet
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for("60/60 tasks")
    block_output(terminal)
    seen = len(node.journal.requests)
    wait_until(
        lambda: any(request.path.endswith("/cdp-task") for request in list(node.journal.requests)[seen:]),
        "further polls",
    )
    started = time.monotonic()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(PATIENCE_S) == 143
    assert time.monotonic() - started < LONGEST_S
    assert node.sessions.alive() == 0


def test_terminal_blocked_briefly_at_the_end_is_restored(simulate: Simulate, monitor: OpenMonitor) -> None:
    _, server = simulate()
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for("60/60 tasks")
    block_output(terminal)
    terminal.process.send_signal(signal.SIGTERM)
    # The length of the pause is the test case: longer than the driver waits for the terminal to accept output.
    time.sleep(0.5)
    terminal.start_reading()
    assert terminal.wait_for_end() == 143
    assert terminal.is_restored


def test_unblocked_terminal_shows_the_current_screen(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    _, server = fleet
    terminal = monitor(server.url, "--interval", "1")
    terminal.wait_for("60/60 tasks")
    block_output(terminal)
    terminal.start_reading()
    terminal.send("s")
    terminal.wait_for("Sort by")
    terminal.send("\x1b")
    terminal.wait_for_no("Sort by")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
