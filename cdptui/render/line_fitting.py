"""Fit spans into lines: joined with gaps, spread to both ends, or cut with an ellipsis."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cdptui.render.spans import Line, Span

Measure = Callable[[str], int]
"""Returns the width of a text in cells."""


def line_width(spans: Sequence[Span], measure: Measure) -> int:
    """Return the width of spans in cells."""
    return sum(measure(span.text) for span in spans)


def joined(spans: Sequence[Span], gap: str) -> list[Span]:
    """Return the spans that are not empty, with `gap` between them."""
    line: list[Span] = []
    for span in spans:
        if not span.text:
            continue
        if line:
            line.append(Span(gap))
        line.append(span)
    return line


def spread(left: Sequence[Span], right: Sequence[Span], width: int, measure: Measure, gap: int = 2) -> Line | None:
    """Return a line with spans at its left and right ends, `gap` cells or more apart; None when they do not fit."""
    space = width - line_width((*left, *right), measure)
    if space < (gap if right else 0):
        return None
    return (*left, Span(" " * space), *right)


def cut(spans: Sequence[Span], width: int, measure: Measure) -> Line:
    """Return the spans that fit, with an ellipsis where text was cut off."""
    shown: list[Span] = []
    free = width
    for span in spans:
        if measure(span.text) > free:
            if free > 0:
                shown.append(span._replace(text=cut_text(span.text, free, measure)))
            break
        shown.append(span)
        free -= measure(span.text)
    return tuple(shown)


def cut_text(text: str, width: int, measure: Measure) -> str:
    """Return `text` in at most `width` cells, with an ellipsis where it was cut off.

    >>> cut_text("backup-server", 8, len), cut_text("backup", 8, len), cut_text("backup", 0, len)
    ('backup-…', 'backup', '')
    """
    if measure(text) <= width:
        return text
    while text and measure(text) > width - 1:
        text = text[:-1]
    return f"{text}…" if width > 0 else ""
