"""One HTTP connection pool to one management node: sends a request, returns the body of a good answer.

Knows about time-outs, sizes and broken connections; nothing about sessions or tasks.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from cdptui import __version__
from cdptui.api.answers import check_answer
from cdptui.api.errors import (
    ApiError,
    NotAManagementNode,
    TimedOut,
    TlsFailed,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.models.text import inert

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64 * 2**20
"""A page of 1000 tasks is about 1 MB; whatever is much larger is not an answer."""

_SHOWN_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read_s` is the wait for the next byte, `total_s` bounds a whole answer, however it trickles."""

    connect_s: float
    read_s: float
    total_s: float

    @classmethod
    def of(cls, timeout_s: float) -> Timeouts:
        """The set that goes with one number: at most 5 s to connect, three times the number in all."""
        return cls(connect_s=min(5.0, timeout_s), read_s=timeout_s, total_s=3 * timeout_s)


class Http:
    """A pool with keep-alive and a cookie jar; follows no redirects, so that no header ever travels to another host."""

    def __init__(self, base_url: str, timeouts: Timeouts, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`base_url` ends in the API's prefix, such as `http://10.0.0.5:8080/zstack/v1`."""
        self._base_url = base_url.rstrip("/")
        self._timeouts = timeouts
        self._client = httpx.AsyncClient(
            headers={"User-Agent": f"cdptui/{__version__}", "Accept": "application/json", "Accept-Language": "en"},
            timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s),
            # The server closes an idle connection after 120 s; leave it before that.
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=90.0),
            follow_redirects=False,
            # The trusted certificates take 35 ms to read; plain HTTP asks for none.
            verify=base_url.startswith("https:"),
            transport=transport,
        )

    @property
    def base_url(self) -> str:
        """Where requests go, for people: without credentials."""
        return self._base_url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        json: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        shown_path: str | None = None,
        total_s: float | None = None,
    ) -> bytes:
        """Send one request and return the JSON body of its answer.

        `shown_path` stands for `path` in messages where that holds a secret. Raises ApiError.
        """
        url = self._base_url + path
        shown = self._base_url + (shown_path or path)
        sent = dict(headers or {})
        if json is not None:
            sent["Content-Type"] = "application/json;charset=UTF-8"
        try:
            async with asyncio.timeout(total_s or self._timeouts.total_s):
                request = self._client.build_request(method, url, params=list(params), json=json, headers=sent)
                response = await self._client.send(request, stream=True)
                try:
                    body = await self._read(response, shown)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise TimedOut("the answer took too long", url=shown) from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise _transport_error(error, shown, self._timeouts) from error
        return check_answer(response.status_code, body, url=shown, location=response.headers.get("location", ""))

    @staticmethod
    async def _read(response: httpx.Response, shown: str) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise UnreadableAnswer("larger than any list of tasks", url=shown)
        return bytes(body)


def _transport_error(error: Exception, url: str, timeouts: Timeouts) -> ApiError:
    reasons = _reasons(error)
    said = inert("; ".join(dict.fromkeys(str(reason) for reason in reasons if str(reason))), 200)
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return TlsFailed(said, url=url)
    match error:
        case httpx.ConnectTimeout():
            return TimedOut(f"no connection within {timeouts.connect_s:g} s", url=url)
        case httpx.TimeoutException():
            return TimedOut(f"no answer within {timeouts.read_s:g} s", url=url)
        case httpx.RemoteProtocolError():
            if "disconnected" in str(error) or "closed connection" in str(error):
                return Unreachable("the connection was closed before the answer was complete", url=url)
            return NotAManagementNode(f"no HTTP: {said}", url=url)
        case httpx.DecodingError():
            return UnreadableAnswer(said, url=url)
        case _:
            return Unreachable(_reason_in_words(reasons) or said or type(error).__name__, url=url)


def _reasons(error: BaseException) -> list[BaseException]:
    """The error and what it came from, deepest first: the system's own word is the useful one."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        if isinstance(current, BaseExceptionGroup):
            chain.extend(current.exceptions)
        current = current.__cause__ or current.__context__
    return chain[::-1][:_SHOWN_REASONS]


def _reason_in_words(reasons: Sequence[BaseException]) -> str:
    for reason in reasons:
        match reason:
            case socket.gaierror():
                return f"name not found: {inert(reason.strerror or '', 120)}"
            case OSError(errno=int(number)):
                # asyncio replaces the system's word by its own; the number still has it.
                return os.strerror(number)
    return ""
