"""Errors of calls to the management node, grouped by what the user can do about them.

    ApiError
    ├── Unreachable            no connection: to the node, to the proxy, or from the proxy to the node
    ├── TimedOut               connected, but no response in time
    ├── TlsFailed              certificate or protocol rejected: untrusted, self-signed, expired, of another host,
    │                          or client certificate rejected
    ├── AddressUnusable        httpx rejects the URL of the node or of the proxy
    ├── ProxyRefused           the proxy rejected the request
    ├── Intercepted            a firewall or proxy in front of the node rejected the request
    ├── NotAManagementNode     another kind of server responds; HttpsRequired when it asks for https://
    ├── LoginRefused           wrong account or password; PasswordMissing without a password; LoginErrorReplaced when
    │                          a proxy replaced the node's answer by a page
    ├── InteractiveLoginRequired
    │                          needs a second factor, a captcha, waiting for a lock, or a new password
    ├── LoginTypeUnsupported   the node does not support this login type
    ├── ProjectRefused         logged in, but the project may not be entered
    ├── KeyRefused             access key unknown, signature wrong, or access keys not supported
    ├── ClockSkewed            the server rejected the date of the signature
    ├── TooManySessions        the account's session limit is reached
    ├── SessionInvalid         ended or unknown; SessionContended when it ends twice within a minute
    ├── PermissionDenied
    ├── CdpUnavailable         module or licence missing
    ├── NotReady               the node is starting
    ├── ServerError            all other errors that the server reports; ErrorReplaced when a proxy replaced the error
    ├── RateLimited
    ├── UnreadableAnswer       not JSON, truncated, or of another form
    └── MachineLimited         no threads, memory or file descriptors left on this machine

The texts for the user are in `cdptui.render`, by `kind`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.redaction import Redactor


class ApiError(Exception):
    """A call without a usable response."""

    kind: ClassVar[FailureKind] = FailureKind.SERVER_ERROR

    def __init__(self, detail: str, *, url: str, code: str = "") -> None:
        """`detail` is a sanitized message; `url` has no query; `code` is the server's error code or the HTTP status."""
        super().__init__()
        self.detail = detail
        self.url = url
        self.code = code
        self.may_have_executed = False
        """Whether the request may have been executed although no response arrived."""
        self.proxy_variable = ""
        """The environment variable of the proxy through which the request was sent."""
        self.better_url = ""
        """The URL of the node that the server asks for."""

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail} ({self.url})"

    def redact(self, secrets: Iterable[str]) -> None:
        """Remove secrets that the server quoted."""
        redactor = Redactor()
        redactor.add(*secrets)
        self.detail = redactor.redact(self.detail)

    def as_failure(self) -> Failure:
        """Return the error as a value for the screen."""
        return Failure(
            kind=self.kind,
            detail=self.detail,
            url=self.url,
            code=self.code,
            proxy_variable=self.proxy_variable,
            better_url=self.better_url,
        )


class Unreachable(ApiError):
    """The connection failed or broke."""

    kind = FailureKind.UNREACHABLE


class ProxyUnreachable(Unreachable):
    """There is no connection to the proxy."""

    kind = FailureKind.PROXY_DOWN


class UnreachableFromProxy(Unreachable):
    """The proxy cannot reach the node."""

    kind = FailureKind.PROXY_NO_ROUTE


class UnknownToProxy(Unreachable):
    """The proxy cannot resolve the node's name."""

    kind = FailureKind.PROXY_NO_NAME


class MachineLimited(ApiError):
    """This machine had no threads, memory or file descriptors left for the call."""

    kind = FailureKind.MACHINE_LIMIT


class TimedOut(ApiError):
    """No response within the time-out."""

    kind = FailureKind.TIMED_OUT


class TlsFailed(ApiError):
    """The TLS handshake failed or the server's certificate was rejected."""

    kind = FailureKind.TLS


class TlsUntrusted(TlsFailed):
    """No trusted CA signed the certificate."""

    kind = FailureKind.TLS_UNTRUSTED


class TlsSelfSigned(TlsFailed):
    """The certificate is self-signed."""

    kind = FailureKind.TLS_SELF_SIGNED


class TlsExpired(TlsFailed):
    """The certificate has expired or is not valid yet."""

    kind = FailureKind.TLS_EXPIRED


class TlsWrongHost(TlsFailed):
    """The certificate was issued for another host."""

    kind = FailureKind.TLS_WRONG_HOST


class TlsClientRefused(TlsFailed):
    """The server requires a client certificate, or another one."""

    kind = FailureKind.TLS_CLIENT


class AddressUnusable(ApiError):
    """httpx rejects the URL of the node or the proxy."""

    kind = FailureKind.ADDRESS


class ProxyRefused(ApiError):
    """The proxy rejected the request."""

    kind = FailureKind.PROXY


class NotAManagementNode(ApiError):
    """The server is not a management node."""

    kind = FailureKind.NOT_A_NODE


class HttpsRequired(NotAManagementNode):
    """The server requires https:// in the URL."""

    kind = FailureKind.HTTPS_REQUIRED


class Intercepted(ApiError):
    """A firewall or proxy in front of the node rejected the request."""

    kind = FailureKind.INTERCEPTED


class LoginRefused(ApiError):
    """Wrong account or password."""

    kind = FailureKind.LOGIN_REFUSED


class LoginErrorReplaced(LoginRefused):
    """A proxy replaced the node's answer to a login by a page."""

    kind = FailureKind.LOGIN_REPLACED


class PasswordMissing(LoginRefused):
    """There is no password yet; no login was attempted."""

    kind = FailureKind.PASSWORD_MISSING


class InteractiveLoginRequired(ApiError):
    """The login needs more than a password."""

    kind = FailureKind.LOGIN_NEEDS_MORE


class SecondFactorNeeded(InteractiveLoginRequired):
    """The login needs a one-time code."""

    kind = FailureKind.SECOND_FACTOR


class SecondFactorRefused(InteractiveLoginRequired):
    """The one-time code was wrong or has expired."""

    kind = FailureKind.SECOND_FACTOR_REFUSED


class CaptchaNeeded(InteractiveLoginRequired):
    """The login needs a captcha after too many failures."""

    kind = FailureKind.CAPTCHA


class AccountLocked(InteractiveLoginRequired):
    """The account is locked for some minutes after too many failed logins."""

    kind = FailureKind.LOCKED


class PasswordMustChange(InteractiveLoginRequired):
    """The first password of an account must be changed before anything else."""

    kind = FailureKind.NEW_PASSWORD


class PasswordExpired(InteractiveLoginRequired):
    """The password has expired."""

    kind = FailureKind.OLD_PASSWORD


class AddressRefused(InteractiveLoginRequired):
    """Logins from this address are not allowed."""

    kind = FailureKind.ADDRESS_REFUSED


class LoginTypeUnsupported(ApiError):
    """The node does not support this login type."""

    kind = FailureKind.LOGIN_UNKNOWN


class ProjectRefused(ApiError):
    """The virtual ID logged in but may not enter the project."""

    kind = FailureKind.PROJECT_REFUSED


class KeyRefused(ApiError):
    """The access key is unknown to the server, or disabled."""

    kind = FailureKind.KEY_UNKNOWN


class KeySignatureWrong(KeyRefused):
    """The secret does not belong to the key's id."""

    kind = FailureKind.KEY_SIGNATURE


class AccessKeysUnsupported(KeyRefused):
    """The node does not support access keys."""

    kind = FailureKind.KEY_UNSUPPORTED


class ClockSkewed(ApiError):
    """The server rejected the date of the signature."""

    kind = FailureKind.CLOCK_SKEW


class TooManySessions(ApiError):
    """The account has reached its session limit."""

    kind = FailureKind.TOO_MANY_SESSIONS


class SessionInvalid(ApiError):
    """The session is unknown to the server or has ended."""

    kind = FailureKind.SESSION_INVALID


class SessionContended(SessionInvalid):
    """The session ended again soon after it was renewed, while the node answered: by another login, or a restart."""

    kind = FailureKind.SESSION_CONTENDED


class PermissionDenied(ApiError):
    """The account has no permission for this call."""

    kind = FailureKind.PERMISSION_DENIED


class CdpUnavailable(ApiError):
    """The node has no CDP module or no licence for it."""

    kind = FailureKind.CDP_UNAVAILABLE


class NotReady(ApiError):
    """The node is starting or has lost its cluster."""

    kind = FailureKind.NOT_READY


class ServerError(ApiError):
    """The server reports an error that no other class describes."""

    kind = FailureKind.SERVER_ERROR


class ErrorReplaced(ServerError):
    """A proxy replaced the node's error by a page."""

    kind = FailureKind.ERROR_REPLACED


class RateLimited(ApiError):
    """Too many requests from this address."""

    kind = FailureKind.RATE_LIMITED


class UnreadableAnswer(ApiError):
    """The response does not have the expected format."""

    kind = FailureKind.UNREADABLE
