"""The ASGI application: bytes in, bytes out, and everything in between left to the node.

No framework stands between: the real server sends hardly any headers, and a framework would add its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from secrets import token_hex
from typing import Any

from cdptui.simulator.exchange import Reply, Request
from cdptui.simulator.faults import Fault, FaultKind
from cdptui.simulator.journal import Request as Entry
from cdptui.simulator.mischief import Receive, client_left, forged, reset, tomcat_page
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.query.grammar import parse_params

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_RAW_IN_URL = frozenset(b'<>"{}|\\^[]` ')
"""Tomcat refuses these in a request line unless they are percent-encoded."""
_TRICKLE_BYTES = 64


class Connections:
    """Finds the transport under a request: resets and cut bodies are beneath what ASGI can say."""

    def find(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """The transport of the connection from that client, None when it is gone."""
        raise NotImplementedError


class App:
    """Answers HTTP requests for one node."""

    def __init__(self, node: ManagementNode, connections: Connections) -> None:
        self._node = node
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; other kinds of connections are not spoken here."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        journal = self._node.journal
        entry = journal.opened(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            has_cookie="cookie" in headers,
            has_authorization="authorization" in headers,
        )
        try:
            await _Exchange(self._node, self._connections, scope, receive, send, entry).run(headers)
        finally:
            journal.closed()


class _Exchange:
    """One request on its way through."""

    def __init__(
        self,
        node: ManagementNode,
        connections: Connections,
        scope: Scope,
        receive: Receive,
        send: Send,
        entry: list[Entry],
    ) -> None:
        self._node = node
        self._connections = connections
        self._scope = scope
        self._receive = receive
        self._send = send
        self._entry = entry

    async def run(self, headers: dict[str, str]) -> None:
        body = await self._body()
        if body is None:
            return
        scope = self._scope
        query = scope["query_string"].decode("latin-1")
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=query,
            params=parse_params(query),
            headers=headers,
            body=body,
        )
        if _RAW_IN_URL.intersection(scope["raw_path"] + scope["query_string"]):
            await self._reply(tomcat_page(400, "Bad Request"), cookie=False)
            return
        if not request.path.startswith("/zstack/"):
            await self._reply(tomcat_page(404, "Not Found"), cookie=False)
            return
        fault = self._node.faults.take(request.method, request.api_path)
        reply = forged(fault, request, self._node) if fault is not None else None
        if fault is not None and fault.kind in (FaultKind.HANG, FaultKind.RESET):
            await self._spoil(fault)
            return
        if fault is not None and fault.kind is FaultKind.DELAY and await client_left(self._receive, fault.seconds):
            return
        reply = reply or self._node.answer(request)
        await self._reply(reply, cookie="cookie" not in headers, fault=fault)

    async def _body(self) -> bytes | None:
        """The request's body; None when the client left before it was complete."""
        parts: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _spoil(self, fault: Fault) -> None:
        if fault.kind is FaultKind.HANG:
            await client_left(self._receive, None)
            return
        transport = self._connections.find(tuple(self._scope["client"]))
        if transport is not None:
            reset(transport)
        await client_left(self._receive, None)

    async def _reply(self, reply: Reply, *, cookie: bool, fault: Fault | None = None) -> None:
        self._node.journal.answered(self._entry, reply.status)
        headers = [(b"content-length", str(len(reply.body)).encode()), *reply.headers]
        if cookie:
            # A new Tomcat session for every request that brings none.
            headers.append((b"set-cookie", b"JSESSIONID=%s; Path=/zstack; HttpOnly" % token_hex(16).upper().encode()))
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if fault is not None and fault.kind is FaultKind.TRUNCATED:
            await self._truncate(reply.body)
        elif fault is not None and fault.kind is FaultKind.TRICKLE:
            await self._trickle(reply.body, fault.seconds)
        else:
            await self._send({"type": "http.response.body", "body": reply.body})

    async def _truncate(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        transport = self._connections.find(tuple(self._scope["client"]))
        if transport is not None:
            transport.close()
        await client_left(self._receive, None)

    async def _trickle(self, body: bytes, seconds: float) -> None:
        for i in range(0, len(body), _TRICKLE_BYTES):
            piece = body[i : i + _TRICKLE_BYTES]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            if await client_left(self._receive, seconds):
                return
        await self._send({"type": "http.response.body", "body": b""})
