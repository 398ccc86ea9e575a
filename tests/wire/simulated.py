"""Helpers of the simulator tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from hashlib import sha512

import httpx

from cdptui.simulator.server import EmbeddedServer

LOGIN = {"logInByAccount": {"accountName": "admin", "password": sha512(b"password").hexdigest()}}

AT_ONCE_S = 5.0
"""Limit for actions without a wait, on a busy machine. A wait that must not happen would take minutes."""


def eventually(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until `condition` is true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def new_client(server: EmbeddedServer) -> httpx.Client:
    """Create a client that is not logged in."""
    return httpx.Client(base_url=f"{server.url}/zstack/v1", timeout=60, verify=False)


def log_in(client: httpx.Client) -> str:
    """Log in, and use the session for later requests of the client. Return the session ID."""
    session: str = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
    client.headers["Authorization"] = f"OAuth {session}"
    return session


def answers(server: EmbeddedServer) -> bool:
    """Return whether the server responds to a new client."""
    try:
        with new_client(server) as client:
            return client.get("/licenses/addons").status_code == 200
    except httpx.TransportError:
        return False
