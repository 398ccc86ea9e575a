from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.body import MAX_BODY_BYTES
from cdptui.api.http import Http, Timeouts
from tests.doubles import FakeClock

BASE = "http://10.0.0.5:8080/zstack/v1"


def answering(answer: httpx.Response | Exception) -> Http:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Http(BASE, Timeouts.of(15.0), FakeClock(), transport=httpx.MockTransport(handle))


async def pieces(body: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("timeout_s", "expected"),
    [
        pytest.param(15.0, Timeouts(5.0, 15.0, 45.0), id="the default"),
        pytest.param(2.0, Timeouts(2.0, 2.0, 6.0), id="shorter than a connection may take"),
        pytest.param(300.0, Timeouts(5.0, 300.0, 900.0), id="very patient"),
    ],
)
def test_one_number_sets_all_time_outs(timeout_s: float, expected: Timeouts) -> None:
    assert Timeouts.of(timeout_s) == expected


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        pytest.param(
            caused(
                httpx.ConnectError("All connection attempts failed"), ConnectionRefusedError(111, "Connection refused")
            ),
            e.Unreachable,
            "Connection refused",
            id="refused",
        ),
        pytest.param(
            caused(httpx.ConnectError(""), socket.gaierror(-2, "Name or service not known")),
            e.Unreachable,
            "name not found: Name or service not known",
            id="no such name",
        ),
        pytest.param(httpx.ReadError(""), e.Unreachable, "ReadError", id="reset without a word"),
        pytest.param(httpx.ConnectTimeout(""), e.TimedOut, "no connection within 5 s", id="no connection in time"),
        pytest.param(httpx.ReadTimeout(""), e.TimedOut, "no answer within 15 s", id="no answer in time"),
        pytest.param(httpx.PoolTimeout(""), e.TimedOut, "no answer within 15 s", id="no free connection in time"),
        pytest.param(
            caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "self-signed certificate")),
            e.TlsUntrusted,
            None,
            id="certificate not trusted, without a number",
        ),
        pytest.param(httpx.ProxyError("403 Forbidden"), e.ProxyRefused, "403 Forbidden", id="a proxy refuses"),
        pytest.param(
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            e.Unreachable,
            "the connection was closed before the answer was complete",
            id="hung up",
        ),
        pytest.param(
            httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
            e.Unreachable,
            "the connection was closed before the answer was complete",
            id="hung up in the middle",
        ),
        pytest.param(
            httpx.RemoteProtocolError("illegal status line: bytearray(b'SSH-2.0-OpenSSH')"),
            e.NotAManagementNode,
            None,
            id="speaks no HTTP",
        ),
        pytest.param(httpx.DecodingError("bad gzip"), e.UnreadableAnswer, "bad gzip", id="broken compression"),
        pytest.param(httpx.UnsupportedProtocol("no"), e.Unreachable, "no", id="odd protocol"),
    ],
)
async def test_a_broken_connection_becomes_the_right_error(
    error: Exception, kind: type[e.ApiError], detail: str | None
) -> None:
    async with answering(error) as http:
        with pytest.raises(e.ApiError) as caught:
            await http.send("GET", "/cdp-task")
    assert type(caught.value) is kind
    assert caught.value.url == f"{BASE}/cdp-task"
    assert detail is None or caught.value.detail == detail


async def test_an_address_that_no_request_can_have_is_an_error_of_ours() -> None:
    async with Http("http://10.0.0.5:8080/\x00/zstack/v1", Timeouts.of(1.0), FakeClock()) as http:
        with pytest.raises(e.ApiError):
            await http.send("GET", "/cdp-task")


async def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**22
            yield b" " * 2**22

    async with answering(httpx.Response(200, content=endless())) as http:
        with pytest.raises(e.UnreadableAnswer, match="larger than"):
            await http.send("GET", "/cdp-task")
    assert sent <= MAX_BODY_BYTES + 2**22


async def test_an_answer_that_trickles_is_given_up_in_the_end() -> None:
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0)

    async with answering(httpx.Response(200, content=trickle())) as http:
        with pytest.raises(e.TimedOut, match="took too long"):
            await http.send("GET", "/cdp-task", timeouts=Timeouts(5.0, 5.0, 0.01))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
async def test_a_packed_answer_is_unpacked(encoding: str) -> None:
    packed = gzip.compress(b'{"inventories":[]}', mtime=0)
    answer = httpx.Response(200, content=pieces(packed, 7), headers={"Content-Encoding": encoding})
    async with answering(answer) as http:
        assert await http.send("GET", "/cdp-task") == b'{"inventories":[]}'


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "deflate", "\x1b[31m"])
async def test_what_is_packed_as_nobody_asked_is_not_unpacked(encoding: str) -> None:
    answer = httpx.Response(200, content=pieces(b"x"), headers=[(b"Content-Encoding", encoding.encode())])
    async with answering(answer) as http:
        with pytest.raises(e.UnreadableAnswer, match="not asked for"):
            await http.send("GET", "/cdp-task")


@pytest.mark.parametrize(
    ("packed", "why"),
    [(b"no gzip", "no gzip"), (gzip.compress(b"{}" * 1000, mtime=0)[:20], "cut off"), (b"", "cut off")],
)
async def test_a_broken_packing_is_unreadable(packed: bytes, why: str) -> None:
    answer = httpx.Response(200, content=pieces(packed), headers={"Content-Encoding": "gzip"})
    async with answering(answer) as http:
        with pytest.raises(e.UnreadableAnswer, match=why):
            await http.send("GET", "/cdp-task")


async def test_a_bomb_is_counted_after_unpacking_and_in_pieces() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    assert len(bomb) < 2**19
    answer = httpx.Response(200, content=pieces(bomb), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        async with answering(answer) as http:
            with pytest.raises(e.UnreadableAnswer, match="larger than"):
                await http.send("GET", "/cdp-task")
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()


async def test_an_answer_that_announces_too_much_is_not_begun() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("was read")
        yield b""

    answer = httpx.Response(200, content=never(), headers={"Content-Length": str(MAX_BODY_BYTES + 1)})
    async with answering(answer) as http:
        with pytest.raises(e.UnreadableAnswer, match="larger than"):
            await http.send("GET", "/cdp-task")


async def test_a_path_that_holds_a_secret_is_not_shown() -> None:
    async with answering(httpx.ConnectError("refused")) as http:
        with pytest.raises(e.Unreachable) as caught:
            await http.send("DELETE", "/accounts/sessions/secret", shown_path="/accounts/sessions/***")
    assert "secret" not in str(caught.value)
    assert caught.value.url == f"{BASE}/accounts/sessions/***"
