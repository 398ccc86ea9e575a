"""A scroll bar that is one cell wide."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

_STEPS: Final = 8
"""Positions of the thumb per cell."""


class ThinScrollBar(ScrollBar):
    """A vertical scroll bar of one cell, drawn with one segment per line."""

    _strips: tuple[Strip, ...] = ()
    _drawn_for: tuple[object, ...] = ()

    @classmethod
    def attach(cls, view: ScrollView) -> ThinScrollBar:
        """Create a scroll bar for `view`, hidden at first like Textual's."""
        bar = cls(vertical=True, name="vertical")
        bar.display = False
        view._vertical_scrollbar = bar  # noqa: SLF001 - where Textual's own code looks for it
        view.app._start_widget(view, bar)  # noqa: SLF001 - as Textual starts its own
        return bar

    def validate_position(self, position: float) -> float:
        """Round down to the first position with the same appearance, so that the others need no redraw."""
        hidden = self.window_virtual_size - self.window_size
        lines = self.size.height
        if hidden <= 0 or not lines:
            return super().validate_position(position)
        thumb = max(1.0, self.window_size * lines / self.window_virtual_size)
        step = hidden / max(1.0, (lines - thumb) * _STEPS)
        # Rounding errors, here and in drawing, are below a thousandth of a step.
        return (int(position / step + 1e-6) + 1e-3) * step

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of `crop`; unchanged ones are the same objects as before."""
        bar = self.render()
        assert isinstance(bar, ScrollBarRender)  # noqa: S101 - for the type checker: Textual declares a renderable
        state = (self.size.height, bar.virtual_size, bar.window_size, bar.position, bar.style)
        if state != self._drawn_for:
            self._drawn_for, self._strips = state, _draw(bar, self.size.height)
        return list(self._strips[crop.y : crop.bottom])


def _draw(bar: ScrollBarRender, height: int) -> tuple[Strip, ...]:
    style = bar.style
    assert isinstance(style, Style)  # noqa: S101 - for the type checker: it may also be a name
    assert style.color is not None  # noqa: S101 - for the type checker: a bar has both
    assert style.bgcolor is not None  # noqa: S101 - for the type checker: a bar has both
    whole = bar.render_bar(
        size=height,
        virtual_size=bar.virtual_size,
        window_size=bar.window_size,
        position=bar.position,
        back_color=style.bgcolor,
        bar_color=style.color,
    )
    strips: dict[Segment, Strip] = {}
    # The segments of the thumb have no background.
    segments = Segment.apply_style(whole.segments, Style(bgcolor=style.bgcolor))
    return tuple(strips.setdefault(segment, Strip([segment], 1)) for segment in segments)
