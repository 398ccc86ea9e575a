"""Enacts faults: answers that are not the server's, and harm to the connection itself."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cdptui.simulator import errors
from cdptui.simulator.exchange import Reply, Request
from cdptui.simulator.faults import Fault, FaultKind
from cdptui.simulator.node import ManagementNode

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

HTML = ((b"content-type", b"text/html;charset=utf-8"),)
_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_TOMCAT_PAGE = (
    '<!doctype html><html lang="en"><head><title>HTTP Status {0} – {1}</title></head>'
    '<body><h1>HTTP Status {0} – {1}</h1><hr class="line" /><h3>Apache Tomcat/8.5.100</h3></body></html>'
)


def tomcat_page(status: int, phrase: str) -> Reply:
    """A page of the servlet container, from before the node's own code is reached."""
    return Reply(status, _TOMCAT_PAGE.format(status, phrase).encode(), HTML)


def _gateway_page(status: int, phrase: str) -> Reply:
    return Reply(status, _GATEWAY_PAGE.format(f"{status} {phrase}").encode(), HTML)


_FIXED = {
    FaultKind.INVALID_JSON: Reply(
        200, b'{"schema":{},"inventories":[{"uuid":"0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4","name":'
    ),
    FaultKind.RATE_LIMIT: Reply(429, b"Rate limit exceeded"),
    FaultKind.EMPTY_500: Reply(500, b""),
    FaultKind.BAD_GATEWAY: _gateway_page(502, "Bad Gateway"),
    FaultKind.HTML_503: _gateway_page(503, "Service Temporarily Unavailable"),
    FaultKind.TOMCAT_404: tomcat_page(404, "Not Found"),
}


def forged(fault: Fault, request: Request, node: ManagementNode) -> Reply | None:
    """The answer that the fault puts in place of the node's; None when the node is asked after all."""
    match fault.kind:
        case FaultKind.ERROR:
            return node.refuse(errors.of_code(fault.code, fault.details), request)
        case FaultKind.DENIED:
            return node.denial(request)
        case FaultKind.MODULE_MISSING:
            return Reply(404, f"no api mapping to {request.api_path}".encode())
        case FaultKind.REDIRECT:
            return Reply(302, b"", ((b"location", fault.location.encode()),))
        case FaultKind.SESSION_KILL:
            node.sessions.kill_all()
    return _FIXED.get(fault.kind)


async def client_left(receive: Receive, within_s: float | None) -> bool:
    """Wait for the client to go away, for at most so many seconds (None: for ever). True when it did."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return True
    except TimeoutError:
        return False


def reset(transport: asyncio.Transport) -> None:
    """Close the connection with a TCP reset, as a crashed peer or a firewall does."""
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
