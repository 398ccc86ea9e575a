"""Pieces of a line: text with the role that it plays."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a piece of text is, for a theme to colour. Never the only sign: the text says it too."""

    TEXT = "text"
    STRONG = "strong"
    DIM = "dim"
    ACCENT = "accent"
    OK = "ok"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    CALM = "calm"
    BAR = "bar"
    TRACK = "track"
    """The unfilled rest of a bar."""
    PLAN = "plan"
    NEW = "new"
    """A brief mark on what appeared or changed."""


class Span(NamedTuple):
    """Text in one role. The text is inert; its width in cells is the drawing side's business."""

    text: str
    role: Role = Role.TEXT


Line = tuple[Span, ...]


def text_of(line: Line) -> str:
    """The line without its roles."""
    return "".join(span.text for span in line)
