"""Lines of spans in a fixed place, drawn as they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cdptui.render.spans import Line
from cdptui.tui.widgets.painter import FEW_STRIPS, Painter


class LineView(Widget, can_focus=False):
    """Shows lines in a fixed place; only those that changed are drawn again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self, FEW_STRIPS)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` from now on."""
        before, self._lines = self._lines, tuple(lines)
        for y in changed_lines(before, self._lines):
            self.refresh(Region(0, y, self.size.width, 1))

    @property
    def width(self) -> int:
        """Cells for text: without padding."""
        return max(1, self.size.width)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        return self._painter.strip(self._lines[y] if y < len(self._lines) else (), self.width)

    def notify_style_update(self) -> None:
        """Take the colours of a new theme."""
        super().notify_style_update()
        self._painter.clear()


def changed_lines(before: Sequence[Line], after: Sequence[Line]) -> list[int]:
    """Places at which two texts differ."""
    return [y for y, (old, new) in enumerate(zip_longest(before, after)) if old != new]
