from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.pty_terminal import CDPTUI, STEADY_LINE, Terminal

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]
OpenMonitor = Callable[..., Terminal]


@pytest.fixture
def simulate() -> Iterator[Simulate]:
    """Start a simulated node on a free port; it is stopped at the end."""
    with ExitStack() as stack:

        def start(**settings: object) -> tuple[ManagementNode, EmbeddedServer]:
            node = ManagementNode(SimulatorSettings(port=0, **settings))  # type: ignore[arg-type]  # keywords
            return node, stack.enter_context(EmbeddedServer(node))

        yield start


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[OpenMonitor]:
    """Run the real cdptui on a real pty; it is killed at the end if it still runs."""
    with ExitStack() as stack:

        def start(url: str, *options: str, columns: int = 120, lines: int = 40, **environment: str) -> Terminal:
            command = [*CDPTUI, "--url", url, "--log-file", str(tmp_path / "cdptui.log"), *options]
            given = {"ZSTACK_PASSWORD": "password", **STEADY_LINE, **environment}
            return stack.enter_context(Terminal(command, columns=columns, lines=lines, environment=given))

        yield start
