"""Lines that one can walk through and search in, under a head that stays where it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.clock import give_way
from cdptui.render.spans import Line
from cdptui.tui.keymap import Keymap, Place, bindings
from cdptui.tui.widgets.extent import set_extent
from cdptui.tui.widgets.finder import Finder
from cdptui.tui.widgets.line_view import differing
from cdptui.tui.widgets.paint import Painter

if TYPE_CHECKING:
    from textual.scrollbar import ScrollBar


class ScrollingLines(ScrollView, can_focus=True):
    """Shows lines; while something is searched for, the last line of the widget says what and how often it is there."""

    BINDINGS: ClassVar = bindings([Place.MOTION, Place.SEARCH])
    DEFAULT_CSS = """
    ScrollingLines {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._lines: Sequence[Line] = ()
        self._drawn: dict[int, Line] = {}
        """The lines on screen, by index, as they were drawn last."""
        self._head: tuple[Line, ...] = ()
        self._finder = Finder(keymap.names)

    def show(self, lines: Sequence[Line], head: Sequence[Line] = ()) -> None:
        """Show `lines` from now on, under a fixed `head`. Only lines in sight are read: they may be lazy."""
        head_before = self._head
        self._lines, self._head = lines, tuple(head)
        self._search_again()
        self._measure()
        for y in differing(head_before, self._head):
            self.refresh(Region(0, y, self.size.width, 1))
        self._refresh_changed_lines()

    def _refresh_changed_lines(self) -> None:
        """Draw the lines in sight that are not what was drawn there."""
        top = self.scroll_offset.y
        in_sight = range(top, top + max(0, self.size.height - len(self._head)))
        self._drawn = {index: line for index, line in self._drawn.items() if index in in_sight}
        for index in in_sight:
            if self._drawn.get(index) != self._line_at(index):
                self.refresh_line(index + len(self._head))

    def _line_at(self, index: int) -> Line:
        """A line with its matches marked; empty below the last one."""
        return self._finder.marked(index, self._lines[index]) if index < len(self._lines) else ()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The bar beside the lines."""
        if self._vertical_scrollbar is None:
            from cdptui.tui.widgets.thin_scroll_bar import ThinScrollBar  # noqa: PLC0415 - not needed for the first frame

            self._vertical_scrollbar = ThinScrollBar.of(self)
        return self._vertical_scrollbar

    @property
    def width(self) -> int:
        """Cells for text: without padding and scroll bar."""
        return max(1, self.scrollable_content_region.width)

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown, without the head."""
        return self._lines

    @property
    def head(self) -> tuple[Line, ...]:
        """What stays where it is."""
        return self._head

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        if y < len(self._head):
            return self._painter.strip(self._head[y], self.width)
        if self._finder.is_on and y == self.size.height - 1:
            return self._painter.strip(self._finder.line(), self.width)
        index = y - len(self._head) + self.scroll_offset.y
        line = self._drawn[index] = self._line_at(index)
        is_here = self._finder.is_current(index) and index < len(self._lines)
        return self._painter.strip(line, self.width, "cursor-background" if is_here else "")

    def notify_style_update(self) -> None:
        """Take the colours of a new theme."""
        super().notify_style_update()
        self._painter.forget()

    # Searching

    def on_key(self, event: events.Key) -> None:
        """While somebody types what to find, every key belongs to that; Escape ends a search before anything else."""
        if not self._finder.is_typing and not (event.key == "escape" and self._finder.is_on):
            return
        event.stop()
        event.prevent_default()
        words = self._finder.words
        self._finder.take_key(event.key, event.character if event.is_printable else None)
        if self._finder.words != words:
            self._search_again()
        self._show_matches()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed."""
        if self._finder.is_typing:
            event.stop()
            for character in event.text.splitlines()[0] if event.text else "":
                self._finder.take_key(character, character)
            self._show_search()

    def action_search(self) -> None:
        """Ask what to find."""
        self._finder.begin()
        self._show_search()

    def action_next_hit(self, step: int) -> None:
        """Go to the next place of what was searched for."""
        if self._finder.is_on:
            self._finder.move(step)
            self._show_matches()
        else:
            self.action_search()

    def _search_again(self) -> None:
        """Search the lines; many of them beside other work, so that the next key does not wait."""
        before = (self._finder.line(), self._finder.current_line)
        search = self._finder.search(self._lines)
        if next(search, False):
            # As a function: a coroutine that is replaced before it begins would never be awaited.
            begin: Callable[[], Coroutine[object, object, None]] = partial(self._search_on, search)
            self.run_worker(begin, group="search", exclusive=True)
        else:
            self.workers.cancel_group(self, "search")
        if before != (self._finder.line(), self._finder.current_line):
            self.refresh()

    async def _search_on(self, search: Iterator[bool]) -> None:
        for _ in search:
            await give_way()
        self._show_matches()

    def _show_search(self) -> None:
        self._search_again()
        self._show_matches()

    def _show_matches(self) -> None:
        self._measure()
        line = self._finder.current_line
        if line is not None:
            top = self.scroll_offset.y
            room = self._page
            if not top <= line < top + room:
                self.scroll_to(y=max(0, line - room // 3), animate=False)
        self.refresh()

    def _measure(self) -> None:
        height = len(self._head) + len(self._lines) + self._finder.is_on
        set_extent(self, Size(self.width, height))

    # Moving

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
        return max(1, self.size.height - 1 - len(self._head) - self._finder.is_on)
