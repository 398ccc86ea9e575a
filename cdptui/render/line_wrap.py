"""Wrapping of lines that are too long for their pane: nothing is cut, and values stay beside their label."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cdptui.render.lazy_lines import JoinedLines
from cdptui.render.spans import Line, Span
from cdptui.render.text_wrap import WORD, cell_width, split_cells

MAX_WRAPPED: Final = 500
"""Lines of a block that are wrapped. A longer one is lazy or wrapped already, and to measure it would delay a key."""

_PIECE: Final = rf"\s+|{WORD}"

_VALUE_GAP: Final = 2
"""Blanks between two values of a line; a value is broken only where it is longer than a line."""


def wrap_lines(lines: Sequence[Line], width: int) -> Sequence[Line]:
    """Return `lines` with each that is longer than `width` cells on several lines."""
    if isinstance(lines, JoinedLines):
        return JoinedLines(*(wrap_lines(block, width) for block in lines.blocks))
    if len(lines) > MAX_WRAPPED:
        return lines
    return [part for line in lines for part in wrap_line(line, width)]


def wrap_line(line: Line, width: int) -> list[Line]:
    """Break a line between values, and a longer value between words, into lines of at most `width` cells.

    Two blanks separate values. The lines after the first are indented by the label, or by the blanks that the line
    begins with. A word that is longer than a line is broken too.

    >>> from cdptui.render.spans import Role, plain_text
    >>> [plain_text(part) for part in wrap_line((Span("used  ", Role.DIM), Span("1 GiB of 2 GiB"), Span(" ██")), 15)]
    ['used  1 GiB of', '      2 GiB ██']
    >>> [plain_text(part) for part in wrap_line((Span("newest  "), Span("08:00:04"), Span("  6 days ago")), 19)]
    ['newest  08:00:04', '        6 days ago']
    """
    if sum(cell_width(span.text) for span in line) <= width:
        return [line]
    indent = _indent(line, width)
    lines: list[list[Span]] = [[]]
    used = 0
    blanks: list[Span] = []
    words = list(_words(line))
    for at, word in enumerate(words):
        if _is_blank(word):
            blanks = word
            continue
        gap, cells = _cells(blanks), _cells(word)
        value = _value_cells(words, at) if gap >= _VALUE_GAP else cells
        # A value stays beside its label, even where it must be broken.
        if lines[-1] and used + gap > indent and used + gap + (value if value <= width - indent else cells) > width:
            lines.append([Span(" " * indent)] if indent else [])
            used, gap, blanks = indent, 0, []
        elif used + gap >= width:
            gap, blanks = 0, []
        lines[-1] += blanks
        used += gap
        blanks = []
        for piece in word:
            first, *others = split_cells(piece.text, width - used, width - indent)
            lines[-1].append(piece._replace(text=first))
            used += cell_width(first)
            for text in others:
                lines.append([*([Span(" " * indent)] if indent else []), piece._replace(text=text)])
                used = indent + cell_width(text)
    return [_merged(spans) for spans in lines]


def _is_blank(word: Sequence[Span]) -> bool:
    return not word[0].text.strip()


def _cells(pieces: Iterable[Span]) -> int:
    return sum(cell_width(piece.text) for piece in pieces)


def _value_cells(words: Sequence[Sequence[Span]], start: int) -> int:
    """Return the cells of the value that begins with the word at `start`."""
    rest = itertools.takewhile(lambda word: not _is_blank(word) or _cells(word) < _VALUE_GAP, words[start:])
    return sum(map(_cells, rest))


def _indent(line: Line, width: int) -> int:
    """Return the cells of the label, or of the blanks at the beginning; 0 where that is over half of the width."""
    first = line[0].text
    is_label = len(line) > 1 and first.endswith(" ")
    cells = cell_width(first) if is_label else len(first) - len(first.lstrip())
    return cells if cells <= width // 2 else 0


def _words(line: Line) -> Iterator[list[Span]]:
    """Yield words and the blanks between them, in pieces: a word, for example a bar, can have several roles."""
    word: list[Span] = []
    for span in line:
        for text in re.findall(_PIECE, span.text):
            if word and text.isspace() != word[-1].text.isspace():
                yield word
                word = []
            word.append(span._replace(text=text))
    if word:
        yield word


def _merged(spans: Sequence[Span]) -> Line:
    """Return the spans with neighbours of one role as one span, without empty ones."""
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].role is span.role:
            merged[-1] = span._replace(text=merged[-1].text + span.text)
        elif span.text:
            merged.append(span)
    return tuple(merged)
