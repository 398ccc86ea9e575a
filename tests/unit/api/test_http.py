from __future__ import annotations

import asyncio
import errno
import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api import errors as e
from cdptui.api.http import HttpClient, Timeouts
from cdptui.api.responses import MAX_BODY_BYTES, read_body
from tests.doubles import FakeClock

BASE = "http://10.0.0.5:8080/zstack/v1"
TEXT = '{"inventories":[{"uuid":"a","name":"财务系统"}]}'


def answering(answer: httpx.Response | Exception) -> HttpClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return HttpClient(BASE, Timeouts.of(15.0), FakeClock(), transport=httpx.MockTransport(handle))


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
        pytest.param(
            caused(httpx.ConnectError("All connection attempts failed"), OSError(errno.EMFILE, "Too many")),
            e.MachineLimited,
            "too many open files",
            id="no descriptor left",
        ),
        pytest.param(
            caused(
                httpx.ConnectError("All connection attempts failed"),
                caused(BlockingIOError(errno.EAGAIN, "no thread left"), RuntimeError("can't start new thread")),
            ),
            e.MachineLimited,
            "no thread can be started",
            id="no thread left",
        ),
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
    with pytest.raises(e.AddressUnusable):
        HttpClient("http://10.0.0.5:8080/\x00/zstack/v1", Timeouts.of(1.0), FakeClock())


async def test_a_path_that_no_request_can_have_is_an_error_of_ours() -> None:
    async with HttpClient("http://10.0.0.5:8080/zstack/v1", Timeouts.of(1.0), FakeClock()) as http:
        with pytest.raises(e.ApiError):
            await http.send("GET", "/\x00")


async def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 2**22
            yield b" " * 2**22

    async with answering(httpx.Response(200, content=endless())) as http:
        with pytest.raises(e.UnreadableAnswer, match="too large"):
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


BODY = b'{"inventories":[' + b'{"uuid":"a","name":"cdp-erp-db"},' * 500 + b"{}]}"
HALF = len(BODY) // 2


def gz(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-15)


def encoded_as(encoding: str | bytes, *parts: bytes, piece: int = 7) -> httpx.Response:
    name = encoding.encode("latin-1") if isinstance(encoding, str) else encoding
    return httpx.Response(200, content=pieces(b"".join(parts), piece), headers=[(b"Content-Encoding", name)])


ENCODED = [
    pytest.param("gzip", gz(BODY), id="gzip"),
    pytest.param("x-gzip", gz(BODY), id="its old name"),
    pytest.param("GZip", gz(BODY), id="capitals"),
    pytest.param(" gzip ", gz(BODY), id="blanks"),
    pytest.param("gzip", gz(BODY[:HALF]) + gz(BODY[HALF:]), id="two members"),
    pytest.param("gzip", b"".join(gz(BODY[at : at + 97]) for at in range(0, len(BODY), 97)), id="many members"),
    pytest.param("gzip", gz(b"") + gz(BODY) + gz(b"") * 3, id="empty members"),
    pytest.param("gzip", gz(BODY[:HALF]) + bytes(511) + gz(BODY[HALF:]), id="zero bytes between members"),
    pytest.param("gzip", gz(BODY) + bytes(100_000), id="zero bytes at the end"),
    pytest.param("gzip", gz(BODY) + b"garbage", id="garbage at the end"),
    pytest.param("gzip", gz(BODY) + b"\x1f", id="half a magic number at the end"),
    pytest.param("deflate", zlib.compress(BODY), id="deflate with the header of zlib"),
    pytest.param("deflate", raw_deflate(BODY), id="deflate without a header"),
    pytest.param("deflate", zlib.compress(BODY) + b"garbage", id="garbage behind deflate"),
    pytest.param("identity", BODY, id="identity"),
    pytest.param("", BODY, id="an empty value"),
    pytest.param("identity, gzip", gz(BODY), id="identity beside gzip"),
    pytest.param("gzip, gzip", gz(gz(BODY)), id="gzip twice"),
    pytest.param("deflate, x-gzip", gz(zlib.compress(BODY)), id="deflate, then gzip"),
    pytest.param("gzip,, deflate", raw_deflate(gz(BODY)), id="gzip, then deflate"),
]


@pytest.mark.parametrize("piece", [1, 7, 65_536])
@pytest.mark.parametrize(("encoding", "sent"), ENCODED)
async def test_an_encoded_answer_is_decoded(encoding: str, sent: bytes, piece: int) -> None:
    async with answering(encoded_as(encoding, sent, piece=piece)) as http:
        assert await http.send("GET", "/cdp-task") == BODY


async def test_two_encoding_headers_are_read_as_one_list() -> None:
    headers = [(b"Content-Encoding", b"deflate"), (b"Content-Encoding", b"gzip")]
    answer = httpx.Response(200, content=pieces(gz(zlib.compress(BODY))), headers=headers)
    async with answering(answer) as http:
        assert await http.send("GET", "/cdp-task") == BODY


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.integers(1, 400), st.integers(0, 20))
async def test_members_give_what_was_packed_however_they_arrive(parts: list[bytes], piece: int, padding: int) -> None:
    sent = b"".join(gz(part) + bytes(padding) for part in parts)
    body = await read_body(encoded_as("gzip", sent, piece=piece), BASE)
    assert body == b"".join(parts)


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1, 2**21])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_an_answer_that_ends_at_a_whole_piece_is_complete(size: int, coding: str) -> None:
    sent = gz(bytes(size)) if coding == "gzip" else raw_deflate(bytes(size))
    assert await read_body(encoded_as(coding, sent, piece=65_536), BASE) == bytes(size)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "br, gzip", "\x1b[31m", "gzip;q=1", "\xe9"])
async def test_what_is_packed_as_nobody_asked_is_not_unpacked(encoding: str) -> None:
    async with answering(encoded_as(encoding, gz(BODY))) as http:
        with pytest.raises(e.UnreadableAnswer, match="unsupported content coding") as caught:
            await http.send("GET", "/cdp-task")
    assert caught.value.detail.isprintable()


async def test_an_answer_packed_over_and_over_is_refused() -> None:
    async with answering(encoded_as(", ".join(["gzip"] * 500), gz(BODY))) as http:
        with pytest.raises(e.UnreadableAnswer, match="500 nested content codings"):
            await http.send("GET", "/cdp-task")


@pytest.mark.parametrize(
    ("encoding", "sent", "why"),
    [
        pytest.param("gzip", b"no gzip", "invalid gzip data", id="no gzip"),
        pytest.param("gzip", bytes(20), "invalid gzip data", id="zero bytes only"),
        pytest.param("gzip", gz(BODY)[:20], "truncated", id="truncated"),
        pytest.param("gzip", gz(BODY)[:1], "truncated", id="cut off in the magic number"),
        pytest.param("gzip", gz(BODY) + gz(BODY)[:-1], "truncated", id="the second member is cut off"),
        pytest.param("gzip", gz(BODY)[:-8] + bytes(8), "invalid gzip data", id="a wrong checksum"),
        pytest.param("deflate", zlib.compress(BODY)[:-1], "truncated", id="deflate is cut off"),
        pytest.param("deflate", b"\x78", "truncated", id="one byte of deflate"),
        pytest.param("deflate", b"\xff\xff\xff", "invalid deflate data", id="no deflate"),
        pytest.param("gzip, gzip", gz(BODY), "invalid gzip data", id="packed once, said twice"),
    ],
)
async def test_a_broken_packing_is_unreadable(encoding: str, sent: bytes, why: str) -> None:
    async with answering(encoded_as(encoding, sent)) as http:
        with pytest.raises(e.UnreadableAnswer, match=why):
            await http.send("GET", "/cdp-task")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
async def test_an_empty_body_is_empty_however_it_is_packed(encoding: str) -> None:
    assert await read_body(encoded_as(encoding), BASE) == b""


SMALL_LIMIT = 4 * 2**20


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        pytest.param("gzip", gz(b"x") + bomb(256), id="in the second member"),
        pytest.param("gzip", bomb(8) * 32, id="in many members"),
        pytest.param("deflate", zlib.compress(bytes(64 * 2**20)), id="deflate"),
        pytest.param("gzip, gzip", gz(bomb(256)), id="packed twice"),
        pytest.param("gzip, gzip", gz(gz(b"") * 2**18), id="between two codings, empty in the end"),
    ],
)
async def test_every_stage_of_decoding_is_bounded(encoding: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdptui.api.responses.MAX_BODY_BYTES", SMALL_LIMIT)
    with pytest.raises(e.UnreadableAnswer, match="too large"):
        await read_body(encoded_as(encoding, sent, piece=65_536), BASE)


async def test_empty_members_without_an_end_are_not_read_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cdptui.api.responses.MAX_BODY_BYTES", SMALL_LIMIT)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        members = gz(b"") * 4096
        while True:
            sent += len(members)
            yield members

    answer = httpx.Response(200, content=endless(), headers={"Content-Encoding": "gzip"})
    with pytest.raises(e.UnreadableAnswer, match="too large"):
        await read_body(answer, BASE)
    assert sent <= SMALL_LIMIT + 2**20


FRONTS = [
    pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), "", id="UTF-8 with a mark"),
    pytest.param(
        b"\xef\xbb\xbf" + TEXT.encode(), "application/json;charset=UTF-8", id="UTF-8 with a mark and a charset"
    ),
    pytest.param(TEXT.encode("utf-16"), "", id="UTF-16 with a mark"),
    pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), "", id="UTF-16, big end first, with a mark"),
    pytest.param(TEXT.encode("utf-16-le"), "application/json;charset=utf-16le", id="UTF-16 without a mark"),
    pytest.param(TEXT.encode("utf-32"), "", id="UTF-32 with a mark"),
    pytest.param(TEXT.encode("utf-32-be"), "", id="UTF-32 without a mark"),
    pytest.param(TEXT.encode(), "application/json", id="UTF-8"),
    pytest.param(TEXT.encode(), 'application/json; charset="utf-8"', id="UTF-8, in quotes"),
    pytest.param(TEXT.encode(), "text/plain;charset=ISO-8859-1", id="UTF-8 that is called Latin-1"),
    pytest.param(TEXT.encode(), "text/plain;charset=no-such-thing", id="an unknown charset"),
    pytest.param(TEXT.encode(), "text/plain;charset=zlib", id="a codec that is no charset"),
    pytest.param(TEXT.encode("gbk"), "text/plain;charset=GBK", id="GBK"),
    pytest.param(b" \r\n\t" + TEXT.encode() + b"\r\n ", "", id="blanks around it"),
]


@pytest.mark.parametrize(("sent", "content_type"), FRONTS)
async def test_the_text_is_found_whatever_its_encoding(sent: bytes, content_type: str) -> None:
    answer = httpx.Response(200, content=pieces(sent), headers={"Content-Type": content_type} if content_type else {})
    async with answering(answer) as http:
        assert (await http.send("GET", "/cdp-task")).strip() == TEXT.encode()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(bytes(16) + TEXT.encode(), id="zero bytes in front"),
        pytest.param(b"\0" + TEXT.encode(), id="one zero byte in front"),
        pytest.param(b")]}',\n" + TEXT.encode(), id="a guard against scripts"),
        pytest.param(b"callback(" + TEXT.encode() + b")", id="JSONP"),
        pytest.param(b"\xff\xfe", id="a mark only"),
    ],
)
async def test_what_is_in_front_of_the_text_is_said(sent: bytes) -> None:
    async with answering(httpx.Response(200, content=pieces(sent))) as http:
        with pytest.raises(e.ApiError) as caught:
            await http.send("GET", "/cdp-task")
    assert type(caught.value) in {e.UnreadableAnswer, e.NotAManagementNode}
    assert caught.value.detail.isprintable()


async def test_a_bomb_is_counted_after_unpacking_and_in_pieces() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    assert len(bomb) < 2**19
    answer = httpx.Response(200, content=pieces(bomb), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        async with answering(answer) as http:
            with pytest.raises(e.UnreadableAnswer, match="too large"):
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
        with pytest.raises(e.UnreadableAnswer, match="too large"):
            await http.send("GET", "/cdp-task")


async def test_a_path_that_holds_a_secret_is_not_shown() -> None:
    async with answering(httpx.ConnectError("refused")) as http:
        with pytest.raises(e.Unreachable) as caught:
            await http.send("DELETE", "/accounts/sessions/secret", shown_path="/accounts/sessions/***")
    assert "secret" not in str(caught.value)
    assert caught.value.url == f"{BASE}/accounts/sessions/***"
