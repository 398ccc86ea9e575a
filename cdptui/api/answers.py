"""An HTTP answer to its body, or to the error that it is.

The server answers every business error with 503 and a JSON `error` object, a refused session included; 401 is never
used, 400 and 404 are plain text, and there is normally no Content-Type, so bodies are sniffed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from cdptui.api.decode import loads_tolerantly
from cdptui.api.errors import (
    AccountLocked,
    AddressRefused,
    ApiError,
    CaptchaNeeded,
    CdpUnavailable,
    ClockSkewed,
    KeyRefused,
    KeySignatureWrong,
    KeysUnsupported,
    LoginNeedsMore,
    LoginRefused,
    NotAManagementNode,
    NotReady,
    PasswordMustChange,
    PasswordStale,
    PermissionDenied,
    ProxyRefused,
    RateLimited,
    SecondFactorNeeded,
    SecondFactorRefused,
    ServerError,
    SessionInvalid,
    TimedOut,
    TlsClientRefused,
    TooManySessions,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.models.sanitize import sanitize

_MAX_DETAIL: Final = 300

_BY_CODE: Final[dict[str, type[ApiError]]] = {
    "ID.1000": LoginRefused,
    "ID.1001": SessionInvalid,
    "ID.1002": PermissionDenied,
    "ID.1005": PasswordMustChange,
    "ID.1006": TooManySessions,
    "ID.2001": SecondFactorNeeded,
    "ID.2002": SecondFactorRefused,
    "LOGIN_CONTROL.1000": PasswordStale,
    "LOGIN_CONTROL.1002": AccountLocked,
    "LOGIN_CONTROL.1003": CaptchaNeeded,
    "LOGIN_CONTROL.1004": AddressRefused,
    "LOGIN_CONTROL.1005": CaptchaNeeded,
    "SYS.1001": TimedOut,
    "SYS.1010": NotReady,
    "SYS.1012": NotReady,
    "PORTAL.1000": CdpUnavailable,
    "PORTAL.1002": NotReady,
}
_BY_PREFIX: Final[dict[str, type[ApiError]]] = {
    "ID.20": LoginNeedsMore,
    "LOGIN_CONTROL.": LoginNeedsMore,
    "LICENSE.": CdpUnavailable,
}
_INVALID_SESSION: Final = frozenset(f"ORG_ZSTACK_IDENTITY_{number}" for number in (10018, 10019, 10020))
# The default refusal of a policy has the code of any failed operation and a text in the server's language.
_DENIED_WORDS: Final = ("is denied", "denied by", "permission", "拒绝", "权限")


_REFUSALS: Final = (
    ("requesttimetooskewed", ClockSkewed),
    ("accesskey signature", KeySignatureWrong),
    ("not existed or disabled", KeyRefused),
    ("restauthenticationbackend", KeysUnsupported),
    ("type must be 'oauth'", KeysUnsupported),
    # A web server in front: it shakes hands with anybody, and tells what was missing on a page.
    ("required ssl certificate", TlsClientRefused),
    ("ssl certificate error", TlsClientRefused),
)


class ErrorCode(Struct, frozen=True):
    """The server's error object, as far as it can be read; which fields it has depends on the server's generation."""

    code: str
    global_code: str
    texts: tuple[str, ...]
    """What it says, the best for a person first."""
    cause: ErrorCode | None
    factors: str = ""
    """Which second factors are wanted, when that is what it is about."""

    @classmethod
    def read(cls, record: Mapping[str, object], depth: int = 0) -> ErrorCode:
        """Read an error and what caused it; fields of another kind than they should be are passed over."""
        causes = record.get("causes")
        inner = record.get("cause") or (causes[0] if isinstance(causes, list) and causes else None)
        texts = (record.get(name) for name in _TEXTS)
        return cls(
            code=_text_or_nothing(record.get("code")),
            global_code=_text_or_nothing(record.get("globalErrorCode")),
            texts=tuple(text for text in texts if isinstance(text, str) and text),
            cause=cls.read(inner, depth + 1) if isinstance(inner, dict) and depth < _MAX_DEPTH else None,
            factors=_factors(record),
        )

    def message(self) -> str:
        """The best sentence for a person: the deepest cause's, in the language that the server chose."""
        error = self
        while error.cause is not None:
            error = error.cause
        return sanitize(next(iter(error.texts), error.code or "no details"), _MAX_DETAIL)


_TEXTS: Final = ("localizedMessage", "i18nDetails", "details", "elaboration", "description")
_MAX_DEPTH: Final = 20


def _factors(record: Mapping[str, object]) -> str:
    """Newer servers say in `opaque` which second factors they want, older ones in a `details` that is JSON."""
    told = record.get("opaque")
    details = record.get("details")
    if not isinstance(told, dict) and isinstance(details, str) and details.startswith("{"):
        told = loads_tolerantly(details.encode(errors="replace"))
    names = told.get("authentications") if isinstance(told, dict) else None
    return sanitize(", ".join(name for name in names if isinstance(name, str)), 60) if isinstance(names, list) else ""


def _text_or_nothing(value: object) -> str:
    return value if isinstance(value, str) else ""


def check_answer(status: int, body: bytes, *, url: str, location: str = "") -> bytes:
    """Return the JSON body of a good answer; raise the ApiError that a bad one is.

    `url` is for the message and has no query. `location` is the header of a redirect, which is never followed.
    """
    if status == 200 and _looks_like_json(body):
        # The vendor's page promises an `error` in every reply; real ones have it only when there is one.
        if b'"error"' in body[:_MAX_DETAIL] and (error := _read_error(body)) is not None:
            raise _raisable(error, url)
        return body
    raise _bad_answer(status, body, url, location)


def _bad_answer(status: int, body: bytes, url: str, location: str) -> ApiError:
    code = f"HTTP {status}"
    text = _plain_text(body)
    is_page = body.lstrip()[:1] == b"<"
    if 300 <= status < 400 and location:
        return NotAManagementNode(f"redirects to {sanitize(location, 200)}", url=url, code=code)
    match status:
        case 503 if _looks_like_json(body):
            return _business_error(body, url)
        case 502 | 503 | 504:
            return Unreachable("a proxy answers that the node behind it does not", url=url, code=code)
        case 404 if "no api mapping" in text:
            return CdpUnavailable(text, url=url, code=code)
        case 429:
            return RateLimited(text, url=url, code=code)
        case 400 | 403 | 407 if (refusal := _refusal(status, text)) is not None:
            return refusal(_title(body) or text, url=url, code=code)
        case 403 if not is_page:
            return PermissionDenied(text, url=url, code=code)
        case 400 | 500 if not is_page:
            return ServerError(text or "no details", url=url, code=code)
        case 200 | 202 if not is_page and (body or status == 202):
            return UnreadableAnswer(f"not a JSON object: {text or 'empty'}", url=url, code=code)
        case _:
            return NotAManagementNode(_title(body) or text or "an empty answer", url=url, code=code)


def _refusal(status: int, text: str) -> type[ApiError] | None:
    """Whose refusal it is, a proxy's or that of a signed request, as far as the text tells: there is no code in it."""
    if status == 407:
        return ProxyRefused
    said = text.lower()
    return next((kind for words, kind in _REFUSALS if words in said), None)


def _business_error(body: bytes, url: str) -> ApiError:
    error = _read_error(body)
    if error is None:
        return Unreachable("503 without ZStack's error object: a proxy, or the node is down", url=url, code="HTTP 503")
    return _raisable(error, url)


def _raisable(error: ErrorCode, url: str) -> ApiError:
    kind = _class_of(error)
    said = error.factors if kind is SecondFactorNeeded and error.factors else error.message()
    return kind(said, url=url, code=sanitize(error.code, 60))


def _read_error(body: bytes) -> ErrorCode | None:
    reply = loads_tolerantly(body)
    record = reply.get("error") if isinstance(reply, dict) else None
    return ErrorCode.read(record) if isinstance(record, dict) else None


def _class_of(error: ErrorCode) -> type[ApiError]:
    if {error.code, error.global_code} & _INVALID_SESSION:
        return SessionInvalid
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    for prefix, kind in _BY_PREFIX.items():
        if error.code.startswith(prefix):
            return kind
    said = " ".join(error.texts).lower()
    if error.code == "SYS.1006" and any(word in said for word in _DENIED_WORDS):
        return PermissionDenied
    return ServerError


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _plain_text(body: bytes) -> str:
    return sanitize(body[: _MAX_DETAIL * 4].decode("utf-8", errors="replace").strip(), _MAX_DETAIL)


def _title(page: bytes) -> str:
    """The title of an HTML page: enough to know whose it is."""
    head = page[:4096].decode("utf-8", errors="replace")
    start, end = head.lower().find("<title>"), head.lower().find("</title>")
    title = " ".join(head[start + 7 : end].split()) if 0 <= start < end else ""
    if title:
        return sanitize(f"a web page, “{title}”", _MAX_DETAIL)
    return "a web page" if page.lstrip()[:1] == b"<" else ""
