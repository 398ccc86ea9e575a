"""Access-key authentication: each request is signed with the server's time; no session is opened."""

from __future__ import annotations

import asyncio
import hmac
import logging
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Final
from urllib.parse import unquote

from cdptui.api.errors import ApiError, ClockSkewed, ErrorReplaced
from cdptui.api.http import Answer, HttpClient
from cdptui.api.replaced_errors import NO_SESSION, may_replace_error, replaced, session_is_valid
from cdptui.api.server_clock import ServerClock
from cdptui.models.auth import AccessKey

log = logging.getLogger(__name__)

_CONTEXT: Final = "/zstack"
"""Context path of the server's application; the path before it belongs to a proxy."""


def sign(secret: str, method: str, date: str, uri: str) -> str:
    r"""Return the signature of a request: HMAC-SHA1 over method, text of the Date header, and decoded path.

    `uri` is the path after the context path `/zstack`, without the query.

    >>> sign("secret0123456789", "GET", "Tue, 14 Nov 2017 22:20:57 GMT+08:00", "/v1/cdp-task")
    'MnIaWqH2X2xTPiSc4qmNMSGufg4='
    """
    text = f"{method.upper()}\n{date}\n{uri}".encode()
    # The server requires it. HMAC-SHA1 is still secure although SHA-1 is not.
    return b64encode(hmac.new(secret.encode(errors="surrogateescape"), text, sha1).digest()).decode()


def canonical_path(base_url: str, path: str) -> str:
    """Return the path as the server sees it, without a proxy's prefix and the context path.

    >>> canonical_path("https://cloud.example.com/api/zstack/v1", "/vm-instances/a%20b")
    '/v1/vm-instances/a b'
    """
    return unquote(base_url.rpartition(_CONTEXT)[2] + path)


class SigningRequester:
    """Sends signed requests. There is no session to renew or close."""

    def __init__(self, http: HttpClient, key: AccessKey, server_clock: ServerClock) -> None:
        self._http = http
        self._key = key
        self._clock = server_clock
        self._correcting = asyncio.Lock()
        self._refused: ApiError | None = None
        """The error because of which nothing is sent until the user starts the next poll."""

    async def prepare_poll(self) -> None:
        """Prepare a poll: fetch the server's time if it is unknown. Raises ApiError."""
        self._refused = None
        await self._clock.synchronize()

    async def get(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send a signed GET request; sign it again with other dates while the server rejects the date.

        Raises ApiError.
        """
        await self._clock.synchronize()
        date = self._clock.date_header()
        try:
            return await self._ask(path, params, date)
        except ClockSkewed as error:
            # Two concurrent rejected requests must not try different time zones.
            async with self._correcting:
                return await self._retry_with_corrected_time(path, params, error, date)

    async def get_background(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send a request outside of a poll; errors of the key also occur in polls."""
        return await self.get(path, params)

    async def _retry_with_corrected_time(
        self, path: str, params: Sequence[tuple[str, str]], error: ClockSkewed, date: str
    ) -> Answer:
        if (corrected := self._clock.date_header()) != date:
            date = corrected
            try:
                return await self._ask(path, params, date)
            except ClockSkewed as again:
                error = again
        async for other in self._clock.candidate_dates():
            date = other
            try:
                return await self._ask(path, params, date)
            except ClockSkewed as again:
                error = again
        self._refused = ClockSkewed(self._clock.describe_attempt(date), url=error.url)
        raise self._refused from error

    async def _ask(self, path: str, params: Sequence[tuple[str, str]], date: str) -> Answer:
        if self._refused is not None:
            # An exception that is raised again keeps the frames of every raise.
            raise self._refused.with_traceback(None)
        try:
            return await self._http.send("GET", path, params=params, headers=self._headers("GET", path, date))
        except ApiError as error:
            if may_replace_error(error) and await session_is_valid(self._http, NO_SESSION) is not None:
                raise replaced(error, ErrorReplaced) from error
            if error.as_failure().needs_user_action:
                self._refused = error
            raise

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        """Do nothing: an access key has no session."""

    def use_password(self, password: str) -> None:
        """Do nothing: an access key has no password."""

    def use_otp(self, code: str) -> None:
        """Do nothing: an access key needs no one-time code."""

    async def close(self) -> bool:
        """Do nothing: no session was opened."""
        return True

    def _headers(self, method: str, path: str, date: str) -> dict[str, str]:
        signature = sign(self._key.secret, method, date, canonical_path(self._http.base_url, path))
        return {"Date": date, "Authorization": f"ZStack {self._key.key_id}:{signature}"}
