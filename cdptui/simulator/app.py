"""The ASGI application: converts HTTP requests and responses; the node handles them.

Starlette parses requests and sends responses. The node routes paths itself, because the real server's rules for paths
and methods (see `routing`) differ from those of a web framework.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from secrets import token_hex

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from cdptui.simulator.connections import Connections
from cdptui.simulator.control import Control
from cdptui.simulator.faults.responses import (
    Ending,
    StreamPlan,
    fault_response,
    reset_connection,
    stream_plan,
    tomcat_page,
    wait_for_disconnect,
)
from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.http_types import Request, Response
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.query.grammar import parse_params
from cdptui.simulator.request_log import LoggedRequest

_RAW_IN_URL = frozenset(b'<>"{}|\\^[]` ')
"""Characters that Tomcat rejects in a request line unless they are percent-encoded."""


def web_app(node: ManagementNode, connections: Connections) -> Starlette:
    """The application of one node below the context `/zstack`; other paths return Tomcat's 404.

    `/control` exists only when `settings.control` is set.
    """
    tomcat = _Tomcat(node)
    routes = [Mount("/zstack", app=_ZstackApp(node, connections)), Mount("/", app=tomcat)]
    if node.settings.control:
        routes.insert(0, Mount("/control", app=Control(node, connections, fallback=tomcat)))
    return Starlette(routes=routes)


class _Tomcat:
    """The servlet container's response for paths without an application."""

    def __init__(self, node: ManagementNode) -> None:
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        entry = self._node.journal.start(scope["method"], scope["path"], "", has_cookie=False, has_authorization=False)
        try:
            reply = tomcat_page(404, "Not Found")
            self._node.journal.set_status(entry, reply.status)
            await _response(reply)(scope, receive, send)
        finally:
            self._node.journal.finish()


class _ZstackApp:
    """Answers HTTP requests for one node."""

    def __init__(self, node: ManagementNode, connections: Connections) -> None:
        self._node = node
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; other connection types are not supported."""
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive, send)
        journal = self._node.journal
        entry = journal.start(
            http.method,
            http.url.path,
            http.url.query,
            has_cookie="cookie" in http.headers,
            has_authorization="authorization" in http.headers,
        )
        try:
            await _Exchange(self._node, self._connections, http, send, entry).run()
        except ClientDisconnect:
            pass  # the client disconnected before its request was complete
        finally:
            journal.finish()


class _Exchange:
    """The handling of one request."""

    def __init__(
        self, node: ManagementNode, connections: Connections, http: HttpRequest, send: Send, entry: list[LoggedRequest]
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
            client="" if self._http.client is None else self._http.client.host,
        )
        if _RAW_IN_URL.intersection(scope["raw_path"] + scope["query_string"]):
            await self._reply(tomcat_page(400, "Bad Request"), has_session=True)
            return
        if not await self._wait_until_started():
            return
        is_later_page = request.first("start") not in (None, "0")
        fault = self._node.faults.match(request.method, request.api_path, is_later_page=is_later_page)
        reply = fault_response(fault, request, self._node) if fault is not None else None
        if fault is not None and fault.kind in (FaultKind.HANG, FaultKind.RESET):
            await self._break_connection(fault)
            return
        is_late = fault is not None and fault.kind is FaultKind.DELAY
        if fault is not None and is_late and await wait_for_disconnect(self._http.receive, fault.seconds):
            return
        reply = reply or self._node.answer(request)
        await self._reply(reply, has_session="cookie" in request.headers, fault=fault)

    async def _wait_until_started(self) -> bool:
        """Wait until the node has started. Return False if the client disconnected before that."""
        while (left_s := self._node.faults.start_left_s) > 0:
            # The rule may be removed during the wait, so any change of the rules ends the wait too.
            if await wait_for_disconnect(self._http.receive, left_s, unless=self._connections.rules_changed):
                return False
        return True

    async def _break_connection(self, fault: Fault) -> None:
        if fault.kind is FaultKind.RESET:
            transport = self._transport()
            if transport is not None:
                reset_connection(transport)
        await wait_for_disconnect(self._http.receive, None)

    async def _reply(self, reply: Response, *, has_session: bool, fault: Fault | None = None) -> None:
        self._node.journal.set_status(self._entry, reply.status)
        if not has_session:
            # Tomcat opens a session for every request without a cookie; this is the form of its header.
            cookie = b"JSESSIONID=%s; Path=/zstack; HttpOnly" % token_hex(16).upper().encode()
            reply = replace(reply, headers=(*reply.headers, (b"set-cookie", cookie)))
        plan = None if fault is None else stream_plan(fault, reply)
        if plan is None:
            await _response(reply)(self._http.scope, self._http.receive, self._send)
        else:
            await self._stream(reply, plan)

    async def _stream(self, reply: Response, plan: StreamPlan) -> None:
        length = [] if plan.length is None else [(b"content-length", b"%d" % plan.length)]
        headers = [*length, *reply.headers]
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for part in plan.parts:
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            # Disconnects are detected here: sending to a closed connection raises no error.
            if await wait_for_disconnect(self._http.receive, plan.pause_s):
                return
        if plan.ending is Ending.COMPLETE:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        transport = self._transport()
        if plan.ending is Ending.CUT and transport is not None:
            transport.close()
        await wait_for_disconnect(self._http.receive, None)

    def _transport(self) -> asyncio.Transport | None:
        client = self._http.client
        return None if client is None else self._connections.find((client.host, client.port))


def _response(reply: Response) -> StarletteResponse:
    """Build the response with exactly its own headers; without a media type Starlette adds only the length."""
    response = StarletteResponse(reply.body, reply.status)
    response.raw_headers.extend(reply.headers)
    return response
