"""Idle, broken and proxied connections over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cdptui.api import errors as e
from cdptui.api.http import KEPT_IDLE_S, HttpClient, Timeouts
from cdptui.models.proxy import Proxy
from tests.doubles import FakeClock

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Handler = Callable[["Connection"], Awaitable[None]]


class Connection:
    """One connection as the server sees it."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number, self.reader, self.writer = number, reader, writer

    async def request(self) -> bytes:
        """Return the head of the next request; empty when the client has closed the connection."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if length:
            await self.reader.readexactly(length[0])
        return head

    async def answer(self, what: bytes = ANSWER) -> None:
        self.writer.write(what)
        await self.writer.drain()


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Run a server. Yield its port and the heads of all requests."""
    heads: list[bytes] = []
    count = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        connection = Connection(count, reader, writer)
        request = connection.request

        async def recorded() -> bytes:
            head = await request()
            if head:
                heads.append(b"%d " % connection.number + head)
            return head

        connection.request = recorded  # type: ignore[method-assign]  # records the requests of every handler
        try:
            await handle(connection)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


async def keep_alive(connection: Connection) -> None:
    while await connection.request():
        await connection.answer()


async def abort_on_the_second_request(connection: Connection) -> None:
    if await connection.request():
        await connection.answer()
    if connection.number > 1:
        await keep_alive(connection)
    elif await connection.request():
        # Like a server that closes an idle connection just as a request arrives.
        connection.writer.transport.abort()


def numbers(heads: list[bytes]) -> list[int]:
    return [int(head.split()[0]) for head in heads]


@asynccontextmanager
async def http_to(port: int, host: str = "127.0.0.1", **more: Any) -> AsyncIterator[HttpClient]:
    clock = more.pop("clock", None) or FakeClock()
    async with HttpClient(f"http://{host}:{port}/zstack/v1", Timeouts.of(5.0), clock, **more) as http:
        yield http


async def test_idle_connection_is_reused() -> None:
    async with serving(keep_alive) as (port, heads), http_to(port) as http:
        for _ in range(3):
            assert (await http.send("GET", "/cdp-task")).body == b"{}"
        assert numbers(heads) == [1, 1, 1]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_idempotent_request_is_repeated_when_an_idle_connection_closes(method: str) -> None:
    async with serving(abort_on_the_second_request) as (port, heads), http_to(port) as http:
        await http.send("GET", "/cdp-task")
        assert (await http.send(method, "/cdp-task")).body == b"{}"
        assert numbers(heads) == [1, 1, 2]


async def test_login_is_not_repeated_when_an_idle_connection_closes() -> None:
    async with serving(abort_on_the_second_request) as (port, heads), http_to(port) as http:
        await http.send("GET", "/cdp-task")
        with pytest.raises(e.Unreachable):
            await http.send("PUT", "/accounts/login", json={})
        assert numbers(heads) == [1, 1]


async def test_request_on_a_new_connection_is_not_repeated() -> None:
    async def abort(connection: Connection) -> None:
        await connection.request()
        connection.writer.transport.abort()

    async with serving(abort) as (port, heads), http_to(port) as http:
        with pytest.raises(e.Unreachable):
            await http.send("GET", "/cdp-task")
        assert numbers(heads) == [1]


async def test_request_is_not_repeated_after_a_partial_response() -> None:
    async def cut_off_the_second(connection: Connection) -> None:
        await connection.request()
        await connection.answer()
        await connection.request()
        await connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{")

    async with serving(cut_off_the_second) as (port, heads), http_to(port) as http:
        await http.send("GET", "/cdp-task")
        with pytest.raises(e.Unreachable, match="before the answer was complete"):
            await http.send("GET", "/cdp-task")
        assert numbers(heads) == [1, 1]


@pytest.mark.parametrize(("suspended_s", "expected"), [(KEPT_IDLE_S, [1, 1]), (KEPT_IDLE_S + 1, [1, 2])])
async def test_connections_are_replaced_after_suspend_and_cookies_are_kept(
    suspended_s: float, expected: list[int]
) -> None:
    async def with_cookie(connection: Connection) -> None:
        while await connection.request():
            await connection.answer(ANSWER.replace(b"\r\n\r\n", b"\r\nSet-Cookie: JSESSIONID=one; Path=/\r\n\r\n"))

    clock = FakeClock()
    async with serving(with_cookie) as (port, heads), http_to(port, clock=clock) as http:
        await http.send("GET", "/cdp-task")
        clock.seconds += suspended_s
        await http.send("GET", "/cdp-task")
    assert numbers(heads) == expected
    assert b"JSESSIONID=one" in heads[1]


async def test_tcp_options_detect_dead_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[int, Any] = {}
    real = socket.socket.setsockopt

    def setsockopt(self: socket.socket, level: int, name: int, value: Any) -> None:
        if level == socket.IPPROTO_TCP:
            options[name] = value
        real(self, level, name, value)

    monkeypatch.setattr(socket.socket, "setsockopt", setsockopt)
    async with serving(keep_alive) as (port, _), http_to(port) as http:
        await http.send("GET", "/cdp-task")
    user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
    assert user_timeout is None or options[user_timeout] == 5000
    assert options[socket.TCP_NODELAY] == 1


async def test_each_new_connection_resolves_the_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: str | bytes, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        return real("127.0.0.1" if name == "node.example" else name, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    async def once(connection: Connection) -> None:
        await connection.request()
        await connection.answer(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    async with serving(once) as (port, _), http_to(port, "node.example") as http:
        for _ in range(2):
            await http.send("GET", "/cdp-task")
    assert [host for host in asked if host == "node.example"] == ["node.example"] * 2


async def test_redirect_sends_no_header_to_another_host() -> None:
    async with serving(keep_alive) as (other, elsewhere):

        async def redirect(connection: Connection) -> None:
            while await connection.request():
                where = f"http://127.0.0.1:{other}/".encode()
                await connection.answer(b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\nContent-Length: 0\r\n\r\n")

        async with serving(redirect) as (port, heads), http_to(port) as http:
            with pytest.raises(e.NotAManagementNode, match="redirects to"):
                await http.send("GET", "/cdp-task", headers={"Authorization": "OAuth secret"})
            assert len(heads) == 1
        assert elsewhere == []


async def test_proxy_receives_the_absolute_url_and_its_password() -> None:
    async with (
        serving(keep_alive) as (port, heads),
        http_to(80, "node.example", proxy=Proxy(f"http://u:p@127.0.0.1:{port}")) as http,
    ):
        assert (await http.send("GET", "/cdp-task")).body == b"{}"
    assert b"GET http://node.example:80/zstack/v1/cdp-task" in heads[0] or b"GET http://node.example/zst" in heads[0]
    assert b"Proxy-Authorization: Basic dTpw" in heads[0]


async def test_unreachable_proxy_is_named_without_its_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with http_to(80, "node.example", proxy=Proxy(f"http://u:secret@127.0.0.1:{port}", "HTTP_PROXY")) as http:
            with pytest.raises(e.ProxyUnreachable) as caught:
                await http.send("GET", "/cdp-task")
    assert caught.value.detail == f"http://127.0.0.1:{port} (HTTP_PROXY): Connection refused"
    assert caught.value.as_failure().proxy_variable == "HTTP_PROXY"
    assert not caught.value.may_have_executed


async def test_answer_before_a_reset_is_read() -> None:
    async def refuse_before_the_body(connection: Connection) -> None:
        # Closing a socket with unread bytes resets the connection, as Tinyproxy does.
        await connection.reader.readuntil(b"\r\n\r\n")
        await connection.answer(
            b"HTTP/1.0 401 Unauthorized\r\nServer: tinyproxy/1.11.1\r\n\r\n<title>401 Unauthorized</title>"
        )
        connection.writer.transport.abort()

    async with (
        serving(refuse_before_the_body) as (port, _),
        http_to(80, "node.example", proxy=Proxy(f"http://u:p@127.0.0.1:{port}", "HTTP_PROXY")) as http,
    ):
        with pytest.raises(e.ProxyRefused, match="401 Unauthorized"):
            await http.send("PUT", "/accounts/login", json={"a": "b" * 100_000})


async def test_request_asks_caches_for_a_new_answer_and_reports_the_age() -> None:
    async def cached(connection: Connection) -> None:
        ages = iter([b"\r\nAge: 42", b"", b"\r\nAge: soon"])
        while await connection.request():
            await connection.answer(ANSWER.replace(b"\r\n\r\n", next(ages) + b"\r\n\r\n"))

    async with serving(cached) as (port, heads), http_to(port) as http:
        found = [(await http.send("GET", "/cdp-task")).cached_s for _ in range(3)]
    assert found == [42.0, 0.0, 0.0]
    assert all(b"cache-control: no-cache" in head.lower() for head in heads)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_proxy_refusal_is_reported(scheme: str) -> None:
    async def refuse(connection: Connection) -> None:
        while await connection.request():
            await connection.answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async with serving(refuse) as (port, _):
        http = HttpClient(
            f"{scheme}://node.example/zstack/v1",
            Timeouts.of(5.0),
            FakeClock(),
            proxy=Proxy(f"http://127.0.0.1:{port}", "HTTP_PROXY"),
        )
        async with http:
            with pytest.raises(e.ProxyRefused):
                await http.send("GET", "/cdp-task")


@pytest.mark.parametrize("cancellations", [1, 2, 3])
async def test_cancelled_requests_leave_no_connection_in_use(cancellations: int) -> None:
    async with serving(keep_alive) as (port, _), http_to(port) as http:
        for turns in range(120):
            request = asyncio.ensure_future(http.send("GET", "/names"))
            # Cancelled at every point of its way, and again while it cleans up.
            for _ in range(turns % 60):
                await asyncio.sleep(0)
            for _ in range(cancellations):
                request.cancel()
                await asyncio.sleep(0)
            await asyncio.wait([request])
        assert (await http.send("GET", "/cdp-task")).body == b"{}"
