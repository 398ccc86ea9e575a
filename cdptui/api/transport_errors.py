"""Map transport errors of the libraries to API errors, using the system's error at the end of their cause chains."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from typing import Final

import httpx

from cdptui.api.errors import (
    ApiError,
    MachineLimited,
    NotAManagementNode,
    ProxyRefused,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.api.tls import map_tls_error
from cdptui.models.sanitize import sanitize
from cdptui.models.system_limits import find_system_limit

_SHOWN_REASONS: Final = 3


def map_transport_error(error: Exception, url: str, *, connect_s: float, read_s: float, proxy: str = "") -> ApiError:
    """Return the API error of a library's `error` for `url`; `proxy` is the proxy in use, if any."""
    if (limit := find_system_limit(error)) is not None:
        return MachineLimited(limit.refusal, url=url)
    reasons = _cause_chain(error)
    for reason in reasons:
        if isinstance(reason, ssl.SSLError):
            return map_tls_error(reason, url)
    return _by_type(error, reasons, url, connect_s=connect_s, read_s=read_s, proxy=proxy)


def _by_type(
    error: Exception, reasons: Sequence[BaseException], url: str, *, connect_s: float, read_s: float, proxy: str
) -> ApiError:
    message = sanitize("; ".join(dict.fromkeys(str(reason) for reason in reasons if str(reason))), 200)
    via = f", through the proxy {proxy}" if proxy else ""
    match error:
        case httpx.ConnectTimeout():
            return TimedOut(f"no connection within {connect_s:g} s{via}", url=url)
        case httpx.TimeoutException():
            return TimedOut(f"no answer within {read_s:g} s{via}", url=url)
        case httpx.ProxyError():
            return ProxyRefused(f"{message}{via}", url=url)
        case httpx.RemoteProtocolError():
            if "disconnected" in str(error) or "closed connection" in str(error):
                return Unreachable("the connection was closed before the answer was complete", url=url)
            if "location header" in str(error):
                # httpx parses the header although it does not follow redirects.
                return NotAManagementNode("redirects to an invalid URL", url=url)
            return NotAManagementNode(f"not HTTP: {message}", url=url)
        case httpx.DecodingError():
            return UnreadableAnswer(message, url=url)
        case _:
            return Unreachable((_system_message(reasons) or message or type(error).__name__) + via, url=url)


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
