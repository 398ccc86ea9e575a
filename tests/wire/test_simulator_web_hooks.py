"""Web hooks: the result of a job is posted to a URL of the client, as the vendor's Java SDK expects it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.simulated import AT_ONCE_S, eventually, log_in, new_client

JOB = "5d0345d3ddcae485f8170572b15a2b58"


@dataclass
class Receiver:
    """A web server of a client, on loopback."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """Statuses of its next answers; afterwards 200."""
    calls: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Path, headers in lower case, and body of each POST."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append((self.path, headers, json.loads(body)))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            self.send_response(status)
            if status == 307:
                self.send_header("location", f"{receiver.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Write nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def node() -> ManagementNode:
    node = ManagementNode(SimulatorSettings(port=0, tasks=3, web_hook_retry_s=0.01))
    node.jobs.duration_s = 0.05
    node.world.freeze()
    return node


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    with new_client(server) as client:
        log_in(client)
        yield client


def test_success_is_posted_with_the_job_id_and_the_result(
    node: ManagementNode, client: httpx.Client, receiver: Receiver
) -> None:
    uuid = next(iter(node.world.tasks))
    headers = {"X-Job-UUID": JOB, "X-Web-Hook": f"{receiver.url}/hook?a=b"}
    answer = client.post(f"/cdp-task/disable/{uuid}", json={"params": {}}, headers=headers)
    assert answer.status_code == 202
    eventually(lambda: len(receiver.calls) == 1)
    path, sent, body = receiver.calls[0]
    assert path == "/hook?a=b"
    assert (sent["x-job-uuid"], sent["x-job-success"]) == (JOB, "true")
    assert sent["content-type"] == "application/json; charset=utf-8"
    assert (body["inventory"]["uuid"], body["inventory"]["state"]) == (uuid, "Disabled")
    polled = client.get(f"/api-jobs/{JOB}")
    assert (polled.status_code, polled.json()) == (200, body)


def test_failure_is_posted_with_its_error(client: httpx.Client, receiver: Receiver) -> None:
    client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": receiver.url})
    eventually(lambda: len(receiver.calls) == 1)
    path, sent, body = receiver.calls[0]
    assert (path, sent["x-job-success"]) == ("/", "false")
    assert body["error"]["code"] == "SYS.1003"


@pytest.mark.parametrize("status", [307, 400, 404, 500])
def test_answer_other_than_2xx_is_followed_by_another_try_at_the_same_url(
    client: httpx.Client, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status, status]
    client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": f"{receiver.url}/hook"})
    eventually(lambda: len(receiver.calls) == 3)
    assert {path for path, _, _ in receiver.calls} == {"/hook"}


def test_posts_end_after_fifteen_tries(client: httpx.Client, receiver: Receiver) -> None:
    receiver.statuses = [500] * 20
    client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": receiver.url})
    eventually(lambda: len(receiver.calls) == 15)
    receiver.statuses = []
    client.post(f"/cdp-task/enable/{'e' * 32}", headers={"X-Web-Hook": f"{receiver.url}/later"})
    eventually(lambda: receiver.calls[-1][0] == "/later")
    assert [path for path, _, _ in receiver.calls] == ["/"] * 15 + ["/later"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://",
        "http:///x",
        "//x",
        "not a url",
        "http://a:0/",
        "http://[::1",
    ],
)
def test_url_that_is_not_http_is_ignored_and_the_job_completes(client: httpx.Client, url: str) -> None:
    answer = client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": url})
    job = answer.json()["location"].rpartition("/")[2]
    eventually(lambda: client.get(f"/api-jobs/{job}").status_code == 503)


def test_call_without_a_job_posts_nothing(client: httpx.Client, receiver: Receiver) -> None:
    hook = {"X-Web-Hook": f"{receiver.url}/sync"}
    assert client.get("/cdp-task", headers=hook).status_code == 200
    client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": f"{receiver.url}/job"})
    eventually(lambda: len(receiver.calls) == 1)
    assert receiver.calls[0][0] == "/job"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A URL whose server accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_receiver_that_never_answers_blocks_neither_requests_nor_the_stop(silent_url: str) -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=1))
    node.jobs.duration_s = 0.0
    with EmbeddedServer(node) as server, new_client(server) as client:
        log_in(client)
        begin = time.monotonic()
        client.post(f"/cdp-task/enable/{'f' * 32}", headers={"X-Web-Hook": silent_url})
        assert client.get("/cdp-task").status_code == 200
        server.stop()
        assert time.monotonic() - begin < AT_ONCE_S
