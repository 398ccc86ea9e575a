"""The real Squid, Tinyproxy and nginx between the real program and a node: the message names the right cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.terminal.pty_terminal import CDPTUI, STEADY_LINE, Terminal
from tests.terminal.watched_node import LOGIN
from tests.wire.forward_proxy import refusing_socks_proxy
from tests.wire.proxy_programs import free_port, nginx, refusing_port, squid, tinyproxy
from tests.wire.tls_front import Certificates

pytestmark = pytest.mark.shares_processes

AT_ONCE = 4

SERVERS = """
server {{ listen 127.0.0.1:{error_pages}; error_page 503 @busy; proxy_intercept_errors on;
    location / {{ proxy_pass http://127.0.0.1:{node}; }}
    location @busy {{ default_type text/html; return 503 "<html><title>Please wait</title></html>"; }} }}
server {{ listen 127.0.0.1:{node_down}; location / {{ proxy_pass http://127.0.0.1:{nothing}; }} }}
server {{ listen 127.0.0.1:{blocks_all}; default_type text/plain; return 403 "Blocked by policy 17"; }}
server {{ listen 127.0.0.1:{blocks_tasks};
    location / {{ proxy_pass http://127.0.0.1:{node}; }}
    location /zstack/v1/cdp-task {{ default_type application/json; return 403 '{{"message":"rule 949110"}}'; }} }}
server {{ listen 127.0.0.1:{busy}; return 429; }}
server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {{folder}}/cert.pem; ssl_certificate_key {{folder}}/cert.pem; }}
server {{ listen 127.0.0.1:{to_https}; return 301 https://$host:{tls}$request_uri; }}
"""


class Case(NamedTuple):
    """A connection, and its message: the label in the header, the cause, and what to do.

    The texts have places for the servers. `proxy` is an environment variable with its value.
    """

    name: str
    url: str
    proxy: str
    label: str
    cause: str
    advice: str = ""


NODE_UP = "check that the node is up"

CASES = (
    Case(
        "Squid, node down",
        "http://node.example:{nothing}",
        "HTTP_PROXY={squid}",
        "unreachable by the proxy",
        r"HTTP 503: {squid} \(HTTP_PROXY\) cannot reach node.example: Connection refused",
        NODE_UP,
    ),
    Case(
        "Squid, node down, tunnel",
        "https://node.example:{nothing}",
        "https_proxy={squid}",
        "unreachable by the proxy",
        r"HTTP 503: {squid} \(https_proxy\) cannot reach node.example: Connection refused",
        NODE_UP,
    ),
    Case(
        "Squid, name unknown",
        "http://node.invalid",
        "ALL_PROXY={squid}",
        "un(reachable by|known to) the proxy",
        r"HTTP 50\d: {squid} \(ALL_PROXY\) cannot (reach or )?resolve node.invalid",
    ),
    Case(
        "Squid, address not allowed",
        "http://forbidden.example",
        "HTTP_PROXY={squid}",
        "refused by the proxy",
        r"HTTP 403: {squid} \(HTTP_PROXY\): ERR_ACCESS_DENIED",
        "check HTTP_PROXY and its password",
    ),
    Case(
        "Squid, address not allowed, tunnel",
        "https://forbidden.example",
        "HTTPS_PROXY={squid}",
        "refused by the proxy",
        r"HTTP 403: {squid} \(HTTPS_PROXY\): ERR_ACCESS_DENIED",
        "check HTTPS_PROXY and its password",
    ),
    Case(
        "Tinyproxy, wrong password",
        "http://node.example",
        "HTTP_PROXY={tinyproxy_wrong}",
        "refused by the proxy",
        r"HTTP 401: {tinyproxy_login} \(HTTP_PROXY\): “401 Unauthorized”",
        "check HTTP_PROXY and its password",
    ),
    Case(
        "Tinyproxy, no password",
        "http://node.example",
        "HTTP_PROXY={tinyproxy_login}",
        "refused by the proxy",
        r"HTTP 407: {tinyproxy_login} \(HTTP_PROXY\): “407 Proxy Authentication Required”",
        "check HTTP_PROXY and its password",
    ),
    Case(
        "Tinyproxy, no password, tunnel",
        "https://node.example",
        "HTTPS_PROXY={tinyproxy_login}",
        "refused by the proxy",
        r"HTTP 407: {tinyproxy_login} \(HTTPS_PROXY\): Proxy Authentication Required",
        "check HTTPS_PROXY and its password",
    ),
    Case(
        "Tinyproxy, node down or name unknown",
        "http://node.invalid:{nothing}",
        "HTTP_PROXY={tinyproxy}",
        "unreachable by the proxy",
        r"HTTP 500: {tinyproxy} \(HTTP_PROXY\) cannot",
        NODE_UP,
    ),
    Case(
        "Tinyproxy, port not allowed",
        "https://node.example:8443",
        "HTTPS_PROXY={tinyproxy}",
        "refused by the proxy",
        r"HTTP 403: {tinyproxy} \(HTTPS_PROXY\): Access violation",
    ),
    Case(
        "proxy down",
        "http://node.example",
        "HTTP_PROXY=http://127.0.0.1:{nothing}",
        "proxy unreachable",
        r"http://127.0.0.1:{nothing} \(HTTP_PROXY\): Connection refused",
        "check that the proxy is up, or change HTTP_PROXY",
    ),
    Case(
        "SOCKS proxy down",
        "http://node.example",
        "all_proxy=socks5h://127.0.0.1:{nothing}",
        "proxy unreachable",
        r"socks5h://127.0.0.1:{nothing} \(all_proxy\): Connection refused",
        "check that the proxy is up, or change all_proxy",
    ),
    Case(
        "SOCKS proxy, node down",
        "http://node.example",
        "ALL_PROXY={socks_refused}",
        "unreachable by the proxy",
        r"{socks_refused} \(ALL_PROXY\) cannot reach node.example",
        NODE_UP,
    ),
    Case(
        "SOCKS proxy, general failure",
        "http://node.example",
        "ALL_PROXY={socks_failure}",
        "unreachable by the proxy",
        r"{socks_failure} \(ALL_PROXY\) cannot reach or resolve",
        NODE_UP,
    ),
    Case(
        "SOCKS proxy that speaks HTTP",
        "http://node.example",
        "ALL_PROXY={socks_other}",
        "refused by the proxy",
        r"{socks_other} \(ALL_PROXY\): the answer is not that of a SOCKS 5 proxy",
    ),
    Case(
        "nginx, node down",
        "http://127.0.0.1:{node_down}",
        "",
        "unreachable",
        "HTTP 502: a proxy answers for the node: a web page, “502 Bad Gateway”",
        "check the address",
    ),
    Case(
        "nginx, login blocked",
        "http://127.0.0.1:{blocks_all}",
        "",
        "blocked on the way",
        "HTTP 403: Blocked by policy 17",
        "it was a firewall or proxy, not the node",
    ),
    Case(
        "nginx, tasks blocked",
        "http://127.0.0.1:{blocks_tasks}",
        "",
        "blocked on the way",
        r'HTTP 403: {{"message":"rule 949110"}}',
        "it was a firewall or proxy, not the node",
    ),
    Case(
        "nginx, too many requests",
        "http://127.0.0.1:{busy}",
        "",
        "rate limited",
        "HTTP 429: a web page, “429 Too Many Requests”",
    ),
    Case(
        "nginx, port for https",
        "http://127.0.0.1:{tls}",
        "",
        "https required",
        "HTTP 400: a web page, “400 The plain HTTP request was sent to HTTPS port”",
        "use https://127.0.0.1:{tls}: start again",
    ),
    Case(
        "nginx, redirect to https",
        "http://127.0.0.1:{to_https}",
        "",
        "https required",
        "HTTP 301: redirects to https://127.0.0.1:{tls}/zstack/v1",
        "use https://127.0.0.1:{tls}: start again",
    ),
)


class Between:
    """The node, the servers in front of it, and the proxies."""

    def __init__(self, node: ManagementNode, places: dict[str, str]) -> None:
        self.node = node
        self.places = places

    def open(self, case: Case, columns: int) -> Terminal:
        """Run the program as in a case."""
        name, _, value = case.proxy.format_map(self.places).partition("=")
        return self.open_url(case.url.format_map(self.places), columns, **({name: value} if name else {}))

    def open_url(self, url: str, columns: int, password: str = "password", **environment: str) -> Terminal:
        """Run the program."""
        command = [*CDPTUI, "--url", url, "--interval", "1", "--timeout", "10", "--log-file", "/dev/null"]
        return Terminal(
            command, columns=columns, environment={"ZSTACK_PASSWORD": password, **STEADY_LINE, **environment}
        )


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    """The node and all proxies, for all tests of this module."""
    certificates = Certificates(tmp_path_factory.mktemp("tls"))
    issued = certificates.authority.issue_cert("127.0.0.1")
    certificate = issued.private_key_pem.bytes() + b"".join(pem.bytes() for pem in issued.cert_chain_pems)
    with ExitStack() as stack:
        node = ManagementNode(SimulatorSettings(port=0, tasks=7))
        node.world.freeze()
        server = stack.enter_context(EmbeddedServer(node))
        names = re.findall(r"listen 127.0.0.1:\{(\w+)\}", SERVERS)
        ports = {name: free_port() for name in names}
        ports["nothing"] = stack.enter_context(refusing_port())
        places = {name: str(port) for name, port in ports.items()}
        places["node"] = str(urlsplit(server.url).port)
        stack.enter_context(
            nginx(SERVERS.format_map(places), [ports[name] for name in names], {"cert.pem": certificate})
        )
        places["squid"] = stack.enter_context(squid())
        places["tinyproxy"] = stack.enter_context(tinyproxy())
        places["tinyproxy_login"] = stack.enter_context(tinyproxy("right"))
        places["tinyproxy_wrong"] = places["tinyproxy_login"].replace("://", "://me:wr0ng@")
        places["socks_refused"] = stack.enter_context(refusing_socks_proxy(b"\x05\x00", b"\x05\x05\x00\x01" + bytes(6)))
        places["socks_failure"] = stack.enter_context(refusing_socks_proxy(b"\x05\x00", b"\x05\x01\x00\x01" + bytes(6)))
        places["socks_other"] = stack.enter_context(refusing_socks_proxy(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        yield Between(node, places)


def run_case(between: Between, case: Case) -> None:
    """Check the whole message, and that its cause is whole where there is less room."""
    cause = case.cause.format_map({name: re.escape(value) for name, value in between.places.items()})
    advice = re.escape(case.advice.format_map(between.places))
    label = rf"▲ retry \d+ (in \d+ s|now): {case.label}"
    with between.open(case, 200) as terminal:
        terminal.wait_for(label, lambda screen: re.search(rf"✖ (.*: )?{cause}.* → {advice}", screen.banner))
        assert "wr0ng" not in terminal.text
        found = re.search(cause, terminal.text)
        assert found is not None
        for columns in (120, 80):
            terminal.resize(columns, 24)
            terminal.wait_for(label, lambda screen: found[0] in screen.banner)
        terminal.send("q")
        assert terminal.wait_for_end() == 0


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, between: Between) -> Iterator[dict[Case, Future[None]]]:
    """The outcome of each case. Most of their time is waiting, so several run concurrently."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    cases = [case for item in items if isinstance(case := item.callspec.params.get("case"), Case)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case: pool.submit(run_case, between, case) for case in cases}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_cause_is_named(outcomes: dict[Case, Future[None]], case: Case) -> None:
    outcomes[case].result(120)


def test_ended_session_behind_error_pages_is_renewed_and_a_refused_login_is_not_repeated(between: Between) -> None:
    url = f"http://127.0.0.1:{between.places['error_pages']}"

    def logins() -> int:
        return sum(request.path == LOGIN for request in between.node.journal.requests)

    before = logins()
    with between.open_url(url, 120) as terminal:
        terminal.wait_for(r"● live .*7/7 tasks")
        between.node.sessions.kill_all()
        terminal.wait_for(lambda _: logins() == before + 2)
        terminal.wait_for("● live")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert b"retry" not in terminal.output
    with between.open_url(url, 120, password="wrong") as terminal:
        terminal.wait_for("✖ login failed", "a page of a proxy in place of the node's answer → the node is up: press r")
        terminal.read_for(2.6)
        assert logins() == before + 3
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def test_node_behind_squid_is_monitored(between: Between) -> None:
    url = f"http://node.example:{between.places['node']}"
    with between.open_url(url, 120, HTTP_PROXY=between.places["squid"]) as terminal:
        terminal.wait_for(r"● live .*7/7 tasks")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
