"""Lines of spans, drawn as they are; scrolls when there are more than fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.render.span import Line
from cdptui.tui.keymap import Place, bindings
from cdptui.tui.widgets.paint import Painter


class LineView(ScrollView, can_focus=False):
    """Shows lines; only those that changed are drawn again."""

    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        overflow-y: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._painter = Painter(self)
        self._lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines` from now on."""
        before, self._lines = self._lines, tuple(lines)
        size = Size(self.width, len(self._lines))
        if size.height != self.virtual_size.height:
            self.virtual_size = size
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._lines, strict=False)):
            if old != new:
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
        line = self._lines[index] if index < len(self._lines) else ()
        return self._painter.strip(line, self.width)

    def notify_style_update(self) -> None:
        """Take the colours of a new theme."""
        super().notify_style_update()
        self._painter.forget()


class ScrollingLines(LineView, can_focus=True):
    """Lines that one can walk through."""

    BINDINGS: ClassVar = bindings([Place.MOTION])
    DEFAULT_CSS = """
    ScrollingLines {
        overflow-y: auto;
        scrollbar-gutter: stable;
    }
    """

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
