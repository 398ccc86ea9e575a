"""What can go wrong with a call to the management node, by what a person can do about it.

    ApiError
    ├── Unreachable            no connection
    ├── TimedOut               connected, but no answer in time
    ├── TlsFailed              certificate or protocol not accepted: untrusted, self-signed, expired, another host's,
    │                          or ours not accepted
    ├── AddressUnusable        the URL of the node or of the proxy, for the HTTP library
    ├── ProxyRefused           the proxy on the way lets nobody through, or not us
    ├── NotAManagementNode     something else answers
    ├── LoginRefused           wrong account or password; PasswordMissing when there is none to try
    ├── LoginNeedsMore         more than a password: second factor, captcha, a lock to wait for, a new password
    ├── LoginUnknown           the node has no login of this type
    ├── ProjectRefused         the node lets us in, but not into the project
    ├── KeyRefused             access key unknown, signature wrong, or no module for them
    ├── ClockSkewed            signed in another time than the server's
    ├── TooManySessions        the account's sessions are used up
    ├── SessionInvalid         ended or unknown; SessionContended when it happens again and again
    ├── PermissionDenied
    ├── CdpUnavailable         module or licence missing
    ├── NotReady               the node is starting
    ├── ServerError            everything else that the server itself reports
    ├── RateLimited
    ├── UnreadableAnswer       not JSON, cut off, or of another form
    └── MachineLimited         no thread, memory or descriptor is left here to make the call with

No words for people here: render has them, by `kind`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.redaction import Redactor


class ApiError(Exception):
    """A call that brought no usable answer."""

    kind: ClassVar[FailureKind] = FailureKind.SERVER_ERROR

    def __init__(self, detail: str, *, url: str, code: str = "") -> None:
        """`detail` is what was said, inert; `url` has no query; `code` is the server's own, or the HTTP status."""
        super().__init__()
        self.detail = detail
        self.url = url
        self.code = code
        self.may_have_executed = False
        """Whether the request may have gone out and been carried out, though no answer came back."""

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail} ({self.url})"

    def redact(self, secrets: Iterable[str]) -> None:
        """Take out of it what a server quoted that nobody may see."""
        redactor = Redactor()
        redactor.add(*secrets)
        self.detail = redactor.redact(self.detail)

    def as_failure(self) -> Failure:
        """The same as a value that can flow to the screen."""
        return Failure(kind=self.kind, detail=self.detail, url=self.url, code=self.code)


class Unreachable(ApiError):
    """No connection could be made, or it broke."""

    kind = FailureKind.UNREACHABLE


class MachineLimited(ApiError):
    """This machine had no thread, no memory or no descriptor left for the call."""

    kind = FailureKind.MACHINE_LIMIT


class TimedOut(ApiError):
    """No answer within the time-out."""

    kind = FailureKind.TIMED_OUT


class TlsFailed(ApiError):
    """The server's certificate or its TLS was not accepted."""

    kind = FailureKind.TLS


class TlsUntrusted(TlsFailed):
    """Nobody whom we trust vouches for the certificate."""

    kind = FailureKind.TLS_UNTRUSTED


class TlsSelfSigned(TlsFailed):
    """The certificate vouches for itself."""

    kind = FailureKind.TLS_SELF_SIGNED


class TlsExpired(TlsFailed):
    """The certificate is not valid any more, or not yet."""

    kind = FailureKind.TLS_EXPIRED


class TlsWrongHost(TlsFailed):
    """The certificate is another host's."""

    kind = FailureKind.TLS_WRONG_HOST


class TlsClientRefused(TlsFailed):
    """The server wants a certificate of ours, or another one."""

    kind = FailureKind.TLS_CLIENT


class AddressUnusable(ApiError):
    """The HTTP library does not accept the URL of the node or of the proxy."""

    kind = FailureKind.ADDRESS


class ProxyRefused(ApiError):
    """The proxy on the way does not let us through."""

    kind = FailureKind.PROXY


class NotAManagementNode(ApiError):
    """Something answers that is not a management node."""

    kind = FailureKind.NOT_A_NODE


class LoginRefused(ApiError):
    """The account or its password is wrong."""

    kind = FailureKind.LOGIN_REFUSED


class PasswordMissing(LoginRefused):
    """Nobody has given a password yet, and nothing was tried."""

    kind = FailureKind.PASSWORD_MISSING


class InteractiveLoginRequired(ApiError):
    """The server wants more than a password."""

    kind = FailureKind.LOGIN_NEEDS_MORE


class SecondFactorNeeded(InteractiveLoginRequired):
    """The password was right; now a code is wanted."""

    kind = FailureKind.SECOND_FACTOR


class SecondFactorRefused(InteractiveLoginRequired):
    """The code was wrong, or too old."""

    kind = FailureKind.SECOND_FACTOR_REFUSED


class CaptchaNeeded(InteractiveLoginRequired):
    """After too many failed logins: somebody must read a picture."""

    kind = FailureKind.CAPTCHA


class AccountLocked(InteractiveLoginRequired):
    """After too many failed logins: for some minutes nobody gets in."""

    kind = FailureKind.LOCKED


class PasswordMustChange(InteractiveLoginRequired):
    """The first password of an account must be changed before anything else."""

    kind = FailureKind.NEW_PASSWORD


class PasswordExpired(InteractiveLoginRequired):
    """The password is too old."""

    kind = FailureKind.OLD_PASSWORD


class AddressRefused(InteractiveLoginRequired):
    """Nobody may log in from where we are."""

    kind = FailureKind.ADDRESS_REFUSED


class LoginTypeUnsupported(ApiError):
    """The node has no login of this type."""

    kind = FailureKind.LOGIN_UNKNOWN


class ProjectRefused(ApiError):
    """The virtual ID got in, but not into the project."""

    kind = FailureKind.PROJECT_REFUSED


class KeyRefused(ApiError):
    """The access key is unknown to the server, or disabled."""

    kind = FailureKind.KEY_UNKNOWN


class KeySignatureWrong(KeyRefused):
    """The secret does not belong to the key's id."""

    kind = FailureKind.KEY_SIGNATURE


class AccessKeysUnsupported(KeyRefused):
    """The node has no module for access keys."""

    kind = FailureKind.KEY_UNSUPPORTED


class ClockSkewed(ApiError):
    """What was signed was not signed in the server's time."""

    kind = FailureKind.CLOCK_SKEW


class TooManySessions(ApiError):
    """The account has as many sessions as it may have."""

    kind = FailureKind.TOO_MANY_SESSIONS


class SessionInvalid(ApiError):
    """The session is unknown to the server or has ended."""

    kind = FailureKind.SESSION_INVALID


class SessionContended(SessionInvalid):
    """The session ended again soon after it was renewed."""

    kind = FailureKind.SESSION_CONTENDED


class PermissionDenied(ApiError):
    """The account may not make this call."""

    kind = FailureKind.PERMISSION_DENIED


class CdpUnavailable(ApiError):
    """This node has no CDP, or no licence for it."""

    kind = FailureKind.CDP_UNAVAILABLE


class NotReady(ApiError):
    """The node is starting or has lost its cluster."""

    kind = FailureKind.NOT_READY


class ServerError(ApiError):
    """The server reports an error of its own."""

    kind = FailureKind.SERVER_ERROR


class RateLimited(ApiError):
    """Too many requests from this address."""

    kind = FailureKind.RATE_LIMITED


class UnreadableAnswer(ApiError):
    """The answer cannot be read as what this call answers."""

    kind = FailureKind.UNREADABLE
