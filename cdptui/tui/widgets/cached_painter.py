"""Draw lines for a widget: spans become cached strips in the colours of the theme, cut to the width."""

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
"""Roles in bold, so that they differ from others without colours too."""

CURSOR_BACKGROUNDS: Final = frozenset({"cursor-background", "cursor-unfocused"})
UNDER_CURSOR: Final = frozenset({Role.TEXT, Role.TRACK, Role.ACCENT, Role.OK, Role.BUSY, Role.WARN, Role.BAD})
"""The roles that can be read on a cursor line; all others are drawn as text there."""


_STRIPS: Final = 128
"""Size of the strip cache: the lines of the tallest screen. With what Textual caches for each, a strip takes 10 KB."""

FEW_STRIPS: Final = 8
"""Cache size for widgets of one or two lines whose texts do not recur; a larger cache would grow for days."""


class Painter:
    """Draws lines for one widget in the colours of the current theme.

    Colours are read directly from the theme: component classes for every role of every widget would cost a tenth of the
    time to the first frame.
    """

    def __init__(self, widget: Widget, strips: int = _STRIPS) -> None:
        """`strips` is the size of the strip cache."""
        self._widget = widget
        self._styles: dict[tuple[Role, str], Style] = {}
        self._strips = LRUCache[tuple[Hashable, int], Strip](strips)

    def clear(self) -> None:
        """Drop cached styles and strips after the theme or the widget's style changed."""
        self._styles.clear()
        self._strips.clear()

    def style(self, role: Role, background: str = "") -> Style:
        """Return the style of a role on the widget's background, or on the theme variable `background`."""
        if background in CURSOR_BACKGROUNDS and role not in UNDER_CURSOR:
            role = Role.TEXT
        key = (role, background)
        style = self._styles.get(key)
        if style is None:
            variables = self._widget.app.theme_variables
            colour, bgcolor = variables[f"role-{role}"], variables[background] if background else None
            if role in LABELS:
                colour, bgcolor = variables["background"], colour
            bold = role in _BOLD or None
            style = self._styles[key] = self._widget.rich_style + Style(color=colour, bgcolor=bgcolor, bold=bold)
        return style

    def segments(
        self, spans: Sequence[Span], width: int, align: Literal["left", "right"] = "left", background: str = ""
    ) -> list[Segment]:
        """Return segments of exactly `width` cells; text that does not fit ends with an ellipsis."""
        segments: list[Segment] = []
        remaining = width
        for index, (text, role) in enumerate(spans):
            length = cell_len(text)
            is_last = index == len(spans) - 1
            if length > remaining or (
                length == remaining and not is_last and any(span.text for span in spans[index + 1 :])
            ):
                cut = set_cell_size(text, max(0, remaining - 1)) + "…" if remaining > 0 else ""
                segments.append(Segment(cut, self.style(role, background)))
                remaining = 0
                break
            if text:
                segments.append(Segment(text, self.style(role, background)))
            remaining -= length
        if remaining > 0:
            padding = Segment(" " * remaining, self.style(Role.TEXT, background))
            segments = [padding, *segments] if align == "right" else [*segments, padding]
        return [segment for segment in segments if segment.text]

    def strip(self, line: Line, width: int, background: str = "") -> Strip:
        """Return a line as a strip of `width` cells."""
        return self.cached((line, background), width, lambda: Strip(self.segments(line, width, background=background)))

    def cached(self, key: Hashable, width: int, draw: Callable[[], Strip]) -> Strip:
        """Return the cached strip of `key` and `width`, or draw it.

        A list that scrolls by a line shows all other lines again, and Textual caches its work per strip object.
        """
        return self._strips.get((key, width), draw)
