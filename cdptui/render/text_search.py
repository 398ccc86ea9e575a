"""Text search in rendered lines: find matches and highlight them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final

from msgspec import Struct

from cdptui.render.spans import Line, Role, Span, plain_text

_BLANK: Final = r"(?: |\n {4,})"
"""Matches a blank of the search text: a space, or a line break, as wrapped lines continue indented."""


class Match(Struct, frozen=True):
    """One match, in characters of a line."""

    line: int
    start: int
    end: int
    rest: tuple[Match, ...] = ()
    """The continuation of the match on the lines below."""

    def moved(self, lines: int) -> Match:
        """Return the match for a text with this many more lines above it."""
        return Match(self.line + lines, self.start, self.end, tuple(part.moved(lines) for part in self.rest))


def find_matches(lines: Sequence[Line], text: str) -> list[Match]:
    """Return all matches of `text`, ignoring case, and across the lines of a wrapped text.

    >>> [(hit.line, hit.start, hit.end) for hit in find_matches([(Span("used Used"),), (Span("plan"),)], "used")]
    [(0, 0, 4), (0, 5, 9)]
    >>> find_matches([(Span("all  used of"),), (Span("     plan"),)], "of plan")[0].rest
    (Match(line=1, start=5, end=9, rest=()),)
    """
    if not text:
        return []
    pattern = re.compile(_BLANK.join(map(re.escape, text.split(" "))), re.IGNORECASE)
    texts = [plain_text(line) for line in lines]
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    return [_hit(match, starts) for match in pattern.finditer("\n".join(texts))]


def _hit(match: re.Match[str], starts: Sequence[int]) -> Match:
    line = bisect_right(starts, match.start()) - 1
    at = match.start() - starts[line]
    parts = [Match(line, at, at + len(match[0].partition("\n")[0]))]
    for index, text in enumerate(match[0].split("\n")[1:], line + 1):
        parts.append(Match(index, len(text) - len(text.lstrip(" ")), len(text)))
    first, *rest = [part for part in parts if part.start < part.end] or parts
    return Match(first.line, first.start, first.end, tuple(rest))


def highlight(line: Line, hits: Sequence[Match]) -> Line:
    """Return the line with its matches highlighted.

    >>> [span.text for span in highlight((Span("used of plan"),), [Match(0, 5, 7)])]
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


def search_status_line(
    text: str,
    hits: int,
    at: int | None,
    *,
    keys: Mapping[str, str],
    is_typing: bool,
    has_more: bool = False,
) -> Line:
    """Return the line of a search: its text and the number of matches; `has_more` when not all lines were searched."""
    cursor = (Span("▏", Role.ACCENT),) if is_typing else ()
    if not text:
        count = Span("  Search…", Role.DIM)
    elif not hits:
        count = Span("  No match", Role.WARN)
    else:
        count_text = f"{hits}+" if has_more else f"{hits}"
        place = f"{at + 1} of {count_text}" if at is not None else count_text
        count = Span(f"  {place}", Role.TEXT)
    hint = (
        ""
        if is_typing or not hits
        else "  {next-hit} next  {previous-hit} previous  Esc ends the search".format_map(keys)
    )
    return (Span("/", Role.ACCENT), Span(text, Role.STRONG), *cursor, count, Span(hint, Role.DIM))
