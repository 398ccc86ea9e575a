"""Finding words in lines: where they stand, and the lines with the hits marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from cdptui.render.key_names import KEY_NAMES
from cdptui.render.span import Line, Role, Span, text_of


class Hit(Struct, frozen=True):
    """One place where the words stand."""

    line: int
    start: int
    end: int


def hits_in(lines: Sequence[Line], words: str) -> list[Hit]:
    """All places of `words`, whatever their case.

    >>> hits_in([(Span("used Used"),), (Span("plan"),)], "used")
    [Hit(line=0, start=0, end=4), Hit(line=0, start=5, end=9)]
    """
    if not words:
        return []
    pattern = re.compile(re.escape(words), re.IGNORECASE)
    return [
        Hit(index, match.start(), match.end())
        for index, line in enumerate(lines)
        for match in pattern.finditer(text_of(line))
    ]


def marked(line: Line, hits: Sequence[Hit]) -> Line:
    """The line with its hits in the role of what is new.

    >>> [span.text for span in marked((Span("used of plan"),), [Hit(0, 5, 7)])]
    ['used ', 'of', ' plan']
    """
    if not hits:
        return line
    spans: list[Span] = []
    at = 0
    for text, role in line:
        cuts = sorted(
            {0, len(text), *(edge - at for hit in hits for edge in (hit.start, hit.end) if 0 < edge - at < len(text))}
        )
        for begin, end in pairwise(cuts):
            is_hit = any(hit.start <= at + begin < hit.end for hit in hits)
            spans.append(Span(text[begin:end], Role.NEW if is_hit else role))
        at += len(text)
    return tuple(spans)


def search_line(words: str, hits: int, at: int | None, *, is_typing: bool, keys: Mapping[str, str] = KEY_NAMES) -> Line:
    """What was searched for, and how often it is there."""
    cursor = (Span("▏", Role.ACCENT),) if is_typing else ()
    if not words:
        count = Span("  type what to find", Role.DIM)
    elif not hits:
        count = Span("  not here", Role.WARN)
    else:
        place = f"{at + 1} of {hits}" if at is not None else f"{hits}"
        count = Span(f"  {place}", Role.TEXT)
    help_ = "" if is_typing or not hits else f"  {keys['next-hit']} next  {keys['previous-hit']} previous  Esc ends"
    return (Span("/", Role.ACCENT), Span(words, Role.STRONG), *cursor, count, Span(help_, Role.DIM))
