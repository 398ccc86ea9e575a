"""Cell widths and line breaking.

The width function agrees with `rich.cells.cell_len` 15.0 on sanitized text, except for characters that are newer than
this Python's Unicode tables. Render may not import rich.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNIT: Final = r"(?:(?:[KMGTPE]i)?B(?:/(?:s|h|day))?|ms|s|min|h|d|w|y)"
WORD: Final = rf"\S*\d {_UNIT}(?![\w/])\S*|\S+"
"""Pattern of what a line is not broken in: a word, or a number with its unit."""

_ZERO_WIDTH: Final = frozenset({"Mn", "Mc", "Me", "Cf"})
_HANGUL_VOWELS_AND_FINALS: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Combine with the consonant before them, and take no cell of their own."""


def cell_width(text: str) -> int:
    """Return how many terminal cells `text` takes: wide East Asian characters two, combining marks none.

    >>> cell_width("backup"), cell_width("财务"), cell_width("e\N{COMBINING ACUTE ACCENT}")
    (6, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_character_width, text))


def _character_width(char: str) -> int:
    if unicodedata.category(char) in _ZERO_WIDTH or any(ord(char) in codes for codes in _HANGUL_VOWELS_AND_FINALS):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad_cells(text: str, width: int) -> str:
    """Return `text` with spaces behind it, up to `width` cells; never shorter than it is.

    >>> pad_cells("财务", 6), pad_cells("policy", 3)
    ('财务  ', 'policy')
    """
    return text + " " * (width - cell_width(text))


def wrap_text(text: str, width: int) -> list[str]:
    """Break `text` between words into lines of at most `width` cells; a word that is longer is broken too.

    >>> wrap_text("a backup storage", 8), wrap_text("财务系统 is", 6)
    (['a backup', 'storage'], ['财务系', '统 is'])
    >>> wrap_text("starting for 10 min now", 15)
    ['starting for', '10 min now']
    """
    lines: list[str] = [""]
    free = width
    for word in re.findall(WORD, text):
        gap = " " if lines[-1] else ""
        if cell_width(word) + len(gap) > free and lines[-1]:
            lines.append("")
            free, gap = width, ""
        lines[-1] += gap
        free -= len(gap)
        for char in word:
            if cell_width(char) > free:
                lines.append("")
                free = width
            lines[-1] += char
            free -= cell_width(char)
    return lines


def split_cells(text: str, first_width: int, width: int) -> list[str]:
    """Break `text` anywhere: the first line of at most `first_width` cells, the others of at most `width`.

    >>> split_cells("abcdefgh", 3, 2), split_cells("财务系统", 3, 4)
    (['abc', 'de', 'fg', 'h'], ['财', '务系', '统'])
    """
    lines: list[str] = []
    start, free = 0, first_width
    for at, char in enumerate(text):
        cells = cell_width(char)
        if cells > free:
            lines.append(text[start:at])
            start, free = at, width
        free -= cells
    return [*lines, text[start:]]
