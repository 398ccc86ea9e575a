"""A list of items of one line each, of which only the visible ones are rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.render.spans import Line
from cdptui.tui.keymap import KeyScope, bindings
from cdptui.tui.motion import Motion, moved
from cdptui.tui.terminal.virtual_size import set_virtual_size
from cdptui.tui.widgets.cached_painter import Painter

if TYPE_CHECKING:
    from textual.scrollbar import ScrollBar


class ItemList(ScrollView, can_focus=True):
    """A list with a cursor. Textual's OptionList keeps 10 KB for each of its options, also for those never seen."""

    BINDINGS: ClassVar = [*bindings([KeyScope.MOTION]), Binding("enter", "choose", "Choose", show=False)]
    DEFAULT_CSS = """
    ItemList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    _scroll_bar: ScrollBar | None = None

    class Chosen(Message):
        """The user chose an item with Enter or a double click."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._count = 0
        self._line_of: Callable[[int], Line] = lambda _: ()
        self._cursor = 0

    @property
    def cursor(self) -> int:
        """The index of the item under the cursor; 0 in an empty list."""
        return self._cursor

    def show_items(self, count: int, line_of: Callable[[int], Line], cursor: int) -> None:
        """Show `count` items; `line_of` returns the line of an item."""
        self._count, self._line_of = count, line_of
        set_virtual_size(self, Size(max(1, self.scrollable_content_region.width), count))
        self.move_cursor(cursor)
        self.refresh()

    def move_cursor(self, index: int) -> None:
        """Move the cursor to an item, or to the nearest one that there is, and scroll to it."""
        before, self._cursor = self._cursor, max(0, min(index, self._count - 1))
        self.refresh_line(before)
        self.refresh_line(self._cursor)
        top = self.scroll_offset.y
        if not top <= self._cursor < top + self._page:
            self.scroll_to(y=self._cursor if self._cursor < top else self._cursor - self._page + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        index = y + self.scroll_offset.y
        width = max(1, self.scrollable_content_region.width)
        if index >= self._count:
            return self._painter.strip((), width)
        cursor = "cursor-background" if self.has_focus else "cursor-unfocused"
        return self._painter.strip(self._line_of(index), width, cursor if index == self._cursor else "")

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, created when it is first needed."""
        if self._scroll_bar is None:
            from cdptui.tui.terminal.scroll_bar import ThinScrollBar

            self._scroll_bar = ThinScrollBar.attach(self)
        return self._scroll_bar

    def notify_style_update(self) -> None:
        """Drop cached strips, whose colours belong to the previous theme."""
        super().notify_style_update()
        self._painter.clear()

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        set_virtual_size(self, Size(max(1, self.scrollable_content_region.width), self._count))
        self.move_cursor(self._cursor)

    def on_focus(self) -> None:
        """Redraw the item under the cursor, whose background shows the focus."""
        self.refresh_line(self._cursor)

    def on_blur(self) -> None:
        """Redraw the item under the cursor, whose background shows the focus."""
        self.refresh_line(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the mouse; a double click chooses."""
        at = event.get_content_offset(self)
        index = None if at is None else at.y + self.scroll_offset.y
        if index is not None and index < self._count:
            event.stop()
            self.move_cursor(index)
            if event.chain == 2:
                self.action_choose()

    def action_choose(self) -> None:
        """Choose the item under the cursor."""
        if self._count:
            self.post_message(self.Chosen(self._cursor))

    def action_move(self, motion: str) -> None:
        """Move the cursor; `motion` is the value of a `Motion`."""
        self.move_cursor(moved(Motion(motion), self._cursor, self._count - 1, self._page))

    @property
    def _page(self) -> int:
        return max(1, self.size.height)
