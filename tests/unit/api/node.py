"""A scripted management node behind httpx's transport, which records its requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import httpx

from cdptui.api.client import Client
from cdptui.clock import Clock
from cdptui.models.auth import Credentials, PasswordLogin
from cdptui.models.snapshot import FetchProgress
from cdptui.models.task import Task
from tests.doubles import FakeClock
from tests.unit.api.wire import SESSION_EXPIRED, encoded, reply

BASE = "http://10.0.0.5:8080/zstack/v1"
LOGIN = "/accounts/login"
OPENING = frozenset({LOGIN, "/iam2/virtual-ids/login", "/iam2/projects/login"})
TASKS = "/cdp-task"
ZONE = "/management-nodes/platform-timezone"
NAMES = "/resources/names"
PASSWORD = "correct horse"

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def respond(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    """Return a response. The server sends no Content-Type."""
    return httpx.Response(status, content=body, headers=headers)


class MockNode(httpx.AsyncBaseTransport):
    """Responds like a management node, except for responses that `next` has set."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = (), names: Mapping[str, str] | None = None) -> None:
        self.rows = list(rows)
        self.names = dict(names or {})
        self.requests: list[httpx.Request] = []
        self.sessions: set[str] = set()
        self.issued = 0
        self._next: dict[str, list[Answer]] = {}

    def next(self, path: str, *answers: Answer) -> None:
        """Set the responses to the next requests for `path`."""
        self._next.setdefault(path, []).extend(answers)

    def asked(self, path: str) -> list[httpx.Request]:
        """Return the requests whose path starts with `path`."""
        return [request for request in self.requests if self._path(request).startswith(path)]

    def kill_sessions(self) -> None:
        """End all sessions, like a restart, or another login when sessions are unique."""
        self.sessions.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        scripted = self._next.get(self._path(request))
        answer: Answer = scripted.pop(0) if scripted else self._answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @staticmethod
    def _path(request: httpx.Request) -> str:
        return request.url.path.removeprefix("/zstack/v1")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = self._path(request)
        if path in OPENING:
            return self._log_in()
        if path.startswith("/accounts/sessions/"):
            self.sessions.discard(path.rpartition("/")[2])
            return respond(200, b"{}")
        if request.headers.get("authorization", "").removeprefix("OAuth ") not in self.sessions:
            return respond(503, SESSION_EXPIRED)
        params = request.url.params
        match path:
            case "/cdp-task":
                start, limit = int(params["start"]), int(params["limit"])
                rows = sorted(self.rows, key=lambda row: str(row["uuid"]))
                return respond(200, reply(rows[start : start + limit], total=len(rows)))
            case "/management-nodes/platform-timezone":
                return respond(200, b'{"timezone":"Asia/Shanghai","offset":"+08:00","success":true}')
            case "/resources/names":
                known = [(uuid, self.names[uuid]) for uuid in params.get_list("uuids") if uuid in self.names]
                return respond(200, reply({"uuid": uuid, "resourceName": name} for uuid, name in known))
            case _:
                return respond(404, f"no api mapping to /v1{path}".encode())

    def _log_in(self) -> httpx.Response:
        self.issued += 1
        session = f"session{self.issued:025}"
        self.sessions.add(session)
        body = encoded({"inventory": {"uuid": session, "accountUuid": "36c2"}})
        return respond(200, body, **{"Set-Cookie": f"JSESSIONID=cookie{self.issued}; Path=/zstack; HttpOnly"})


def connect(
    node: httpx.AsyncBaseTransport,
    auth: Credentials | None = None,
    clock: Clock | None = None,
    zone: tzinfo | None = None,
) -> Client:
    """Create a client of `node`."""
    auth = auth or PasswordLogin(name="admin", password=PASSWORD)
    return Client(BASE, auth, timeout_s=15.0, clock=clock or FakeClock(), zone=zone, transport=node)


async def read(client: Client, into: list[FetchProgress] | None = None) -> Sequence[Task]:
    """Return the tasks of a whole poll. `into` receives the progress, even if the poll fails."""
    readings = [] if into is None else into
    async for reading in client.read():
        readings.append(reading)
    assert readings[-1].is_complete
    return readings[-1].tasks


def sent_json(request: httpx.Request) -> Any:
    """Return the body of a request."""
    return json.loads(request.content)


def token_of(request: httpx.Request) -> str:
    """Return the session token of a request."""
    scheme, _, token = request.headers["authorization"].partition(" ")
    assert scheme == "OAuth"
    return str(token)
