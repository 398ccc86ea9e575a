"""Limits of the system, closed descriptors, early signals, and a blocked event loop end the program with a message."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.terminal.conftest import OpenMonitor, Simulate
from tests.terminal.pty_terminal import CDPTUI, Terminal

MIB = 1024 * 1024
LONGEST_S = 30.0
"""Longest time to the end on a busy machine; what blocks the program here does so for 60 s or for ever."""

SHELL = "/bin/sh"

NEEDS_TERMINAL = ("--url 127.0.0.1:9", "demo", "reset", "--url 127.0.0.1:9 --password-stdin")
PRINTS = ("config show", "config path", "guide", "guide keys", "--help", "--help-all", "--version")
CLOSINGS = [" ".join(parts) for count in (1, 2, 3) for parts in itertools.combinations(("<&-", ">&-", "2>&-"), count)]


def shell(line: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # keywords
        [SHELL, "-c", f"{sys.executable} -m cdptui {line}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        **options,
    )


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closed_descriptors_end_commands_that_need_a_terminal_with_exit_code_2(closing: str) -> None:
    for command in NEEDS_TERMINAL:
        ended = shell(f"{command} {closing}")
        assert ended.returncode == 2, (command, ended.stderr)
        assert "internal error" not in ended.stderr
        assert ended.stderr.count("\n") == (0 if "2>&-" in closing else 1), ended.stderr


@pytest.mark.parametrize("command", PRINTS)
def test_output_that_cannot_be_written_is_one_line_and_exit_code_1(command: str) -> None:
    for target in (">&-", ">/dev/full"):
        ended = shell(f"{command} {target}")
        assert ended.returncode == 1
        assert ended.stderr.startswith("cdptui: cannot write to stdout: ")
        assert ended.stderr.count("\n") == 1, ended.stderr


def test_closed_pipe_ends_a_command_without_a_message() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    for command in PRINTS:
        ended = subprocess.run(
            [*CDPTUI, *command.split()],
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (1, b""), command
    os.close(write_end)


def python_starts(limit: str) -> bool:
    """Return whether Python itself can start under a limit; below about 40 MiB its loader or its start fails."""
    ended = subprocess.run(
        [SHELL, "-c", f"{limit}; exec {sys.executable} -c pass"], capture_output=True, timeout=60, check=False
    )
    return ended.returncode == 0


@pytest.mark.parametrize("limit_mib", [40, 58, 80, 150, 260, 380, 400])
def test_memory_limit_leaves_the_terminal_restored(simulate: Simulate, limit_mib: int) -> None:
    _, server = simulate(tasks=5)
    limit = f"ulimit -v {limit_mib * 1024}"
    assert python_starts(limit), "Python itself did not start"
    command = f"{limit}; exec {sys.executable} -m cdptui --url {server.url}"
    with Terminal([SHELL, "-c", command], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for(lambda one: one.process.poll() is not None or "q quit" in one.text)
        if terminal.process.poll() is None:
            terminal.send("q")
        code = terminal.wait_for_end()
        assert terminal.is_restored
        assert "Traceback" not in terminal.text
        assert code == (1 if limit_mib < 384 else 0), terminal.text
        if code == 1:
            assert last_words(terminal).startswith("cdptui: not enough memory")
            assert len(last_words(terminal).splitlines()) == 1


def last_words(terminal: Terminal) -> str:
    """Return the text after the end, without the q that the terminal echoes when it was typed too late."""
    return terminal.left_behind.removeprefix("q").removesuffix("q").strip()


FAULTY = (sys.executable, "-m", "tests.terminal.faulty")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131), (signal.SIGINT, 0)],
    ids=str,
)
@pytest.mark.parametrize("hold", ["hold_in_python", "hold_in_c"])
def test_signal_ends_the_program_while_the_event_loop_is_blocked(
    simulate: Simulate, tmp_path: Path, hold: str, number: signal.Signals, code: int
) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, hold, "--url", server.url], environment={"HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("5/5 tasks")
        terminal.send("I")
        terminal.wait_for(lambda _: (tmp_path / "blocked").exists())
        terminal.process.send_signal(number)
        assert terminal.wait_for_end(LONGEST_S) == code
        assert terminal.is_restored
        assert "a session may remain" in terminal.left_behind


@pytest.mark.parametrize("typed_before", ["", "j" * 100], ids=["at_once", "behind_a_hundred_keys"])
@pytest.mark.parametrize("hold", ["hold_in_python", "hold_in_c"])
def test_ctrl_c_ends_the_program_while_the_event_loop_is_blocked(
    simulate: Simulate, tmp_path: Path, hold: str, typed_before: str
) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, hold, "--url", server.url], environment={"HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("5/5 tasks")
        terminal.send("I")
        terminal.wait_for(lambda _: (tmp_path / "blocked").exists())
        terminal.send(f"{typed_before}\x03")
        assert terminal.wait_for_end(LONGEST_S) == 0
        assert terminal.is_restored
        assert "a session may remain" in terminal.left_behind


@pytest.mark.parametrize("thread", ["terminal-output", "terminal-input"])
def test_failed_start_of_a_terminal_thread_ends_with_a_message(simulate: Simulate, thread: str) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, f"no_thread:{thread}", "--url", server.url]) as terminal:
        assert terminal.wait_for_end() == 1
        assert terminal.is_restored
        assert "no thread can be started" in terminal.text
        assert "Traceback" not in terminal.text


def test_signals_are_handled_in_the_loop_when_their_thread_cannot_start(simulate: Simulate) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, "no_thread:signals", "--url", server.url]) as terminal:
        terminal.wait_for("5/5 tasks")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 143
        assert terminal.is_restored


def is_started(terminal: Terminal) -> bool:
    """Return whether the first instruction of the program has run, after the start-up of Python."""
    terminal.read_for(0.0)
    status = Path(f"/proc/{terminal.process.pid}/status").read_text(encoding="ascii")
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGHUP - 1) & 1)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_signal_during_startup_ends_without_a_message(monitor: OpenMonitor, number: signal.Signals, code: int) -> None:
    # The delays are the test cases: during imports, the start of the event loop, the set-up of the terminal.
    for moment_s in (0.0, 0.03, 0.1, 0.2, 0.3):
        terminal = monitor("127.0.0.1:9")
        terminal.wait_for(is_started)
        time.sleep(moment_s)
        terminal.process.send_signal(number)
        ended = terminal.wait_for_end()
        # The monitor handles signals from just before its first byte to the terminal.
        has_terminal = terminal.output != b""
        assert ended == (0 if has_terminal and number == signal.SIGINT else code), (moment_s, terminal.text)
        assert terminal.is_restored
        assert "Traceback" not in terminal.text


def test_ctrl_c_at_the_password_prompt_restores_the_echo_and_ends_with_130() -> None:
    with Terminal([*CDPTUI, "--url", "127.0.0.1:9"]) as terminal:
        terminal.wait_for("assword")
        terminal.send("\x03")
        assert terminal.wait_for_end() == 130
        assert terminal.is_restored
        assert "abort" not in terminal.text.lower()


@pytest.fixture
def hanging_tmux(tmp_path: Path) -> Path:
    """Return a folder for PATH with a tmux that never answers."""
    program = tmp_path / "tmux"
    program.write_text('#!/bin/sh\n: >"$HOME/blocked"\nexec sleep 60\n', encoding="ascii")
    program.chmod(0o755)
    return tmp_path


WAYS_OUT = {"q": 0, "\x03": 0, "SIGTERM": 143}
BLOCKED = {
    "file": ("blocked_file", "\x13c"),
    "copy_to_tmux": ("none", "cn"),
    "copy_to_file": ("blocked_copy_file", "cn"),
    "name": ("resolver", ""),
}


@pytest.mark.parametrize("way_out", WAYS_OUT, ids=["q", "ctrl_c", "sigterm"])
@pytest.mark.parametrize("blocked", BLOCKED)
def test_blocked_work_does_not_delay_the_exit(
    simulate: Simulate, hanging_tmux: Path, blocked: str, way_out: str
) -> None:
    fault, keys = BLOCKED[blocked]
    environment = {"HOME": str(hanging_tmux)}
    if blocked == "copy_to_tmux":
        environment |= {"PATH": f"{hanging_tmux}:{os.environ['PATH']}", "TMUX": "/nowhere,1,0"}
    if blocked == "copy_to_file":
        environment["TERM"] = "linux"
    url = "nowhere.invalid" if blocked == "name" else simulate(tasks=5)[1].url
    with Terminal([*FAULTY, fault, "--url", url], environment=environment) as terminal:
        terminal.wait_for("q quit" if blocked == "name" else "5/5 tasks")
        for key in keys:
            terminal.send(key)
            terminal.wait_until_read()
            terminal.wait_for_quiet()
        terminal.wait_for(lambda _: (hanging_tmux / "blocked").exists())
        if way_out in signal.Signals.__members__:
            terminal.process.send_signal(signal.Signals[way_out])
        else:
            terminal.send(way_out)
        assert terminal.wait_for_end(LONGEST_S) == WAYS_OUT[way_out]
        assert terminal.is_restored


@pytest.mark.parametrize("limit", [6, 8, 10, 12, 16, 30])
def test_few_descriptors_end_with_one_line_or_let_it_run(simulate: Simulate, limit: int) -> None:
    _, server = simulate(tasks=5)
    command = f"ulimit -n {limit}; exec {sys.executable} -m cdptui --url {server.url}"
    with Terminal([SHELL, "-c", command], environment={"ZSTACK_PASSWORD": "password"}) as terminal:
        terminal.wait_for(lambda one: one.process.poll() is not None or "q quit" in one.text)
        if terminal.process.poll() is None:
            terminal.send("q")
        code = terminal.wait_for_end()
        assert terminal.is_restored
        lack = "cdptui: too many open files: raise the limit of open files (ulimit -n)"
        assert (code, last_words(terminal)) in ((0, ""), (1, lack))


def test_refused_threads_leave_the_monitor_running(simulate: Simulate) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, "no_new_threads", "--url", server.url]) as terminal:
        terminal.wait_for("q quit", "no thread can be started → end other programs")
        assert "internal error in cdptui" not in terminal.text
        terminal.send("2")
        terminal.wait_for("Views are not available: the system has no thread left for this")
        terminal.send("\x13")
        terminal.wait_for("Export as")
        terminal.send("c")
        terminal.wait_for("There is nothing to save yet")
        terminal.send("\x03")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored


@pytest.mark.parametrize("options", [(), ("--debug",)], ids=["plain", "debug"])
def test_crash_before_the_first_frame_shows_its_traceback_only_with_debug(options: tuple[str, ...]) -> None:
    with Terminal([*FAULTY, "crash_at_start", "--url", "127.0.0.1:9", *options]) as terminal:
        assert terminal.wait_for_end() == 1
        assert terminal.is_restored
        assert ("ZeroDivisionError: boom" in terminal.left_behind) == bool(options)
        assert ("Traceback" in terminal.left_behind) == bool(options)


@pytest.mark.parametrize("ending", ["q", "SIGTERM"])
def test_blocked_shutdown_is_abandoned(simulate: Simulate, ending: str) -> None:
    _, server = simulate(tasks=5)
    with Terminal([*FAULTY, "hold_the_logout", "--url", server.url]) as terminal:
        terminal.wait_for("5/5 tasks")
        if ending == "q":
            terminal.send("q")
        else:
            terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end(LONGEST_S) == (0 if ending == "q" else 143)
        assert terminal.is_restored
        assert "a session may remain" in terminal.left_behind
