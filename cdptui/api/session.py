"""Sessions on the management node: opened once, renewed once, always closed.

The server limits an account to 500 sessions, so a monitor that leaks sessions would lock out its own user. A refused
login is never repeated automatically, because the server locks accounts after failed logins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from cdptui.api.decode import UNREADABLE
from cdptui.api.errors import (
    ApiError,
    CdpUnavailable,
    ErrorReplaced,
    InteractiveLoginRequired,
    Intercepted,
    LoginErrorReplaced,
    LoginRefused,
    LoginTypeUnsupported,
    NotAManagementNode,
    NotReady,
    PasswordMissing,
    PermissionDenied,
    ProjectRefused,
    ProxyRefused,
    SessionContended,
    SessionInvalid,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.api.http import Answer, HttpClient, Timeouts
from cdptui.api.login_requests import LoginRequest, login_requests, login_secrets
from cdptui.api.replaced_errors import NO_SESSION, may_replace_error, replaced, session_is_valid
from cdptui.clock import Clock
from cdptui.models.auth import PasswordLogin, SessionToken
from cdptui.models.redaction import MASK

log = logging.getLogger(__name__)

CONTENTION_S: Final = 60.0
"""A second invalidation within this time is reported: another login may end each session, or the node restarted twice.

The server does not report why a session ended, so the two look the same when no request failed between them."""

_LOGOUT_TIMEOUT_S: Final = 1.0

_SESSION_S: Final = 7200.0
"""Lifetime of an unused session: the server's default."""

_FINAL_CODES: Final = frozenset({"SYS.1003", "SYS.1006", "SYS.1007"})
"""Not found, failed, invalid argument: a login that fails with one of these would fail again."""


_OUTAGES: Final = (Unreachable, TimedOut, NotReady, NotAManagementNode, ProxyRefused, Intercepted, UnreadableAnswer)
"""Errors of a node that is down or starting, or of a proxy or firewall in front of it."""


class _SessionInventory(Struct):
    uuid: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,256}\Z")]
    """Used in a header and a path, so it is validated. On every known server it is 32 hexadecimal digits."""


class _LoginReply(Struct):
    inventory: _SessionInventory


class SessionRequester:
    """Sends requests with a session token and renews the session when allowed."""

    def __init__(self, http: HttpClient, auth: PasswordLogin | SessionToken, clock: Clock) -> None:
        self._http = http
        self._auth = auth
        self._login_secrets = set(login_secrets(auth)) if isinstance(auth, PasswordLogin) else set()
        """Secrets sent by any login: a response to a later request may quote them too."""
        self._clock = clock
        self._code: str | None = None
        self._token: str | None = auth.session_id if isinstance(auth, SessionToken) else None
        self._open_sessions: list[str] = []
        """The open sessions of the current login; the last one is in use."""
        self._sessions_to_close: list[str] = []
        """Sessions of earlier logins that must still be closed."""
        self._unconfirmed_login_at = -math.inf
        """Time of the last login without a response, which may have opened a session."""
        self._renewed_at: float | None = None
        """Time of the last renewal since which the node answered each request; None when there is none."""
        self._refused: ApiError | None = None
        """The error because of which nothing is sent until the user starts the next poll."""
        self._reported: ApiError | None = None
        """The last of these errors that a poll raised."""
        self._login: asyncio.Task[str] | None = None
        """The login task that is running."""
        self._is_closing = False
        self._on_session_ended: Callable[[], None] = lambda: None

    async def prepare_poll(self) -> None:
        """Prepare a poll: log in if there is no session. Raises ApiError."""
        if self._refused is not None and self._refused is not self._reported:
            # For example, another login may end each session; logging in again automatically would never end.
            self._reported = self._refused
            raise self._refused.with_traceback(None)
        if not isinstance(self._refused, LoginRefused):
            # The same password again could lock the account; other causes may have changed.
            self._refused = None
        with self._reporting():
            await self._current()

    async def get(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send a GET request of a poll; renew an expired session once. Raises ApiError."""
        with self._reporting():
            return await self.get_background(path, params)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Note that a poll raises the error because of which nothing is sent any more."""
        try:
            yield
        except ApiError as error:
            if error is self._refused:
                self._reported = error
            raise

    async def get_background(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Send a GET request; renew an expired session once. Raises ApiError.

        Errors that need the user are reported by the next poll, unless a poll raised them.
        """
        token = await self._current()
        try:
            return await self._ask(path, params, token)
        except SessionInvalid as refused:
            token = await self._renew(refused, token)
        try:
            return await self._ask(path, params, token)
        except SessionInvalid as again:
            if token == self._token:
                raise self._contended(again) from again
        # Rejected so late that another request had renewed the session.
        return await self._ask(path, params, await self._current())

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the node no longer accepts the session, and another login follows."""
        self._on_session_ended = callback

    def use_password(self, password: str) -> None:
        """Use another password for the next login."""
        if isinstance(self._auth, PasswordLogin):
            auth = self._auth
            self._auth = PasswordLogin(
                name=auth.name, password=password, type=auth.type, account=auth.account, project=auth.project
            )
            self._login_secrets.update(login_secrets(self._auth))
            self._refused = None

    def use_otp(self, code: str) -> None:
        """Use a one-time code for the next login only: it is valid for 30 s."""
        self._code = code
        self._refused = None

    async def close(self) -> bool:
        """Log out, waiting at most a second for a server that does not respond.

        Return False when a session may still be open.
        """
        self._is_closing = True
        self._token = None
        # Sessions are closed concurrently: the caller may time out before a hanging login is cancelled.
        await asyncio.gather(self._end_login(), self._close_retired())
        return await self._close_retired() and self._clock.monotonic() - self._unconfirmed_login_at >= _SESSION_S

    async def _end_login(self) -> None:
        login = self._login
        if login is None:
            return
        if self._http.has_request_in_flight:
            # Cancelling it now would leak its session.
            _, late = await asyncio.wait([login], timeout=_LOGOUT_TIMEOUT_S)
            if late:
                self._unconfirmed_login_at = self._clock.monotonic()
        login.cancel()
        await asyncio.gather(login, return_exceptions=True)

    async def _ask(self, path: str, params: Sequence[tuple[str, str]], token: str) -> Answer:
        try:
            return await self._http.send(
                "GET", path, params=params, headers=self._header(token), secrets=self._login_secrets
            )
        except _OUTAGES as error:
            if may_replace_error(error) and (is_valid := await session_is_valid(self._http, token)) is not None:
                if is_valid:
                    raise replaced(error, ErrorReplaced) from error
                raise replaced(error, SessionInvalid) from error
            self._note_outage()
            raise

    def _note_outage(self) -> None:
        """Forget the last renewal: a session that is lost after an outage is lost by the restart, not by a login."""
        self._renewed_at = None

    def _header(self, token: str) -> dict[str, str]:
        if not (token.isascii() and token.isprintable()):
            raise SessionInvalid("the session ID contains invalid characters", url=self._http.base_url)
        return {"Authorization": f"OAuth {token}"}

    async def _current(self) -> str:
        """Return the session id; log in if there is none."""
        if self._refused is not None:
            # An exception that is raised again keeps the frames of every raise.
            raise self._refused.with_traceback(None)
        if self._token is None:
            if self._is_closing:
                raise Unreachable("connection closed", url=self._http.base_url)
            return await self._wait_for_login()
        return self._token

    async def _wait_for_login(self) -> str:
        """Return the session id of the running login, or of a new one.

        Wait at most connect + read time-out; the login task keeps running. Cancelling it would leak a server session,
        and the next poll would open another one.
        """
        if self._login is None:
            self._login = asyncio.create_task(self._run_login())
            # If all waiters timed out, its exception must still be retrieved.
            self._login.add_done_callback(lambda task: task.cancelled() or task.exception())
        login, timeouts_s = self._login, self._http.timeouts.connect_s + self._http.timeouts.read_s
        try:
            async with asyncio.timeout(timeouts_s):
                return await asyncio.shield(login)
        except TimeoutError as error:
            late = f"no answer to the login within {timeouts_s:g} s"
            raise TimedOut(late, url=self._http.base_url) from error

    async def _run_login(self) -> str:
        try:
            self._token = await self._log_in()
        finally:
            self._login = None
        return self._token

    async def _renew(self, refused: SessionInvalid, token: str) -> str:
        """Log in again after the server has `refused` the session `token`.

        Raises `refused` itself for a session that the user supplied, which cannot be renewed, and SessionContended when
        the last renewal was less than `CONTENTION_S` ago.
        """
        if isinstance(self._auth, SessionToken):
            self._refused = refused
            raise refused
        if token != self._token:
            # Another request has already renewed it.
            return await self._current()
        now = self._clock.monotonic()
        last, self._token = self._renewed_at, None
        self._open_sessions.remove(token)
        if last is not None and now - last < CONTENTION_S:
            raise self._contended(refused) from refused
        self._renewed_at = now
        log.info("session no longer valid, logging in again")
        self._on_session_ended()
        return await self._current()

    def _contended(self, refused: SessionInvalid) -> SessionContended:
        """Drop a session that was rejected soon after its renewal. The next poll logs in again."""
        self._token = self._renewed_at = None
        contended = SessionContended(refused.detail, url=refused.url, code=refused.code)
        self._refused = contended
        return contended

    async def _log_in(self) -> str:
        if not isinstance(self._auth, PasswordLogin):
            raise TypeError("a session token is never logged in")
        if self._auth.missing_reason is not None:
            raise PasswordMissing(self._auth.missing_reason, url=self._http.base_url)
        # The session of a project ended, but not that of the virtual ID that entered it.
        self._retire_sessions()
        code, self._code = self._code, None
        try:
            first, *others = login_requests(self._auth, code)
            token = await self._open(first, None)
            for call in others:
                if self._is_closing:
                    # No request waits for the second session; not opening it saves closing it.
                    break
                token = await self._open(call, token)
        except ApiError as error:
            self._retire_sessions()
            if error.as_failure().needs_user_action:
                self._refused = error
            raise
        finally:
            await self._close_retired()
        log.info("logged in")
        return token

    async def _open(self, call: LoginRequest, token: str | None) -> str:
        headers = self._header(token) if call.needs_session and token is not None else {}
        secrets = [*self._open_sessions, *self._login_secrets]
        try:
            answer = await self._http.send(
                "PUT",
                call.path,
                json=call.body,
                headers=headers,
                secrets=secrets,
                timeouts=self._http.timeouts.for_login,
            )
        except ApiError as error:
            if error.may_have_executed:
                self._unconfirmed_login_at = self._clock.monotonic()
            if may_replace_error(error) and await session_is_valid(self._http, NO_SESSION) is not None:
                # Most likely the node refused the password; the same again could lock the account.
                raise replaced(error, LoginErrorReplaced) from error
            if isinstance(error, _OUTAGES):
                self._note_outage()
            meant = _login_error_type(error, call)
            if meant is None:
                raise
            raise meant(error.detail, url=error.url, code=error.code) from error
        try:
            opened = msgspec.json.decode(answer.body, type=_LoginReply).inventory.uuid
        except UNREADABLE as error:
            self._unconfirmed_login_at = self._clock.monotonic()
            url = f"{self._http.base_url}{call.path}"
            raise UnreadableAnswer("login response without a session", url=url) from error
        self._open_sessions.append(opened)
        return opened

    def _retire_sessions(self) -> None:
        self._sessions_to_close += self._open_sessions
        self._open_sessions = []

    async def _close_retired(self) -> bool:
        """Close retired sessions, all of them during shutdown; return whether all succeeded."""
        if self._is_closing:
            self._retire_sessions()
        return all(await asyncio.gather(*(self._log_out(token) for token in tuple(self._sessions_to_close))))

    async def _log_out(self, token: str) -> bool:
        try:
            await self._http.send(
                "DELETE",
                f"/accounts/sessions/{token}",
                shown_path=f"/accounts/sessions/{MASK}",
                timeouts=Timeouts(_LOGOUT_TIMEOUT_S, _LOGOUT_TIMEOUT_S, _LOGOUT_TIMEOUT_S),
            )
        except ApiError as error:
            log.warning("not logged out: %s", error)
            self._unconfirmed_login_at = self._clock.monotonic()
            return False
        else:
            log.info("logged out")
            return True
        finally:
            if token in self._sessions_to_close:
                self._sessions_to_close.remove(token)


def _login_error_type(error: ApiError, call: LoginRequest) -> type[ApiError] | None:
    """Return the error type for a failed login; None if the error means the same as for a query."""
    if isinstance(error, CdpUnavailable) and error.code == "HTTP 404":
        return LoginTypeUnsupported
    if isinstance(error, PermissionDenied) or error.code in _FINAL_CODES:
        return ProjectRefused if call.needs_session else InteractiveLoginRequired
    return None
