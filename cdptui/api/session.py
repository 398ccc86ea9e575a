"""One session on the management node: opened once, renewed once, always closed.

A server lets an account have 500 sessions; a monitor that leaks them locks its own operator out. A login that was
refused is never repeated by itself: the server locks accounts.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec
from msgspec import Struct

from cdptui.api.auth import AccountLogin, Auth, GivenSession
from cdptui.api.decode import UNREADABLE
from cdptui.api.errors import ApiError, LoginRefused, SessionContended, SessionInvalid, UnreadableAnswer
from cdptui.api.http import Http
from cdptui.clock import Clock

log = logging.getLogger(__name__)

CONTENTION_S: Final = 60.0
"""A second invalidation within this time means that another login ends our sessions."""

_LOGOUT_TIMEOUT_S: Final = 1.0


class _SessionInventory(Struct):
    uuid: str


class _LoginReply(Struct):
    inventory: _SessionInventory


class Session:
    """Holds the token, and knows when it may ask for another."""

    def __init__(self, http: Http, auth: Auth, clock: Clock) -> None:
        self._http = http
        self._auth = auth
        self._clock = clock
        self._token: str | None = auth.session_id if isinstance(auth, GivenSession) else None
        self._renewed_at: float | None = None
        self._refused: LoginRefused | None = None
        self._login: asyncio.Task[str] | None = None

    async def token(self) -> str:
        """The session id to send; logs in if there is none. Raises ApiError."""
        if self._token is None:
            if self._login is None:
                self._login = asyncio.create_task(self._log_in())
            login = self._login
            # Shielded: a login that is given up half way would leave a session behind that nobody closes.
            try:
                self._token = await asyncio.shield(login)
            finally:
                if login.done() and self._login is login:
                    self._login = None
        return self._token

    async def renew(self, refused: SessionInvalid, token: str) -> str:
        """Log in again after the server has `refused` the session `token`.

        Raises `refused` itself for a given session, which cannot be renewed, and SessionContended when this is the
        second time in short order.
        """
        if isinstance(self._auth, GivenSession):
            raise refused
        if token != self._token:
            # Somebody else here has renewed it meanwhile.
            return await self.token()
        now = self._clock.monotonic()
        last, self._token = self._renewed_at, None
        if last is not None and now - last < CONTENTION_S:
            raise self.contended(refused) from refused
        self._renewed_at = now
        log.info("session no longer valid, logging in again")
        return await self.token()

    def contended(self, refused: SessionInvalid) -> SessionContended:
        """Give the session up: what was just renewed was refused again. The next try logs in anew."""
        self._token = self._renewed_at = None
        return SessionContended(refused.detail, url=refused.url, code=refused.code)

    def use_password(self, password: str) -> None:
        """Take another password for the next login, after one was refused."""
        if isinstance(self._auth, AccountLogin):
            self._auth = AccountLogin.with_password(self._auth.account, password)
            self._refused = None

    async def close(self) -> None:
        """Log out what we logged in; a server that does not answer is left alone after a second."""
        token, self._token = await self._token_in_use(), None
        if token is None or isinstance(self._auth, GivenSession):
            return
        try:
            await self._http.send(
                "DELETE",
                f"/accounts/sessions/{token}",
                shown_path="/accounts/sessions/***",
                total_s=_LOGOUT_TIMEOUT_S,
            )
        except ApiError as error:
            log.warning("not logged out: %s", error)
        else:
            log.info("logged out")

    async def _token_in_use(self) -> str | None:
        if self._login is None:
            return self._token
        try:
            return await asyncio.wait_for(self._login, _LOGOUT_TIMEOUT_S)
        except (ApiError, TimeoutError):
            return None

    async def _log_in(self) -> str:
        if not isinstance(self._auth, AccountLogin):
            raise TypeError("a given session is never logged in")
        if self._refused is not None:
            # The same password again would only bring the account nearer to being locked.
            raise self._refused
        try:
            body = await self._http.send("PUT", "/accounts/login", json=self._auth.body())
        except LoginRefused as error:
            self._refused = error
            raise
        except ApiError as error:
            # A server that fails may quote what it was sent.
            error.detail = error.detail.replace(self._auth.password_hash, "***")
            raise
        try:
            token = msgspec.json.decode(body, type=_LoginReply).inventory.uuid
        except UNREADABLE as error:
            url = f"{self._http.base_url}/accounts/login"
            raise UnreadableAnswer("a login reply without a session", url=url) from error
        log.info("logged in")
        return token
