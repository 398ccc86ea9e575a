"""The control endpoint is available only on the same machine and only if enabled."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from cdptui.simulator.control import Control
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.simulated import answers, eventually, log_in, new_client


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(ManagementNode(SimulatorSettings(port=0, control=True))) as server:
        yield server


@pytest.fixture
def node(server: EmbeddedServer) -> Iterator[ManagementNode]:
    yield server.node
    server.node.faults.clear()


@pytest.fixture
def control(server: EmbeddedServer, node: ManagementNode) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/control", timeout=60, verify=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/control", "/control/faults", "/control/faults/1", "/control/world", "/control/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_control_paths_are_404_unless_enabled(method: str, path: str) -> None:
    with EmbeddedServer(ManagementNode(SimulatorSettings(port=0, tasks=0))) as server:
        asked, other = (
            httpx.request(method, f"{server.url}{where}", content=b"hang", verify=False) for where in (path, "/other/x")
        )
        assert (asked.status_code, asked.content) == (other.status_code, other.content)
        assert asked.status_code == 404
        del asked.headers["date"], other.headers["date"]
        assert asked.headers == other.headers
        assert server.node.faults.active() == []


@pytest.mark.parametrize("host", ["10.0.0.5", "2001:db8::1", "::ffff:10.0.0.5", "testclient", None])
async def test_control_is_404_for_clients_of_other_machines(node: ManagementNode, host: str | None) -> None:
    reached: list[str] = []

    async def fallback(scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(scope["path"])

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError(message)

    class Nothing:
        pass

    scope = {"type": "http", "path": "/control/faults", "client": None if host is None else (host, 1)}
    await Control(node, Nothing(), fallback)(scope, receive, send)  # type: ignore[arg-type]
    assert reached == ["/control/faults"]


def test_rules_are_added_listed_and_removed(
    node: ManagementNode, server: EmbeddedServer, control: httpx.Client
) -> None:
    first = control.post("/faults", content="rate-limit:path=/licenses,times=2").json()["id"]
    second = control.post("/faults", json={"kind": "clock-skew", "seconds": 60, "for": 600}).json()["id"]
    with new_client(server) as client:
        assert client.get("/licenses/addons").status_code == 429
    rate_limit, skew = control.get("/faults").json()["faults"]
    assert 590 < skew.pop("ends_in_s") <= 600
    assert rate_limit == {"id": first, "kind": "rate-limit", "path": "/licenses", "times": 2, "hits": 1, "left": 1}
    assert skew == {"id": second, "kind": "clock-skew", "seconds": 60.0, "for": 600.0, "hits": 0}
    assert control.delete(f"/faults/{first}").status_code == 200
    assert control.delete(f"/faults/{first}").status_code == 404
    assert [rule.number for rule, _ in node.faults.active()] == [second]
    assert control.delete("/faults").json() == {}
    assert control.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/faults", b"nope", 400, "known: delay, hang"),
        ("POST", "/faults", b"\xff", 400, "utf-8"),
        ("PUT", "/faults", b"hang", 405, "GET, POST, DELETE"),
        ("GET", "/faults/1", b"", 405, "DELETE"),
        ("DELETE", "/faults/x", b"", 404, "no fault has the id x"),
        ("GET", "/nothing", b"", 404, "/control/faults, /control/world"),
        ("GET", "/world/1", b"", 404, "unknown path; known: /control/faults"),
        ("POST", "/world", b"{", 400, "no command for the world"),
        ("POST", "/world", b"[" * 100_000, 400, "no command for the world"),
        ("POST", "/world", b'{"thaw":true,"melt":true}', 400, "melt"),
        ("POST", "/world", b'{"remove":"nobody"}', 404, "nobody"),
        ("POST", "/world", b'{"add":{"uuid":"a"},"alter":"b","fields":{"uuid":"c"}}', 400, "no field of a task"),
        ("POST", "/sessions", b"", 405, "GET, DELETE"),
    ],
)
def test_invalid_command_is_refused_with_its_reason(
    node: ManagementNode, control: httpx.Client, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    answer = control.request(method, path, content=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert node.faults.active() == []


def test_closed_listener_is_opened_again_on_the_connection_that_closed_it(
    server: EmbeddedServer, control: httpx.Client
) -> None:
    rule = control.post("/faults", content="refuse").json()["id"]
    assert not answers(server)
    assert control.get("/faults").json()["faults"][0]["kind"] == "refuse"
    assert control.delete(f"/faults/{rule}").status_code == 200
    assert answers(server)


def test_faults_do_not_apply_to_the_control_endpoint(node: ManagementNode, control: httpx.Client) -> None:
    for kind in ("hang", "slow-start"):
        node.faults.add(kind, seconds=3600)
    assert len(control.get("/faults").json()["faults"]) == 2


def test_world_can_be_frozen_altered_and_released(node: ManagementNode, control: httpx.Client) -> None:
    count = control.get("/world").json()["tasks"]
    control.post("/world", json={"freeze": True})
    assert control.get("/world").json() == {"tasks": count, "is_frozen": True}
    uuid = control.post("/world", json={"add": {"name": "by hand", "status": "Melting"}}).json()["uuid"]
    assert control.get("/world").json()["tasks"] == count + 1
    control.post("/world", json={"alter": uuid, "fields": {"status": "Failed"}})
    assert node.task_table.inventory(node.world.tasks[uuid])["status"] == "Failed"
    control.post("/world", json={"release": uuid})
    assert node.task_table.inventory(node.world.tasks[uuid])["status"] == "Running"
    control.post("/world", json={"remove": uuid, "thaw": True})
    assert control.get("/world").json() == {"tasks": count, "is_frozen": False}


def test_sessions_are_counted_and_killed(node: ManagementNode, server: EmbeddedServer, control: httpx.Client) -> None:
    with new_client(server) as client:
        before = control.get("/sessions").json()
        log_in(client)
        assert control.get("/sessions").json() == {name: count + 1 for name, count in before.items()}
        assert control.delete("/sessions").json() == {"killed": before["alive"] + 1}
        assert client.get("/cdp-task").json()["error"]["code"] == "ID.1001"
        assert control.get("/sessions").json()["alive"] == 0


def test_requests_are_counted_without_secrets(
    node: ManagementNode, server: EmbeddedServer, control: httpx.Client
) -> None:
    control.delete("/requests")
    with new_client(server) as client:
        sessions = [log_in(client) for _ in range(2)]
        for session in sessions:
            client.delete(f"/accounts/sessions/{session}")
        client.get("/cdp-task")
    eventually(lambda: node.journal.in_flight == 0)
    answer = control.get("/requests")
    assert answer.json() == {
        "in_flight": 0,
        "counts": {
            "PUT /zstack/v1/accounts/login": {"200": 2},
            "DELETE /zstack/v1/accounts/sessions/{uuid}": {"200": 2},
            "GET /zstack/v1/cdp-task": {"503": 1},
        },
    }
