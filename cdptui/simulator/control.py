"""The control endpoint: clients on the same machine switch faults and change the world while the node runs.

It exists only with `settings.control` and answers loopback clients only; others get Tomcat's page. Faults do not apply
to it and the request log does not record it. Its connections stay open under `refuse`, so that a client can remove the
rule.

    GET    /control/faults        {"faults": [{"id": 1, "kind": "hang", …, "hits": 0, "left": 2, "ends_in_s": 9.1}]}
    POST   /control/faults        a SPEC or a JSON object (see `faults.spec`) -> {"id": 1}
    DELETE /control/faults        removes all; /control/faults/1 removes one
    GET    /control/world         {"tasks": 60, "is_frozen": false}
    POST   /control/world         {"freeze": true}, {"thaw": true}, {"alter": UUID, "fields": {…}}, {"release": UUID},
                                  {"add": {…}} -> {"uuid": UUID}, {"remove": UUID}
    GET    /control/sessions      {"alive": 1, "logins": 3}
    DELETE /control/sessions      ends all -> {"killed": 1}
    GET    /control/requests      {"in_flight": 0, "counts": {"GET /zstack/v1/cdp-task": {"200": 12}}}
    DELETE /control/requests      resets the counts

All bodies are JSON. An invalid command is 400 with {"error": TEXT}, an unknown path or id 404, an unknown method 405.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cdptui.simulator.connections import Connections
from cdptui.simulator.faults.spec import SpecError, parse_fault, to_json
from cdptui.simulator.node import ManagementNode

_UUID = re.compile(r"[0-9a-f]{32}")
Answer = dict[str, object]


class _ControlRefused(Exception):
    """A control request that cannot be executed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Control:
    """The application below `/control`."""

    def __init__(self, node: ManagementNode, connections: Connections, fallback: ASGIApp) -> None:
        self._node = node
        self._connections = connections
        self._fallback = fallback
        self._calls: dict[str, dict[str, Callable[[str, bytes], Answer]]] = {
            "faults": {"GET": self._list_faults, "POST": self._add_fault, "DELETE": self._remove_faults},
            "world": {"GET": self._show_world, "POST": self._change_world},
            "sessions": {"GET": self._count_sessions, "DELETE": self._kill_sessions},
            "requests": {"GET": self._count_requests, "DELETE": self._reset_requests},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        client = scope["client"]
        if client is None or not _is_loopback(client[0]):
            await self._fallback(scope, receive, send)
            return
        self._connections.exempt((client[0], client[1]))
        http = HttpRequest(scope, receive, send)
        try:
            body = await http.body()
        except ClientDisconnect:
            return
        status, answer = 200, Answer()
        try:
            answer = self._answer(http.method, http.url.path, body)
        except _ControlRefused as refusal:
            status, answer = refusal.status, {"error": refusal.text}
        # The answer is sent after the port was closed or opened, so that a client can rely on it.
        await self._connections.apply_rules()
        await Response(msgspec.json.encode(answer), status, media_type="application/json")(scope, receive, send)

    def _answer(self, method: str, path: str, body: bytes) -> Answer:
        name, _, rest = path.removeprefix("/control/").partition("/")
        calls = self._calls.get(name)
        if calls is None or (rest and name != "faults"):
            raise _ControlRefused(
                404, f"unknown path; known: {', '.join(f'/control/{known}' for known in self._calls)}"
            )
        call = calls.get(method)
        if call is None or (rest and method != "DELETE"):
            raise _ControlRefused(405, f"{path} takes: {'DELETE' if rest else ', '.join(calls)}")
        return call(rest, body)

    def _list_faults(self, _rest: str, _body: bytes) -> Answer:
        found: list[Answer] = []
        for rule, ends_in_s in self._node.faults.active():
            entry: Answer = {"id": rule.number, **to_json(rule.fault), "hits": rule.hits}
            if rule.left is not None:
                entry["left"] = rule.left
            if math.isfinite(ends_in_s):
                entry["ends_in_s"] = round(ends_in_s, 3)
            found.append(entry)
        return {"faults": found}

    def _add_fault(self, _rest: str, body: bytes) -> Answer:
        try:
            return {"id": self._node.faults.add_fault(parse_fault(body.decode()))}
        except (SpecError, UnicodeDecodeError) as error:
            raise _ControlRefused(400, str(error)) from error

    def _remove_faults(self, rest: str, _body: bytes) -> Answer:
        if not rest:
            self._node.faults.clear()
        elif not (rest.isdecimal() and self._node.faults.remove_number(int(rest))):
            raise _ControlRefused(404, f"no fault has the id {rest}")
        return {}

    def _show_world(self, _rest: str, _body: bytes) -> Answer:
        world = self._node.world
        with world.lock:
            world.advance()
            return {"tasks": len(world.tasks), "is_frozen": world.is_frozen}

    def _change_world(self, _rest: str, body: bytes) -> Answer:
        try:
            command = msgspec.json.decode(body, type=_WorldCommand)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _ControlRefused(400, f"no command for the world: {error}") from error
        try:
            return self._execute(command)
        except KeyError as error:
            raise _ControlRefused(404, f"no task has the uuid {error}") from error
        except TypeError as error:
            # `uuid` among the fields collides with the parameter: a task keeps its uuid.
            raise _ControlRefused(400, f"no field of a task: {error}") from error

    def _execute(self, command: _WorldCommand) -> Answer:
        world = self._node.world
        if command.freeze:
            world.freeze()
        if command.thaw:
            world.thaw()
        if command.release is not None:
            world.clear_overrides(command.release)
        if command.alter is not None:
            world.override_fields(command.alter, **command.fields)
        if command.remove is not None:
            world.remove(command.remove)
        return {} if command.add is None else {"uuid": world.add(**command.add)}

    def _count_sessions(self, _rest: str, _body: bytes) -> Answer:
        with self._node.world.lock:
            return {"alive": self._node.sessions.alive(), "logins": self._node.sessions.logins}

    def _kill_sessions(self, _rest: str, _body: bytes) -> Answer:
        with self._node.world.lock:
            killed = self._node.sessions.alive()
            self._node.sessions.kill_all()
        return {"killed": killed}

    def _count_requests(self, _rest: str, _body: bytes) -> Answer:
        counts: dict[str, Counter[str]] = {}
        for request in self._node.journal.requests:
            # A session id is a secret, and calls that differ only in a uuid are counted together.
            path = _UUID.sub("{uuid}", request.path)
            counts.setdefault(f"{request.method} {path}", Counter())[str(request.status)] += 1
        return {"in_flight": self._node.journal.in_flight, "counts": counts}

    def _reset_requests(self, _rest: str, _body: bytes) -> Answer:
        self._node.journal.clear()
        return {}


class _WorldCommand(msgspec.Struct, forbid_unknown_fields=True):
    """A command that changes the world."""

    freeze: bool = False
    thaw: bool = False
    release: str | None = None
    alter: str | None = None
    fields: dict[str, object] = {}
    remove: str | None = None
    add: dict[str, object] | None = None


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
