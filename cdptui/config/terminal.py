"""Capabilities of the terminal, from the environment."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

_DUMB_TERMS: Final = frozenset({"", "dumb", "unknown"})
"""Terminals without cursor movement, on which nothing can be drawn."""

_LEGACY_TERMS: Final = ("linux", "vt100", "vt102", "vt220", "ansi", "cons25")
"""Terminals that print parts of modern private sequences and have few glyphs."""

_UTF8: Final = frozenset({"utf-8", "utf8"})


class Multiplexer(Enum):
    """The terminal multiplexer, if any."""

    NONE = "none"
    TMUX = "tmux"
    SCREEN = "screen"


class TerminalCapabilities(Struct, frozen=True):
    """Capabilities of a terminal. The defaults are those of a modern terminal."""

    term: str = "xterm-256color"
    """The value of TERM."""
    charset: str = ""
    """The characters that it shows, as the name of an encoding; empty for all."""
    has_colour: bool = True
    is_legacy: bool = False
    """Supports only common sequences: no size reports, keyboard protocol, clipboard or mouse."""
    multiplexer: Multiplexer = Multiplexer.NONE

    @property
    def is_dumb(self) -> bool:
        """Whether it cannot move the cursor."""
        return self.term in _DUMB_TERMS


def detect_terminal(
    environ: Mapping[str, str] | None = None, encoding: str | None = None, *, is_ascii: bool = False
) -> TerminalCapabilities:
    """Detect the terminal from the environment; `is_ascii` limits it to ASCII characters.

    `encoding` is that of the locale. `sys.stdout.encoding` does not serve: Python assumes UTF-8 when LC_ALL is C.
    """
    values = os.environ if environ is None else environ
    known = (encoding if encoding is not None else locale.getencoding()).lower()
    term = values.get("TERM", "")
    is_legacy = term.partition("-")[0] in _LEGACY_TERMS
    charset = "" if known in _UTF8 else known
    return TerminalCapabilities(
        term=term,
        charset="ascii" if is_ascii or is_legacy else charset,
        # An empty NO_COLOR has no effect: https://no-color.org
        has_colour=not values.get("NO_COLOR"),
        is_legacy=is_legacy,
        multiplexer=_detect_multiplexer(values),
    )


def _detect_multiplexer(values: Mapping[str, str]) -> Multiplexer:
    if values.get("TMUX"):
        return Multiplexer.TMUX
    return Multiplexer.SCREEN if values.get("STY") else Multiplexer.NONE
