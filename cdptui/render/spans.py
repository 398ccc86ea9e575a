"""Pieces of a line: text with the role that it plays."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


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
    LABEL = "label"
    """The name of a profile, and in the colour that it was given: drawn on that colour as ground."""
    LABEL_RED = "label-red"
    LABEL_ORANGE = "label-orange"
    LABEL_YELLOW = "label-yellow"
    LABEL_GREEN = "label-green"
    LABEL_CYAN = "label-cyan"
    LABEL_BLUE = "label-blue"
    LABEL_PURPLE = "label-purple"
    LABEL_GREY = "label-grey"


LABELS: Final = frozenset(role for role in Role if role.startswith("label"))


def accent_role(accent: str) -> Role:
    """The role of a profile's name.

    >>> accent_role("red"), accent_role(""), accent_role("no colour of ours")
    (<Role.LABEL_RED: 'label-red'>, <Role.LABEL: 'label'>, <Role.LABEL: 'label'>)
    """
    wanted = f"label-{accent}"
    return Role(wanted) if wanted in LABELS else Role.LABEL


class Span(NamedTuple):
    """Text in one role. The text is inert; its width in cells is the drawing side's business."""

    text: str
    role: Role = Role.TEXT


Line = tuple[Span, ...]


def plain_text(line: Line) -> str:
    """The line without its roles."""
    return "".join(span.text for span in line)
