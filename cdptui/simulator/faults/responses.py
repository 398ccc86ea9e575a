"""Execute faults: replacement responses and connection failures."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain, repeat
from typing import Any

import msgspec

from cdptui.simulator import errors
from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.http_types import Request, Response
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.world.world import World

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
_TOGGLED_UUID = f"{1:032x}"
"""UUID of the task that appears and disappears; it sorts before all others by UUID and by name."""


def tomcat_page(status: int, phrase: str) -> Response:
    """Return an error page of the servlet container."""
    return Response(status, _TOMCAT_PAGE.format(status, phrase).encode(), HTML)


def _gateway_page(status: int, phrase: str) -> Response:
    return Response(status, _GATEWAY_PAGE.format(f"{status} {phrase}").encode(), HTML)


_FIXED = {
    FaultKind.INVALID_JSON: Response(
        200, b'{"schema":{},"inventories":[{"uuid":"0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4","name":'
    ),
    FaultKind.RATE_LIMIT: Response(429, b"Rate limit exceeded"),
    FaultKind.EMPTY_500: Response(500, b""),
    FaultKind.BAD_GATEWAY: _gateway_page(502, "Bad Gateway"),
    FaultKind.GATEWAY_TIMEOUT: _gateway_page(504, "Gateway Time-out"),
    FaultKind.HTML_503: _gateway_page(503, "Service Temporarily Unavailable"),
    FaultKind.FIREWALL: Response(
        403, b'{"message":"Request blocked by rule 949110","id":"8f2b1c"}', ((b"content-type", b"application/json"),)
    ),
    FaultKind.TOMCAT_404: tomcat_page(404, "Not Found"),
}


def fault_response(fault: Fault, request: Request, node: ManagementNode) -> Response | None:
    """Return the response that replaces the node's; None if the node handles the request."""
    match fault.kind:
        case FaultKind.ERROR | FaultKind.DENIED | FaultKind.MODULE_MISSING:
            return _refusal(fault, request, node)
        case FaultKind.REDIRECT:
            return Response(fault.status, b"", ((b"location", fault.location.encode()),))
        case FaultKind.DEEP_NESTING:
            nest = b"[" * fault.depth + b"]" * fault.depth
            return Response(200, b'{"schema":{},"total":1,"inventories":%s}' % nest)
        case FaultKind.ENDLESS_LIST:
            return _first_page(request, node)
        case FaultKind.ERROR_PAGES | FaultKind.CACHED:
            return _through_proxy(fault, node.answer(request))
        case FaultKind.CAPPED_PAGES if request.method == "GET":
            return _capped_page(request, node, fault.rows)
        case FaultKind.SESSION_KILL:
            node.sessions.kill_all()
        case FaultKind.SHIFTING_ROWS:
            _toggle_first_row(node.world)
    return _FIXED.get(fault.kind)


def _refusal(fault: Fault, request: Request, node: ManagementNode) -> Response:
    """Return an error of the node itself."""
    match fault.kind:
        case FaultKind.ERROR:
            return node.error_response(errors.error_for_code(fault.code, fault.details), request)
        case FaultKind.DENIED:
            return node.permission_denied(request)
        case _:
            return Response(404, f"no api mapping to {request.api_path}".encode())


def _through_proxy(fault: Fault, reply: Response) -> Response:
    """Return the response as it arrives from a proxy in front of the node."""
    if fault.kind is FaultKind.CACHED:
        return replace(reply, headers=(*reply.headers, (b"age", b"%d" % fault.seconds)))
    return _FIXED[FaultKind.HTML_503] if reply.status == 503 else reply


def _capped_page(request: Request, node: ManagementNode, rows: int) -> Response:
    """Limit the response to `rows` rows, even for calls without `limit`."""
    limit = request.first("limit") or ""
    limit = str(min(int(limit), rows)) if limit.isdecimal() else str(rows)
    reply = node.answer(replace(request, params={**request.params, "limit": [limit]}))
    if request.first("limit") is not None or reply.status != 200:
        return reply
    values = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    if "inventories" in values:
        inventories = msgspec.json.decode(values["inventories"], type=list[msgspec.Raw])
        values["inventories"] = msgspec.Raw(msgspec.json.encode(inventories[:rows]))
    return Response(200, msgspec.json.encode(values))


def _first_page(request: Request, node: ManagementNode) -> Response:
    """Return the response as without `start`; a `total` always claims one more row."""
    start = request.first("start") or "0"
    reply = node.answer(replace(request, params={**request.params, "start": ["0"]}))
    if reply.status != 200:
        return reply
    values = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    if "total" in values and "inventories" in values:
        rows = msgspec.json.decode(values["inventories"], type=list[msgspec.Raw])
        beyond = (int(start) if start.isdecimal() else 0) + len(rows) + 1
        values["total"] = msgspec.Raw(b"%d" % beyond)
    return Response(200, msgspec.json.encode(values))


def _toggle_first_row(world: World) -> None:
    with world.lock:
        if _TOGGLED_UUID in world.tasks:
            world.remove(_TOGGLED_UUID)
        else:
            world.add(uuid=_TOGGLED_UUID, name="0 comes and goes")


async def wait_for_disconnect(receive: Receive, within_s: float | None, *, unless: asyncio.Event | None = None) -> bool:
    """Wait up to the given seconds (None: without limit) for the client to disconnect. Return whether it did.

    The wait also ends, with False, when the event `unless` is set.
    """
    waits = [asyncio.ensure_future(_disconnect(receive))]
    if unless is not None:
        waits.append(asyncio.ensure_future(unless.wait()))
    try:
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return waits[0].done() and not waits[0].cancelled()


async def _disconnect(receive: Receive) -> bool:
    while (await receive())["type"] != "http.disconnect":
        pass
    return True


def reset_connection(transport: asyncio.Transport) -> None:
    """Close the connection with a TCP reset, as a crashed peer or a firewall does."""
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


_TRICKLE_BYTES = 64
_CHUNK_BYTES = 64 << 10
_ROW = b'{"uuid":"0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4","name":"cdp-erp-db","status":"Running","state":"Enabled"},'
_HEAD = b'{"schema":{},"total":1,"inventories":['
_PADDED = b'{"schema":{},"total":0,"inventories":[],"padding":"'
_PADDED_END = b'"}'


class Ending(Enum):
    """What happens after the last chunk."""

    COMPLETE = "complete"
    HANG = "hang"
    CUT = "cut"


@dataclass(frozen=True)
class StreamPlan:
    """How one response is streamed."""

    parts: Iterable[bytes] = field(repr=False)
    length: int | None
    """The announced length in bytes; None for chunked encoding."""
    pause_s: float = 0.0
    """Seconds after each chunk."""
    ending: Ending = Ending.COMPLETE


def stream_plan(fault: Fault, reply: Response) -> StreamPlan | None:
    """Return how the fault streams the response; None for normal streaming."""
    body = reply.body
    pause_s = max(0.0, fault.seconds)
    match fault.kind:
        case FaultKind.TRICKLE:
            parts = (body[start : start + _TRICKLE_BYTES] for start in range(0, len(body), _TRICKLE_BYTES))
            return StreamPlan(parts, len(body), pause_s)
        case FaultKind.TRUNCATED:
            return StreamPlan((body[: len(body) // 2],), len(body), ending=Ending.CUT)
        case FaultKind.HANG_BODY:
            return StreamPlan((), len(body), ending=Ending.HANG)
        case FaultKind.ENDLESS_BODY:
            rows = _ROW * (_CHUNK_BYTES // len(_ROW))
            return StreamPlan(chain((_HEAD,), repeat(rows)), None, pause_s)
        case FaultKind.HUGE_BODY:
            return StreamPlan(_padded(fault.size_bytes), fault.size_bytes)
    return None


def _padded(size: int) -> Iterator[bytes]:
    yield _PADDED
    left = size - len(_PADDED) - len(_PADDED_END)
    chunk = b"x" * _CHUNK_BYTES
    while left > 0:
        yield chunk[:left]
        left -= _CHUNK_BYTES
    yield _PADDED_END
