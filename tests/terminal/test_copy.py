"""Copying with `c`: to the terminal, to tmux and through GNU screen."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal

OSC_52 = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


@pytest.fixture(scope="module")
def fleet() -> Iterator[tuple[ManagementNode, EmbeddedServer]]:
    node = ManagementNode(SimulatorSettings(port=0, tasks=5))
    node.world.freeze()
    with EmbeddedServer(node) as server:
        yield node, server


def copies(terminal: Terminal) -> list[bytes]:
    """Return the base64 payloads of all OSC 52 sequences."""
    return OSC_52.findall(bytes(terminal.output))


def copied(terminal: Terminal) -> str:
    """Return the text that was copied last."""
    return base64.b64decode(copies(terminal)[-1]).decode()


def copy(terminal: Terminal, letter: str, message: str) -> None:
    terminal.send("c")
    terminal.wait_for("row as JSON")
    before = len(copies(terminal))
    terminal.send(letter)
    is_sent = message.endswith("to the terminal")
    terminal.wait_for(message, lambda _: not is_sent or len(copies(terminal)) > before)


def quit_monitor(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def test_uuid_name_json_and_curl_command_are_copied_to_the_terminal(
    fleet: tuple[ManagementNode, EmbeddedServer], monitor: OpenMonitor
) -> None:
    node, server = fleet
    terminal = monitor(server.url, columns=160)
    terminal.wait_for("5/5 tasks")
    copy(terminal, "u", "Sent UUID to the terminal")
    uuid = copied(terminal)
    task = node.world.tasks[uuid]
    copy(terminal, "n", "Sent name to the terminal")
    assert copied(terminal) == task.name
    copy(terminal, "j", "JSON to the terminal")
    assert json.loads(copied(terminal))["uuid"] == uuid
    copy(terminal, "c", "command to the terminal")
    assert "$ZSTACK_SESSION" in copied(terminal)
    if shutil.which("curl") is not None:
        session = node.sessions.open().uuid
        environment = {"PATH": os.environ["PATH"], "ZSTACK_SESSION": session}
        result = subprocess.run(["sh", "-c", copied(terminal)], capture_output=True, check=True, env=environment)
        node.sessions.end(session)
        assert [found["uuid"] for found in json.loads(result.stdout)["inventories"]] == [uuid]
    assert shlex.split(copied(terminal))[-1] == f"{server.url}/zstack/v1/cdp-task/{uuid}"
    quit_monitor(terminal)


def test_copy_too_large_for_the_terminal_is_written_to_a_file(
    simulate: Callable[..., tuple[ManagementNode, EmbeddedServer]], monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=1)
    node.world.override_fields(next(iter(node.world.tasks)), description="x" * 60_000)
    terminal = monitor(server.url, columns=160, XDG_STATE_HOME=str(tmp_path))
    terminal.wait_for("1/1 tasks")
    copy(terminal, "j", "Wrote row as JSON to ")
    path = tmp_path / "cdptui" / "copied.txt"
    assert len(json.loads(path.read_text(encoding="utf-8"))["description"]) == 60_000
    assert path.stat().st_mode & 0o077 == 0
    quit_monitor(terminal)


def inside(command: str, url: str, tmp_path: Path, environment: Mapping[str, str] | None = None) -> Terminal:
    """Start the monitor in a multiplexer in a terminal."""
    monitor = shlex.join([*CDPTUI, "--url", url, "--account", "admin", "--log-file", str(tmp_path / "log")])
    return Terminal(
        ["sh", "-c", command.format(monitor=shlex.quote(monitor))],
        environment={"ZSTACK_PASSWORD": "password", **(environment or {})},
    )


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A private folder with a short name, because the path of a socket is limited to 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="cdptui-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_screen_is_complete_in_tmux_and_copies_go_to_its_buffer(
    fleet: tuple[ManagementNode, EmbeddedServer], tmp_path: Path, sockets: Path
) -> None:
    node, server = fleet
    environment = {"TMUX_TMPDIR": str(sockets)}
    command = "exec tmux -L cdptui -f /dev/null new-session {monitor}"
    with inside(command, server.url, tmp_path, environment) as terminal:
        terminal.wait_for("5/5 tasks", "● Running")
        copy(terminal, "u", "Copied UUID to the tmux buffer")
        tmux = ["tmux", "-L", "cdptui", "show-buffer"]
        shown = subprocess.run(tmux, capture_output=True, text=True, check=True, env=environment)
        assert shown.stdout.strip() in node.world.tasks
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored
    assert node.sessions.alive() == 0


@pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed")
def test_screen_is_complete_in_gnu_screen_and_copies_pass_through_it(
    fleet: tuple[ManagementNode, EmbeddedServer], tmp_path: Path, sockets: Path
) -> None:
    node, server = fleet
    environment = {"SCREENDIR": str(sockets)}
    with inside("exec screen -U -c /dev/null sh -c {monitor}", server.url, tmp_path, environment) as terminal:
        terminal.wait_for("5/5 tasks", "● Running")
        copy(terminal, "u", "Sent UUID to the terminal")
        assert copied(terminal) in node.world.tasks
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert node.sessions.alive() == 0
