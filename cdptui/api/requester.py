"""How questions get past the door: with a session, or signed with a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cdptui.api.http import HttpClient
from cdptui.api.server_clock import ServerClock
from cdptui.api.session import SessionRequester
from cdptui.api.signing import SigningRequester
from cdptui.clock import Clock
from cdptui.models.auth import AccessKey, Credentials


class Requester(Protocol):
    """Asks in somebody's name."""

    async def prepare_poll(self) -> None:
        """A poll begins: do what must be done before the first question. Raises ApiError."""
        ...

    async def get(self, path: str, params: Sequence[tuple[str, str]]) -> bytes:
        """Ask one question. Raises ApiError."""
        ...

    async def get_background(self, path: str, params: Sequence[tuple[str, str]]) -> bytes:
        """Ask one question that is no part of a poll. What a person must hear of it, the next poll tells."""
        ...

    def use_password(self, password: str) -> None:
        """Take another password for the next login."""
        ...

    def use_otp(self, code: str) -> None:
        """Take a code of the second factor for the next login."""
        ...

    async def close(self) -> bool:
        """Leave nothing behind on the server; whether that was done."""
        ...


def create_requester(http: HttpClient, auth: Credentials, clock: Clock, server_clock: ServerClock) -> Requester:
    """The way in that goes with `auth`."""
    if isinstance(auth, AccessKey):
        return SigningRequester(http, auth, server_clock)
    return SessionRequester(http, auth, clock)
