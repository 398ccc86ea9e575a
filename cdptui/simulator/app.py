"""The web application: requests in, replies out, and everything in between left to the node.

Starlette reads and writes; which API a path means is the node's own business, since the real server's rules for paths
and methods are not a framework's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from secrets import token_hex

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from cdptui.simulator.exchange import Reply, Request
from cdptui.simulator.faults import Fault, FaultKind
from cdptui.simulator.journal import Request as Entry
from cdptui.simulator.mischief import client_left, forged, reset, tomcat_page
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.query.grammar import parse_params

_RAW_IN_URL = frozenset(b'<>"{}|\\^[]` ')
"""Tomcat refuses these in a request line unless they are percent-encoded."""
_TRICKLE_BYTES = 64


class Connections:
    """Finds the transport under a request: resets and cut bodies are beneath what ASGI can say."""

    def find(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """The transport of the connection from that client, None when it is gone."""
        raise NotImplementedError


def web_app(node: ManagementNode, connections: Connections) -> Starlette:
    """The application of one node: everything is below the context `/zstack`, the rest is Tomcat's own 404."""
    return Starlette(routes=[Mount("/zstack", app=_Context(node, connections)), Mount("/", app=_Tomcat(node))])


class _Tomcat:
    """What the servlet container answers where no application is."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        entry = self._node.journal.opened(scope["method"], scope["path"], "", has_cookie=False, has_authorization=False)
        try:
            reply = tomcat_page(404, "Not Found")
            self._node.journal.answered(entry, reply.status)
            await _response(reply)(scope, receive, send)
        finally:
            self._node.journal.closed()


class _Context:
    """Answers HTTP requests for one node."""

    def __init__(self, node: ManagementNode, connections: Connections) -> None:
        self._node = node
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; other kinds of connections are not spoken here."""
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive, send)
        journal = self._node.journal
        entry = journal.opened(
            http.method,
            http.url.path,
            http.url.query,
            has_cookie="cookie" in http.headers,
            has_authorization="authorization" in http.headers,
        )
        try:
            await _Exchange(self._node, self._connections, http, send, entry).run()
        except ClientDisconnect:
            pass  # the client left before its request was complete: there is nobody to answer
        finally:
            journal.closed()


class _Exchange:
    """One request on its way through."""

    def __init__(
        self, node: ManagementNode, connections: Connections, http: HttpRequest, send: Send, entry: list[Entry]
    ) -> None:
        self._node = node
        self._connections = connections
        self._http = http
        self._send = send
        self._entry = entry

    async def run(self) -> None:
        scope = self._http.scope
        query = scope["query_string"].decode("latin-1")
        request = Request(
            method=self._http.method,
            path=scope["path"],
            query=query,
            params=parse_params(query),
            headers=dict(self._http.headers),
            body=await self._http.body(),
        )
        if _RAW_IN_URL.intersection(scope["raw_path"] + scope["query_string"]):
            await self._reply(tomcat_page(400, "Bad Request"), has_session=True)
            return
        fault = self._node.faults.take(request.method, request.api_path)
        reply = forged(fault, request, self._node) if fault is not None else None
        if fault is not None and fault.kind in (FaultKind.HANG, FaultKind.RESET):
            await self._spoil(fault)
            return
        is_late = fault is not None and fault.kind is FaultKind.DELAY
        if fault is not None and is_late and await client_left(self._http.receive, fault.seconds):
            return
        reply = reply or self._node.answer(request)
        await self._reply(reply, has_session="cookie" in request.headers, fault=fault)

    async def _spoil(self, fault: Fault) -> None:
        if fault.kind is FaultKind.RESET:
            transport = self._transport()
            if transport is not None:
                reset(transport)
        await client_left(self._http.receive, None)

    async def _reply(self, reply: Reply, *, has_session: bool, fault: Fault | None = None) -> None:
        self._node.journal.answered(self._entry, reply.status)
        if fault is not None and fault.kind is FaultKind.TRUNCATED:
            response = _streamed(reply, self._half(reply.body))
        elif fault is not None and fault.kind is FaultKind.TRICKLE:
            response = _streamed(reply, self._drops(reply.body, fault.seconds))
        else:
            response = _response(reply)
        if not has_session:
            # A new Tomcat session for every request that brings none, in the words of Tomcat.
            cookie = b"JSESSIONID=%s; Path=/zstack; HttpOnly" % token_hex(16).upper().encode()
            response.raw_headers.append((b"set-cookie", cookie))
        await response(self._http.scope, self._http.receive, self._send)

    async def _half(self, body: bytes) -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        transport = self._transport()
        if transport is not None:
            transport.close()
        await client_left(self._http.receive, None)

    async def _drops(self, body: bytes, seconds: float) -> AsyncIterator[bytes]:
        for start in range(0, len(body), _TRICKLE_BYTES):
            yield body[start : start + _TRICKLE_BYTES]
            await asyncio.sleep(seconds)

    def _transport(self) -> asyncio.Transport | None:
        client = self._http.client
        return None if client is None else self._connections.find((client.host, client.port))


def _response(reply: Reply) -> Response:
    """The reply with exactly its own headers: without a media type Starlette adds only the length."""
    response = Response(reply.body, reply.status)
    response.raw_headers.extend(reply.headers)
    return response


def _streamed(reply: Reply, pieces: AsyncIterator[bytes]) -> Response:
    """The same in pieces, with the length of the whole: what is missing of it is missed."""
    response = StreamingResponse(pieces, reply.status)
    response.raw_headers.append((b"content-length", str(len(reply.body)).encode()))
    response.raw_headers.extend(reply.headers)
    return response
