"""Sanitizing of text from outside, so that it can be drawn, logged and copied.

Names, descriptions and error texts are untrusted. After `sanitize` they cannot move the cursor, change colours, reverse
the text direction, hide text or shift columns.
"""

from __future__ import annotations

import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Shown for a character that must not be drawn; visible, so that `a` and `a<zero width space>` look different."""

MAX_LENGTH: Final = 4096
"""Maximum number of characters. The server limits its longest texts (error details) to 4096 itself."""

_MAX_COMBINING: Final = 2
_CONTROL_PICTURES: Final = 0x2400
_REGIONAL_A: Final = 0x1F1E6
_REGIONAL_Z: Final = 0x1F1FF
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_VARIATION_SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))


_INVISIBLE_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters whose category is letter or mark, but that are invisible."""


def sanitize(text: str, limit: int = MAX_LENGTH) -> str:
    r"""Return `text` on one line, without anything that a terminal interprets.

    Control characters become their pictures; invisible and direction-changing characters become `REPLACEMENT`;
    combining marks are limited to two per letter; emoji modifiers, whose width differs between terminals, are removed.
    Idempotent. Returns at most `limit` characters, the last one an ellipsis when text was cut off.

    >>> sanitize("erp\x1b[31m-db\n")
    'erp␛[31m-db␊'
    >>> sanitize("财务系统-CDP")
    '财务系统-CDP'
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    # One character more than the limit shows that text was cut off, without reading a megabyte of hostile text.
    safe = "".join(map(_safe_character, text[: limit + 1]))
    limited = _limit_combining(unicodedata.normalize("NFC", safe))
    is_whole = len(text) <= limit + 1 and len(limited) <= limit
    return limited if is_whole else limited[: limit - 1] + "…"


def _safe_character(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code < 0x7F:
        return char
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if _REGIONAL_A <= code <= _REGIONAL_Z:
        return chr(ord("A") + code - _REGIONAL_A)
    if code in _SKIN_TONES or any(code in selectors for selectors in _VARIATION_SELECTORS):
        return ""
    if char in _INVISIBLE_LETTERS:
        return REPLACEMENT
    match unicodedata.category(char):
        case "Cc" | "Cf" | "Cs" | "Co" | "Cn" | "Zl" | "Zp":
            return REPLACEMENT
        case "Zs":
            return " "
        case "Me":
            return ""
        case _:
            return char


def _limit_combining(text: str) -> str:
    out: list[str] = []
    run = _MAX_COMBINING  # a mark without a letter before it is removed too
    for char in text:
        if unicodedata.category(char) == "Mn":
            run += 1
            if run > _MAX_COMBINING:
                continue
        else:
            run = 0
        out.append(char)
    return "".join(out)
