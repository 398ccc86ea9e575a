"""What can go wrong with a call to the management node, by what a person can do about it.

    ApiError
    ├── Unreachable            no connection
    ├── TimedOut               connected, but no answer in time
    ├── TlsFailed              certificate or protocol not accepted
    ├── NotAManagementNode     something else answers
    ├── LoginRefused           wrong account or password
    ├── LoginNeedsMore         second factor, captcha, locked, password to be changed
    ├── TooManySessions        the account's sessions are used up
    ├── SessionInvalid         ended or unknown; SessionContended when it happens again and again
    ├── PermissionDenied
    ├── CdpUnavailable         module or licence missing
    ├── NotReady               the node is starting
    ├── ServerError            everything else that the server itself reports
    ├── RateLimited
    └── UnreadableAnswer       not JSON, cut off, or of another form

No words for people here: render has them, by `kind`.
"""

from __future__ import annotations

from typing import ClassVar

from cdptui.models.failure import Failure, FailureKind


class ApiError(Exception):
    """A call that brought no usable answer."""

    kind: ClassVar[FailureKind] = FailureKind.SERVER_ERROR

    def __init__(self, detail: str, *, url: str, code: str = "") -> None:
        """`detail` is what was said, inert; `url` has no query; `code` is the server's own, or the HTTP status."""
        super().__init__(f"{self.kind.value}: {detail} ({url})")
        self.detail = detail
        self.url = url
        self.code = code

    def as_failure(self) -> Failure:
        """The same as a value that can flow to the screen."""
        return Failure(kind=self.kind, detail=self.detail, url=self.url, code=self.code)


class Unreachable(ApiError):
    """No connection could be made, or it broke."""

    kind = FailureKind.UNREACHABLE


class TimedOut(ApiError):
    """No answer within the time-out."""

    kind = FailureKind.TIMED_OUT


class TlsFailed(ApiError):
    """The server's certificate or its TLS was not accepted."""

    kind = FailureKind.TLS


class NotAManagementNode(ApiError):
    """Something answers that is not a management node."""

    kind = FailureKind.NOT_A_NODE


class LoginRefused(ApiError):
    """The account or its password is wrong."""

    kind = FailureKind.LOGIN_REFUSED


class LoginNeedsMore(ApiError):
    """The server wants more than a password."""

    kind = FailureKind.LOGIN_NEEDS_MORE


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
