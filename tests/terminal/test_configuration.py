"""Profiles and keys of a configuration file, with the real program on a real terminal."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.pty_terminal import CDPTUI, Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]
StartMonitor = Callable[..., Terminal]


@pytest.fixture
def start_monitor(tmp_path: Path) -> Iterator[StartMonitor]:
    """Return a function that runs cdptui with the given text as its configuration."""
    with ExitStack() as stack:

        def start(text: str, *options: str, columns: int = 120) -> Terminal:
            path = tmp_path / "config.toml"
            path.write_text(text)
            command = [*CDPTUI, "--config", str(path), "--log-file", str(tmp_path / "log"), *options]
            return stack.enter_context(Terminal(command, columns=columns))

        yield start


def two_profiles(prod: EmbeddedServer, test: EmbeddedServer) -> str:
    return f"""
default_profile = "prod"
[defaults]
interval = 2
[defaults.auth]
password_command = "echo password"
[profiles.prod]
url = "{prod.url}"
accent = "red"
[profiles.test]
url = "{test.url}"
"""


def test_profile_switch_logs_out_of_the_previous_node(simulate: Simulate, start_monitor: StartMonitor) -> None:
    prod_node, prod = simulate(tasks=30)
    test_node, test = simulate(tasks=12, seed=3)
    terminal = start_monitor(two_profiles(prod, test))
    terminal.wait_for(r"^  prod +● live .*30/30 tasks")
    terminal.send("x")
    terminal.wait_for("Enter logs out and switches")
    terminal.send("j\r")
    terminal.wait_for(r"^  test +● live .*12/12 tasks")
    terminal.wait_for(lambda _: prod_node.sessions.alive() == 0)
    assert test_node.sessions.alive() == 1
    terminal.send("xk\r")
    terminal.wait_for(r"^  prod +● live .*30/30 tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored
    assert (prod_node.sessions.alive(), test_node.sessions.alive()) == (0, 0)


def test_typed_password_is_used_again_after_switching_back(simulate: Simulate, start_monitor: StartMonitor) -> None:
    prod_node, prod = simulate(tasks=30)
    _, test = simulate(tasks=12, seed=3)
    terminal = start_monitor(two_profiles(prod, test).replace("echo password", "echo wrong"))
    for expected, keys in ((r"^  prod .*30/30 tasks", ""), (r"^  test .*12/12 tasks", "xj\r")):
        terminal.send(keys)
        terminal.wait_for("Log in again|login refused")
        terminal.send("r")
        terminal.wait_for("Log in again")
        terminal.send("password\r")
        terminal.wait_for(expected)
    logins = [request for request in prod_node.journal.requests if request.path.endswith("/login")]
    terminal.send("xk\r")
    terminal.wait_for(r"^  prod +● live .*30/30 tasks")
    logins_after = [request for request in prod_node.journal.requests if request.path.endswith("/login")]
    assert len(logins_after) == len(logins) + 1, "the wrong password must not be tried again"
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_profile_key_with_one_profile_names_the_file(simulate: Simulate, start_monitor: StartMonitor) -> None:
    _, server = simulate(tasks=3)
    terminal = start_monitor(
        f'[profiles.one]\nurl = "{server.url}"\nauth.password_command = "echo password"\n', columns=200
    )
    terminal.wait_for("3/3 tasks")
    terminal.send("x")
    terminal.wait_for(r"No other profile: add one to /\S+/config\.toml")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_profile_can_be_switched_while_a_request_hangs(simulate: Simulate, start_monitor: StartMonitor) -> None:
    prod_node, prod = simulate(tasks=30)
    _, test = simulate(tasks=12, seed=3)
    terminal = start_monitor(two_profiles(prod, test), "--timeout", "120")
    terminal.wait_for("30/30 tasks")
    prod_node.faults.add_fault(Fault(kind=FaultKind.HANG, path_prefix="/v1/cdp-task"))
    terminal.send("r")
    terminal.wait_for("Refreshing")
    terminal.send("xj\r")
    # Long before the hanging request times out.
    terminal.wait_for(r"^  test .*12/12 tasks", lambda _: prod_node.sessions.alive() == 0)
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_tasks_of_another_profile_never_appear_under_the_new_name(
    simulate: Simulate, start_monitor: StartMonitor
) -> None:
    _, prod = simulate(tasks=30)
    test_node, test = simulate(tasks=12, seed=3)
    test_node.faults.add_fault(Fault(kind=FaultKind.HANG))
    terminal = start_monitor(two_profiles(prod, test))
    terminal.wait_for("30/30 tasks")
    terminal.send("xj")
    terminal.wait_for("Enter logs out and switches")
    before = len(terminal.output)
    terminal.send("\r")
    # A frame takes two reads of the pty: the first cells are the new name, the last ones clear the old list.
    terminal.wait_for(
        r"^  test +◌ connecting",
        "connecting to http",
        lambda screen: "cdp-" not in screen.text,
        lambda screen: "30/30" not in screen.text,
    )
    # No task was written between, after the name had changed. The name is on the first line; a task of the old list may
    # be called cdp-oa-test.
    name = re.search(rb"\x1b\[1;\d+H(?:(?!\x1b\[\d+;\d+H).)*?test", bytes(terminal.output[before:]), re.DOTALL)
    assert name is not None
    under_new_name = bytes(terminal.output[before:])[name.end() :]
    assert b"cdp-" not in under_new_name
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_failed_password_command_prompts_in_the_app(simulate: Simulate, start_monitor: StartMonitor) -> None:
    _, prod = simulate(tasks=30)
    node, test = simulate(tasks=12, seed=3)
    text = two_profiles(prod, test) + 'auth.password_command = ["sh", "-c", "echo the ring is shut >&2; exit 7"]\n'
    terminal = start_monitor(text)
    terminal.wait_for("30/30 tasks")
    terminal.send("xj\r")
    terminal.wait_for("Log in")
    terminal.wait_for(r"the ring\b")
    assert node.sessions.alive() == 0
    terminal.send("password\r")
    terminal.wait_for(r"^  test +● live .*12/12 tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert node.sessions.alive() == 0


def test_password_of_a_command_is_in_neither_log_nor_output(
    simulate: Simulate, start_monitor: StartMonitor, tmp_path: Path
) -> None:
    nodes = [simulate(tasks=12, password="open-sesame") for _ in range(2)]
    urls = [f'[profiles.p{at}]\nurl = "{server.url}"\n' for at, (_, server) in enumerate(nodes)]
    text = '[defaults.auth]\npassword_command = "echo open-sesame"\n' + "".join(urls)
    terminal = start_monitor(text, "--profile", "p0", "--log-level", "debug")
    terminal.wait_for(r"^  p0 +● live .*12/12 tasks")
    terminal.send("xj\r")
    terminal.wait_for(r"^  p1 +● live .*12/12 tasks")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "logged in" in log
    assert "sesame" not in log
    assert b"sesame" not in terminal.output


def running_commands() -> list[str]:
    """Return the command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_text(errors="replace").replace("\0", " ").strip())
    return lines


def test_hanging_password_command_delays_no_key_and_ends_with_the_program(
    simulate: Simulate, start_monitor: StartMonitor
) -> None:
    _, prod = simulate(tasks=30)
    _, test = simulate(tasks=12, seed=3)
    command_line = f"sleep {60 + os.getpid() / 1e6:f}"
    terminal = start_monitor(two_profiles(prod, test) + f'auth.password_command = "{command_line}"\n')
    terminal.wait_for("30/30 tasks")
    terminal.send("xj\r")
    terminal.wait_for(r"^  test +◌ connecting")
    terminal.wait_for(lambda _: command_line in running_commands())
    terminal.send("?")
    # The command takes a minute; keys must work before that.
    terminal.wait_for("─ Help ─")
    terminal.send("?")
    terminal.wait_for_no("─ Help ─")
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    terminal.wait_for(lambda _: command_line not in running_commands())


@pytest.mark.parametrize("end", ["\x03", signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
def test_password_command_at_startup_ends_on_a_signal(start_monitor: StartMonitor, end: str | signal.Signals) -> None:
    command_line = f"sleep {61 + os.getpid() / 1e6:f}"
    command = f"trap '' INT TERM HUP; stty -echo; {command_line}; :"
    terminal = start_monitor(
        f'[profiles.one]\nurl = "127.0.0.1:9"\nauth.password_command = ["sh", "-c", "{command}"]\n'
    )
    terminal.wait_for(lambda _: command_line in running_commands())
    if isinstance(end, str):
        terminal.send(end)
    else:
        terminal.process.send_signal(end)
    codes = {signal.SIGTERM: 143, signal.SIGHUP: 129}
    assert terminal.wait_for_end() == (130 if isinstance(end, str) else codes.get(end, 130))
    assert terminal.is_restored
    terminal.wait_for(lambda _: command_line not in running_commands())


def test_password_command_of_a_profile_ends_when_the_event_loop_is_blocked(simulate: Simulate, tmp_path: Path) -> None:
    _, prod = simulate(tasks=30)
    _, test = simulate(tasks=12, seed=3)
    command_line = f"sleep {62 + os.getpid() / 1e6:f}"
    path = tmp_path / "config.toml"
    path.write_text(two_profiles(prod, test) + f'auth.password_command = "{command_line}"\n')
    with Terminal([sys.executable, "-m", "tests.terminal.faulty", "hold_in_python", "--config", str(path)]) as terminal:
        terminal.wait_for("30/30 tasks")
        terminal.send("xj\r")
        terminal.wait_for(lambda _: command_line in running_commands())
        terminal.send("I")
        terminal.wait_until_read()
        terminal.wait_for_quiet()
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end(20) == 143
        terminal.wait_for(lambda _: command_line not in running_commands())


def test_remapped_keys_work_and_are_shown(simulate: Simulate, start_monitor: StartMonitor) -> None:
    node, server = simulate(tasks=30)
    # Changes in the fleet would replace notices.
    node.world.freeze()
    keys = '[keys]\nquit = "Q"\nhelp = "F2"\npause = "^k"\n'
    terminal = start_monitor(f'[profiles.one]\nurl = "{server.url}"\nauth.password_command = "echo password"\n{keys}')
    terminal.wait_for("30/30 tasks")
    terminal.wait_for(r" F2 help  Q quit")
    terminal.send("\x0b")
    terminal.wait_for("paused")
    terminal.send("\x1bOQ")
    terminal.wait_for("─ Help ─")
    terminal.send("\x1bOQ")
    terminal.wait_for_no("─ Help ─")
    terminal.send("q")
    terminal.send("p")
    terminal.send("\x0b")
    terminal.wait_for("Updates resumed")
    terminal.send("Q")
    assert terminal.wait_for_end() == 0


def test_columns_ascii_and_view_of_the_file_are_applied(simulate: Simulate, start_monitor: StartMonitor) -> None:
    node, server = simulate(tasks=30)
    # Changes in the fleet would replace notices.
    node.world.freeze()
    display = '[ui]\ncolumns = ["uuid", "state"]\nascii = true\n'
    text = f'[profiles.one]\nurl = "{server.url}"\nview = 4\nauth.password_command = "echo password"\n{display}'
    terminal = start_monitor(text)
    terminal.wait_for("30/30 tasks")
    terminal.wait_for("View 4 disabled")
    # The order of the view is by a column that the file does not name.
    terminal.wait_for(r"NAME +UUID +LAST OP\^", lambda screen: "│" not in screen.text)
    terminal.send("6")
    terminal.wait_for("View 6")
    terminal.send("0")
    terminal.wait_for("View 4 disabled")
    terminal.send("q")
    assert terminal.wait_for_end() == 0


def test_invalid_file_is_reported_before_anything_is_drawn(start_monitor: StartMonitor) -> None:
    terminal = start_monitor('[keys]\nquit = "x"\n[ui]\nmose = 1\n', columns=200)
    assert terminal.wait_for_end() == 2
    assert "4: unknown key 'mose' in [ui]; did you mean 'mouse'?" in terminal.text
    assert b"\x1b[?1049h" not in terminal.output
