"""The choices of the time that the History tab shows, on a line of which a click selects one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from cdptui.models.trend import WINDOWS, TrendWindow
from cdptui.render.spans import Line, Role, Span
from cdptui.render.text_wrap import cell_width


class WindowLine(tuple[Span, ...]):  # noqa: SLOT001 - a tuple cannot have slots, and this one has an index
    """A line that ends with all windows, the current one in brackets."""

    first: int
    """Index of the span of the first window."""

    def __new__(cls, current: TrendWindow, before: Line = ()) -> Self:
        """Create the line from the current window and what is before the windows."""
        line = super().__new__(cls, (*before, *_window_spans(current)))
        line.first = len(before)
        return line

    def window_at(self, x: int) -> TrendWindow | None:
        """Return the window at cell `x` of the line; None beside them."""
        end = 0
        for index, span in enumerate(self):
            end += cell_width(span.text)
            if x < end:
                return WINDOWS[index - self.first] if index >= self.first else None
        return None


def _window_spans(current: TrendWindow) -> Iterable[Span]:
    for window in WINDOWS:
        is_current = window is current
        text = f"[{window.label}]" if is_current else f" {window.label} "
        yield Span(text, Role.STRONG if is_current else Role.DIM)
