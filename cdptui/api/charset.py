"""The character encoding of a response: JSON is UTF-8 (RFC 8259); some proxies add a byte order mark or send UTF-16.

The charset in Content-Type is often wrong for JSON, so it is used only when the body is not valid UTF-8.
"""

from __future__ import annotations

import json
from typing import Final

_UTF8: Final = "utf-8"
_UTF8_NAMES: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_BOM: Final = b"\xef\xbb\xbf"

_CODECS: Final = frozenset(
    {"iso-8859-1", "latin-1", "latin1", "windows-1252", "cp1252", "gb2312", "gbk", "gb18030", "big5"}
)
"""Charsets that are decoded. Other Python codecs are not character encodings (zip, rot13)."""


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """Return `body` in UTF-8 without a byte order mark; `charset` is the one in Content-Type, if there is one.

    Bytes that cannot be decoded become replacement characters.
    """
    body = body.removeprefix(_BOM)
    # Detects UTF-16 and UTF-32 by the byte order mark, or by the zero bytes of the first two characters.
    found = json.detect_encoding(body)
    if found != _UTF8:
        text = body.decode(found, errors="replace")
        # Zero bytes before UTF-8 text are detected as UTF-16 too; decoded as such, the text is not ASCII.
        return text.encode(errors="replace") if text[:2].isascii() else body
    name = (charset or _UTF8).lower()
    if name in _UTF8_NAMES or name not in _CODECS or _is_utf8(body):
        return body
    return body.decode(name, errors="replace").encode()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
