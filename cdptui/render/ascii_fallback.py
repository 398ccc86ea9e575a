"""The one table of glyphs for terminals that cannot show ours, and what stands for everything else there.

All lines are made with the glyphs of Unicode and translated where they are drawn, cell by cell, so that nothing moves
and nothing is forgotten: frames and scroll bars of the library go the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

PLACEHOLDER: Final = "?"
"""Stands for each cell of a character that the terminal cannot show."""

ASCII: Final = {
    # Statuses: none like another.
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
    "═": "=", "║": "H", "╔": "+", "╗": "+", "╚": "+", "╝": "+",
}  # fmt: skip
"""What a terminal of plain characters shows for each of our glyphs, in the one cell that both take."""


def to_charset(text: str, charset: str, measure: Callable[[str], int]) -> str:
    """Return `text` in as many cells, in characters of the encoding `charset`.

    `measure` is the width of a text in cells.

    >>> to_charset("● Running 财务é", "ascii", lambda char: 2 if char in "财务" else 1)
    '* Running ?????'
    """
    return "".join([char if char.isascii() else _showable(char, charset, measure) for char in text])


def _showable(char: str, charset: str, measure: Callable[[str], int]) -> str:
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
