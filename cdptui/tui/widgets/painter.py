"""Spans to strips: text cut to cells, roles to styles."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from cdptui.render.spans import LABELS, Line, Role, Span
from cdptui.tui.lru_cache import LRUCache

_BOLD: Final = frozenset({Role.STRONG, Role.BAD, Role.NEW, *LABELS})
"""Weight tells these apart where colours do not."""

_CURSOR_BACKGROUNDS: Final = frozenset({"cursor-background", "cursor-unfocused"})
_UNDER_CURSOR: Final = frozenset({Role.TEXT, Role.TRACK})
"""The only roles on the cursor's line, all others are drawn as text: it must be easy to read, and a cursor that moves
writes two whole lines, in which every change of colour costs bytes. Glyphs and words say what colours say elsewhere."""


_STRIPS: Final = 128
"""Strips that are kept: those of the tallest screen. With what Textual keeps of each, one takes some 10 KB."""

FEW_STRIPS: Final = 8
"""The same for a line or two that do not come back: a footer that says something new once an hour would fill up for
days."""


class Painter:
    """Draws lines for one widget in the colours of the current theme.

    They come straight from the theme: a component class for every role of every widget would cost a tenth of the time
    to the first frame.
    """

    def __init__(self, widget: Widget, strips: int = _STRIPS) -> None:
        """`strips` is how many are kept."""
        self._widget = widget
        self._styles: dict[tuple[Role, str], Style] = {}
        self._strips = LRUCache[tuple[Hashable, int], Strip](strips)

    def clear(self) -> None:
        """The theme or the widget's own style changed."""
        self._styles.clear()
        self._strips.clear()

    def style(self, role: Role, background: str = "") -> Style:
        """The style of a role on the widget's background, or on the theme's colour of the name `background`."""
        if background in _CURSOR_BACKGROUNDS and role not in _UNDER_CURSOR:
            role = Role.TEXT
        key = (role, background)
        style = self._styles.get(key)
        if style is None:
            colours = self._widget.app.theme_variables
            colour, ground = colours[f"role-{role}"], colours[background] if background else None
            if role in LABELS:
                colour, ground = colours["background"], colour
            bold = role in _BOLD or None
            style = self._styles[key] = self._widget.rich_style + Style(color=colour, bgcolor=ground, bold=bold)
        return style

    def segments(
        self, spans: Sequence[Span], width: int, align: Literal["left", "right"] = "left", background: str = ""
    ) -> list[Segment]:
        """Exactly `width` cells of spans; what does not fit ends in an ellipsis."""
        pieces: list[Segment] = []
        left = width
        for index, (text, role) in enumerate(spans):
            length = cell_len(text)
            is_last = index == len(spans) - 1
            if length > left or (length == left and not is_last and any(span.text for span in spans[index + 1 :])):
                cut = set_cell_size(text, max(0, left - 1)) + "…" if left > 0 else ""
                pieces.append(Segment(cut, self.style(role, background)))
                left = 0
                break
            if text:
                pieces.append(Segment(text, self.style(role, background)))
            left -= length
        if left > 0:
            padding = Segment(" " * left, self.style(Role.TEXT, background))
            pieces = [padding, *pieces] if align == "right" else [*pieces, padding]
        return [piece for piece in pieces if piece.text]

    def strip(self, line: Line, width: int, background: str = "") -> Strip:
        """A whole line of `width` cells."""
        return self.cached((line, background), width, lambda: Strip(self.segments(line, width, background=background)))

    def cached(self, look: Hashable, width: int, draw: Callable[[], Strip]) -> Strip:
        """The strip that was drawn for the same look before, else a new one.

        A list that scrolls by a line shows all others again, and Textual has the work on a strip done once.
        """
        return self._strips.get((look, width), draw)
