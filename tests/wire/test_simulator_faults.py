"""Faults of the simulator, seen by a client on a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.simulated import AT_ONCE_S, LOGIN, eventually, log_in, new_client


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
    with new_client(server) as client:
        log_in(client)
        yield client


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("rate-limit", 429, "Rate limit exceeded"),
        ("empty-500", 500, ""),
        ("bad-gateway", 502, "502 Bad Gateway"),
        ("gateway-timeout", 504, "504 Gateway Time-out"),
        ("html-503", 503, "503 Service Temporarily Unavailable"),
        ("module-missing", 404, "no api mapping to /v1/cdp-task"),
        ("tomcat-404", 404, "Apache Tomcat"),
        ("denied", 503, "operation[API:org.zstack.header.storage.cdp.APIQueryCdpTaskMsg] is denied by default"),
        ("session-kill", 503, "ID.1001"),
        ("firewall", 403, "Request blocked by rule"),
    ],
)
def test_replaced_response_is_sent_once_then_the_correct_one(
    node: ManagementNode, client: httpx.Client, kind: str, status: int, words: str
) -> None:
    node.faults.add(kind, "/cdp-task", times=1)
    answer = client.get("/cdp-task?limit=1")
    assert answer.status_code == status
    assert words in answer.text
    if kind != "session-kill":
        assert client.get("/cdp-task?limit=1").status_code == 200


def test_error_pages_replace_503_only(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("error-pages")
    assert client.get("/cdp-task?limit=1").status_code == 200
    refused = client.put("/accounts/login", json={"logInByAccount": {"accountName": "admin", "password": "wrong"}})
    assert (refused.status_code, "<title>503" in refused.text) == (503, True)
    assert client.get(f"/accounts/sessions/{'0' * 32}/valid").json()["valid"] is False


def test_cached_response_has_an_age(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("cached", "/cdp-task", times=1, seconds=42.0)
    answer = client.get("/cdp-task?limit=1")
    assert (answer.status_code, answer.headers["age"]) == (200, "42")


def test_second_factor_and_captcha_are_login_errors(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("error", "/accounts/login", code="ID.2001", times=1)
    node.faults.add("error", "/accounts/login", code="LOGIN_CONTROL.1005", times=1)
    factor, captcha = (client.put("/accounts/login", json=LOGIN).json()["error"] for _ in range(2))
    assert '"authentications":["googleAuth"]' in factor["details"]
    assert (captcha["code"], captcha["description"]) == ("LOGIN_CONTROL.1005", "Missing captcha")


def test_error_can_have_any_code_and_details(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("error", "/cdp-task", code="LICENSE.1001", details="no add-on", times=1)
    answer = client.get("/cdp-task")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert (error["code"], error["details"]) == ("LICENSE.1001", "no add-on")


@pytest.mark.parametrize("status", [301, 307, 308])
def test_redirect_has_the_given_status(node: ManagementNode, client: httpx.Client, status: int) -> None:
    node.faults.add("redirect", "/accounts/login", times=1, status=status)
    assert client.put("/accounts/login", json=LOGIN).status_code == status


def test_redirect_and_invalid_json(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("redirect", "/cdp-task", times=1, location="https://example.invalid/")
    answer = client.get("/cdp-task")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://example.invalid/")
    node.faults.add("invalid-json", "/cdp-task", times=1)
    with pytest.raises(ValueError, match="Expecting value"):
        client.get("/cdp-task").json()


def test_hanging_request_ends_when_its_client_disconnects(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("hang", "/cdp-task", times=1)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/cdp-task", timeout=0.1)
    eventually(lambda: node.journal.in_flight == 0)
    assert node.journal.requests[-1].status == 0


def test_delay_and_trickle_send_the_correct_response_late(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("delay", "/cdp-task", times=1, seconds=0.1)
    begin = time.monotonic()
    assert client.get("/cdp-task?count=true").json()["total"] == len(node.world.tasks)
    assert time.monotonic() - begin >= 0.1
    node.faults.add("trickle", "/cdp-task", times=1, seconds=0.001)
    assert len(client.get("/cdp-task?limit=1").json()["inventories"]) == 1


def test_reset_is_a_tcp_reset(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("reset", "/cdp-task", times=1)
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(b"GET /zstack/v1/cdp-task HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


def test_truncated_body_ends_in_the_middle(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("truncated", "/cdp-task", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/cdp-task")
    assert client.get("/cdp-task?limit=1").status_code == 200


def test_hang_body_sends_headers_without_a_body(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("hang-body", "/cdp-task", times=1)
    with client.stream("GET", "/cdp-task", timeout=0.1) as answer:
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) > 1000
        with pytest.raises(httpx.ReadTimeout):
            answer.read()
    eventually(lambda: node.journal.in_flight == 0)


def test_endless_body_ends_when_its_client_disconnects(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("endless-body", "/cdp-task", times=1, seconds=0)
    with client.stream("GET", "/cdp-task") as answer:
        assert "content-length" not in answer.headers
        received = 0
        for part in answer.iter_bytes():
            received += len(part)
            # Checked while the body is being read: httpx closes the connection when its reader ends.
            assert node.journal.in_flight == 1
            if received > 1 << 20:
                break
    eventually(lambda: node.journal.in_flight == 0)


def test_endless_list_repeats_its_first_page(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("endless-list", "/cdp-task")
    node.world.freeze()
    pages = [
        client.get(f"/cdp-task?limit=10&start={start}&replyWithCount=true&sort=%2Buuid").json()
        for start in (0, 10, 5000)
    ]
    node.world.thaw()
    assert [page["total"] for page in pages] == [11, 21, 5011]
    assert pages[0]["inventories"] == pages[1]["inventories"] == pages[2]["inventories"]
    assert len(pages[0]["inventories"]) == 10
    assert set(client.get("/cdp-task?limit=1&start=0").json()) == {"schema", "inventories"}


def test_capped_pages_have_at_most_the_cap_and_the_real_total(node: ManagementNode, client: httpx.Client) -> None:
    node.world.freeze()
    rule = node.faults.add("capped-pages", "/cdp-task", rows=7)
    queries = ("", "limit=50&", "limit=3&", "limit=50&start=55&")
    pages = [client.get(f"/cdp-task?{query}replyWithCount=true&sort=%2Buuid").json() for query in queries]
    node.faults.remove(rule)
    whole = client.get("/cdp-task?sort=%2Buuid").json()["inventories"]
    node.world.thaw()
    assert [len(page["inventories"]) for page in pages] == [7, 7, 3, 5]
    assert [page["inventories"][0] for page in pages] == [whole[0], whole[0], whole[0], whole[55]]
    assert {page["total"] for page in pages} == {60}


def test_huge_body_has_its_announced_size(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("huge-body", "/cdp-task", times=1, size_bytes=3_000_001)
    answer = client.get("/cdp-task")
    assert len(answer.content) == int(answer.headers["content-length"]) == 3_000_001
    assert answer.json()["inventories"] == []


def test_deep_nesting_is_too_deep_for_a_recursive_parser(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("deep-nesting", "/cdp-task", times=1)
    answer = client.get("/cdp-task")
    assert answer.text.count("[") == answer.text.count("]") == 100_000
    with pytest.raises(RecursionError):
        answer.json()
    node.faults.add("deep-nesting", "/cdp-task", times=1, depth=3)
    assert client.get("/cdp-task").json()["inventories"] == [[[]]]


def test_rows_shift_between_the_pages_of_one_poll(node: ManagementNode, client: httpx.Client) -> None:
    node.world.freeze()
    before = sorted(node.world.tasks)
    node.faults.add("shifting-rows", "/cdp-task")

    def poll() -> list[str]:
        pages = [client.get(f"/cdp-task?limit=20&start={start}&sort=%2Buuid").json() for start in (0, 20)]
        return [task["uuid"] for page in pages for task in page["inventories"]]

    doubled, lost = poll(), poll()
    node.world.thaw()
    assert doubled == [*before[:20], before[19], *before[20:39]]
    assert lost == [f"{1:032x}", *before[:19], *before[20:40]]
    assert sorted(node.world.tasks) == before


def test_unique_session_ends_the_first_session_at_the_second_login(node: ManagementNode, client: httpx.Client) -> None:
    rule = node.faults.add("unique-session")
    first = client.headers["Authorization"]
    log_in(client)
    assert client.get("/cdp-task", headers={"Authorization": first}).json()["error"]["code"] == "ID.1001"
    assert client.get("/cdp-task").status_code == 200
    node.faults.remove(rule)
    second = client.headers["Authorization"]
    log_in(client)
    assert client.get("/cdp-task", headers={"Authorization": second}).status_code == 200


def test_clock_skew_changes_the_servers_time(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("clock-skew", seconds=3600)
    seconds = client.put("/management-nodes/actions", json={"getCurrentTime": {}}).json()["currentTime"]["Seconds"]
    assert 3590 < seconds - time.time() < 3610


def test_restarted_server_has_its_port_and_sessions(server: EmbeddedServer, client: httpx.Client) -> None:
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
        assert time.monotonic() - begin < AT_ONCE_S
    hanging.join()
    with pytest.raises(httpx.ConnectError):
        client.get("/cdp-task")
    assert server.start() == url
    assert client.get("/cdp-task?limit=1").status_code == 200


def test_port_in_use_is_an_os_error(server: EmbeddedServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        EmbeddedServer(ManagementNode(SimulatorSettings(port=port, tasks=0))).start()
