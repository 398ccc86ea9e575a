"""HTTP framing of servers and proxies over real sockets, two requests each."""

from __future__ import annotations

import gzip
import zlib

import pytest

from cdptui.api import errors as e
from cdptui.api.http import HttpClient, Timeouts
from cdptui.clock import SystemClock
from tests.wire.test_connections import Connection, serving

BODY = b'{"inventories":[]}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def ok(headers: bytes, body: bytes, *, version: bytes = b"1.1") -> bytes:
    return b"HTTP/" + version + b" 200 OK\r\n" + headers + b"\r\n" + body


def in_chunks(*chunks: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


async def asked_twice(sent: bytes, *, then_closes: bool, read_s: float = 20.0) -> list[bytes | e.ApiError]:
    """Send two requests to a server that responds to both with `sent`. Return the bodies or errors."""

    async def handle(connection: Connection) -> None:
        while await connection.request():
            await connection.answer(sent)
            if then_closes:
                return

    found: list[bytes | e.ApiError] = []
    async with (
        serving(handle) as (port, _),
        HttpClient(f"http://127.0.0.1:{port}/zstack/v1", Timeouts(20.0, read_s, 60.0), SystemClock()) as http,
    ):
        for _ in range(2):
            try:
                found.append((await http.send("GET", "/cdp-task")).body)
            except e.ApiError as error:
                found.append(error)
    return found


def packed(coding: bytes, sent: bytes) -> bytes:
    return ok(b"Content-Encoding: %s\r\nContent-Length: %d\r\n" % (coding, len(sent)), sent)


def gz(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


GOOD = [
    pytest.param(packed(b"gzip", gz(BODY[:9]) + gz(b"") + gz(BODY[9:]) + bytes(9)), False, id="gzip of three members"),
    pytest.param(packed(b"gzip, gzip", gz(gz(BODY))), False, id="gzip twice"),
    pytest.param(packed(b"deflate", zlib.compress(BODY)), False, id="deflate"),
    pytest.param(packed(b"deflate", zlib.compress(BODY, wbits=-15)), False, id="deflate without a header"),
    pytest.param(packed(b"identity", BODY), False, id="identity"),
    pytest.param(packed(b"gzip", gz(b"\xef\xbb\xbf" + BODY)), False, id="gzip of UTF-8 with BOM"),
    pytest.param(packed(b"gzip", gz(BODY.decode().encode("utf-16"))), False, id="gzip of UTF-16 with BOM"),
    pytest.param(ok(CHUNKED, in_chunks(BODY)), False, id="chunked"),
    pytest.param(ok(CHUNKED, in_chunks(*(bytes([byte]) for byte in BODY))), False, id="chunks of one byte"),
    pytest.param(ok(CHUNKED, in_chunks(BODY, trailers=b"X-Sum: 1\r\nX-Other: 2\r\n")), False, id="trailers"),
    pytest.param(ok(CHUNKED, b"%x;name=value\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)), False, id="chunk extensions"),
    pytest.param(ok(CHUNKED + LENGTH, in_chunks(BODY)), False, id="chunked with a length"),
    pytest.param(ok(LENGTH, BODY + b" trailing"), False, id="more bytes than the length"),
    pytest.param(ok(LENGTH + LENGTH, BODY), False, id="same length twice"),
    pytest.param(ok(b"", BODY), True, id="no length, ended by close"),
    pytest.param(ok(b"", BODY, version=b"1.0"), True, id="HTTP/1.0"),
    pytest.param(
        ok(LENGTH + b"Connection: keep-alive\r\n", BODY, version=b"1.0"), False, id="HTTP/1.0 with keep-alive"
    ),
    pytest.param(ok(LENGTH, BODY, version=b"1.0"), False, id="HTTP/1.0 without keep-alive"),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + ok(LENGTH, BODY), False, id="100 first"),
    pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20 + ok(LENGTH, BODY), False, id="103 first"),
    pytest.param(b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY, False, id="no reason phrase"),
    pytest.param(ok(LENGTH + b"X-Name: \xe9\xff\r\n", BODY), False, id="header in Latin-1"),
    pytest.param(ok(LENGTH + b"Date: \xe9 yesterday\r\n", BODY), False, id="invalid date"),
    pytest.param(ok(LENGTH + b"Set-Cookie: a=\xe9; Path=/\r\n", BODY), False, id="cookie in Latin-1"),
    pytest.param(ok(LENGTH + b"Set-Cookie: =; ;;=\r\n" * 50, BODY), False, id="invalid cookies"),
    pytest.param(ok(LENGTH + b"Content-Type: \xe9; charset=\xe9\r\n", BODY), False, id="charset in Latin-1"),
    pytest.param(ok(LENGTH + b"X-Name: " + b"x" * 60_000 + b"\r\n", BODY), False, id="header of 60 KB"),
]


@pytest.mark.parametrize(("sent", "then_closes"), GOOD)
async def test_complete_response_is_read_in_any_framing(sent: bytes, then_closes: bool) -> None:
    assert await asked_twice(sent, then_closes=then_closes) == [BODY, BODY]


BAD = [
    pytest.param(ok(b"Content-Length: 99\r\n", BODY), True, e.Unreachable, "closed before", id="length too large"),
    pytest.param(
        ok(b"Content-Length: 99\r\n", BODY), False, e.TimedOut, "no answer", id="length too large, connection open"
    ),
    pytest.param(ok(LENGTH + b"Content-Length: 5\r\n", BODY), True, e.NotAManagementNode, "HTTP", id="two lengths"),
    pytest.param(ok(b"Content-Length: -1\r\n", BODY), True, e.NotAManagementNode, "HTTP", id="negative length"),
    pytest.param(ok(b"Content-Length: x\r\n", BODY), True, e.NotAManagementNode, "HTTP", id="non-numeric length"),
    pytest.param(ok(b"Content-Length: 99999999999\r\n", b""), True, e.UnreadableAnswer, "too large", id="huge length"),
    pytest.param(ok(CHUNKED, b"xyz\r\n"), True, e.NotAManagementNode, "HTTP", id="chunk without a size"),
    pytest.param(ok(CHUNKED, b"5\r\n{}"), True, e.Unreachable, "closed before", id="truncated chunk"),
    pytest.param(ok(CHUNKED, b"2\r\n{}\r\n"), True, e.Unreachable, "closed before", id="no last chunk"),
    pytest.param(
        ok(b"Transfer-Encoding: gzip, chunked\r\n", in_chunks(BODY)), True, e.NotAManagementNode, "HTTP", id="TE: gzip"
    ),
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", False, e.NotAManagementNode, "an empty answer", id="204"),
    pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", False, e.NotAManagementNode, "an empty answer", id="304"),
    pytest.param(
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nContent-Encoding: gzip\r\n\r\n",
        *(False, e.NotAManagementNode, "an empty answer"),
        id="304 with Content-Encoding",
    ),
    pytest.param(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", True, e.NotAManagementNode, "not HTTP", id="101"
    ),
    pytest.param(
        ok(b"".join(b"X-%d: %s\r\n" % (n, b"x" * 60_000) for n in range(100)) + LENGTH, BODY),
        *(True, e.NotAManagementNode, "HTTP"),
        id="100 headers of 60 KB",
    ),
    pytest.param(ok(b"X-Name: a\x00b\r\n" + LENGTH, BODY), True, e.NotAManagementNode, "HTTP", id="NUL in a header"),
    pytest.param(ok(b"X-Name\x1b[31m: a\r\n" + LENGTH, BODY), True, e.NotAManagementNode, "HTTP", id="ESC in a name"),
    pytest.param(b"HTTP/1.1 \x1b]0;x\x07\r\n\r\n", True, e.NotAManagementNode, "HTTP", id="ESC in the status line"),
    pytest.param(b"HTTP/9.9 200 OK\r\n\r\n", True, e.NotAManagementNode, "an empty", id="unsupported HTTP version"),
    pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", True, e.Unreachable, "closed before", id="not HTTP"),
    pytest.param(b"\x15\x03\x01\x00\x02\x02\x0a", True, e.NotAManagementNode, "HTTP", id="TLS"),
    pytest.param(
        b"HTTP/1.1 302 Found\r\nLocation: http://\xe9\x1b[31m.invalid/\r\nContent-Length: 0\r\n\r\n",
        *(True, e.NotAManagementNode, ""),
        id="Location in Latin-1 with ESC",
    ),
    pytest.param(
        b"HTTP/1.1 302 Found\r\nLocation: http://\xe9\xe2\x80\xae.invalid/\r\nContent-Length: 0\r\n\r\n",
        *(False, e.NotAManagementNode, "redirects to an invalid URL"),
        id="Location in Latin-1",
    ),
    pytest.param(
        b"HTTP/1.1 302 Found\r\nLocation: http://x.invalid/" + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        *(False, e.NotAManagementNode, "redirects to an invalid URL"),
        id="Location of 70 KB",
    ),
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, True, e.Unreachable, "closed before", id="100 only"),
    pytest.param(b"", True, e.Unreachable, "closed before", id="empty body"),
]


@pytest.mark.parametrize(("sent", "then_closes", "kind", "words"), BAD)
async def test_invalid_framing_is_reported_in_one_printable_line(
    sent: bytes, then_closes: bool, kind: type[e.ApiError], words: str
) -> None:
    read_s = 0.2 if kind is e.TimedOut else 20.0
    for error in await asked_twice(sent, then_closes=then_closes, read_s=read_s):
        assert type(error) is kind
        assert isinstance(error, e.ApiError)
        assert words in str(error)
        assert str(error).isprintable()
