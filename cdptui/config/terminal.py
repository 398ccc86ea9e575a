"""What the terminal can show and take, as far as the environment tells."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

_BLIND: Final = frozenset({"", "dumb", "unknown"})
"""Terminals on which nothing can be drawn: no cursor to move."""

_CONSOLES: Final = ("linux", "vt100", "vt102", "vt220", "ansi", "cons25")
"""Terminals of before the private sequences of today: they print parts of them, and have few glyphs."""

_EVERYTHING: Final = frozenset({"utf-8", "utf8"})


class Multiplexer(Enum):
    """What stands between us and the terminal."""

    NONE = "none"
    TMUX = "tmux"
    SCREEN = "screen"


class TerminalCapabilities(Struct, frozen=True):
    """One terminal; as it stands here, one of today."""

    term: str = "xterm-256color"
    """TERM."""
    charset: str = ""
    """Characters that it shows, as the name of an encoding; empty is all of them."""
    has_colour: bool = True
    is_legacy: bool = False
    """Knows no sequences but the common ones: no reports of its size, no keyboard protocol, no clipboard, no mouse."""
    multiplexer: Multiplexer = Multiplexer.NONE

    @property
    def is_dumb(self) -> bool:
        """Whether nothing can be drawn on it."""
        return self.term in _BLIND


def detect_terminal(
    environ: Mapping[str, str] | None = None, encoding: str | None = None, *, is_ascii: bool = False
) -> TerminalCapabilities:
    """Return what the environment tells of the terminal; `is_ascii` is the person's own word on its glyphs.

    `encoding` is that of the locale. Python's own would not do: it takes UTF-8 for granted where LC_ALL is C.
    """
    values = os.environ if environ is None else environ
    known = (encoding if encoding is not None else locale.getencoding()).lower()
    kind = values.get("TERM", "")
    is_old = kind.partition("-")[0] in _CONSOLES
    charset = "" if known in _EVERYTHING else known
    return TerminalCapabilities(
        term=kind,
        charset="ascii" if is_ascii or is_old else charset,
        # An empty one says nothing: https://no-color.org
        has_colour=not values.get("NO_COLOR"),
        is_legacy=is_old,
        multiplexer=_multiplexer(values),
    )


def _multiplexer(values: Mapping[str, str]) -> Multiplexer:
    if values.get("TMUX"):
        return Multiplexer.TMUX
    return Multiplexer.SCREEN if values.get("STY") else Multiplexer.NONE
