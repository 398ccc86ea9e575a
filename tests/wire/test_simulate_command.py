"""`cdptui simulate` with its faults: output, and shutdown with hanging connections."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from cdptui.simulator.faults.rules import FaultKind
from cdptui.simulator.faults.spec import options_of
from tests.wire.simulated import AT_ONCE_S, LOGIN, eventually

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cdptui", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def simulate(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a simulator in its own process; yield the process and its URL."""
    command = [sys.executable, "-m", "cdptui", "simulate", "--port", "0", "--tasks", "5", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().removeprefix("listening on ").strip()
        finally:
            process.kill()


@pytest.mark.parametrize("command", ["simulate", "demo"])
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("nope", [kind.value for kind in FaultKind]),
        ("hang:seconds=3", list(options_of(FaultKind.HANG))),
        ("delay:seconds=soon", ["seconds=soon of delay"]),
        ("", ["delay, hang"]),
    ],
)
def test_invalid_spec_is_a_usage_error_that_lists_the_valid_options(command: str, spec: str, words: list[str]) -> None:
    done = run(command, "--fault", "hang", "--fault", spec)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("cdptui: Invalid value for '--fault': ")
    assert [word for word in words if word not in line] == []


def test_help_lists_every_fault_with_its_keys() -> None:
    text = run("simulate", "--help").stdout
    _, _, kinds = text.partition("KINDs:")
    assert [kind for kind in FaultKind if not re.search(rf"\b{kind}\b", kinds)] == []
    keys = {key for kind in FaultKind for key in options_of(kind)}
    assert [key for key in keys if f"{key}=" not in kinds] == []


def test_faults_are_active_from_the_start_and_can_be_removed_by_control() -> None:
    with (
        simulate("--fault", "rate-limit:times=1", "--fault", "module-missing", "--control") as (_, url),
        httpx.Client(base_url=url, timeout=60, verify=False) as client,
    ):
        assert [client.get("/zstack/v1/licenses/addons").status_code for _ in range(3)] == [429, 404, 404]
        assert client.delete("/control/faults/2").status_code == 200
        assert client.get("/zstack/v1/licenses/addons").status_code == 200


@pytest.mark.parametrize("statuses", ["no-stopping", "basic"])
def test_statuses_option_chooses_the_statuses_of_the_server(statuses: str) -> None:
    with simulate("--tasks", "60", "--statuses", statuses) as (_, url), httpx.Client(verify=False) as client:
        session = client.put(f"{url}/zstack/v1/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
        client.headers["Authorization"] = f"OAuth {session}"
        stopping = client.get(f"{url}/zstack/v1/cdp-task?q=status%3DStopping&count=true").json()
        merging = client.get(f"{url}/zstack/v1/cdp-task?q=status%3DDataMerging&count=true").json()
    assert (stopping["total"], merging["total"] > 0) == (0, statuses == "no-stopping")


def test_control_is_404_without_its_option() -> None:
    with simulate() as (_, url):
        answer = httpx.get(f"{url}/control/faults", verify=False)
        assert answer.status_code == 404
        assert "Apache Tomcat" in answer.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_at_once_with_0_and_open_requests(number: signal.Signals) -> None:
    specs = ("hang", "hang-body", "trickle:seconds=600", "endless-body:seconds=0", "slow-start:seconds=600")
    with simulate("--control") as (process, url), ExitStack() as open_connections:
        control = open_connections.enter_context(httpx.Client(base_url=f"{url}/control", timeout=60, verify=False))
        host, port = url.removeprefix("http://").split(":")
        for i, spec in enumerate(specs, start=1):
            control.delete("/faults")
            control.post("/faults", content=spec)
            raw = open_connections.enter_context(socket.create_connection((host, int(port)), timeout=60))
            raw.sendall(b"GET /zstack/v1/licenses/addons HTTP/1.1\r\nHost: x\r\n\r\n")
            eventually(lambda wanted=i: control.get("/requests").json()["in_flight"] == wanted)  # type: ignore[misc]
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(60) == 0
        assert time.monotonic() - begin < AT_ONCE_S
        assert process.stderr is not None
        assert process.stderr.read() == ""
