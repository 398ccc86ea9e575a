"""Failures of a connection through a proxy: which of proxy and node is down, or refuses."""

from __future__ import annotations

import re

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.http import HttpClient, Timeouts
from cdptui.api.proxy_errors import refused_request, refused_tunnel
from cdptui.models.proxy import Proxy
from tests.doubles import FakeClock

HTTP = Proxy("http://u:secret@proxy:3128", "HTTP_PROXY")
SOCKS = Proxy("socks5h://proxy:1080", "ALL_PROXY")
NAMED = "http://node.example:8080/zstack/v1/cdp-task"
ADDRESS = "http://10.0.0.5:8080/zstack/v1/cdp-task"
SHOWN = "http://proxy:3128 (HTTP_PROXY)"
NO_CONNECTION = "Proxy Server could not connect: "

REFUSED, NO_ROUTE, NO_NAME = e.ProxyRefused, e.UnreachableFromProxy, e.UnknownToProxy


@pytest.mark.parametrize(
    ("status", "headers", "url", "kind", "detail"),
    [
        pytest.param(407, {}, NAMED, REFUSED, f"{SHOWN}: said", id="password needed"),
        pytest.param(401, {"server": "tinyproxy/1.11.1"}, NAMED, REFUSED, f"{SHOWN}: said", id="Tinyproxy, password"),
        pytest.param(403, {"server": "tinyproxy/1.11.1"}, NAMED, REFUSED, f"{SHOWN}: said", id="Tinyproxy, filter"),
        pytest.param(
            500,
            {"server": "tinyproxy/1.11.1"},
            NAMED,
            NO_ROUTE,
            f"{SHOWN} cannot reach or resolve node.example: said",
            id="Tinyproxy, node down or name unknown",
        ),
        pytest.param(
            500, {"server": "tinyproxy/1.11.1"}, ADDRESS, NO_ROUTE, f"{SHOWN} cannot reach 10.0.0.5: said", id="address"
        ),
        pytest.param(
            503,
            {"x-squid-error": "ERR_CONNECT_FAIL 111", "via": "1.1 squid"},
            NAMED,
            NO_ROUTE,
            f"{SHOWN} cannot reach node.example: Connection refused",
            id="Squid, node down",
        ),
        pytest.param(
            503,
            {"x-squid-error": "ERR_DNS_FAIL 0", "via": "1.1 squid"},
            NAMED,
            NO_NAME,
            f"{SHOWN} cannot resolve node.example",
            id="Squid, name unknown",
        ),
        pytest.param(
            502,
            {"x-squid-error": "ERR_READ_ERROR 0", "via": "1.1 squid"},
            NAMED,
            NO_ROUTE,
            f"{SHOWN} cannot reach or resolve node.example: ERR_READ_ERROR",
            id="Squid 5, name unknown",
        ),
        pytest.param(
            403,
            {"x-squid-error": "ERR_ACCESS_DENIED 0", "via": "1.1 squid"},
            NAMED,
            REFUSED,
            f"{SHOWN}: ERR_ACCESS_DENIED",
            id="Squid, address not allowed",
        ),
        pytest.param(
            502, {}, NAMED, NO_ROUTE, f"{SHOWN} cannot reach or resolve node.example: said", id="unknown proxy"
        ),
        pytest.param(503, {"via": "1.1 proxy"}, NAMED, None, "", id="passed on from a proxy in front of the node"),
        pytest.param(401, {"via": "1.1 proxy"}, NAMED, None, "", id="passed on from a login in front of the node"),
        pytest.param(403, {}, NAMED, None, "", id="unknown: the proxy or a firewall"),
        pytest.param(404, {}, NAMED, None, "", id="the node's server"),
        pytest.param(500, {}, NAMED, None, "", id="the node"),
        pytest.param(502, {}, NAMED.replace("http:", "https:"), None, "", id="within a tunnel"),
    ],
)
def test_answer_of_a_proxy_is_told_from_one_that_it_passed_on(
    status: int, headers: dict[str, str], url: str, kind: type[e.ApiError] | None, detail: str
) -> None:
    error = refused_request(status, headers, "said", url, HTTP)
    if kind is None:
        assert error is None
    else:
        assert type(error) is kind
        assert error is not None
        assert (error.detail, error.code, error.url) == (detail, f"HTTP {status}", url)


def test_answer_through_a_socks_proxy_is_never_that_of_the_proxy() -> None:
    assert refused_request(503, {}, "said", NAMED, SOCKS) is None


@pytest.mark.parametrize(
    ("message", "headers", "kind", "detail"),
    [
        pytest.param("407 Proxy Authentication Required", {}, REFUSED, "Proxy Authentication Required", id="407"),
        pytest.param("403 Access violation", {}, REFUSED, "Access violation", id="port not allowed"),
        pytest.param(
            "503 Service Unavailable", {"x-squid-error": "ERR_CONNECT_FAIL 111"}, NO_ROUTE, "refused", id="Squid"
        ),
        pytest.param("503 Service Unavailable", {"x-squid-error": "ERR_DNS_FAIL 0"}, NO_NAME, "resolve", id="name"),
        pytest.param("500 Unable to connect", {}, NO_ROUTE, "reach or resolve", id="Tinyproxy"),
        pytest.param(f"{NO_CONNECTION}General SOCKS server failure.", {}, NO_ROUTE, "reach or resolve", id="OpenSSH"),
        pytest.param(
            f"{NO_CONNECTION}Connection refused.", {}, NO_ROUTE, "reach node.example: Conn", id="SOCKS refused"
        ),
        pytest.param(f"{NO_CONNECTION}Host unreachable.", {}, NO_ROUTE, "Host unreachable", id="SOCKS no host"),
        pytest.param(f"{NO_CONNECTION}TTL expired.", {}, NO_ROUTE, "TTL expired", id="SOCKS time-out"),
        pytest.param(f"{NO_CONNECTION}Connection not allowed by ruleset.", {}, REFUSED, "ruleset", id="SOCKS rules"),
        pytest.param("Invalid username/password", {}, REFUSED, "Invalid username/password", id="SOCKS password"),
        pytest.param(
            "Requested NO AUTHENTICATION REQUIRED from proxy server, but got USERNAME/PASSWORD.",
            {},
            REFUSED,
            "USERNAME/PASSWORD",
            id="SOCKS password needed",
        ),
    ],
)
def test_refused_tunnel_names_who_failed(
    message: str, headers: dict[str, str], kind: type[e.ApiError], detail: str
) -> None:
    error = refused_tunnel(message, headers, NAMED.replace("http:", "https:"), HTTP)
    assert type(error) is kind
    assert error.detail.startswith(SHOWN)
    assert detail in error.detail
    assert "secret" not in error.detail


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        pytest.param(httpx.ConnectError("no route"), e.ProxyUnreachable, f"{SHOWN}: no route", id="no connection"),
        pytest.param(httpx.ConnectTimeout(""), e.ProxyUnreachable, f"{SHOWN}: no connection within 5 s", id="time-out"),
        pytest.param(
            httpx.ReadTimeout(""), e.TimedOut, f"no answer within 15 s, through the proxy {SHOWN}", id="no answer"
        ),
        pytest.param(
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            e.Unreachable,
            f"the connection was closed before the answer was complete, through the proxy {SHOWN}",
            id="closed",
        ),
    ],
)
async def test_proxy_and_its_variable_are_named(error: Exception, kind: type[e.ApiError], detail: str) -> None:
    def handle(_request: httpx.Request) -> httpx.Response:
        raise error

    transport = httpx.MockTransport(handle)
    async with HttpClient(
        "http://node.example/zstack/v1", Timeouts.of(15.0), FakeClock(), proxy=HTTP, transport=transport
    ) as http:
        with pytest.raises(e.ApiError, match=re.escape(detail)) as caught:
            await http.send("GET", "/cdp-task")
    assert type(caught.value) is kind
    assert caught.value.as_failure().proxy_variable == "HTTP_PROXY"
