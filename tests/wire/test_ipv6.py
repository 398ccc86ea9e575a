"""IPv6 addresses, with and without a zone: over real sockets."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from cdptui.api import errors as e
from cdptui.api.http import HttpClient, Timeouts
from cdptui.clock import SystemClock
from cdptui.config.settings import MonitorSettings
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.tls import TlsSettings
from cdptui.monitor.connection import connect
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.tls_front import Certificates


def has_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def link_local() -> tuple[str, str] | None:
    """Return a link-local address of this machine, which needs a zone, and its interface."""
    try:
        lines = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = next((line.split() for line in lines if line.startswith("fe80")), None)
    return None if found is None else (str(ipaddress.IPv6Address(bytes.fromhex(found[0]))), found[-1])


pytestmark = pytest.mark.skipif(not has_loopback(), reason="this machine has no IPv6")
LINK_LOCAL = link_local()
needs_zone = pytest.mark.skipif(LINK_LOCAL is None, reason="this machine has no link-local IPv6 address")


@asynccontextmanager
async def answering(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Run a server on all IPv6 addresses. Yield its port and the heads of all requests."""
    heads: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client rejected the certificate
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "::", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


async def ask(address: str, tls: TlsSettings | None = None) -> bytes:
    async with HttpClient(normalize_url(address), Timeouts.of(5.0), SystemClock(), tls=tls) as http:
        return (await http.send("GET", "/cdp-task")).body


def host_of(head: bytes) -> str:
    return next(line[6:].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"host: "))


@pytest.mark.parametrize("host", ["[::1]", "[0:0:0:0:0:0:0:1]", "http://[::1]"])
async def test_ipv6_host_header_has_brackets(host: str) -> None:
    async with answering() as (port, heads):
        assert await ask(f"{host}:{port}") == b"{}"
    assert host_of(heads[0]) == f"[::1]:{port}"


@needs_zone
@pytest.mark.parametrize("percent", ["%", "%25"])
async def test_zone_selects_the_interface_and_is_not_sent(percent: str) -> None:
    assert LINK_LOCAL is not None
    address, interface = LINK_LOCAL
    async with answering() as (port, heads):
        assert await ask(f"http://[{address}{percent}{interface}]:{port}") == b"{}"
    assert host_of(heads[0]) == f"[{address}]:{port}"
    assert interface.encode() not in heads[0]


async def test_unknown_zone_is_unreachable() -> None:
    with pytest.raises(e.Unreachable) as caught:
        await ask("http://[fe80::1%25nosuchzone]:8080")
    assert caught.value.detail
    assert caught.value.url == "http://[fe80::1%25nosuchzone]:8080/zstack/v1/cdp-task"


async def test_address_in_the_certificate_is_trusted(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    async with answering(certificates.server(host="::1")) as (port, _):
        assert await ask(f"https://[::1]:{port}", TlsSettings(ca_path=certificates.ca_file)) == b"{}"


@needs_zone
async def test_zone_is_not_part_of_the_name_in_the_certificate(tmp_path: Path) -> None:
    assert LINK_LOCAL is not None
    address, interface = LINK_LOCAL
    certificates = Certificates(tmp_path)
    async with answering(certificates.server(host=address)) as (port, _):
        assert (
            await ask(f"https://[{address}%25{interface}]:{port}", TlsSettings(ca_path=certificates.ca_file)) == b"{}"
        )


async def test_another_address_in_the_certificate_is_not_trusted(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    async with answering(certificates.server(host="::2")) as (port, _):
        with pytest.raises(e.TlsWrongHost):
            await ask(f"https://[::1]:{port}", TlsSettings(ca_path=certificates.ca_file))


HOSTS = [
    "::1",
    pytest.param("%".join(LINK_LOCAL or ()), marks=needs_zone, id="link-local address"),
]


@pytest.mark.parametrize("host", HOSTS)
async def test_simulated_node_at_an_ipv6_address_is_monitored(host: str) -> None:
    with EmbeddedServer(ManagementNode(SimulatorSettings(host=host, port=0, tasks=3))) as server:
        assert server.url.startswith(f"http://[{host.replace('%', '%25')}]:")
        settings = MonitorSettings(
            base_url=normalize_url(server.url),
            auth=PasswordLogin(name="admin", password="password"),
            interval_s=3600.0,
            timeout_s=5.0,
        )
        link = await connect(settings, SystemClock())
        try:
            async with aclosing(link.monitor.updates()) as updates:
                update = await anext(updates)
        finally:
            await link.aclose()
    assert update.failure is None
    assert len(update.rows) == 3
