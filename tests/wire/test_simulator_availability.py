"""An absent node: refused connections, slow start, and prompt shutdown."""

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
from tests.wire.simulated import AT_ONCE_S, answers, eventually, new_client


@pytest.fixture
def node() -> ManagementNode:
    return ManagementNode(SimulatorSettings(port=0))


@pytest.fixture
def server(node: ManagementNode) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(node) as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    with new_client(server) as client:
        yield client


def is_refused(server: EmbeddedServer) -> bool:
    host, port = server.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # accepted by the system as the listener closed: the next connection is refused
        return False
    return False


def test_connections_are_refused_until_the_rule_is_removed(
    node: ManagementNode, server: EmbeddedServer, client: httpx.Client
) -> None:
    assert client.get("/licenses/addons").status_code == 200
    for _ in range(3):
        rule = node.faults.add("refuse")
        eventually(lambda: is_refused(server))
        with pytest.raises(httpx.TransportError):
            client.get("/licenses/addons")
        node.faults.remove(rule)
        eventually(lambda: not is_refused(server))
        assert client.get("/licenses/addons").status_code == 200


def test_refuse_rule_expires(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("refuse", lasts_s=0.3)
    begin = time.monotonic()
    eventually(lambda: is_refused(server))
    eventually(lambda: answers(server))
    assert 0.3 <= time.monotonic() - begin < AT_ONCE_S
    assert node.faults.active() == []


def test_refuse_rule_aborts_requests_in_flight(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("hang", "/licenses")
    broken: list[bool] = []
    hanging = threading.Thread(target=lambda: broken.append(not answers(server)))
    hanging.start()
    eventually(lambda: node.journal.in_flight == 1)
    node.faults.add("refuse")
    hanging.join(5)
    assert broken == [True]
    eventually(lambda: node.journal.in_flight == 0)


def test_refusing_node_can_be_stopped_and_started(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("refuse")
    eventually(lambda: is_refused(server))
    begin = time.monotonic()
    server.stop()
    assert time.monotonic() - begin < AT_ONCE_S
    server.start()
    eventually(lambda: is_refused(server))
    node.faults.clear()
    eventually(lambda: answers(server))


def test_slow_start_answers_when_it_is_over(node: ManagementNode, client: httpx.Client) -> None:
    node.faults.add("slow-start", seconds=0.3)
    begin = time.monotonic()
    assert client.get("/licenses/addons").status_code == 200
    assert time.monotonic() - begin > 0.2
    assert node.faults.start_left_s == 0


def test_slow_start_applies_to_every_start_of_listening(
    node: ManagementNode, server: EmbeddedServer, client: httpx.Client
) -> None:
    node.faults.add("slow-start", seconds=0.5)
    assert client.get("/licenses/addons").status_code == 200
    assert node.faults.start_left_s == 0
    rule = node.faults.add("refuse")
    eventually(lambda: is_refused(server))
    node.faults.remove(rule)
    eventually(lambda: node.faults.start_left_s > 0)
    assert client.get("/licenses/addons").status_code == 200
    assert node.faults.start_left_s == 0


def test_waiting_requests_are_answered_when_slow_start_is_removed(node: ManagementNode, server: EmbeddedServer) -> None:
    node.faults.add("slow-start", seconds=3600)
    answered: list[bool] = []
    waiting = threading.Thread(target=lambda: answered.append(answers(server)))
    waiting.start()
    eventually(lambda: node.journal.in_flight == 1)
    node.faults.add("delay", "/nowhere")
    node.faults.clear()
    waiting.join(5)
    assert answered == [True]


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("hang", 1.0),
        ("hang-body", 1.0),
        ("delay", 600.0),
        ("trickle", 600.0),
        ("endless-body", 0.0),
        ("endless-body", 600.0),
        ("huge-body", 1.0),
        ("slow-start", 600.0),
    ],
)
def test_stop_does_not_wait_for_open_requests(
    node: ManagementNode, server: EmbeddedServer, capfd: pytest.CaptureFixture[str], kind: str, seconds: float
) -> None:
    node.faults.add(kind, seconds=seconds, size_bytes=1 << 30)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        raw.sendall(b"GET /zstack/v1/licenses/addons HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: node.journal.in_flight == 1)
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < AT_ONCE_S
    assert node.journal.in_flight == 0
    assert capfd.readouterr() == ("", "")


def test_rules_can_be_changed_from_several_threads_while_the_node_answers(
    node: ManagementNode, server: EmbeddedServer
) -> None:
    failures: list[BaseException] = []

    def switch(kind: str) -> None:
        try:
            for _ in range(30):
                rule = node.faults.add(kind, seconds=0.01, lasts_s=30)
                answers(server)
                node.faults.remove(rule)
        except BaseException as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    threads = [threading.Thread(target=switch, args=(kind,)) for kind in ("refuse", "slow-start", "reset", "delay")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert node.faults.active() == []
    eventually(lambda: answers(server))
    eventually(lambda: node.journal.in_flight == 0)
