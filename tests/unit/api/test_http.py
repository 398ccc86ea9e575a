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
        pytest.param(15.0, Timeouts(5.0, 15.0, 45.0), id="default"),
        pytest.param(2.0, Timeouts(2.0, 2.0, 6.0), id="shorter than the connect time-out"),
        pytest.param(300.0, Timeouts(5.0, 300.0, 900.0), id="long time-out"),
    ],
)
def test_all_time_outs_are_derived_from_the_read_time_out(timeout_s: float, expected: Timeouts) -> None:
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
            id="unknown host name",
        ),
        pytest.param(httpx.ReadError(""), e.Unreachable, "ReadError", id="reset without a message"),
        pytest.param(httpx.ConnectTimeout(""), e.TimedOut, "no connection within 5 s", id="connect time-out"),
        pytest.param(httpx.ReadTimeout(""), e.TimedOut, "no answer within 15 s", id="read time-out"),
        pytest.param(httpx.PoolTimeout(""), e.TimedOut, "no answer within 15 s", id="pool time-out"),
        pytest.param(
            caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "self-signed certificate")),
            e.TlsUntrusted,
            None,
            id="untrusted certificate without a verify code",
        ),
        pytest.param(
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            e.Unreachable,
            "the connection was closed before the answer was complete",
            id="closed before the response",
        ),
        pytest.param(
            httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
            e.Unreachable,
            "the connection was closed before the answer was complete",
            id="closed during the response",
        ),
        pytest.param(
            httpx.RemoteProtocolError("illegal status line: bytearray(b'SSH-2.0-OpenSSH')"),
            e.NotAManagementNode,
            None,
            id="not HTTP",
        ),
        pytest.param(httpx.DecodingError("bad gzip"), e.UnreadableAnswer, "bad gzip", id="broken compression"),
        pytest.param(httpx.UnsupportedProtocol("no"), e.Unreachable, "no", id="unsupported protocol"),
        pytest.param(
            caused(httpx.ConnectError("All connection attempts failed"), OSError(errno.EMFILE, "Too many")),
            e.MachineLimited,
            "too many open files",
            id="no file descriptors left",
        ),
        pytest.param(
            caused(
                httpx.ConnectError("All connection attempts failed"),
                caused(BlockingIOError(errno.EAGAIN, "no thread left"), RuntimeError("can't start new thread")),
            ),
            e.MachineLimited,
            "no thread can be started",
            id="no threads left",
        ),
    ],
)
async def test_transport_error_becomes_the_matching_api_error(
    error: Exception, kind: type[e.ApiError], detail: str | None
) -> None:
    async with answering(error) as http:
        with pytest.raises(e.ApiError) as caught:
            await http.send("GET", "/cdp-task")
    assert type(caught.value) is kind
    assert caught.value.url == f"{BASE}/cdp-task"
    assert detail is None or caught.value.detail == detail


async def test_invalid_base_url_raises_address_unusable() -> None:
    with pytest.raises(e.AddressUnusable):
        HttpClient("http://10.0.0.5:8080/\x00/zstack/v1", Timeouts.of(1.0), FakeClock())


async def test_invalid_path_raises_an_api_error() -> None:
    async with HttpClient("http://10.0.0.5:8080/zstack/v1", Timeouts.of(1.0), FakeClock()) as http:
        with pytest.raises(e.ApiError):
            await http.send("GET", "/\x00")


async def test_endless_response_is_too_large() -> None:
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


async def test_trickling_response_exceeds_the_total_time_out() -> None:
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
    pytest.param("x-gzip", gz(BODY), id="x-gzip"),
    pytest.param("GZip", gz(BODY), id="upper case"),
    pytest.param(" gzip ", gz(BODY), id="spaces"),
    pytest.param("gzip", gz(BODY[:HALF]) + gz(BODY[HALF:]), id="two members"),
    pytest.param("gzip", b"".join(gz(BODY[at : at + 97]) for at in range(0, len(BODY), 97)), id="many members"),
    pytest.param("gzip", gz(b"") + gz(BODY) + gz(b"") * 3, id="empty members"),
    pytest.param("gzip", gz(BODY[:HALF]) + bytes(511) + gz(BODY[HALF:]), id="zero bytes between members"),
    pytest.param("gzip", gz(BODY) + bytes(100_000), id="zero bytes at the end"),
    pytest.param("gzip", gz(BODY) + b"garbage", id="garbage at the end"),
    pytest.param("gzip", gz(BODY) + b"\x1f", id="half a magic number at the end"),
    pytest.param("deflate", zlib.compress(BODY), id="deflate with zlib header"),
    pytest.param("deflate", raw_deflate(BODY), id="deflate without a header"),
    pytest.param("deflate", zlib.compress(BODY) + b"garbage", id="garbage after deflate"),
    pytest.param("identity", BODY, id="identity"),
    pytest.param("", BODY, id="empty value"),
    pytest.param("identity, gzip", gz(BODY), id="identity and gzip"),
    pytest.param("gzip, gzip", gz(gz(BODY)), id="gzip twice"),
    pytest.param("deflate, x-gzip", gz(zlib.compress(BODY)), id="deflate, then gzip"),
    pytest.param("gzip,, deflate", raw_deflate(gz(BODY)), id="gzip, then deflate"),
]


@pytest.mark.parametrize("piece", [1, 7, 65_536])
@pytest.mark.parametrize(("encoding", "sent"), ENCODED)
async def test_encoded_response_is_decoded(encoding: str, sent: bytes, piece: int) -> None:
    async with answering(encoded_as(encoding, sent, piece=piece)) as http:
        assert (await http.send("GET", "/cdp-task")).body == BODY


async def test_two_content_encoding_headers_are_one_list() -> None:
    headers = [(b"Content-Encoding", b"deflate"), (b"Content-Encoding", b"gzip")]
    answer = httpx.Response(200, content=pieces(gz(zlib.compress(BODY))), headers=headers)
    async with answering(answer) as http:
        assert (await http.send("GET", "/cdp-task")).body == BODY


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.integers(1, 400), st.integers(0, 20))
async def test_gzip_members_are_decoded_in_pieces_of_any_size(parts: list[bytes], piece: int, padding: int) -> None:
    sent = b"".join(gz(part) + bytes(padding) for part in parts)
    body = await read_body(encoded_as("gzip", sent, piece=piece), BASE)
    assert body == b"".join(parts)


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1, 2**21])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_response_that_ends_at_a_buffer_boundary_is_complete(size: int, coding: str) -> None:
    sent = gz(bytes(size)) if coding == "gzip" else raw_deflate(bytes(size))
    assert await read_body(encoded_as(coding, sent, piece=65_536), BASE) == bytes(size)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "br, gzip", "\x1b[31m", "gzip;q=1", "\xe9"])
async def test_unsupported_content_coding_is_unreadable(encoding: str) -> None:
    async with answering(encoded_as(encoding, gz(BODY))) as http:
        with pytest.raises(e.UnreadableAnswer, match="unsupported content coding") as caught:
            await http.send("GET", "/cdp-task")
    assert caught.value.detail.isprintable()


async def test_too_many_nested_content_codings_are_unreadable() -> None:
    async with answering(encoded_as(", ".join(["gzip"] * 500), gz(BODY))) as http:
        with pytest.raises(e.UnreadableAnswer, match="500 nested content codings"):
            await http.send("GET", "/cdp-task")


@pytest.mark.parametrize(
    ("encoding", "sent", "why"),
    [
        pytest.param("gzip", b"no gzip", "invalid gzip data", id="not gzip"),
        pytest.param("gzip", bytes(20), "invalid gzip data", id="zero bytes only"),
        pytest.param("gzip", gz(BODY)[:20], "truncated", id="truncated"),
        pytest.param("gzip", gz(BODY)[:1], "truncated", id="truncated in the magic number"),
        pytest.param("gzip", gz(BODY) + gz(BODY)[:-1], "truncated", id="second member truncated"),
        pytest.param("gzip", gz(BODY)[:-8] + bytes(8), "invalid gzip data", id="wrong checksum"),
        pytest.param("deflate", zlib.compress(BODY)[:-1], "truncated", id="truncated deflate"),
        pytest.param("deflate", b"\x78", "truncated", id="one byte of deflate"),
        pytest.param("deflate", b"\xff\xff\xff", "invalid deflate data", id="not deflate"),
        pytest.param("gzip, gzip", gz(BODY), "invalid gzip data", id="compressed once, declared twice"),
    ],
)
async def test_invalid_compressed_data_is_unreadable(encoding: str, sent: bytes, why: str) -> None:
    async with answering(encoded_as(encoding, sent)) as http:
        with pytest.raises(e.UnreadableAnswer, match=why):
            await http.send("GET", "/cdp-task")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
async def test_empty_body_is_empty_in_every_content_coding(encoding: str) -> None:
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
        pytest.param("gzip, gzip", gz(bomb(256)), id="two codings"),
        pytest.param("gzip, gzip", gz(gz(b"") * 2**18), id="large between two codings, empty result"),
    ],
)
async def test_size_limit_applies_to_every_stage_of_decoding(
    encoding: str, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cdptui.api.responses.MAX_BODY_BYTES", SMALL_LIMIT)
    with pytest.raises(e.UnreadableAnswer, match="too large"):
        await read_body(encoded_as(encoding, sent, piece=65_536), BASE)


async def test_endless_empty_gzip_members_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
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
    pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), "", id="UTF-8 with BOM"),
    pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), "application/json;charset=UTF-8", id="UTF-8 with BOM and charset"),
    pytest.param(TEXT.encode("utf-16"), "", id="UTF-16 with BOM"),
    pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), "", id="UTF-16 big-endian with BOM"),
    pytest.param(TEXT.encode("utf-16-le"), "application/json;charset=utf-16le", id="UTF-16 without BOM"),
    pytest.param(TEXT.encode("utf-32"), "", id="UTF-32 with BOM"),
    pytest.param(TEXT.encode("utf-32-be"), "", id="UTF-32 without BOM"),
    pytest.param(TEXT.encode(), "application/json", id="UTF-8"),
    pytest.param(TEXT.encode(), 'application/json; charset="utf-8"', id="UTF-8 in quotes"),
    pytest.param(TEXT.encode(), "text/plain;charset=ISO-8859-1", id="UTF-8 declared as Latin-1"),
    pytest.param(TEXT.encode(), "text/plain;charset=no-such-thing", id="unknown charset"),
    pytest.param(TEXT.encode(), "text/plain;charset=zlib", id="codec that is not a charset"),
    pytest.param(TEXT.encode("gbk"), "text/plain;charset=GBK", id="GBK"),
    pytest.param(b" \r\n\t" + TEXT.encode() + b"\r\n ", "", id="surrounding whitespace"),
]


@pytest.mark.parametrize(("sent", "content_type"), FRONTS)
async def test_body_in_any_character_encoding_is_converted_to_utf8(sent: bytes, content_type: str) -> None:
    answer = httpx.Response(200, content=pieces(sent), headers={"Content-Type": content_type} if content_type else {})
    async with answering(answer) as http:
        assert (await http.send("GET", "/cdp-task")).body.strip() == TEXT.encode()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(bytes(16) + TEXT.encode(), id="zero bytes before the JSON"),
        pytest.param(b"\0" + TEXT.encode(), id="zero byte before the JSON"),
        pytest.param(b")]}',\n" + TEXT.encode(), id="anti-hijacking prefix"),
        pytest.param(b"callback(" + TEXT.encode() + b")", id="JSONP"),
        pytest.param(b"\xff\xfe", id="BOM only"),
    ],
)
async def test_prefix_before_the_json_is_an_error(sent: bytes) -> None:
    async with answering(httpx.Response(200, content=pieces(sent))) as http:
        with pytest.raises(e.ApiError) as caught:
            await http.send("GET", "/cdp-task")
    assert type(caught.value) in {e.UnreadableAnswer, e.NotAManagementNode}
    assert caught.value.detail.isprintable()


async def test_decompression_bomb_is_too_large_without_using_its_memory() -> None:
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


async def test_response_with_a_too_large_content_length_is_not_read() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("was read")
        yield b""

    answer = httpx.Response(200, content=never(), headers={"Content-Length": str(MAX_BODY_BYTES + 1)})
    async with answering(answer) as http:
        with pytest.raises(e.UnreadableAnswer, match="too large"):
            await http.send("GET", "/cdp-task")


async def test_path_with_a_secret_is_not_shown() -> None:
    async with answering(httpx.ConnectError("refused")) as http:
        with pytest.raises(e.Unreachable) as caught:
            await http.send("DELETE", "/accounts/sessions/secret", shown_path="/accounts/sessions/***")
    assert "secret" not in str(caught.value)
    assert caught.value.url == f"{BASE}/accounts/sessions/***"
