"""The body of an answer, read as far as an answer of a management node can go and no further.

Decodes Content-Encoding (RFC 9110, 8.4) itself: httpx decodes gzip of a single member only, and without a limit. Every
stage is counted, since a few kilobytes can become gigabytes, and is read in pieces so that the event loop goes on.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx

from cdptui.api.errors import UnreadableAnswer
from cdptui.models.sanitize import sanitize

MAX_BODY_BYTES: Final = 32 * 2**20
"""A page of 1000 tasks is about 1 MB, and 14 MB if every text in it is as long as it may be and escaped."""

ACCEPTED_ENCODING: Final = "gzip"

_MAX_CODINGS: Final = 4
"""Codings on top of each other. A front and a server that both compress make two."""

_OUTPUT_BYTES: Final = 2**20
"""The most that is unpacked before the event loop goes on: some milliseconds."""

_INPUT_BYTES: Final = 4096
"""Packed bytes given to zlib at once. It copies what follows the end of a member, so that an answer of a million
members in large pieces would take quadratic time."""

_CALL_COST: Final = 4096
"""A call of zlib that yields nothing takes as long as unpacking about so many bytes."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
_GZIP_MAGIC: Final = b"\x1f\x8b"
_HEADER_BYTES: Final = 2

Decode = Callable[[AsyncIterator[bytes], str], AsyncIterator[bytes]]


async def read_body(response: httpx.Response, url: str) -> bytes:
    """Return the whole body, decoded. Raises UnreadableAnswer when it is too large or cannot be decoded."""
    if int(_digits(response.headers.get("content-length", ""))) > MAX_BODY_BYTES:
        raise _too_large(url)
    body = bytearray()
    async for piece in _decoded(response, url):
        body += piece
    return bytes(body)


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) < 20 else "0"


def _too_large(url: str) -> UnreadableAnswer:
    return UnreadableAnswer("larger than any list of tasks", url=url)


def _decoded(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    codings = [name for name in names if name not in {"", "identity"}]
    if not codings:
        return _bounded(response.aiter_bytes(), url)
    if len(codings) > _MAX_CODINGS:
        message = f"packed {len(codings)} times over"
        raise UnreadableAnswer(message, url=url)
    pieces = _bounded(response.aiter_raw(), url)
    # The last one was applied last.
    for coding in reversed(codings):
        decode = _DECODERS.get(coding)
        if decode is None:
            message = f"packed as {sanitize(coding, 40)}, which was not asked for"
            raise UnreadableAnswer(message, url=url)
        pieces = _bounded(decode(pieces, url), url)
    return pieces


async def _bounded(pieces: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise _too_large(url)
        if piece:
            yield piece


async def _gunzipped(packed: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    """Decode gzip: members one after another (RFC 1952), then zero bytes or anything else, as gzip(1) does."""
    inflater = _Inflater("gzip", url)
    before_member, is_over = b"", False
    is_empty = True
    async for piece in _sliced(packed):
        is_empty = False
        rest = piece
        while rest and not is_over:
            if not inflater.is_within:
                # Zero bytes pad a member to the size of a block.
                before_member = rest = (before_member + rest).lstrip(b"\0" if inflater.has_ended else b"")
                if len(rest) < _HEADER_BYTES:
                    break
                if inflater.has_ended and not rest.startswith(_GZIP_MAGIC):
                    is_over = True
                    break
                before_member = b""
                inflater.begin(_GZIP)
            async for unpacked in inflater.unpack(rest):
                yield unpacked
            rest = inflater.rest
    if inflater.is_within or not (is_empty or inflater.has_ended):
        raise _cut_off(url)


async def _inflated(packed: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    """Decode deflate: with the header of zlib as RFC 9110 has it, or without one as some servers send it."""
    inflater = _Inflater("deflate", url)
    header = b""
    async for piece in _sliced(packed):
        rest = piece
        if not (inflater.is_within or inflater.has_ended):
            header = rest = header + piece
            if len(header) < _HEADER_BYTES:
                continue
            inflater.begin(_ZLIB if _is_zlib(header) else _RAW_DEFLATE)
        if inflater.is_within:
            async for unpacked in inflater.unpack(rest):
                yield unpacked
    if inflater.is_within or (header and not inflater.has_ended):
        raise _cut_off(url)


_DECODERS: Final[dict[str, Decode]] = {"gzip": _gunzipped, "x-gzip": _gunzipped, "deflate": _inflated}


class _Inflater:
    """Unpacks one deflate stream after another."""

    def __init__(self, coding: str, url: str) -> None:
        self._coding = coding
        self._url = url
        self._stream = zlib.decompressobj(_RAW_DEFLATE)
        self._work = 0
        self.is_within = False
        """A stream has begun and not ended."""
        self.has_ended = False
        """At least one stream has ended."""
        self.rest = b""
        """What followed the end of the last stream."""

    def begin(self, window_bits: int) -> None:
        """Begin a stream of the format that zlib's `window_bits` mean."""
        self._stream = zlib.decompressobj(window_bits)
        self.is_within = True

    async def unpack(self, packed: bytes) -> AsyncIterator[bytes]:
        """Unpack up to the end of the stream. Raises UnreadableAnswer."""
        self.rest = b""
        left, is_full = packed, False
        # Full output may leave some inside zlib although all input was used.
        while (left or is_full) and self.is_within:
            try:
                unpacked = self._stream.decompress(left, _OUTPUT_BYTES)
            except zlib.error as error:
                message = f"no {self._coding}: {sanitize(str(error), 100)}"
                raise UnreadableAnswer(message, url=self._url) from error
            self._work += len(unpacked) + _CALL_COST
            if unpacked:
                yield unpacked
            if self._work >= _OUTPUT_BYTES:
                self._work = 0
                # A megabyte takes some milliseconds: a key may be waiting.
                await asyncio.sleep(0)
            left, is_full = self._stream.unconsumed_tail, len(unpacked) == _OUTPUT_BYTES
            if self._stream.eof:
                self.is_within, self.has_ended = False, True
                self.rest = self._stream.unused_data


async def _sliced(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        for at in range(0, len(piece), _INPUT_BYTES):
            yield piece[at : at + _INPUT_BYTES]


def _is_zlib(header: bytes) -> bool:
    """Whether two bytes are the header of zlib (RFC 1950): method 8, and a multiple of 31."""
    return header[0] & 0x0F == 8 and int.from_bytes(header[:_HEADER_BYTES], "big") % 31 == 0


def _cut_off(url: str) -> UnreadableAnswer:
    return UnreadableAnswer("the packed answer is cut off", url=url)
