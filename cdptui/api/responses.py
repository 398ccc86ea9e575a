"""Check HTTP responses: return the JSON body or raise the matching error.

The server reports every business error, including an invalid session, as 503 with a JSON `error` object. It never uses
401, sends 400 and 404 as plain text, and normally sends no Content-Type, so bodies are recognised by their content.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from cdptui.api.decode import loads_lenient
from cdptui.api.errors import (
    AccessKeysUnsupported,
    AccountLocked,
    AddressRefused,
    ApiError,
    CaptchaNeeded,
    CdpUnavailable,
    ClockSkewed,
    HttpsRequired,
    InteractiveLoginRequired,
    Intercepted,
    KeyRefused,
    KeySignatureWrong,
    LoginRefused,
    NotAManagementNode,
    NotReady,
    PasswordExpired,
    PasswordMustChange,
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
    "LOGIN_CONTROL.1000": PasswordExpired,
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
    "ID.20": InteractiveLoginRequired,
    "LOGIN_CONTROL.": InteractiveLoginRequired,
    "LICENSE.": CdpUnavailable,
}
_INVALID_SESSION: Final = frozenset(f"ORG_ZSTACK_IDENTITY_{number}" for number in (10018, 10019, 10020))
# A call denied by a policy has the code of any failed operation, and a message in the server's language.
_DENIED_WORDS: Final = ("is denied", "denied by", "permission", "拒绝", "权限")


_REFUSAL_TEXTS: Final = (
    ("requesttimetooskewed", ClockSkewed),
    ("accesskey signature", KeySignatureWrong),
    ("not existed or disabled", KeyRefused),
    ("restauthenticationbackend", AccessKeysUnsupported),
    ("type must be 'oauth'", AccessKeysUnsupported),
    # A reverse proxy accepts the TLS handshake and reports a missing client certificate in a web page.
    ("required ssl certificate", TlsClientRefused),
    ("ssl certificate error", TlsClientRefused),
)


class ErrorCode(Struct, frozen=True):
    """The server's error object, whose fields depend on the server's version."""

    code: str
    global_code: str
    texts: tuple[str, ...]
    """Its messages, the most useful one first."""
    cause: ErrorCode | None
    required_factors: str = ""
    """The second factors that the login needs."""

    @classmethod
    def read(cls, record: Mapping[str, object], depth: int = 0) -> ErrorCode:
        """Read an error and its causes; fields of an unexpected type are ignored."""
        causes = record.get("causes")
        inner = record.get("cause") or (causes[0] if isinstance(causes, list) and causes else None)
        texts = (record.get(name) for name in _TEXTS)
        return cls(
            code=_text_or_nothing(record.get("code")),
            global_code=_text_or_nothing(record.get("globalErrorCode")),
            texts=tuple(text for text in texts if isinstance(text, str) and text),
            cause=cls.read(inner, depth + 1) if isinstance(inner, dict) and depth < _MAX_DEPTH else None,
            required_factors=_factors(record),
        )

    @property
    def is_zstack(self) -> bool:
        """Whether its code has the form of the server's, such as SYS.1006."""
        return _ZSTACK_CODE.fullmatch(self.code) is not None

    def message(self) -> str:
        """Return the most useful message: that of the deepest cause, in the server's language."""
        error = self
        while error.cause is not None:
            error = error.cause
        return sanitize(next(iter(error.texts), error.code or "no details"), _MAX_DETAIL)


_TEXTS: Final = ("localizedMessage", "i18nDetails", "details", "elaboration", "description")
_MAX_DEPTH: Final = 20
_ZSTACK_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]*\.\d+")


def _factors(record: Mapping[str, object]) -> str:
    """Return the required second factors: newer servers list them in `opaque`, older ones as JSON in `details`."""
    source = record.get("opaque")
    details = record.get("details")
    if not isinstance(source, dict) and isinstance(details, str) and details.startswith("{"):
        source = loads_lenient(details.encode(errors="replace"))
    names = source.get("authentications") if isinstance(source, dict) else None
    return sanitize(", ".join(name for name in names if isinstance(name, str)), 60) if isinstance(names, list) else ""


def _text_or_nothing(value: object) -> str:
    return value if isinstance(value, str) else ""


def check_response(status: int, body: bytes, *, url: str, location: str = "") -> bytes:
    """Return the JSON body of a good response; raise the ApiError of a bad one.

    `url` is for the message and has no query. `location` is the header of a redirect, which is never followed.
    """
    if status == 200 and looks_like_json(body):
        # The vendor documents an `error` in every reply; real servers send it only with an error.
        if b'"error"' in body[:_MAX_DETAIL] and (error := _read_error(body)) is not None:
            raise _to_exception(error, url)
        return body
    raise _business_error(status, body, url) or _redirect(status, location, url) or _error_response(status, body, url)


def _error_response(status: int, body: bytes, url: str) -> ApiError:
    """Return the error for an answer without an error object: of the node's REST layer, or of another server."""
    code = f"HTTP {status}"
    text = _plain_text(body)
    is_page = _is_page(body)
    match status:
        case 502 | 503 | 504:
            said = _title(body) or text
            return Unreachable(f"a proxy answers for the node: {said}" if said else _NO_RESPONSE, url=url, code=code)
        case 404 if "no api mapping" in text:
            return CdpUnavailable(text, url=url, code=code)
        case 429:
            return RateLimited(_title(body) or text, url=url, code=code)
        case 400 if any(words in text.lower() for words in _PLAIN_HTTP_TEXTS):
            return _https_required(_title(body) or text, "", url, code)
        case 400 | 403 | 407 if (refusal := _refusal(status, text)) is not None:
            return refusal(_title(body) or text, url=url, code=code)
        case 403:
            return Intercepted(_title(body) or text or "no details", url=url, code=code)
        case 400 | 500 if not is_page:
            return ServerError(text or "no details", url=url, code=code)
        case 200 | 202 if not is_page and (body or status == 202):
            return UnreadableAnswer(f"not a JSON object: {text or 'empty'}", url=url, code=code)
        case _:
            return NotAManagementNode(_title(body) or text or "an empty answer", url=url, code=code)


_NO_RESPONSE: Final = "a proxy reports that the node does not respond"

_PLAIN_HTTP_TEXTS: Final = (
    "plain http request was sent to https port",
    "sent an http request to an https server",
    "speaking plain http to an ssl-enabled",
    "combination of host and port requires tls",
)
"""What nginx, Go, Apache and Tomcat answer to http:// on a port for https://."""


def _redirect(status: int, location: str, url: str) -> ApiError | None:
    """Return the error for a redirect, which is never followed; None for another answer."""
    if not 300 <= status < 400 or not location:
        return None
    code, detail = f"HTTP {status}", f"redirects to {sanitize(location, 200)}"
    try:
        asked, target = urlsplit(url), urlsplit(location)
        is_upgrade = (asked.scheme, target.scheme) == ("http", "https") and asked.hostname == target.hostname
    except ValueError:
        is_upgrade = False
    if is_upgrade:
        return _https_required(detail, target.netloc, url, code)
    return NotAManagementNode(detail, url=url, code=code)


def _https_required(detail: str, netloc: str, url: str, code: str) -> HttpsRequired:
    """Return the error for a node that requires https at `netloc`, or at the requested address without it."""
    error = HttpsRequired(detail, url=url, code=code)
    asked = urlsplit(url)
    prefix = asked.path.partition("/zstack")[0]
    error.better_url = sanitize(f"https://{(netloc or asked.netloc).rpartition('@')[2]}{prefix}", 200)
    return error


def answer_text(body: bytes) -> str:
    """Return the title of a page, or the beginning of a text."""
    return _title(body) or _plain_text(body)


def _refusal(status: int, text: str) -> type[ApiError] | None:
    """Return the error for a refusal that has no error code, by its text. Proxies and signed requests get these."""
    if status == 407:
        return ProxyRefused
    lower = text.lower()
    return next((kind for words, kind in _REFUSAL_TEXTS if words in lower), None)


def _business_error(status: int, body: bytes, url: str) -> ApiError | None:
    """Return the error that the node reports as JSON; None for another answer.

    Its status is 503. A newer server may use others, with the same codes.
    """
    error = _read_error(body) if looks_like_json(body) and status >= 400 else None
    if error is None or not (status == 503 or (error.is_zstack and status != 429)):
        return None
    return _to_exception(error, url)


def _to_exception(error: ErrorCode, url: str) -> ApiError:
    kind = _class_of(error)
    detail = error.required_factors if kind is SecondFactorNeeded and error.required_factors else error.message()
    return kind(detail, url=url, code=sanitize(error.code, 60))


def _read_error(body: bytes) -> ErrorCode | None:
    reply = loads_lenient(body)
    record = reply.get("error") if isinstance(reply, dict) else None
    if not isinstance(record, dict) or not isinstance(record.get("code", ""), str):
        # The errors of some proxies have the HTTP status as their code.
        return None
    return ErrorCode.read(record)


def _class_of(error: ErrorCode) -> type[ApiError]:
    if {error.code, error.global_code} & _INVALID_SESSION:
        return SessionInvalid
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    for prefix, kind in _BY_PREFIX.items():
        if error.code.startswith(prefix):
            return kind
    text = " ".join(error.texts).lower()
    if error.code == "SYS.1006" and any(word in text for word in _DENIED_WORDS):
        return PermissionDenied
    return ServerError


def looks_like_json(body: bytes) -> bool:
    """Return whether a body begins like a JSON object."""
    return body.lstrip()[:1] == b"{"


def _plain_text(body: bytes) -> str:
    return sanitize(body[: _MAX_DETAIL * 4].decode("utf-8", errors="replace").strip(), _MAX_DETAIL)


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


_TITLE: Final = re.compile(r"<(title|h1)(?:\s[^>]*)?>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
"""HAProxy's pages have a heading and no title."""


def _title(page: bytes) -> str:
    """Return the title of an HTML page, which identifies its sender."""
    head = page[:4096].decode("utf-8", errors="replace")
    found = _TITLE.search(head) if "<" in head else None
    title = " ".join(found[2].split()) if found is not None else ""
    if title:
        return sanitize(f"a web page, “{title}”", _MAX_DETAIL)
    return "a web page" if _is_page(page) else ""


MAX_BODY_BYTES: Final = 32 * 2**20
"""A page of 1,000 tasks is about 1 MB, and 14 MB if every text has the maximum length and is escaped."""

ACCEPTED_ENCODING: Final = "gzip"

_MAX_CODINGS: Final = 4
"""Maximum content codings of one body. A proxy and a server that both compress make two."""

_OUTPUT_BYTES: Final = 2**20
"""Bytes decoded between two yields to the event loop: a few milliseconds."""

_INPUT_BYTES: Final = 4096
"""Compressed bytes passed to zlib at once. zlib copies the data after the end of a member, so a response of a million
members in large pieces would take quadratic time."""

_CALL_COST: Final = 4096
"""A call of zlib without output takes as long as decompressing about this many bytes."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
_HEADER_BYTES: Final = 2

Decode = Callable[[AsyncIterator[bytes], str], AsyncIterator[bytes]]


async def read_body(response: httpx.Response, url: str) -> bytes:
    """Return the whole body, decoded. Raises UnreadableAnswer when it is too large or cannot be decoded."""
    if int(_digits(response.headers.get("content-length", ""))) > MAX_BODY_BYTES:
        raise _too_large(url)
    body = bytearray()
    try:
        async for piece in _decoded(response, url):
            body += piece
    except (httpx.ReadError, httpx.RemoteProtocolError):
        # A proxy that refuses a request may close before it has read all of it, which resets the connection.
        if response.status_code < 400:
            raise
    return bytes(body)


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) < 20 else "0"


def _too_large(url: str) -> UnreadableAnswer:
    return UnreadableAnswer("response too large", url=url)


def _decoded(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    codings = [name for name in names if name not in {"", "identity"}]
    if not codings:
        return _bounded(response.aiter_bytes(), url)
    if len(codings) > _MAX_CODINGS:
        message = f"{len(codings)} nested content codings"
        raise UnreadableAnswer(message, url=url)
    pieces = _bounded(response.aiter_raw(), url)
    # Codings are listed in the order in which they were applied.
    for coding in reversed(codings):
        decode = _DECODERS.get(coding)
        if decode is None:
            message = f"unsupported content coding {sanitize(coding, 40)}"
            raise UnreadableAnswer(message, url=url)
        pieces = _bounded(decode(pieces, url), url)
    return pieces


async def _bounded(pieces: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise _too_large(url)
        if piece:
            yield piece


async def _gunzip(packed: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    """Decode gzip: consecutive members (RFC 1952); ignore zero bytes or garbage after them, as gzip(1) does."""
    inflater = _Inflater("gzip", url)
    before_member, is_over = b"", False
    is_empty = True
    async for piece in _sliced(packed):
        is_empty = False
        rest = piece
        while rest and not is_over:
            if not inflater.is_within:
                # Members may be padded with zero bytes to the size of a block.
                before_member = rest = (before_member + rest).lstrip(b"\0" if inflater.has_ended else b"")
                if len(rest) < _HEADER_BYTES:
                    break
                if inflater.has_ended and not rest.startswith(_GZIP_MAGIC):
                    is_over = True
                    break
                before_member = b""
                inflater.begin(_GZIP)
            async for unpacked in inflater.unpack(rest):
                yield unpacked
            rest = inflater.rest
    if inflater.is_within or not (is_empty or inflater.has_ended):
        raise _cut_off(url)


async def _inflate(packed: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    """Decode deflate: with a zlib header as RFC 9110 requires, or without one as some servers send it."""
    inflater = _Inflater("deflate", url)
    header = b""
    async for piece in _sliced(packed):
        rest = piece
        if not (inflater.is_within or inflater.has_ended):
            header = rest = header + piece
            if len(header) < _HEADER_BYTES:
                continue
            inflater.begin(_ZLIB if _is_zlib(header) else _RAW_DEFLATE)
        if inflater.is_within:
            async for unpacked in inflater.unpack(rest):
                yield unpacked
    if inflater.is_within or (header and not inflater.has_ended):
        raise _cut_off(url)


_DECODERS: Final[dict[str, Decode]] = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _inflate}


class _Inflater:
    """Decodes consecutive deflate streams."""

    def __init__(self, coding: str, url: str) -> None:
        self._coding = coding
        self._url = url
        self._stream = zlib.decompressobj(_RAW_DEFLATE)
        self._work = 0
        self.is_within = False
        """A stream has started and not ended."""
        self.has_ended = False
        """At least one stream has ended."""
        self.rest = b""
        """The data after the end of the last stream."""

    def begin(self, window_bits: int) -> None:
        """Begin a stream whose format is given by zlib's `window_bits`."""
        self._stream = zlib.decompressobj(window_bits)
        self.is_within = True

    async def unpack(self, packed: bytes) -> AsyncIterator[bytes]:
        """Unpack up to the end of the stream. Raises UnreadableAnswer."""
        self.rest = b""
        left, is_full = packed, False
        # After a full output buffer zlib may hold more output, although it has consumed all input.
        while (left or is_full) and self.is_within:
            try:
                unpacked = self._stream.decompress(left, _OUTPUT_BYTES)
            except zlib.error as error:
                message = f"invalid {self._coding} data: {sanitize(str(error), 100)}"
                raise UnreadableAnswer(message, url=self._url) from error
            self._work += len(unpacked) + _CALL_COST
            if unpacked:
                yield unpacked
            if self._work >= _OUTPUT_BYTES:
                self._work = 0
                # Decoding a megabyte takes a few milliseconds; a key press may be waiting.
                await asyncio.sleep(0)
            left, is_full = self._stream.unconsumed_tail, len(unpacked) == _OUTPUT_BYTES
            if self._stream.eof:
                self.is_within, self.has_ended = False, True
                self.rest = self._stream.unused_data


async def _sliced(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        for at in range(0, len(piece), _INPUT_BYTES):
            yield piece[at : at + _INPUT_BYTES]


def _is_zlib(header: bytes) -> bool:
    """Return whether two bytes are a zlib header (RFC 1950): method 8, and a multiple of 31."""
    return header[0] & 0x0F == 8 and int.from_bytes(header[:_HEADER_BYTES], "big") % 31 == 0


def _cut_off(url: str) -> UnreadableAnswer:
    return UnreadableAnswer("truncated compressed response", url=url)
