"""Why a poll brought nothing, by what a person can do about it. A value, so that it can flow like data."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class FailureKind(Enum):
    """What kind of thing went wrong; render has the words and the advice for each."""

    UNREACHABLE = "unreachable"
    """No connection: refused, reset, no route, name not found."""
    TIMED_OUT = "timed out"
    TLS = "tls"
    """The handshake failed for another reason than those below: the port speaks no TLS, or none that we speak."""
    TLS_UNTRUSTED = "tls untrusted"
    TLS_SELF_SIGNED = "tls self-signed"
    TLS_EXPIRED = "tls expired"
    """Or not valid yet, which is the same by a clock that is wrong."""
    TLS_WRONG_HOST = "tls wrong host"
    TLS_CLIENT = "tls client"
    """The server wants a certificate of ours, or does not accept the one that it got."""
    ADDRESS = "address"
    """The URL of the node or of the proxy is one that the HTTP library does not accept."""
    PROXY = "proxy"
    """The proxy on the way does not let us through."""
    NOT_A_NODE = "not a management node"
    """Something answers, but not a ZStack management node: a proxy's page, another web server."""
    LOGIN_REFUSED = "login refused"
    PASSWORD_MISSING = "password missing"  # noqa: S105 - a name
    """Nothing was tried yet: there is no password to try it with."""
    LOGIN_NEEDS_MORE = "login needs more"
    """Something that no console program can give, and that is none of the following."""
    LOGIN_UNKNOWN = "login unknown"
    """The node has no login of the type that was asked for."""
    PROJECT_REFUSED = "project refused"
    """The virtual ID got in, but not into the project that was asked for."""
    SECOND_FACTOR = "second factor"
    SECOND_FACTOR_REFUSED = "second factor refused"
    CAPTCHA = "captcha"
    LOCKED = "locked"
    NEW_PASSWORD = "new password"  # noqa: S105 - a name
    """The first password of an account, which must be changed before it is good for anything."""
    OLD_PASSWORD = "old password"  # noqa: S105 - a name
    """Too old by the rules of the login control."""
    ADDRESS_REFUSED = "address refused"
    """A rule of the login control against the address from which we come."""
    KEY_UNKNOWN = "access key unknown"
    """Or disabled: the server does not tell them apart."""
    KEY_SIGNATURE = "access key signature"
    KEY_UNSUPPORTED = "access key unsupported"
    """The node has no module for access keys."""
    CLOCK_SKEW = "clock skew"
    """A signed date is more than 15 minutes away from the server's clock, or in another zone."""
    TOO_MANY_SESSIONS = "too many sessions"
    SESSION_INVALID = "session invalid"
    SESSION_CONTENDED = "session contended"
    """Our session was ended twice in short order: somebody else's login ends it."""
    PERMISSION_DENIED = "permission denied"
    CDP_UNAVAILABLE = "cdp unavailable"
    """The node has no CDP module, or no licence for it."""
    NOT_READY = "not ready"
    """The management node is starting."""
    SERVER_ERROR = "server error"
    RATE_LIMITED = "rate limited"
    UNREADABLE = "unreadable"
    """The answer is no JSON, is cut off, or is not of the form that this call has."""
    MACHINE_LIMIT = "machine limit"
    """This machine has no thread, no memory or no descriptor left for it."""
    CONFIGURATION = "configuration"
    """What the configuration names cannot be used: a file, a command."""
    INTERNAL = "internal"
    """A fault of ours; the log has the traceback."""
    INTERNAL_AGAIN = "internal again"
    """The same fault of ours as often as it was tried."""


NEEDS_USER_ACTION = frozenset(
    {
        FailureKind.ADDRESS,
        FailureKind.INTERNAL_AGAIN,
        FailureKind.LOGIN_REFUSED,
        FailureKind.PASSWORD_MISSING,
        FailureKind.LOGIN_NEEDS_MORE,
        FailureKind.PROJECT_REFUSED,
        FailureKind.SECOND_FACTOR,
        FailureKind.SECOND_FACTOR_REFUSED,
        FailureKind.CAPTCHA,
        FailureKind.LOCKED,
        FailureKind.NEW_PASSWORD,
        FailureKind.OLD_PASSWORD,
        FailureKind.ADDRESS_REFUSED,
        FailureKind.KEY_UNKNOWN,
        FailureKind.KEY_SIGNATURE,
        FailureKind.TOO_MANY_SESSIONS,
        FailureKind.SESSION_INVALID,
        FailureKind.SESSION_CONTENDED,
    }
)
"""Trying these again by itself could lock the operator's account, end a colleague's session, or change nothing."""


class CredentialPrompt(Enum):
    """What a person can give so that a login goes on."""

    PASSWORD = "password"  # noqa: S105 - a name
    FIRST_PASSWORD = "first password"  # noqa: S105 - a name
    """Before anything was tried."""
    OTP = "code"
    """Of the second factor."""


_WANTED = {
    FailureKind.LOGIN_REFUSED: CredentialPrompt.PASSWORD,
    FailureKind.PASSWORD_MISSING: CredentialPrompt.FIRST_PASSWORD,
    FailureKind.SECOND_FACTOR: CredentialPrompt.OTP,
    FailureKind.SECOND_FACTOR_REFUSED: CredentialPrompt.OTP,
}


class Failure(Struct, frozen=True):
    """One failed poll."""

    kind: FailureKind
    detail: str
    """What the server or the system said, inert; may be empty."""
    url: str
    """Where it was asked, without query and credentials."""
    code: str = ""
    """The server's error code such as SYS.1006, or the HTTP status."""

    @property
    def needs_user_action(self) -> bool:
        """Whether trying again needs somebody to decide so."""
        return self.kind in NEEDS_USER_ACTION

    @property
    def credential_prompt(self) -> CredentialPrompt | None:
        """What must be typed before it is tried again; None when it can be tried as it is."""
        return _WANTED.get(self.kind)
