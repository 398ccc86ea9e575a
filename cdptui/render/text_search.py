"""Finding words in lines: where they stand, and the lines with the hits marked. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final

from msgspec import Struct

from cdptui.render.key_names import KEY_NAMES
from cdptui.render.spans import Line, Role, Span, plain_text

_BLANK: Final = r"(?: |\n {4,})"
"""What a blank that is looked for may be: a line that is broken there goes on deeper inside."""


class Match(Struct, frozen=True):
    """One place where the words stand."""

    line: int
    start: int
    end: int
    rest: tuple[Match, ...] = ()
    """Where they go on in the lines below."""

    def moved(self, lines: int) -> Match:
        """The same place in a text that has so many lines more above it."""
        return Match(self.line + lines, self.start, self.end, tuple(part.moved(lines) for part in self.rest))


def find_matches(lines: Sequence[Line], words: str) -> list[Match]:
    """All places of `words`, whatever their case, and wherever a line was broken for want of room.

    >>> [(hit.line, hit.start, hit.end) for hit in find_matches([(Span("used Used"),), (Span("plan"),)], "used")]
    [(0, 0, 4), (0, 5, 9)]
    >>> find_matches([(Span("all  used of"),), (Span("     plan"),)], "of plan")[0].rest
    (Match(line=1, start=5, end=9, rest=()),)
    """
    if not words:
        return []
    pattern = re.compile(_BLANK.join(map(re.escape, words.split(" "))), re.IGNORECASE)
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
    """The line with its hits in the role of what is new.

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
    words: str,
    hits: int,
    at: int | None,
    *,
    is_typing: bool,
    has_more: bool = False,
    keys: Mapping[str, str] = KEY_NAMES,
) -> Line:
    """What was searched for, and how often it is there; `has_more` says that the rest was not searched."""
    cursor = (Span("▏", Role.ACCENT),) if is_typing else ()
    if not words:
        count = Span("  type what to find", Role.DIM)
    elif not hits:
        count = Span("  not here", Role.WARN)
    else:
        count_text = f"{hits}+" if has_more else f"{hits}"
        place = f"{at + 1} of {count_text}" if at is not None else count_text
        count = Span(f"  {place}", Role.TEXT)
    help_ = "" if is_typing or not hits else f"  {keys['next-hit']} next  {keys['previous-hit']} previous  Esc ends"
    return (Span("/", Role.ACCENT), Span(words, Role.STRONG), *cursor, count, Span(help_, Role.DIM))
