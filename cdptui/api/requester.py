"""Authenticated requests: by session token or by access-key signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from cdptui.api.http import Answer, HttpClient
from cdptui.api.server_clock import ServerClock
from cdptui.api.session import SessionRequester
from cdptui.api.signing import SigningRequester
from cdptui.clock import Clock
from cdptui.models.auth import AccessKey, Credentials


class Requester(Protocol):
    """Sends authenticated requests."""

    async def prepare_poll(self) -> None:
        """Prepare a poll, for example log in. Raises ApiError."""
        ...

    async def get(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send one GET request. Raises ApiError."""
        ...

    async def get_background(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send one GET request outside of a poll. Errors that need the user are reported by the next poll."""
        ...

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the node no longer accepts the session, and another login follows."""
        ...

    def use_password(self, password: str) -> None:
        """Use another password for the next login."""
        ...

    def use_otp(self, code: str) -> None:
        """Use a one-time code for the next login."""
        ...

    async def close(self) -> bool:
        """Log out; return whether no session is left open."""
        ...


def create_requester(http: HttpClient, auth: Credentials, clock: Clock, server_clock: ServerClock) -> Requester:
    """Create the requester for `auth`."""
    if isinstance(auth, AccessKey):
        return SigningRequester(http, auth, server_clock)
    return SessionRequester(http, auth, clock)
