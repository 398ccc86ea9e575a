"""A widget that shows a fixed number of lines of spans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from cdptui.render.spans import Line
from cdptui.tui.widgets.cached_painter import FEW_STRIPS, Painter


class LineView(Widget, can_focus=False):
    """A widget that shows lines without scrolling and redraws only those that changed."""

    virtual_size = Reactive(Size(0, 0))
    """Without Textual's new layout of the screen for every new size: a line has no scroll bars that need it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self, FEW_STRIPS)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` and redraw those that changed."""
        before, self._lines = self._lines, tuple(lines)
        for y in changed_lines(before, self._lines):
            self.refresh(Region(0, y, self.size.width, 1))

    def show_whole(self, lines: Sequence[Line]) -> None:
        """Show `lines`, and make the widget as high as they are."""
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self.show(lines)

    @property
    def width(self) -> int:
        """Width of the text in cells, without padding."""
        return max(1, self.size.width)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are shown."""
        return self._lines

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        return self._painter.strip(self._lines[y] if y < len(self._lines) else (), self.width)

    def notify_style_update(self) -> None:
        """Drop cached strips, whose colours belong to the previous theme."""
        super().notify_style_update()
        self._painter.clear()


def changed_lines(before: Sequence[Line], after: Sequence[Line]) -> list[int]:
    """Return the indices of the lines that differ."""
    return [y for y, (old, new) in enumerate(zip_longest(before, after)) if old != new]
