"""Map transport errors of the libraries to API errors, using the system's error at the end of their cause chains."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Final

import httpx
from msgspec import Struct

from cdptui.api.errors import (
    ApiError,
    MachineLimited,
    NotAManagementNode,
    ProxyRefused,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.api.proxy_errors import proxy_down, refused_tunnel
from cdptui.api.tls import map_tls_error
from cdptui.models.proxy import Proxy
from cdptui.models.sanitize import sanitize
from cdptui.models.system_limits import find_system_limit

try:
    from socksio.exceptions import SOCKSError
except ImportError:
    # `cdptui.api` does not load it unless a proxy needs it.
    SOCKS_ERRORS: tuple[type[Exception], ...] = ()
else:
    SOCKS_ERRORS = (SOCKSError,)
"""Errors of the SOCKS library, which httpx passes on: an answer that is not SOCKS."""

_SHOWN_REASONS: Final = 3


class ProxiedConnection(Struct, frozen=True):
    """How far a connection through a proxy got."""

    proxy: Proxy
    is_connected: bool
    """Whether there was a connection to the proxy."""
    tunnel_headers: Mapping[str, str]
    """The headers with which the proxy answered to CONNECT, by name in lower case."""


def map_transport_error(
    error: Exception, url: str, *, connect_s: float, read_s: float, proxied: ProxiedConnection | None = None
) -> ApiError:
    """Return the API error of a library's `error` for `url`; `proxied` is None for a direct connection."""
    if (limit := find_system_limit(error)) is not None:
        return MachineLimited(limit.refusal, url=url)
    reasons = _cause_chain(error)
    for reason in reasons:
        if isinstance(reason, ssl.SSLError):
            return map_tls_error(reason, url)
    message = _system_message(reasons) or _joined_messages(reasons) or type(error).__name__
    if proxied is not None:
        if isinstance(error, httpx.ProxyError):
            return refused_tunnel(str(error), proxied.tunnel_headers, url, proxied.proxy)
        if isinstance(error, SOCKS_ERRORS):
            return ProxyRefused(f"{proxied.proxy.display}: the answer is not that of a SOCKS 5 proxy", url=url)
        if isinstance(error, httpx.ConnectTimeout) and not proxied.is_connected:
            return proxy_down(f"no connection within {connect_s:g} s", url, proxied.proxy)
        if isinstance(error, httpx.ConnectError) and not proxied.is_connected:
            return proxy_down(message, url, proxied.proxy)
    via = f", through the proxy {proxied.proxy.display}" if proxied is not None else ""
    return _by_type(error, message, url, connect_s=connect_s, read_s=read_s, via=via)


def _joined_messages(reasons: Sequence[BaseException]) -> str:
    return sanitize("; ".join(dict.fromkeys(str(reason) for reason in reasons if str(reason))), 200)


def _by_type(error: Exception, message: str, url: str, *, connect_s: float, read_s: float, via: str) -> ApiError:
    match error:
        case httpx.ConnectTimeout():
            return TimedOut(f"no connection within {connect_s:g} s{via}", url=url)
        case httpx.TimeoutException():
            return TimedOut(f"no answer within {read_s:g} s{via}", url=url)
        case httpx.RemoteProtocolError():
            if "disconnected" in str(error) or "closed connection" in str(error):
                return Unreachable(f"the connection was closed before the answer was complete{via}", url=url)
            if "location header" in str(error):
                # httpx parses the header although it does not follow redirects.
                return NotAManagementNode("redirects to an invalid URL", url=url)
            return NotAManagementNode(f"not HTTP: {message}", url=url)
        case httpx.DecodingError():
            return UnreadableAnswer(message, url=url)
        case _:
            return Unreachable(message + via, url=url)


def _cause_chain(error: BaseException) -> list[BaseException]:
    """Return the error and its causes, deepest first: the system's error is the most specific."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        if isinstance(current, BaseExceptionGroup):
            chain.extend(current.exceptions)
        current = current.__cause__ or current.__context__
    return chain[::-1][:_SHOWN_REASONS]


def _system_message(reasons: Sequence[BaseException]) -> str:
    for reason in reasons:
        match reason:
            case socket.gaierror():
                return f"name not found: {sanitize(reason.strerror or '', 120)}"
            case OSError(errno=int(number)):
                # asyncio replaces the system's message; the error number still identifies it.
                return os.strerror(number)
    return ""
