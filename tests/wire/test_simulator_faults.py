"""What goes wrong on purpose, seen from the other end of a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha512

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings

LOGIN = {"logInByAccount": {"accountName": "admin", "password": sha512(b"password").hexdigest()}}


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(ManagementNode(SimulatorSettings(port=0))) as server:
        yield server


@pytest.fixture
def node(server: EmbeddedServer) -> Iterator[ManagementNode]:
    yield server.node
    server.node.faults.clear()


@pytest.fixture
def client(server: EmbeddedServer, node: ManagementNode) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/zstack/v1", timeout=5, verify=False) as client:
        session = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
        client.headers["Authorization"] = f"OAuth {session}"
        yield client


def eventually(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("rate-limit", 429, "Rate limit exceeded"),
        ("empty-500", 500, ""),
        ("bad-gateway", 502, "502 Bad Gateway"),
        ("html-503", 503, "503 Service Temporarily Unavailable"),
        ("module-missing", 404, "no api mapping to /v1/cdp-task"),
        ("tomcat-404", 404, "Apache Tomcat"),
        ("denied", 503, "operation[API:org.zstack.header.storage.cdp.APIQueryCdpTaskMsg] is denied by default"),
        ("session-kill", 503, "ID.1001"),
    ],
)
def test_forged_answer_comes_once_then_the_truth_again(
    node: ManagementNode, client: httpx.Client, kind: str, status: int, words: str
) -> None:
    node.faults.add(kind, "/cdp-task", times=1)
    answer = client.get("/cdp-task?limit=1")
    assert answer.status_code == status
    assert words in answer.text
    if kind != "session-kill":
        assert client.get("/cdp-task?limit=1").status_code == 200


def test_second_factor_and_captcha_are_errors_of_the_login(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("error", "/accounts/login", code="ID.2001", times=1)
    node.faults.add("error", "/accounts/login", code="LOGIN_CONTROL.1005", times=1)
    factor, captcha = (client.put("/accounts/login", json=LOGIN).json()["error"] for _ in range(2))
    assert '"authentications":["googleAuth"]' in factor["details"]
    assert (captcha["code"], captcha["description"]) == ("LOGIN_CONTROL.1005", "Missing captcha")


def test_redirect_and_invalid_json(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("redirect", "/cdp-task", times=1, location="https://example.invalid/")
    answer = client.get("/cdp-task")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://example.invalid/")
    node.faults.add("invalid-json", "/cdp-task", times=1)
    with pytest.raises(ValueError, match="Expecting value"):
        client.get("/cdp-task").json()


def test_hanging_request_goes_when_its_client_goes(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("hang", "/cdp-task", times=1)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/cdp-task", timeout=0.1)
    eventually(lambda: node.journal.in_flight == 0)
    assert node.journal.requests[-1].status == 0


def test_delay_and_trickle_bring_the_truth_late(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("delay", "/cdp-task", times=1, seconds=0.1)
    begin = time.monotonic()
    assert client.get("/cdp-task?count=true").json()["total"] == len(node.world.tasks)
    assert time.monotonic() - begin >= 0.1
    node.faults.add("trickle", "/cdp-task", times=1, seconds=0.001)
    assert len(client.get("/cdp-task?limit=1").json()["inventories"]) == 1


def test_reset_is_a_real_one(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("reset", "/cdp-task", times=1)
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(b"GET /zstack/v1/cdp-task HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


def test_truncated_body_ends_in_the_middle(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("truncated", "/cdp-task", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/cdp-task")
    assert client.get("/cdp-task?limit=1").status_code == 200


def test_skewed_clock_shows_in_the_servers_time(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("clock-skew", seconds=3600)
    seconds = client.put("/management-nodes/actions", json={"getCurrentTime": {}}).json()["currentTime"]["Seconds"]
    assert 3590 < seconds - time.time() < 3610


def test_server_comes_back_on_its_port_with_its_sessions(server: EmbeddedServer, client: httpx.Client) -> None:
    url = server.url
    server.node.faults.add("hang", "/volumes", times=1)

    def hang() -> None:
        with pytest.raises(httpx.HTTPError):
            client.get("/volumes")

    hanging = threading.Thread(target=hang)
    hanging.start()
    eventually(lambda: server.node.journal.in_flight == 1)
    with httpx.Client(verify=False) as idle:
        idle.get(f"{url}/zstack/v1/licenses/addons")
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < 1
    hanging.join()
    with pytest.raises(httpx.ConnectError):
        client.get("/cdp-task")
    assert server.start() == url
    assert client.get("/cdp-task?limit=1").status_code == 200


def test_port_in_use_is_an_os_error(server: EmbeddedServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        EmbeddedServer(ManagementNode(SimulatorSettings(port=port, tasks=0))).start()
