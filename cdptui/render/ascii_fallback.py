"""ASCII replacements for terminals that cannot show Unicode.

Lines are made with Unicode glyphs and translated cell by cell when they are drawn, so that nothing moves and Textual's
borders and scroll bars are translated too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

PLACEHOLDER: Final = "?"
"""Shown for each cell of a character that the terminal cannot show."""

ASCII: Final = {
    # Statuses: each has a character of its own.
    "✖": "X", "■": "#", "◕": "/", "◔": "\\", "○": "o", "◆": "%", "●": "*", "◇": "@", "◌": "~",
    # Signs.
    "▲": "^", "▼": "v", "‖": "\"", "Σ": "=", "↯": "!", "→": ">", "←": "<", "↑": "^", "↓": "v", "✓": "v", "⚠": "!",
    "▶": ">", "▸": ">", "▾": "v", "›": ">", "»": ">", "‹": "<", "«": "<", "↵": "<", "⏎": "<", "🔎": "?",
    "▽": "v", "△": "^", "▷": ">", "◁": "<", "◀": "<", "✔": "v", "☑": "x", "☐": "o", "□": "o", "▪": "*", "◉": "*",
    "◎": "o", "⚑": "!", "↻": "@", "⟳": "@", "⇄": "=", "★": "*", "☆": "*", "⏸": "\"", "∅": "0", "┊": ":", "◈": "%",
    # Punctuation.
    "…": "~", "·": ".", "•": "*", "–": "-", "—": "-", "−": "-", "×": "x", "≥": ">", "≤": "<", "≠": "!",
    "≈": "~", "∞": "~", "±": "+", "⋯": "~", "°": "o",
    "‘": "'", "’": "'", "“": "\"", "”": "\"", "\N{NO-BREAK SPACE}": " ",
    # The sparkline, from low to high, and bars in eighths.
    "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "o", "▇": "*", "█": "#",
    "▏": "-", "▎": "-", "▍": "-", "▌": "=", "▋": "=", "▊": "=", "▉": "#", "▐": "=",
    "░": ".", "▒": ":", "▓": "#", "▔": "-", "▕": "|", "▀": "=",
    # Lines and frames.
    "─": "-", "━": "=", "│": "|", "┃": "H", "┄": "-", "┆": ":", "╌": "-", "╎": ":",
    "┌": "+", "┐": "+", "└": "+", "┘": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
    "├": "+", "┤": "|", "┬": "+", "┴": "+", "┼": "+", "┏": "+", "┓": "+", "┗": "+", "┛": "+", "╸": "=", "╺": "=",
    "╵": "'",
    "═": "=", "║": "H", "╔": "+", "╗": "+", "╚": "+", "╝": "+",
}  # fmt: skip
"""ASCII character for each glyph of cdptui; both take one cell."""


def to_charset(text: str, charset: str, measure: Callable[[str], int]) -> str:
    """Return `text` in characters of the encoding `charset`, in the same number of cells.

    `measure` returns the width of a text in cells.

    >>> to_charset("● Running 财务é", "ascii", lambda char: 2 if char in "财务" else 1)
    '* Running ?????'
    """
    return "".join([char if char.isascii() else _encodable(char, charset, measure) for char in text])


def _encodable(char: str, charset: str, measure: Callable[[str], int]) -> str:
    width = measure(char)
    glyph = ASCII.get(char)
    if glyph is not None:
        return glyph * width
    if char.isprintable() and width == 1:
        try:
            char.encode(charset)
        except (UnicodeEncodeError, LookupError):
            pass
        else:
            return char
    return PLACEHOLDER * width
