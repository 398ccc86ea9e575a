"""The older message RPC of the vendor's command line and MCP client: one POST, an envelope, JSON within JSON.

Every message is answered in the first response, with the state `Done`.
"""

from __future__ import annotations

from collections import OrderedDict
from uuid import uuid4

import msgspec

from cdptui.simulator import errors
from cdptui.simulator.apis.accounts import BY_ACCOUNT, LoginApis
from cdptui.simulator.apis.queries import Queries
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Request, Response
from cdptui.simulator.java_json import encode
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.query.grammar import Condition, Query

_OPERATORS = {"in": "?=", "not in": "!?=", "like": "~=", "not like": "!~=", "is not null": "not null"}
_MAX_RESULTS = 200
_LOG_OUT = "org.zstack.header.identity.APILogOutMsg"


class MessageRpc:
    """`POST /zstack/api/` and `GET /zstack/api/result/{uuid}`."""

    def __init__(self, state: NodeState, logins: LoginApis, queries: Queries) -> None:
        self._state = state
        self._logins = logins
        self._queries = queries
        self._results: OrderedDict[str, bytes] = OrderedDict()

    def answer(self, request: Request) -> Response:
        """Answer one request of the RPC. Raises PlainTextError for a request that is not a message."""
        rest = request.path.removeprefix("/zstack/api/")
        if request.method == "GET" and rest.startswith("result/"):
            stored = self._results.get(rest.removeprefix("result/"))
            if stored is None:
                raise PlainTextError(404, "no result for the message")
            return Response(200, stored)
        if rest or request.method != "POST":
            raise PlainTextError(404, f"no api mapping to {request.api_path}")
        name, message = _parse(request.body)
        uuid = uuid4().hex
        result = encode({_reply_name(name): self._handle(name, message)}).decode()
        body = encode({"uuid": uuid, "state": "Done", "result": result})
        self._results[uuid] = body
        if len(self._results) > _MAX_RESULTS:
            self._results.popitem(last=False)
        return Response(200, body)

    def _handle(self, name: str, message: dict[str, object]) -> dict[str, object]:
        try:
            if name == BY_ACCOUNT:
                logins, tags = self._logins, message.get("systemTags")
                inventory = logins.log_in(BY_ACCOUNT, "accountName", message, logins.account, tags)
                return {"inventory": inventory, "success": True}
            session = message.get("session")
            uuid = str(session.get("uuid", "")) if isinstance(session, dict) else ""
            self._state.sessions.renew(uuid)
            if name == _LOG_OUT:
                self._state.sessions.end(str(message.get("sessionUuid", uuid)))
                return {"success": True}
            return self._query(name, message)
        except ApiErrorResponse as refusal:
            dialect = self._state.settings.dialect
            english = errors.is_english(dialect, "")
            return {"success": False, "error": errors.fields(refusal.error, dialect, english=english)}

    def _query(self, name: str, message: dict[str, object]) -> dict[str, object]:
        engine = self._queries.engines.get(name)
        if engine is None:
            raise ApiErrorResponse(errors.ErrorCode("PORTAL.1000", f"no service configured for the message[{name}]"))
        try:
            parameters = msgspec.convert(message, type=_Message)
        except msgspec.ValidationError as error:
            raise ApiErrorResponse(errors.invalid_argument(str(error))) from error
        reply = engine.run(parameters.query())
        values: dict[str, object] = msgspec.json.decode(reply, type=dict[str, object])
        values.pop("schema")
        return values | {"success": True}


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


def _reply_name(name: str) -> str:
    """Return the name of the reply: `APIQueryXReply` for `APIQueryXMsg`."""
    return f"{name.removesuffix('Msg')}Reply"
