"""Tell apart the failures of a connection through a proxy: which of proxy and node is down, or refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from cdptui.api.errors import (
    ApiError,
    ProxyRefused,
    ProxyUnreachable,
    UnknownToProxy,
    UnreachableFromProxy,
)
from cdptui.models.proxy import Proxy
from cdptui.models.sanitize import sanitize

_SQUID_ERROR: Final = re.compile(r"(ERR_[A-Z_]+)(?: (\d{1,4}))?")
"""The name of Squid's error and the number of the system's error, 0 for none."""

_SQUID_NO_ROUTE: Final = frozenset(
    {
        "ERR_CANNOT_FORWARD",
        "ERR_CONNECT_FAIL",
        "ERR_LIFETIME_EXP",
        "ERR_READ_ERROR",
        "ERR_READ_TIMEOUT",
        "ERR_SECURE_CONNECT_FAIL",
        "ERR_SOCKET_FAILURE",
        "ERR_WRITE_ERROR",
        "ERR_ZERO_SIZE_OBJECT",
    }
)

_NO_ROUTE_STATUS: Final = frozenset({500, 502, 503, 504})
"""Tinyproxy answers 500 where others answer 502 or 503."""

_OWN_STATUS: Final = frozenset({401, 407, 502, 503, 504})
"""Status of answers that a proxy gives itself, unless a Via header shows that it passed them on.

A management node uses none of them without a JSON body. Tinyproxy answers a wrong password with 401.
"""

_SOCKS_NO_ROUTE: Final = "Proxy Server could not connect: "
"""How httpcore begins the message of a SOCKS reply."""

_SOCKS_REFUSALS: Final = ("ruleset", "not supported", "unkown")
"""Replies that say that the proxy does not want to connect. The last one is httpcore's spelling of an unknown reply."""

_GENERAL_FAILURE: Final = "general socks server failure"
"""The reply of OpenSSH for a node that is down, and for a name that it does not know."""


def proxy_down(reason: str, url: str, proxy: Proxy) -> ApiError:
    """Return the error for a proxy without a connection."""
    return ProxyUnreachable(f"{proxy.display}: {reason}", url=url)


def refused_tunnel(message: str, headers: Mapping[str, str], url: str, proxy: Proxy) -> ApiError:
    """Return the error for a proxy that did not connect to the node.

    `message` is httpcore's: the status line of the answer to CONNECT, whose headers are `headers`, or the text for a
    SOCKS reply.
    """
    status, _, phrase = message.partition(" ")
    if status.isdecimal():
        return _refusal(int(status), sanitize(phrase, 100), headers, url, proxy)
    if not message.startswith(_SOCKS_NO_ROUTE):
        return _refused(sanitize(message, 100).removesuffix("."), url, proxy)
    reply = message.removeprefix(_SOCKS_NO_ROUTE).rstrip(".")
    if any(word in reply.lower() for word in _SOCKS_REFUSALS):
        return _refused(sanitize(reply, 100), url, proxy)
    return _no_route(reply, url, proxy, is_certain=reply.lower() != _GENERAL_FAILURE)


def refused_request(status: int, headers: Mapping[str, str], said: str, url: str, proxy: Proxy) -> ApiError | None:
    """Return the error for an answer without JSON that a proxy gave itself; None when it passed the answer on.

    `said` is the title or text of the answer.
    """
    is_own = (
        not proxy.is_socks
        and urlsplit(url).scheme == "http"
        and (
            "x-squid-error" in headers
            or ("via" not in headers and (status in _OWN_STATUS or _is_tinyproxy(status, headers)))
        )
    )
    return _refusal(status, said, headers, url, proxy) if is_own else None


def _is_tinyproxy(status: int, headers: Mapping[str, str]) -> bool:
    return status >= 400 and headers.get("server", "").startswith("tinyproxy")


def _refusal(status: int, said: str, headers: Mapping[str, str], url: str, proxy: Proxy) -> ApiError:
    squid = _SQUID_ERROR.fullmatch(headers.get("x-squid-error", ""))
    code = f"HTTP {status}"
    if squid is None and status in _NO_ROUTE_STATUS:
        return _no_route(said, url, proxy, code)
    if squid is None:
        return _refused(said, url, proxy, code)
    name, number = squid[1], int(squid[2] or 0)
    if name == "ERR_DNS_FAIL":
        return UnknownToProxy(f"{proxy.display} cannot resolve {_host(url)}", url=url, code=code)
    if name not in _SQUID_NO_ROUTE:
        return _refused(name, url, proxy, code)
    # Squid 5 reports an unknown name as one of the others, without an error of the system.
    return _no_route(os.strerror(number) if number else name, url, proxy, code, is_certain=number != 0)


def _refused(reason: str, url: str, proxy: Proxy, code: str = "") -> ApiError:
    return ProxyRefused(f"{proxy.display}: {reason}" if reason else proxy.display, url=url, code=code)


def _no_route(reason: str, url: str, proxy: Proxy, code: str = "", *, is_certain: bool = False) -> ApiError:
    """Return the error for a proxy that cannot reach the node, or perhaps cannot resolve its name."""
    host = _host(url)
    is_name = ":" not in host and not re.fullmatch(r"[0-9.]+", host)
    what = "reach or resolve" if is_name and not is_certain else "reach"
    return UnreachableFromProxy(f"{proxy.display} cannot {what} {host}: {reason}", url=url, code=code)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
