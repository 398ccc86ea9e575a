"""Login sessions, and the login control that limits failed logins.

Every authenticated call renews a session; time-out, logout or `kill_all` ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from cdptui.simulator import errors
from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.settings import SimulatorSettings

MAX_CONCURRENT = 500
"""The vendor's `session.maxConcurrent`."""

ADMIN_ACCOUNT_UUID = "36c27e8ff05c4780bf6d2fa65700f22e"
"""The same on every installation."""


@dataclass(slots=True)
class Session:
    """One login."""

    uuid: str = field(repr=False)
    owner: str
    """UUID of the user."""
    created_at: float
    expires_at: float


class Sessions:
    """The sessions of the node. Times are epoch seconds."""

    def __init__(self, timeout_s: float, now: Callable[[], float], *, unique: bool = False) -> None:
        self.unique = unique
        """Whether a login ends the older sessions of the same user: the vendor's `enable.unique.session`."""
        self.logins = 0
        self._timeout_s = timeout_s
        self._now = now
        self._alive: dict[str, Session] = {}
        self._ended: set[str] = set()

    def open(self, owner: str = ADMIN_ACCOUNT_UUID, *, unique: bool = False) -> Session:
        """Open a session. Raises ApiErrorResponse ID.1006 if the user has 500, so leaked sessions lock the account out.

        With `unique` this login ends the user's older sessions, whatever `self.unique` is.
        """
        self._expire()
        theirs = [uuid for uuid, session in self._alive.items() if session.owner == owner]
        if self.unique or unique:
            for uuid in theirs:
                self.end(uuid)
        elif len(theirs) >= MAX_CONCURRENT:
            raise ApiErrorResponse(errors.too_many_sessions(MAX_CONCURRENT))
        now = self._now()
        session = Session(uuid4().hex, owner, now, now + self._timeout_s)
        self._alive[session.uuid] = session
        self.logins += 1
        return session

    def renew(self, uuid: str, duration_s: float | None = None) -> Session:
        """Extend a session by `duration_s` (default: the node's time-out), never shorten it, and return it.

        Raises ApiErrorResponse ID.1001 if it is unknown or has ended.
        """
        self._expire()
        session = self._alive.get(uuid)
        if session is None:
            raise ApiErrorResponse(errors.session_expired() if uuid in self._ended else errors.unknown_session())
        life_s = self._timeout_s if duration_s is None else duration_s
        session.expires_at = max(session.expires_at, self._now() + life_s)
        return session

    def is_valid(self, uuid: str) -> bool:
        """Return whether a session is open, without renewing it."""
        self._expire()
        return uuid in self._alive

    def end(self, uuid: str) -> None:
        """Log out. Unknown ids are accepted, as on the real server."""
        if self._alive.pop(uuid, None) is not None:
            self._ended.add(uuid)

    def alive(self) -> int:
        """Return the number of open sessions."""
        self._expire()
        return len(self._alive)

    def kill_all(self) -> None:
        """End every session, as a login of another operator or a database restart does."""
        self._ended.update(self._alive)
        self._alive.clear()

    def _expire(self) -> None:
        now = self._now()
        for uuid in [uuid for uuid, session in self._alive.items() if session.expires_at <= now]:
            self.end(uuid)


MAX_FAILURES = 6
"""Failed logins of one name that are answered with ID.1000; after them the login control answers."""
_LOCKED_S = 600.0
_TOKEN_TAG = "twofatoken::"  # noqa: S105 - the name of a tag


@dataclass(slots=True)
class _Record:
    failures: int = 0
    locked_until: float = 0.0


class LoginControl:
    """Counts failed logins by name. Times are epoch seconds."""

    def __init__(self, settings: SimulatorSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._records: dict[str, _Record] = {}

    def check_allowed(self, name: str, *, has_captcha: bool) -> None:
        """Check before the credentials are verified. Raises ApiErrorResponse LOGIN_CONTROL.1002, .1003 or .1005."""
        record = self._records.get(name)
        if self._settings.login_control == "off" or record is None or record.failures < MAX_FAILURES:
            return
        if self._settings.login_control == "captcha":
            raise ApiErrorResponse(errors.error_for_code("LOGIN_CONTROL.1003" if has_captcha else "LOGIN_CONTROL.1005"))
        left_s = record.locked_until - self._now()
        if left_s > 0:
            raise ApiErrorResponse(errors.locked(math.ceil(left_s)))
        del self._records[name]

    def record_failure(self, name: str) -> None:
        """Record wrong credentials."""
        record = self._records.setdefault(name, _Record())
        record.failures += 1
        record.locked_until = self._now() + _LOCKED_S

    def record_success(self, name: str) -> None:
        """Record correct credentials and reset the count."""
        self._records.pop(name, None)

    def check_second_factor(self, name: str, system_tags: object) -> None:
        """Check the second factor. Raises ApiErrorResponse ID.2001 without a code, ID.2002 for a wrong one."""
        expected = self._settings.two_factor_code
        if expected is None:
            return
        tags = system_tags if isinstance(system_tags, list) else []
        codes = [str(tag).removeprefix(_TOKEN_TAG) for tag in tags if str(tag).startswith(_TOKEN_TAG)]
        if not codes:
            raise ApiErrorResponse(errors.second_factor(name))
        if expected not in codes:
            raise ApiErrorResponse(errors.error_for_code("ID.2002"))
