"""Spans: pieces of a line, each text with a role that themes colour."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple, Self


class Role(StrEnum):
    """The meaning of a span, coloured by the theme. The text must be understandable without the colour."""

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
    """The empty part of a bar."""
    PLAN = "plan"
    NEW = "new"
    """Marks for a short time what appeared or changed."""
    LABEL = "label"
    """The name of a profile; the roles below have the profile's accent colour as background."""
    LABEL_RED = "label-red"
    LABEL_ORANGE = "label-orange"
    LABEL_YELLOW = "label-yellow"
    LABEL_GREEN = "label-green"
    LABEL_CYAN = "label-cyan"
    LABEL_BLUE = "label-blue"
    LABEL_PURPLE = "label-purple"
    LABEL_GREY = "label-grey"
    PAST = "label-past"
    """The banner over a moment of a recording. No other part of the screen has its background."""


LABELS: Final = frozenset(role for role in Role if role.startswith("label"))


def accent_role(accent: str) -> Role:
    """Return the role of the name of a profile with this accent.

    >>> accent_role("red"), accent_role(""), accent_role("no colour of ours")
    (<Role.LABEL_RED: 'label-red'>, <Role.LABEL: 'label'>, <Role.LABEL: 'label'>)
    """
    role = f"label-{accent}"
    return Role(role) if role in LABELS - {Role.PAST} else Role.LABEL


class Span(NamedTuple):
    """Sanitized text in one role."""

    text: str
    role: Role = Role.TEXT


Line = tuple[Span, ...]


class TaskLine(tuple[Span, ...]):  # noqa: SLOT001 - a tuple cannot have slots, and this one has a UUID
    """A line on another task, which the user can go to."""

    uuid: str

    def __new__(cls, spans: Iterable[Span], uuid: str) -> Self:
        """Create the line from its spans and the UUID of the task."""
        line = super().__new__(cls, spans)
        line.uuid = uuid
        return line


def plain_text(line: Line) -> str:
    """Return the text of a line without its roles."""
    return "".join(span.text for span in line)
