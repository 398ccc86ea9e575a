"""Logins on a terminal, with files, prompts and certificates."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512
from pathlib import Path

import pytest

from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from tests.terminal.conftest import OpenMonitor
from tests.terminal.pty_terminal import CDPTUI, Terminal
from tests.wire.forward_proxy import forward_proxy, socks_proxy
from tests.wire.simulated import eventually
from tests.wire.tls_front import Certificates, tls_in_front_of

Simulate = Callable[..., tuple[ManagementNode, EmbeddedServer]]

SECRET = "secret0123456789"


def quit_monitor(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored


def all_output(terminal: Terminal, folder: Path) -> bytes:
    """Return the output of a run: the terminal and the log."""
    log = folder / "cdptui.log"
    return bytes(terminal.output) + (log.read_bytes() if log.exists() else b"")


def test_access_key_in_a_file_opens_no_session(simulate: Simulate, monitor: OpenMonitor, tmp_path: Path) -> None:
    node, server = simulate(tasks=5)
    path = tmp_path / "key"
    path.write_text(f"CDPTUISIMULATOR01\n{SECRET}\n")
    path.chmod(0o600)
    terminal = monitor(server.url, "--access-key-file", str(path), "--debug", "--interval", "1")
    terminal.wait_for(r"live .*5/5 tasks", lambda screen: "key CDPTUISIMULATOR01" in screen.lines[0])
    node.faults.add_fault(Fault(kind=FaultKind.CLOCK_SKEW, seconds=7200))
    seen = len(node.journal.requests)
    terminal.wait_for(lambda _: len(node.journal.requests) >= seen + 4)
    terminal.wait_for("● live")
    quit_monitor(terminal)
    assert node.sessions.logins == 0
    assert SECRET.encode() not in all_output(terminal, tmp_path)
    assert b"ZStack CDPTUISIMULATOR01:" not in all_output(terminal, tmp_path).replace(b"01:***", b"")


def test_access_key_in_the_environment_takes_precedence_over_a_password(
    simulate: Simulate, monitor: OpenMonitor
) -> None:
    node, server = simulate(tasks=5)
    key = {"ZSTACK_ACCESS_KEY_ID": "CDPTUISIMULATOR01", "ZSTACK_ACCESS_KEY_SECRET": SECRET}
    terminal = monitor(server.url, **key)
    terminal.wait_for("5/5 tasks")
    quit_monitor(terminal)
    assert node.sessions.logins == 0
    # Options take precedence over both.
    terminal = monitor(server.url, "--account", "admin", **key)
    terminal.wait_for("5/5 tasks")
    quit_monitor(terminal)
    assert (node.sessions.logins, node.sessions.alive()) == (1, 0)


def test_second_factor_code_can_be_typed_and_is_not_in_the_output(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    node, server = simulate(tasks=5, two_factor_code="123456")
    terminal = monitor(server.url, "--debug")
    terminal.wait_for("press r to type the second-factor code")
    terminal.send("r")
    terminal.wait_for("Second factor")
    terminal.send("000000\r")
    terminal.wait_for("code refused")
    terminal.send("r")
    terminal.wait_for("Second factor")
    terminal.send("123456\r")
    terminal.wait_for("5/5 tasks")
    quit_monitor(terminal)
    assert node.sessions.alive() == 0
    output = all_output(terminal, tmp_path)
    assert not [secret for secret in (b"123456", sha512(b"password").hexdigest().encode()) if secret in output]


def test_virtual_id_logs_in_to_a_project_and_out_of_both_sessions(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=5)
    options = ("--login-type", "iam2", "--account", "virtual-operator", "--project", "production")
    terminal = monitor(server.url, *options)
    terminal.wait_for("5/5 tasks", lambda screen: "virtual-operator in production" in screen.lines[0])
    assert node.sessions.alive() == 2
    quit_monitor(terminal)
    assert node.sessions.alive() == 0


def test_private_certificate_authority_is_trusted_only_when_given(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path
) -> None:
    _, server = simulate(tasks=5)
    certificates = Certificates(tmp_path)
    with tls_in_front_of(server.url, certificates.server()) as url:
        terminal = monitor(url)
        terminal.wait_for("TLS not trusted")
        terminal.wait_for("unable to get local issuer certificate → .*--ca-file")
        quit_monitor(terminal)
        terminal = monitor(url, "--ca-file", str(certificates.ca_file))
        terminal.wait_for(r"live .*5/5 tasks", lambda screen: "TLS" not in screen.lines[0])
        quit_monitor(terminal)
        terminal = monitor(url, SSL_CERT_FILE=str(certificates.ca_file))
        terminal.wait_for(r"live .*5/5 tasks")
        quit_monitor(terminal)


@pytest.mark.parametrize("columns", [40, 120])
def test_unverified_tls_is_shown_in_the_header_at_all_times(
    simulate: Simulate, monitor: OpenMonitor, tmp_path: Path, columns: int
) -> None:
    _, server = simulate(tasks=5)
    with tls_in_front_of(server.url, Certificates(tmp_path).self_signed()) as url:
        terminal = monitor(url, "--insecure", columns=columns)
        terminal.wait_for("● live", lambda screen: "TLS not verified" in screen.lines[0])
        server.stop()
        terminal.send("r")
        terminal.wait_for("retry", lambda screen: "TLS not verified" in screen.lines[0])
        quit_monitor(terminal)


def test_unencrypted_connection_is_shown(monitor: OpenMonitor) -> None:
    terminal = monitor("http://192.0.2.1:8080", "--timeout", "1")
    terminal.wait_for("not encrypted")
    quit_monitor(terminal)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--ca-file", "/nowhere"], "No such file"),
        (["--ca-file", "/dev/null", "--insecure"], "exclude each other"),
        (["--client-key", "/dev/null"], "--client-cert"),
        (["--access-key-file", "/nowhere"], "No such file"),
        (["--access-key-file", "x", "--password-file", "y"], "exclude each other"),
        (["--server-zone", "Nowhere"], "is not a time zone"),
        (["--login-type", "user"], "--user"),
        (["--user", "eve", "--login-type", "ldap"], "--account"),
        (["--project", "p"], "--login-type"),
    ],
)
def test_invalid_options_are_reported_in_one_line_before_anything_is_drawn(
    monitor: OpenMonitor, options: list[str], why: str
) -> None:
    terminal = monitor("https://192.0.2.1", *options, columns=250)
    assert terminal.wait_for_end() == 2
    (line,) = [line for line in terminal.lines if line]
    assert line.startswith("cdptui: ")
    assert why in line


def test_access_key_id_without_secret_is_refused(monitor: OpenMonitor) -> None:
    terminal = monitor("http://192.0.2.1", ZSTACK_ACCESS_KEY_ID="CDPTUISIMULATOR01")
    assert terminal.wait_for_end() == 2
    assert "ZSTACK_ACCESS_KEY_ID is set without ZSTACK_ACCESS_KEY_SECRET" in terminal.text


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_http_proxy_is_used(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=5)
    with forward_proxy(port_of(server.url)) as (proxy, proxy_requests):
        terminal = monitor("http://node.example:8080", HTTP_PROXY=proxy)
        terminal.wait_for(r"live .*5/5 tasks")
        quit_monitor(terminal)
        assert proxy_requests[0] == "PUT http://node.example:8080/zstack/v1/accounts/login"
        logout = "DELETE http://node.example:8080/zstack/v1/accounts/sessions/"
        # Another connection may log a request for names after it.
        assert sum(line.startswith(logout) for line in proxy_requests) == 1
    assert node.sessions.alive() == 0


def test_tls_uses_a_tunnel_through_the_proxy(simulate: Simulate, monitor: OpenMonitor, tmp_path: Path) -> None:
    _, server = simulate(tasks=5)
    certificates = Certificates(tmp_path)
    with (
        tls_in_front_of(server.url, certificates.server(host="cloud.example.com")) as front,
        forward_proxy(port_of(front)) as (proxy, proxy_requests),
    ):
        terminal = monitor(
            "https://cloud.example.com",
            "--ca-file",
            str(certificates.ca_file),
            https_proxy=proxy.removeprefix("http://"),
        )
        terminal.wait_for(r"live .*5/5 tasks")
        quit_monitor(terminal)
        assert set(proxy_requests) == {"CONNECT cloud.example.com:443"}


def test_socks_proxy_resolves_the_host_name(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=5)
    with socks_proxy(port_of(server.url)) as (proxy, proxy_requests):
        terminal = monitor("http://node.example:8080", ALL_PROXY=proxy)
        terminal.wait_for(r"live .*5/5 tasks")
        quit_monitor(terminal)
        assert set(proxy_requests) == {"node.example"}
    assert node.sessions.alive() == 0


def test_local_nodes_and_the_demo_bypass_the_proxy(simulate: Simulate, monitor: OpenMonitor) -> None:
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    _, server = simulate(tasks=5)
    terminal = monitor(server.url, **nowhere)
    terminal.wait_for(r"live .*5/5 tasks")
    quit_monitor(terminal)
    with Terminal([*CDPTUI, "demo", "--tasks", "7"], environment=nowhere) as terminal:
        terminal.wait_for(r"live .*7/7 tasks")
        quit_monitor(terminal)


def test_unreachable_proxy_is_named_in_the_error(monitor: OpenMonitor) -> None:
    terminal = monitor("http://node.example", HTTP_PROXY="http://me:s3cret@127.0.0.1:9")
    terminal.wait_for(r"proxy unreachable: http://127\.0\.0\.1:9 \(HTTP_PROXY\): Connection refused")
    quit_monitor(terminal)
    assert b"s3cret" not in terminal.output


def test_exit_during_a_login_leaves_no_session(simulate: Simulate, monitor: OpenMonitor) -> None:
    node, server = simulate(tasks=5)
    node.faults.add_fault(Fault(kind=FaultKind.DELAY, path_prefix="/accounts/login", seconds=0.3))
    terminal = monitor(server.url)
    eventually(lambda: node.journal.in_flight > 0)
    quit_monitor(terminal)
    assert node.sessions.logins == 1
    assert node.sessions.alive() == 0
