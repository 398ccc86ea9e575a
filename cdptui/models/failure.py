"""Failures of a poll, classified by what the user can do about them."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class FailureKind(Enum):
    """The kinds of failures; `render.failure_messages` has the text and the advice for each."""

    UNREACHABLE = "unreachable"
    """No connection: refused, reset, no route, name not found."""
    TIMED_OUT = "timed out"
    TLS = "tls"
    """The handshake failed for a reason that is not below: the port speaks no TLS, or no supported version."""
    TLS_UNTRUSTED = "tls untrusted"
    TLS_SELF_SIGNED = "tls self-signed"
    TLS_EXPIRED = "tls expired"
    """Or not valid yet, which a wrong clock causes as well."""
    TLS_WRONG_HOST = "tls wrong host"
    TLS_CLIENT = "tls client"
    """The server requires a client certificate, or rejects the one that was sent."""
    ADDRESS = "address"
    """The HTTP library does not accept the URL of the node or of the proxy."""
    PROXY = "proxy"
    """The proxy refuses the request: it wants a password, or does not allow the address."""
    PROXY_DOWN = "proxy down"
    """No connection to the proxy."""
    PROXY_NO_ROUTE = "proxy no route"
    """The proxy answers, but cannot reach the node."""
    PROXY_NO_NAME = "proxy no name"
    """The proxy answers, but cannot resolve the name of the node."""
    NOT_A_NODE = "not a management node"
    """Something answers, but not a ZStack management node: a proxy's page, another web server."""
    HTTPS_REQUIRED = "https required"
    """The URL begins with http://, and the server requires https://."""
    INTERCEPTED = "intercepted"
    """A firewall or proxy between this machine and the node refuses the request, in words that no node uses."""
    ERROR_REPLACED = "error replaced"
    """The node answers, but a proxy shows a page of its own in place of the node's error."""
    LOGIN_REFUSED = "login refused"
    LOGIN_REPLACED = "login replaced"
    """The node answers, but a proxy shows a page of its own in place of the node's answer to the login.

    A wrong password is the most likely reason, so it is not tried again automatically.
    """
    PASSWORD_MISSING = "password missing"  # noqa: S105 - a name
    """There is no password yet, so no login was tried."""
    LOGIN_NEEDS_MORE = "login needs more"
    """The login requires something that cdptui cannot give, and that is none of the following."""
    LOGIN_UNKNOWN = "login unknown"
    """The node has no login of the requested type."""
    PROJECT_REFUSED = "project refused"
    """The login of the virtual ID succeeded, but it may not enter the requested project."""
    SECOND_FACTOR = "second factor"
    SECOND_FACTOR_REFUSED = "second factor refused"
    CAPTCHA = "captcha"
    LOCKED = "locked"
    NEW_PASSWORD = "new password"  # noqa: S105 - a name
    """The initial password of an account, which must be changed before anything else is allowed."""
    OLD_PASSWORD = "old password"  # noqa: S105 - a name
    """The password expired by the rules of the login control."""
    ADDRESS_REFUSED = "address refused"
    """A rule of the login control refuses the address of this machine."""
    KEY_UNKNOWN = "access key unknown"
    """Unknown or disabled: the server does not distinguish them."""
    KEY_SIGNATURE = "access key signature"
    KEY_UNSUPPORTED = "access key unsupported"
    """The node has no module for access keys."""
    CLOCK_SKEW = "clock skew"
    """A signed date is more than 15 minutes away from the server's clock, or in another zone."""
    TOO_MANY_SESSIONS = "too many sessions"
    SESSION_INVALID = "session invalid"
    SESSION_CONTENDED = "session contended"
    """The session ended twice within a short time: by another login of the same account, or by restarts of the node."""
    PERMISSION_DENIED = "permission denied"
    CDP_UNAVAILABLE = "cdp unavailable"
    """The node has no CDP module, or no licence for it."""
    NOT_READY = "not ready"
    """The management node is starting."""
    SERVER_ERROR = "server error"
    RATE_LIMITED = "rate limited"
    UNREADABLE = "unreadable"
    """The response is not JSON, is cut off, or does not have the format of the call."""
    MACHINE_LIMIT = "machine limit"
    """This machine has no thread, memory or file descriptor left."""
    CONFIGURATION = "configuration"
    """A file or command of the configuration cannot be used."""
    INTERNAL = "internal"
    """An internal error; the log has the traceback."""
    INTERNAL_AGAIN = "internal again"
    """The same internal error on every attempt."""


NEEDS_USER_ACTION = frozenset(
    {
        FailureKind.ADDRESS,
        FailureKind.INTERNAL_AGAIN,
        FailureKind.LOGIN_REFUSED,
        FailureKind.LOGIN_REPLACED,
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
"""Failures that are not retried automatically: that could lock the account or end a session, or is useless."""

RETRIED_RARELY = frozenset({FailureKind.RATE_LIMITED, FailureKind.INTERCEPTED, FailureKind.PROXY})
"""Failures after which the pauses between the retries grow to minutes: something asks for fewer requests, or would see
the same refused request again and again, and the account of a proxy can be locked as well."""


class CredentialPrompt(Enum):
    """What the user can type to continue a login."""

    PASSWORD = "password"  # noqa: S105 - a name
    FIRST_PASSWORD = "first password"  # noqa: S105 - a name
    """No login was tried yet."""
    OTP = "code"
    """The code of the second factor."""


_PROMPTS = {
    FailureKind.LOGIN_REFUSED: CredentialPrompt.PASSWORD,
    FailureKind.LOGIN_REPLACED: CredentialPrompt.PASSWORD,
    FailureKind.PASSWORD_MISSING: CredentialPrompt.FIRST_PASSWORD,
    FailureKind.SECOND_FACTOR: CredentialPrompt.OTP,
    FailureKind.SECOND_FACTOR_REFUSED: CredentialPrompt.OTP,
}


class Failure(Struct, frozen=True):
    """A failed poll or request."""

    kind: FailureKind
    detail: str
    """The message of the server or of the system, sanitized; may be empty."""
    url: str
    """The requested URL, without query and credentials."""
    code: str = ""
    """The server's error code such as SYS.1006, or the HTTP status."""
    proxy_variable: str = ""
    """The environment variable that names the proxy; empty for a direct connection."""
    better_url: str = ""
    """The URL of the node that the server asks for; empty when the URL is right."""

    @property
    def needs_user_action(self) -> bool:
        """True when it is retried only at the user's request."""
        return self.kind in NEEDS_USER_ACTION

    @property
    def credential_prompt(self) -> CredentialPrompt | None:
        """What the user must type before the next attempt; None when nothing is needed."""
        return _PROMPTS.get(self.kind)
