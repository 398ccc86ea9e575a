"""HTTP client with one connection pool per management node: sends requests and returns the bodies of good responses.

Handles time-outs, broken connections, TLS and proxies. Sessions and tasks are handled by the modules that use it.
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
from typing import Any, Final, NamedTuple, Self
from urllib.parse import unquote, urlsplit

import httpx
from msgspec import Struct

from cdptui import __version__
from cdptui.api.charset import as_utf8
from cdptui.api.errors import AddressUnusable, ApiError, TimedOut
from cdptui.api.proxy_errors import refused_request
from cdptui.api.responses import ACCEPTED_ENCODING, answer_text, check_response, looks_like_json, read_body
from cdptui.api.tls import create_ssl_context
from cdptui.api.transport_errors import SOCKS_ERRORS, ProxiedConnection, map_transport_error
from cdptui.clock import Clock
from cdptui.models.proxy import Proxy
from cdptui.models.redaction import MASK, url_secrets
from cdptui.models.tls import TlsSettings

log = logging.getLogger(__name__)

KEPT_IDLE_S: Final = 90.0
"""Idle connections are closed before the server does so after 120 s."""

_MIN_BODY_SECRET: Final = 16
"""Secrets of at least this length (sessions, cookies, signatures, hashes) are masked in the whole response body.

A shorter one, such as a password, may be a word of the body's format."""

_IDEMPOTENT: Final = frozenset({"GET", "DELETE"})
"""Idempotent methods, which may be sent again when it is unknown whether the request arrived."""

_ZONED_URL: Final = re.compile(r"(https?://\[)([0-9a-f:.]+)%25([^\]]+)(\].*)")
"""A URL whose host is an IPv6 address with a zone."""

_TRANSPORT_ERRORS: Final[tuple[type[Exception], ...]] = (
    httpx.HTTPError,
    httpx.InvalidURL,
    ssl.SSLError,
    OSError,
    *SOCKS_ERRORS,
)

_MAX_COOKIES: Final = 16

_TCP_USER_TIMEOUT_S: Final = 5
"""A peer that acknowledges nothing for this long is unreachable, for example after a change of networks."""


def _socket_options() -> list[tuple[int, int, int]]:
    """Return options with which the system detects dead connections, where it can, before a request uses one."""
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
    # A cache between this machine and the node must ask the node.
    "Cache-Control": "no-cache",
}


class Timeouts(Struct, frozen=True):
    """Time-outs in seconds: `read_s` for the next byte, `total_s` for a whole response, however slowly it arrives."""

    connect_s: float
    read_s: float
    total_s: float

    @property
    def list_s(self) -> float:
        """Limit for a whole list of any number of pages: enough for a hundred pages from a slow node."""
        return 40 * self.read_s

    @property
    def for_login(self) -> Timeouts:
        """Longer time-outs for logins, because a cancelled login may leave a session open."""
        total_s = max(60.0, self.total_s)
        return Timeouts(self.connect_s, total_s, total_s)

    @classmethod
    def of(cls, timeout_s: float) -> Timeouts:
        """Derive all time-outs from the read time-out: at most 5 s to connect, three times as long in total."""
        return cls(connect_s=min(5.0, timeout_s), read_s=timeout_s, total_s=3 * timeout_s)


class Answer(NamedTuple):
    """A good response."""

    body: bytes
    """JSON."""
    cached_s: float = 0.0
    """Seconds that it spent in caches, by its Age header."""


class HttpClient:
    """A connection pool with a cookie jar. Follows no redirects, so that no header is ever sent to another host."""

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        clock: Clock,
        *,
        tls: TlsSettings | None = None,
        proxy: Proxy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`base_url` ends in the API's prefix, such as `http://10.0.0.5:8080/zstack/v1`.

        Raises OSError when the certificates in `tls` cannot be read, and AddressUnusable for a URL that httpx does not
        accept.
        """
        self._base_url = base_url.rstrip("/")
        self.timeouts: Final = timeouts
        self._clock = clock
        self._proxy = proxy
        self._transport = transport
        # Loading the trusted certificates takes 35 ms; plain HTTP needs none.
        self._tls = create_ssl_context(tls or TlsSettings()) if base_url.startswith("https:") else None
        is_tls_proxy = proxy is not None and proxy.url.startswith("https:")
        self._proxy_tls = create_ssl_context(tls or TlsSettings()) if is_tls_proxy else None
        try:
            self._request_url, self._host_header, self._tls_name = _split_zone(self._base_url)
            httpx.URL(self._request_url)
            self._client = self._new_client(httpx.Cookies())
            self._proxy_secrets = _credentials_in(proxy.url) if proxy is not None else ()
        except (httpx.InvalidURL, ValueError) as error:
            # httpx may quote the URL of the proxy, and with it a password.
            raise AddressUnusable("the HTTP library does not accept the URL", url=self._base_url) from error
        self.date = ""
        """Date header of the last response: the server's time."""
        self._under_way: set[_Trace] = set()
        self._used_at = clock.monotonic()
        self._has_lost_connections = False
        """Whether a request was cancelled: httpcore 1.0.9 may count its connection as used forever.

        Its clean-up is protected from anyio's cancel scopes, not from `Task.cancel`. With four such connections no
        request would be sent any more.
        """

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
    ) -> Answer:
        """Send one request and return its response.

        `shown_path` replaces a `path` with a secret in messages; `timeouts` replaces the default time-outs. A failing
        server may quote the request, so `secrets` and the credentials in the headers are masked in messages. Raises
        ApiError.
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
                    self.date, age = response.headers.get("date", ""), response.headers.get("age", "")
                    try:
                        body = as_utf8(await read_body(response, shown), response.charset_encoding)
                    finally:
                        await response.aclose()
                finally:
                    self._under_way.discard(trace)
                    self._used_at = self._clock.monotonic()
        except asyncio.CancelledError:
            self._has_lost_connections = True
            raise
        except TimeoutError as error:
            self._has_lost_connections = True
            via = f", through the proxy {self._proxy.display}" if self._proxy is not None else ""
            late = TimedOut(f"the answer took too long{via}", url=shown)
            late.proxy_variable = self._proxy_variable
            late.may_have_executed = not trace.is_connecting
            raise late from error
        except _TRANSPORT_ERRORS as error:
            failure = map_transport_error(
                error, shown, connect_s=times.connect_s, read_s=times.read_s, proxied=self._proxied(trace)
            )
            failure.may_have_executed = not trace.is_connecting
            failure.proxy_variable = self._proxy_variable
            raise failure from error
        try:
            checked = _checked(response, body, shown, [*secrets, *self._sent_secrets(request)], self._proxy)
        except ApiError as failure:
            failure.proxy_variable = self._proxy_variable
            raise
        return Answer(checked, _seconds(age))

    def _proxied(self, trace: _Trace) -> ProxiedConnection | None:
        if self._proxy is None:
            return None
        return ProxiedConnection(self._proxy, trace.is_connected, trace.is_greeted, trace.tunnel_headers)

    @property
    def _proxy_variable(self) -> str:
        return self._proxy.variable if self._proxy is not None else ""

    def _sent_secrets(self, request: httpx.Request) -> list[str]:
        """Return the credentials in the headers: session or signature, cookies, and the proxy password."""
        credential = re.split(r"[ :]", request.headers.get("authorization", ""))[-1]
        cookies = (cookie.value for cookie in self._client.cookies.jar)
        return [secret for secret in (credential, *cookies, *self._proxy_secrets) if secret]

    async def _send_with_retry(self, request: httpx.Request, trace: _Trace) -> httpx.Response:
        """Return the response as soon as its headers have arrived.

        The server may close an idle connection just before it is reused. In that case, and only if no response has
        begun, an idempotent request is sent again on a new connection.
        """
        try:
            return await self._client.send(request, stream=True)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            if request.method not in _IDEMPOTENT or not trace.was_reused:
                raise
        log.debug("an idle connection had been closed, sending the request again on a new one")
        return await self._client.send(request, stream=True)

    async def _drop_stale_connections(self) -> None:
        """Drop the connections of cancelled requests, and those that the server has closed, including time in suspend.

        httpcore's pool uses a clock that stops in suspend, so it would reuse connections that were idle for too long.
        """
        _drop_unsendable(self._client.cookies)
        is_idle_too_long = self._clock.monotonic() - self._used_at > KEPT_IDLE_S
        if self._under_way or not (is_idle_too_long or self._has_lost_connections):
            return
        self._has_lost_connections = False
        old, self._client = self._client, self._new_client(self._client.cookies)
        self._used_at = self._clock.monotonic()
        await old.aclose()

    def _new_client(self, cookies: httpx.Cookies) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=_HEADERS,
            cookies=cookies,
            follow_redirects=False,
            # Environment variables are read by `cdptui.config`, not by httpx.
            trust_env=False,
            transport=self._transport or self._new_transport(),
        )

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=self._tls if self._tls is not None else False,
            trust_env=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=KEPT_IDLE_S),
            proxy=None if self._proxy is None else httpx.Proxy(self._proxy.url, ssl_context=self._proxy_tls),
            socket_options=_SOCKET_OPTIONS,
        )


def _credentials_in(proxy: str) -> tuple[str, ...]:
    """Return the secrets in a proxy's URL in every form in which they are sent: plain, and encoded for a header."""
    user_info = urlsplit(proxy).netloc.rpartition("@")[0]
    user, _, password = user_info.partition(":")
    if not user_info:
        return ()
    pair = f"{unquote(user)}:{unquote(password)}".encode(errors="surrogateescape")
    encoded = base64.b64encode(pair).decode("ascii")
    return (*url_secrets(proxy), encoded, encoded.rstrip("="))


def _drop_unsendable(cookies: httpx.Cookies) -> None:
    """Drop all cookies if there are too many, and those that are not ASCII, which httpx cannot send in a header."""
    if len(cookies.jar) > _MAX_COOKIES:
        cookies.clear()
    for cookie in list(cookies.jar):
        if not f"{cookie.name}{cookie.value}".isascii():
            cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def _split_zone(base_url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Remove the zone of an IPv6 address from what is sent to the server: a zone is valid on this machine only.

    Return the URL for httpx, which expects a zone in the system's notation, the Host header (RFC 6874, section 4), and
    the TLS extension with the name to compare with the certificate. Both are empty for a URL without a zone.
    """
    match = _ZONED_URL.fullmatch(base_url)
    if match is None:
        return base_url, {}, {}
    before, address, zone, after = match.groups()
    host = httpx.URL(f"{before}{address}{after}").netloc.decode()
    return f"{before}{address}%{zone}{after}", {"Host": host}, {"sni_hostname": address}


def _seconds(age: str) -> float:
    """Return the seconds of an Age header (RFC 9111), 0 for an invalid one.

    >>> _seconds("120"), _seconds(""), _seconds("-1"), _seconds("1, 2")
    (120.0, 0.0, 0.0, 0.0)
    """
    return float(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0.0


class _Trace:
    """Records how far a request got, and whether it uses a connection from the pool."""

    def __init__(self) -> None:
        self._is_sent = False
        self._is_new = False
        self._is_tunnelling = False
        self.is_connected = False
        """Whether there is a connection: to the proxy, if there is one."""
        self.tunnel_headers: Mapping[str, str] = {}
        """Headers of a proxy's answer to CONNECT."""

    @property
    def was_reused(self) -> bool:
        return self._is_sent and not self._is_new

    @property
    def is_greeted(self) -> bool:
        """Whether the request was sent, or that for a tunnel."""
        return self._is_sent or self._is_tunnelling

    @property
    def is_connecting(self) -> bool:
        return self._is_new and not self._is_sent

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Handle an event of httpcore, such as `connection.connect_tcp.started`."""
        match event.partition(".")[2]:
            case "connect_tcp.started":
                self._is_new = True
            case "connect_tcp.complete":
                self.is_connected = True
            case "send_request_headers.started":
                self._is_tunnelling = info["request"].method == b"CONNECT"
                self._is_sent = not self._is_tunnelling
            case "receive_response_headers.complete" if self._is_tunnelling:
                _version, _status, _phrase, headers = info["return_value"]
                self.tunnel_headers = httpx.Headers(headers)


def _checked(response: httpx.Response, body: bytes, shown: str, secrets: Sequence[str], proxy: Proxy | None) -> bytes:
    """Return the body of a good response; raise the error of a bad one, with `secrets` masked."""
    status, location = response.status_code, response.headers.get("location", "")
    try:
        return check_response(status, body, url=shown, location=location)
    except ApiError as error:
        found = error
    # Messages are truncated, which could leave part of a secret, so long secrets are masked in the whole body first.
    for secret in (secret for secret in secrets if len(secret) >= _MIN_BODY_SECRET):
        body = body.replace(secret.encode(errors="surrogateescape"), MASK.encode())
        location = location.replace(secret, MASK)
    try:
        check_response(status, body, url=shown, location=location)
    except ApiError as error:
        # The error type must not change: a refused login with another type would be repeated.
        found = error if type(error) is type(found) else found
    if proxy is not None and (status == 407 or not looks_like_json(body)):
        found = refused_request(status, response.headers, answer_text(body), shown, proxy) or found
    found.redact(secrets)
    raise found
