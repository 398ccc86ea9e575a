"""Lines of spans, drawn as they are: fixed ones, and ones that one can walk through."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from cdptui.render.span import Line
from cdptui.tui.keymap import Place, bindings
from cdptui.tui.widgets.extent import set_extent
from cdptui.tui.widgets.paint import Painter


class LineView(Widget, can_focus=False):
    """Shows lines in a fixed place; only those that changed are drawn again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` from now on."""
        before, self._lines = self._lines, tuple(lines)
        for y in _differing(before, self._lines):
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
        self._painter.forget()


class ScrollingLines(ScrollView, can_focus=True):
    """Lines that one can walk through."""

    BINDINGS: ClassVar = bindings([Place.MOTION])
    DEFAULT_CSS = """
    ScrollingLines {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` from now on."""
        before, self._lines = self._lines, tuple(lines)
        set_extent(self, Size(self.width, len(self._lines)))
        for y in _differing(before, self._lines):
            self.refresh_line(y)

    @property
    def width(self) -> int:
        """Cells for text: without padding and scroll bar."""
        return max(1, self.scrollable_content_region.width)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        index = y + self.scroll_offset.y
        return self._painter.strip(self._lines[index] if index < len(self._lines) else (), self.width)

    def notify_style_update(self) -> None:
        """Take the colours of a new theme."""
        super().notify_style_update()
        self._painter.forget()

    def action_cursor_down(self) -> None:
        """Scroll a line down."""
        self.scroll_to(y=self.scroll_offset.y + 1, animate=False)

    def action_cursor_up(self) -> None:
        """Scroll a line up."""
        self.scroll_to(y=self.scroll_offset.y - 1, animate=False)

    def action_page_down(self) -> None:
        """Scroll a screen down."""
        self.scroll_to(y=self.scroll_offset.y + self._page, animate=False)

    def action_page_up(self) -> None:
        """Scroll a screen up."""
        self.scroll_to(y=self.scroll_offset.y - self._page, animate=False)

    def action_top(self) -> None:
        """Scroll to the first line."""
        self.scroll_to(y=0, animate=False)

    def action_bottom(self) -> None:
        """Scroll to the last line."""
        self.scroll_to(y=self.max_scroll_y, animate=False)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1)


def _differing(before: Sequence[Line], after: Sequence[Line]) -> list[int]:
    """Places at which two texts differ."""
    return [y for y, (old, new) in enumerate(zip_longest(before, after)) if old != new]
