"""Fixtures of the wire tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer


@pytest.fixture(scope="module")
def server(node: ManagementNode) -> Iterator[EmbeddedServer]:
    """A server of the node that the module defines as its fixture `node`."""
    with EmbeddedServer(node) as server:
        yield server
