"""HTTP client with one connection pool per management node: sends requests and returns the bodies of good responses.

Knows about time-outs, broken connections, TLS and a proxy; nothing about sessions or tasks.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import httpx
from msgspec import Struct

from cdptui import __version__
from cdptui.api.charset import as_utf8
from cdptui.api.errors import AddressUnusable, ApiError, TimedOut
from cdptui.api.responses import ACCEPTED_ENCODING, check_response, read_body
from cdptui.api.tls import create_ssl_context
from cdptui.api.transport_errors import map_transport_error
from cdptui.clock import Clock
from cdptui.models.redaction import MASK, url_secrets
from cdptui.models.tls import TlsSettings

log = logging.getLogger(__name__)

KEPT_IDLE_S: Final = 90.0
"""Idle connections are closed before the server does so after 120 s."""

_LONG_SECRET: Final = 16
"""Secrets of this length do not occur by chance: sessions, cookies, signatures and hashes, hardly a password."""

_IDEMPOTENT: Final = frozenset({"GET", "DELETE"})
"""Idempotent methods, which may be sent again when it is unknown whether the request arrived."""

_ZONED: Final = re.compile(r"(https?://\[)([0-9a-f:.]+)%25([^\]]+)(\].*)")
"""A URL whose host is an IPv6 address with a zone."""

_MAX_COOKIES: Final = 16

_TCP_USER_TIMEOUT_S: Final = 5
"""A peer that acknowledges nothing for so long is gone, for example after a change of networks."""


def _socket_options() -> list[tuple[int, int, int]]:
    """Let the system detect dead idle connections, where it can, before a request waits on one."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (
        ("TCP_KEEPIDLE", 15),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", _TCP_USER_TIMEOUT_S * 1000),
    ):
        number = getattr(socket, name, None)
        options += [(socket.IPPROTO_TCP, number, value)] if number is not None else []
    return options


_SOCKET_OPTIONS: Final = _socket_options()

_HEADERS: Final = {
    "User-Agent": f"cdptui/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": ACCEPTED_ENCODING,
    "Accept-Language": "en",
}


class Timeouts(Struct, frozen=True):
    """Seconds. `read_s` is the wait for the next byte, `total_s` bounds a whole answer, however it trickles."""

    connect_s: float
    read_s: float
    total_s: float

    @property
    def list_s(self) -> float:
        """Limit for a whole list of any number of pages: a hundred of them from a slow node."""
        return 40 * self.read_s

    @property
    def for_login(self) -> Timeouts:
        """Longer for logins, because a cancelled login may leave a session open."""
        total_s = max(60.0, self.total_s)
        return Timeouts(self.connect_s, total_s, total_s)

    @classmethod
    def of(cls, timeout_s: float) -> Timeouts:
        """Derive all time-outs from the read time-out: at most 5 s to connect, three times the number in total."""
        return cls(connect_s=min(5.0, timeout_s), read_s=timeout_s, total_s=3 * timeout_s)


class HttpClient:
    """A pool with keep-alive and a cookie jar; follows no redirects, so that no header ever travels to another host."""

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        clock: Clock,
        *,
        tls: TlsSettings | None = None,
        proxy: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`base_url` ends in the API's prefix, such as `http://10.0.0.5:8080/zstack/v1`.

        Raises OSError when the certificates that `tls` names cannot be read, AddressUnusable for a URL that httpx does
        not accept.
        """
        self._base_url = base_url.rstrip("/")
        self.timeouts: Final = timeouts
        self._clock = clock
        self._proxy = proxy
        self._transport = transport
        # Loading the trusted certificates takes 35 ms; plain HTTP needs none.
        self._tls = create_ssl_context(tls or TlsSettings()) if base_url.startswith("https:") else None
        self._proxy_tls = create_ssl_context(tls or TlsSettings()) if (proxy or "").startswith("https:") else None
        try:
            self._request_url, self._host_header, self._tls_name = _zone_apart(self._base_url)
            httpx.URL(self._request_url)
            self._client = self._new_client(httpx.Cookies())
            self._proxy_secrets = _credentials_in(proxy) if proxy is not None else ()
        except (httpx.InvalidURL, ValueError) as error:
            # httpx may quote the URL of the proxy, and with it a password.
            raise AddressUnusable("the HTTP library does not accept it", url=self._base_url) from error
        self.date = ""
        """The server's time of the newest response, from its Date header."""
        self._under_way: set[_Trace] = set()
        self._used_at = clock.monotonic()

    @property
    def base_url(self) -> str:
        """The base URL for display, without credentials."""
        return self._base_url

    @property
    def has_request_in_flight(self) -> bool:
        """Whether a request is in flight."""
        return any(not trace.is_connecting for trace in self._under_way)

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
        timeouts: Timeouts | None = None,
        secrets: Iterable[str] = (),
    ) -> bytes:
        """Send one request and return the JSON body of its response.

        `shown_path` stands for `path` in messages where that holds a secret, `timeouts` for the usual ones. Servers
        that fail quote what they were sent: neither `secrets` nor what the headers hold of them comes into a message.
        Raises ApiError.
        """
        shown = self._base_url + (shown_path or path)
        sent, trace = {**self._host_header, **(headers or {})}, _Trace()
        times = timeouts or self.timeouts
        if json is not None:
            sent["Content-Type"] = "application/json;charset=UTF-8"
        try:
            async with asyncio.timeout(times.total_s):
                await self._drop_stale_connections()
                self._under_way.add(trace)
                try:
                    request = self._client.build_request(
                        method,
                        self._request_url + path,
                        params=list(params),
                        json=json,
                        headers=sent,
                        timeout=httpx.Timeout(times.read_s, connect=times.connect_s),
                        extensions={"trace": trace, **self._tls_name},
                    )
                    response = await self._send_with_retry(request, trace)
                    self.date = response.headers.get("date", "")
                    try:
                        body = as_utf8(await read_body(response, shown), response.charset_encoding)
                    finally:
                        await response.aclose()
                finally:
                    self._under_way.discard(trace)
                    self._used_at = self._clock.monotonic()
        except TimeoutError as error:
            late = TimedOut("the answer took too long", url=shown)
            late.may_have_executed = not trace.is_connecting
            raise late from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            failure = map_transport_error(
                error, shown, connect_s=times.connect_s, read_s=times.read_s, proxy=self._proxy_display()
            )
            failure.may_have_executed = not trace.is_connecting
            raise failure from error
        return _checked(response, body, shown, [*secrets, *self._sent_secrets(request)])

    def _sent_secrets(self, request: httpx.Request) -> list[str]:
        """Return the credentials in the headers: session or signature, cookies, and the proxy password."""
        credential = re.split(r"[ :]", request.headers.get("authorization", ""))[-1]
        cookies = (cookie.value for cookie in self._client.cookies.jar)
        return [secret for secret in (credential, *cookies, *self._proxy_secrets) if secret]

    async def _send_with_retry(self, request: httpx.Request, trace: _Trace) -> httpx.Response:
        """The answer, as soon as its headers are there.

        A connection that was kept may have been closed at the other end just before it was used: then, and only when
        no answer began, the request is sent again on a new one.
        """
        try:
            return await self._client.send(request, stream=True)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if request.method not in _IDEMPOTENT or not trace.was_reused:
                raise
        log.debug("a kept connection was dead, the request is sent again on a new one")
        return await self._client.send(request, stream=True)

    async def _drop_stale_connections(self) -> None:
        """Drop connections that were idle for longer than the server keeps them, including time in suspend.

        The pool counts by a clock that stops while the machine sleeps, and would find them fresh.
        """
        _drop_unsendable(self._client.cookies)
        if self._under_way or self._clock.monotonic() - self._used_at <= KEPT_IDLE_S:
            return
        old, self._client = self._client, self._new_client(self._client.cookies)
        self._used_at = self._clock.monotonic()
        await old.aclose()

    def _new_client(self, cookies: httpx.Cookies) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=_HEADERS,
            cookies=cookies,
            follow_redirects=False,
            # What of the environment counts is decided where settings are made.
            trust_env=False,
            transport=self._transport or self._new_transport(),
        )

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._tls if self._tls is not None else False,
            trust_env=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=KEPT_IDLE_S),
            proxy=None if self._proxy is None else httpx.Proxy(self._proxy, ssl_context=self._proxy_tls),
            socket_options=_SOCKET_OPTIONS,
        )

    def _proxy_display(self) -> str:
        """The proxy for display, without its password."""
        if self._proxy is None:
            return ""
        parts = urlsplit(self._proxy)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _credentials_in(proxy: str) -> tuple[str, ...]:
    """Return the password in a proxy's URL in every form in which it is sent: as it is, and as a header has it."""
    user_info = urlsplit(proxy).netloc.rpartition("@")[0]
    user, _, password = user_info.partition(":")
    if not user_info:
        return ()
    pair = f"{unquote(user)}:{unquote(password)}".encode(errors="surrogateescape")
    encoded = base64.b64encode(pair).decode("ascii")
    return (*url_secrets(proxy), encoded, encoded.rstrip("="))


def _drop_unsendable(cookies: httpx.Cookies) -> None:
    """Drop cookies that are too many, and those that httpx could not send: a header must be ASCII."""
    if len(cookies.jar) > _MAX_COOKIES:
        cookies.clear()
    for cookie in list(cookies.jar):
        if not f"{cookie.name}{cookie.value}".isascii():
            cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def _zone_apart(base_url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Split the zone of an IPv6 address from what the server gets to see: it means something on this machine only.

    The URL for httpx, which takes a zone as the system writes it; the Host header (RFC 6874, 4); the name in TLS, which
    is compared with the address in the certificate. Without a zone httpx's own are right.
    """
    match = _ZONED.fullmatch(base_url)
    if match is None:
        return base_url, {}, {}
    before, address, zone, after = match.groups()
    host = httpx.URL(f"{before}{address}{after}").netloc.decode()
    return f"{before}{address}%{zone}{after}", {"Host": host}, {"sni_hostname": address}


class _Trace:
    """Watches a request on its way: whether it waits for a connection, or has one that had been there before."""

    def __init__(self) -> None:
        self._is_sent = False
        self._is_new = False

    @property
    def was_reused(self) -> bool:
        return self._is_sent and not self._is_new

    @property
    def is_connecting(self) -> bool:
        return self._is_new and not self._is_sent

    async def __call__(self, event: str, _info: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.started":
            self._is_new = True
        elif event.endswith("send_request_headers.started"):
            self._is_sent = True


def _checked(response: httpx.Response, body: bytes, shown: str, secrets: Sequence[str]) -> bytes:
    """The body of a good answer; else its error is raised, without `secrets`."""
    status, location = response.status_code, response.headers.get("location", "")
    try:
        return check_response(status, body, url=shown, location=location)
    except ApiError as error:
        found = error
    # Messages are cut, and half a secret is one too: so out of the whole answer. A short one may be a word of its form.
    for secret in (secret for secret in secrets if len(secret) >= _LONG_SECRET):
        body = body.replace(secret.encode(errors="surrogateescape"), MASK.encode())
        location = location.replace(secret, MASK)
    try:
        check_response(status, body, url=shown, location=location)
    except ApiError as error:
        # Never another kind: a refused login that passed for something else would be repeated.
        found = error if type(error) is type(found) else found
    found.redact(secrets)
    raise found
