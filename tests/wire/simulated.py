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
"""Upper bound of "at once" on a busy machine. Waits that a test must not see take minutes or do not end."""


def eventually(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def new_client(server: EmbeddedServer) -> httpx.Client:
    """Return a client with its own connections, without a session."""
    return httpx.Client(base_url=f"{server.url}/zstack/v1", timeout=60, verify=False)


def log_in(client: httpx.Client) -> str:
    """Log in, let the client use the session, and return its id."""
    session: str = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
    client.headers["Authorization"] = f"OAuth {session}"
    return session


def answers(server: EmbeddedServer) -> bool:
    """Return whether the server answers a new client."""
    try:
        with new_client(server) as client:
            return client.get("/licenses/addons").status_code == 200
    except httpx.TransportError:
        return False
