"""The older message RPC of the vendor's command line and MCP client: one POST, an envelope, JSON within JSON.

It offers every API of the REST layer by its message name. An asynchronous API is answered with the state `Processing`,
and its result is polled.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar
from uuid import uuid4

import msgspec

from cdptui.simulator import errors
from cdptui.simulator.apis.queries import Queries
from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Request, Response
from cdptui.simulator.java_json import encode
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.query.grammar import Condition, Query
from cdptui.simulator.routing import Call, Route

_OPERATORS = {"in": "?=", "not in": "!?=", "like": "~=", "not like": "!~=", "is not null": "not null"}
_MAX_RESULTS = 200
_NO_PARAMETERS = frozenset({"session", "systemTags", "userTags"})
Reply = dict[str, object]
Value = TypeVar("Value", str, bytes)


class MessageRpc:
    """`POST /zstack/api/` and `GET /zstack/api/result/{uuid}`."""

    def __init__(self, state: NodeState, routes: Iterable[Route], queries: Queries) -> None:
        self._state = state
        self._queries = queries
        self._routes = {route.name: route for route in routes if route.name.endswith("Msg")}
        self._results: OrderedDict[str, bytes] = OrderedDict()
        self._events: OrderedDict[str, str] = OrderedDict()
        """Names of the events that answer accepted jobs, by job."""

    def answer(self, request: Request) -> Response:
        """Answer one request of the RPC. Raises PlainTextError for a request that is not a message."""
        rest = request.path.removeprefix("/zstack/api/")
        if request.method == "GET" and rest.startswith("result/"):
            return Response(200, self._result(rest.removeprefix("result/")))
        if rest or request.method != "POST":
            raise PlainTextError(404, f"no api mapping to {request.api_path}")
        name, message = _parse(request.body)
        try:
            reply = self._handle(name, message, request.client)
        except ApiErrorResponse as refusal:
            reply = self._failure(refusal.error)
        except PlainTextError as refusal:
            reply = self._failure(errors.invalid_argument(refusal.text))
        if isinstance(reply, str):
            _store(self._events, reply, f"{name.removesuffix('Msg')}Event")
            return Response(200, encode({"uuid": reply, "state": "Processing"}))
        return Response(200, self._done(uuid4().hex, f"{name.removesuffix('Msg')}Reply", reply))

    def _result(self, uuid: str) -> bytes:
        event, job = self._events.get(uuid), self._state.jobs.find(uuid)
        if event is not None and job is not None:
            if job.result is None:
                return encode({"uuid": uuid, "state": "Processing"})
            reply = self._failure(job.result) if isinstance(job.result, ErrorCode) else job.result | {"success": True}
            return self._done(uuid, event, reply)
        stored = self._results.get(uuid)
        if stored is None:
            raise PlainTextError(404, "no result for the message")
        return stored

    def _done(self, uuid: str, name: str, reply: Reply) -> bytes:
        body = encode({"uuid": uuid, "state": "Done", "result": encode({name: reply}).decode()})
        _store(self._results, uuid, body)
        return body

    def _failure(self, error: ErrorCode) -> Reply:
        dialect = self._state.settings.dialect
        return {"success": False, "error": errors.fields(error, dialect, english=errors.is_english(dialect, ""))}

    def _handle(self, name: str, message: Reply, client: str) -> Reply | str:
        """Return the reply to a message, or the UUID of the job that it started."""
        route = self._routes.get(name)
        if route is None or not route.is_public:
            self._state.sessions.renew(_session_uuid(message))
        if route is None:
            raise ApiErrorResponse(errors.ErrorCode("PORTAL.1000", f"no service configured for the message[{name}]"))
        if name in self._queries.engines:
            return self._query(name, message)
        response = route.handle(_call(route, message, client))
        if response.job_uuid is not None:
            return response.job_uuid
        return msgspec.json.decode(response.body, type=dict[str, object]) | {"success": True}

    def _query(self, name: str, message: Reply) -> Reply:
        try:
            parameters = msgspec.convert(message, type=_Message)
        except msgspec.ValidationError as error:
            raise ApiErrorResponse(errors.invalid_argument(str(error))) from error
        reply = self._queries.engines[name].run(parameters.query())
        values: Reply = msgspec.json.decode(reply, type=dict[str, object])
        values.pop("schema")
        return values | {"success": True}


def _call(route: Route, message: Reply, client: str) -> Call:
    """Build the call of an API from a message: path variables, query parameters and body are all fields of it."""
    parameters = {name: value for name, value in message.items() if name not in _NO_PARAMETERS}
    names = {part[1:-1] for path in route.paths for part in path.split("/") if part.startswith("{")}
    session = _session_uuid(message)
    request = Request(
        method=route.method,
        path=f"/zstack/v1{route.paths[0]}",
        query="",
        params={name: _texts(value) for name, value in parameters.items() if value is not None},
        headers={"authorization": f"OAuth {session}"} if session else {},
        body=b"",
        client=client,
    )
    return Call(
        request=request,
        # LogOut without `sessionUuid` ends the session of the message.
        variables={name: str(({"sessionUuid": session} | parameters).get(name, "")) for name in names},
        body={route.body_key: parameters, "systemTags": message.get("systemTags")},
        parameters=parameters,
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _session_uuid(message: Reply) -> str:
    session = message.get("session")
    return str(session.get("uuid", "")) if isinstance(session, dict) else ""


def _store(store: OrderedDict[str, Value], key: str, value: Value) -> None:
    """Keep a value, and drop the oldest one of too many."""
    store[key] = value
    if len(store) > _MAX_RESULTS:
        store.popitem(last=False)


class _Part(msgspec.Struct):
    name: str
    op: str
    value: str | int | float | list[str] | None = None

    def condition(self) -> Condition:
        operator = _OPERATORS.get(self.op, self.op)
        values = self.value if isinstance(self.value, list) else ["" if self.value is None else str(self.value)]
        return Condition(self.name, operator, ",".join(values))


class _Message(msgspec.Struct, rename="camel"):
    conditions: list[_Part] = []
    limit: int = 1000
    start: int = 0
    count: bool = False
    reply_with_count: bool = False
    sort_by: str | None = None
    sort_direction: str | None = None
    fields: list[str] | None = None

    def query(self) -> Query:
        return Query(
            conditions=frozenset(part.condition() for part in self.conditions),
            limit=self.limit,
            start=self.start,
            count=self.count,
            reply_with_count=self.reply_with_count,
            sort_by=self.sort_by,
            descending=self.sort_direction == "desc",
            fields=tuple(self.fields or ()),
        )


def _parse(body: bytes) -> tuple[str, dict[str, object]]:
    try:
        message = msgspec.json.decode(body, type=dict[str, dict[str, object]])
    except msgspec.DecodeError as error:
        raise PlainTextError(500, f"com.google.gson.JsonSyntaxException: {error}") from error
    if len(message) != 1:
        raise PlainTextError(500, "the body must hold exactly one message")
    return next(iter(message.items()))
