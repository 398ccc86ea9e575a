"""A scrollable text with search: the text search and the widget."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.clock import yield_to_loop
from cdptui.models.sanitize import sanitize
from cdptui.render.line_wrap import wrap_lines
from cdptui.render.spans import Line
from cdptui.render.text_search import Match, find_matches, highlight, search_status_line
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.motion import Motion, moved
from cdptui.tui.terminal.virtual_size import set_virtual_size
from cdptui.tui.widgets.cached_painter import Painter
from cdptui.tui.widgets.line_view import changed_lines

if TYPE_CHECKING:
    from textual.scrollbar import ScrollBar

_MAX_QUERY = 80
"""Characters of a search text."""

_MIN_WRAP_WIDTH = 10

_MAX_MATCHES = 10_000
"""Matches after which a search stops."""

_LINES_PER_STEP = 1000
"""Lines searched between two yields to the event loop: about 5 ms."""


class TextSearch:
    """A text search: the query, its matches and the current match."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` are key labels by action id, for the status line."""
        self._keys = keys
        self._query = ""
        self._matches: list[Match] = []
        self._matches_by_line: dict[int, list[Match]] = {}
        self._current: int | None = None
        self.is_typing = False

    @property
    def is_on(self) -> bool:
        """Whether a query is being typed or active."""
        return self.is_typing or bool(self._query)

    @property
    def query(self) -> str:
        """The query; empty without a search."""
        return self._query

    @property
    def current_line(self) -> int | None:
        """The line of the current match."""
        return self._matches[self._current].line if self._current is not None else None

    def begin(self) -> None:
        """Start typing a new query."""
        self._clear()
        self.is_typing = True

    def handle_key(self, key: str, character: str | None) -> None:
        """Handle a key while the user types a query, or Escape at any time."""
        match key:
            case "escape":
                self._clear()
            case "enter":
                self.is_typing = False
            case "backspace":
                self._set_query(self._query[:-1])
            case "ctrl+u":
                self._set_query("")
            case _ if character is not None:
                self._set_query(sanitize(self._query + character, _MAX_QUERY))

    def _clear(self) -> None:
        self._query, self._matches, self._matches_by_line, self._current, self.is_typing = "", [], {}, None, False

    def _set_query(self, query: str) -> None:
        self._query, self._current = query, None

    def move(self, step: int) -> None:
        """Go to the next (1) or previous (-1) match; the first follows the last."""
        if self._matches:
            self._current = (self._current + step) % len(self._matches) if self._current is not None else 0

    def search(self, lines: Sequence[Line]) -> Iterator[bool]:
        """Search `lines` in steps and yield True between two steps. The matches are set after the last step."""
        query, matches, by_line = self._query, list[Match](), dict[int, list[Match]]()
        # A match can start on the last line of a step and continue below, on one more line for each blank.
        overlap = query.count(" ")
        for start in range(0, len(lines) if query else 0, _LINES_PER_STEP):
            if start:
                yield True
            if len(matches) >= _MAX_MATCHES:
                break
            for match in find_matches(lines[start : start + _LINES_PER_STEP + overlap], query):
                if match.line < _LINES_PER_STEP:
                    moved = match.moved(start)
                    matches.append(moved)
                    for part in (moved, *moved.rest):
                        by_line.setdefault(part.line, []).append(part)
        self._set_matches(matches, by_line)

    def _set_matches(self, matches: list[Match], by_line: dict[int, list[Match]]) -> None:
        self._matches, self._matches_by_line = matches, by_line
        if not self._matches:
            self._current = None
        elif self._current is None and self.is_typing:
            self._current = 0
        elif self._current is not None:
            self._current = min(self._current, len(self._matches) - 1)

    def is_current(self, index: int) -> bool:
        """Return whether line `index` has the current match."""
        return self.is_on and self.current_line == index

    def highlight(self, index: int, line: Line) -> Line:
        """Return `line` with its matches highlighted."""
        return highlight(line, self._matches_by_line.get(index, ()))

    def status_line(self) -> Line:
        """Return the line with the query and the number of matches."""
        has_more = len(self._matches) >= _MAX_MATCHES
        return search_status_line(
            self._query, len(self._matches), self._current, is_typing=self.is_typing, has_more=has_more, keys=self._keys
        )


class ScrollableLines(ScrollView, can_focus=True):
    """A scrollable text. During a search the last line of the widget shows the query and the number of matches."""

    BINDINGS: ClassVar = bindings([KeyScope.MOTION, KeyScope.SEARCH])
    DEFAULT_CSS = """
    ScrollableLines {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    _scroll_bar: ScrollBar | None = None

    class SearchTyping(Message):
        """The user began or ended to type a search text."""

        def __init__(self, *, is_typing: bool) -> None:
            super().__init__()
            self.is_typing = is_typing

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._painter = Painter(self)
        self._lines: Sequence[Line] = ()
        self._drawn: dict[int, Line] = {}
        """The visible lines as they were drawn last, by index."""
        self._head: tuple[Line, ...] = ()
        self._selected: int | None = None
        self._search = TextSearch(keymap.labels)
        self._was_typing = False

    @property
    def is_search_typed(self) -> bool:
        """Whether the user types a search text."""
        return self._search.is_typing

    def show(self, lines: Sequence[Line], head: Sequence[Line] = ()) -> None:
        """Show `lines`, wrapped to the width, under a fixed `head`. Lazy lines of many items are read where visible."""
        head_before = self._head
        self._lines, self._head = wrap_lines(lines, max(_MIN_WRAP_WIDTH, self.width)), tuple(head)
        self._search_again()
        self._update_virtual_size()
        for y in changed_lines(head_before, self._head):
            self.refresh(Region(0, y, self.size.width, 1))
        self._refresh_changed_lines()

    def _refresh_changed_lines(self) -> None:
        """Redraw the visible lines that changed."""
        top = self.scroll_offset.y
        visible = range(top, top + max(0, self.size.height - len(self._head)))
        self._drawn = {index: line for index, line in self._drawn.items() if index in visible}
        for index in visible:
            if self._drawn.get(index) != self._line_at(index):
                self.refresh_line(index + len(self._head))

    def _line_at(self, index: int) -> Line:
        """Return a line with its matches highlighted; empty below the last line."""
        return self._search.highlight(index, self._lines[index]) if index < len(self._lines) else ()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, created when it is first needed."""
        if self._scroll_bar is None:
            from cdptui.tui.terminal.scroll_bar import ThinScrollBar

            self._scroll_bar = ThinScrollBar.attach(self)
        return self._scroll_bar

    @property
    def width(self) -> int:
        """Width of the text in cells, without padding and scroll bar."""
        return max(1, self.scrollable_content_region.width)

    @property
    def lines(self) -> Sequence[Line]:
        """The lines that are shown, without the head."""
        return self._lines

    @property
    def head(self) -> tuple[Line, ...]:
        """The lines at the top that do not scroll."""
        return self._head

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        if y < len(self._head):
            return self._painter.strip(self._head[y], self.width)
        if self._search.is_on and y == self.size.height - 1:
            return self._painter.strip(self._search.status_line(), self.width)
        index = y - len(self._head) + self.scroll_offset.y
        line = self._drawn[index] = self._line_at(index)
        return self._painter.strip(line, self.width, self._background(index) if index < len(self._lines) else "")

    def _background(self, index: int) -> str:
        if self._search.is_current(index):
            return "cursor-background"
        if index == self._selected:
            return "cursor-background" if self.has_focus else "cursor-unfocused"
        return ""

    def select_line(self, index: int | None) -> None:
        """Draw line `index` as selected, and scroll to it; None selects no line."""
        if index == self._selected:
            return
        before, self._selected = self._selected, index
        for line in (before, index):
            if line is not None:
                self.refresh_line(line + len(self._head))
        if index is not None:
            top, page = self.scroll_offset.y, self._page + 1
            if not top <= index < top + page:
                self.scroll_to(y=index if index < top else index - page + 1, animate=False)

    def line_at(self, y: int) -> int | None:
        """Return the index of the line at row `y` of the widget; None in the head and below the last line."""
        index = y - len(self._head) + self.scroll_offset.y
        return index if y >= len(self._head) and index < len(self._lines) else None

    def notify_style_update(self) -> None:
        """Drop cached strips, whose colours belong to the previous theme."""
        super().notify_style_update()
        self._painter.clear()

    def on_focus(self) -> None:
        """Redraw the selected line, whose background shows the focus."""
        self._refresh_selected()

    def on_blur(self) -> None:
        """Redraw the selected line, whose background shows the focus."""
        self._refresh_selected()

    def _refresh_selected(self) -> None:
        if self._selected is not None:
            self.refresh_line(self._selected + len(self._head))

    # Search

    def on_key(self, event: events.Key) -> None:
        """Pass keys to the search while the user types a query. Escape first ends an active search."""
        if not self._search.is_typing and not (event.key == "escape" and self._search.is_on):
            return
        event.stop()
        event.prevent_default()
        query = self._search.query
        self._search.handle_key(event.key, event.character if event.is_printable else None)
        if self._search.query != query:
            self._search_again()
        self.show_matches()

    def on_paste(self, event: events.Paste) -> None:
        """Append the first line of pasted text to the query."""
        if self._search.is_typing:
            event.stop()
            for character in event.text.splitlines()[0] if event.text else "":
                self._search.handle_key(character, character)
            self._show_search()

    def action_search(self) -> None:
        """Start a search."""
        self._search.begin()
        self._show_search()

    def action_next_hit(self, step: int) -> None:
        """Go to the next (1) or previous (-1) match; without a search, start one."""
        if self._search.is_on:
            self._search.move(step)
            self.show_matches()
        else:
            self.action_search()

    def _search_again(self) -> None:
        """Search the lines; long texts in a worker, so that the next key is not delayed."""
        before = (self._search.status_line(), self._search.current_line)
        search = self._search.search(self._lines)
        if next(search, False):
            # A function, because a coroutine that is replaced before it starts would never be awaited.
            search_rest: Callable[[], Coroutine[object, object, None]] = partial(self._search_rest, search)
            self.run_worker(search_rest, group="search", exclusive=True)
        else:
            self.workers.cancel_group(self, "search")
        if before != (self._search.status_line(), self._search.current_line):
            self.refresh()

    async def _search_rest(self, search: Iterator[bool]) -> None:
        for _ in search:
            await yield_to_loop()
        self.show_matches()

    def _show_search(self) -> None:
        self._search_again()
        self.show_matches()

    def show_matches(self) -> None:
        """Draw the matches and scroll to the current one."""
        if self._search.is_typing != self._was_typing:
            self._was_typing = self._search.is_typing
            self.post_message(self.SearchTyping(is_typing=self._was_typing))
        self._update_virtual_size()
        line = self._search.current_line
        if line is not None:
            top = self.scroll_offset.y
            page = self._page
            if not top <= line < top + page:
                self.scroll_to(y=max(0, line - page // 3), animate=False)
        self.refresh()

    def _update_virtual_size(self) -> None:
        height = len(self._head) + len(self._lines) + self._search.is_on
        set_virtual_size(self, Size(self.width, height))

    # Scrolling

    def action_move(self, motion: str) -> None:
        """Scroll; `motion` is the value of a `Motion`."""
        self.scroll_to(y=moved(Motion(motion), self.scroll_offset.y, self.max_scroll_y, self._page), animate=False)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1 - len(self._head) - self._search.is_on)
