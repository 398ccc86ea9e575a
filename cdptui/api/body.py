"""The body of an answer, read as far as an answer of a management node can go and no further.

Counted after unpacking: a few kilobytes can become gigabytes. Only what was asked for is unpacked, once and in pieces.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Final

import httpx

from cdptui.api.errors import UnreadableAnswer
from cdptui.models.text import inert

MAX_BODY_BYTES: Final = 32 * 2**20
"""A page of 1000 tasks is about 1 MB, and 14 MB if every text in it is as long as it may be and escaped."""

ACCEPTED_ENCODING: Final = "gzip"

_PIECE_BYTES: Final = 2**20
_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(response: httpx.Response, url: str) -> bytes:
    """Return the whole body. Raises UnreadableAnswer when it is too large, or packed in another way than we said."""
    if int(_digits(response.headers.get("content-length", ""))) > MAX_BODY_BYTES:
        raise _too_large(url)
    pieces: list[bytes] = []
    size = 0
    async for piece in _unpacked(response, url):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise _too_large(url)
    return b"".join(pieces)


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) < 20 else "0"


def _too_large(url: str) -> UnreadableAnswer:
    return UnreadableAnswer("larger than any list of tasks", url=url)


def _unpacked(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return response.aiter_bytes()
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(response.aiter_raw(), url)
    message = f"packed as {inert(encoding, 40)}, which was not asked for"
    raise UnreadableAnswer(message, url=url)


async def _inflated(packed: AsyncIterator[bytes], url: str) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(_GZIP)
    try:
        async for chunk in packed:
            rest = chunk
            while rest and not inflater.eof:
                yield inflater.decompress(rest, _PIECE_BYTES)
                rest = inflater.unconsumed_tail
                if rest:
                    # A megabyte takes some milliseconds: a key may be waiting.
                    await asyncio.sleep(0)
    except zlib.error as error:
        message = f"no gzip: {inert(str(error), 100)}"
        raise UnreadableAnswer(message, url=url) from error
    if not inflater.eof:
        raise UnreadableAnswer("the packed answer is cut off", url=url)
