"""What is searched for in a pane, where it stands, and which place is looked at. Keys go in, lines come out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.clock import give_way
from cdptui.models.sanitize import sanitize
from cdptui.render.spans import Line
from cdptui.render.text_search import Match, find_matches, highlight, search_status_line
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.widgets.line_view import changed_lines
from cdptui.tui.widgets.painter import Painter
from cdptui.tui.widgets.scrolling import set_virtual_size

if TYPE_CHECKING:
    from textual.scrollbar import ScrollBar

_LONGEST = 80

_MAX_HITS = 10_000
"""Matches after which a search stops."""

_LINES_A_STEP = 1000
"""Lines searched before other work gets its turn: about 5 ms."""


class TextSearch:
    """A search in one pane."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` are the names of keys by action."""
        self._keys = keys
        self._words = ""
        self._hits: list[Match] = []
        self._hits_by_line: dict[int, list[Match]] = {}
        self._at: int | None = None
        self.is_typing = False

    @property
    def is_on(self) -> bool:
        """Whether there is anything to say about a search."""
        return self.is_typing or bool(self._words)

    @property
    def words(self) -> str:
        """What is searched for; empty while there is nothing."""
        return self._words

    @property
    def current_line(self) -> int | None:
        """The line of the place that is looked at."""
        return self._hits[self._at].line if self._at is not None else None

    def begin(self) -> None:
        """Ask for new words."""
        self._clear()
        self.is_typing = True

    def handle_key(self, key: str, character: str | None) -> None:
        """A key while words are typed, or Escape at any time."""
        match key:
            case "escape":
                self._clear()
            case "enter":
                self.is_typing = False
            case "backspace":
                self._retype(self._words[:-1])
            case "ctrl+u":
                self._retype("")
            case _ if character is not None:
                self._retype(sanitize(self._words + character, _LONGEST))

    def _clear(self) -> None:
        self._words, self._hits, self._hits_by_line, self._at, self.is_typing = "", [], {}, None, False

    def _retype(self, words: str) -> None:
        self._words, self._at = words, None

    def move(self, step: int) -> None:
        """To the next (1) or previous (-1) place; behind the last one stands the first."""
        if self._hits:
            self._at = (self._at + step) % len(self._hits) if self._at is not None else 0

    def search(self, lines: Sequence[Line]) -> Iterator[bool]:
        """Search `lines` in steps, yielding True between two of them; the matches count once all steps are done."""
        words, hits, by_line = self._words, list[Match](), dict[int, list[Match]]()
        # Words may begin on the last line of a step and go on below it, one line for each blank.
        overlap = words.count(" ")
        for start in range(0, len(lines) if words else 0, _LINES_A_STEP):
            if start:
                yield True
            if len(hits) >= _MAX_HITS:
                break
            for hit in find_matches(lines[start : start + _LINES_A_STEP + overlap], words):
                if hit.line < _LINES_A_STEP:
                    found = hit.moved(start)
                    hits.append(found)
                    for part in (found, *found.rest):
                        by_line.setdefault(part.line, []).append(part)
        self._set_hits(hits, by_line)

    def _set_hits(self, hits: list[Match], by_line: dict[int, list[Match]]) -> None:
        self._hits, self._hits_by_line = hits, by_line
        if not self._hits:
            self._at = None
        elif self._at is None and self.is_typing:
            self._at = 0
        elif self._at is not None:
            self._at = min(self._at, len(self._hits) - 1)

    def is_current(self, index: int) -> bool:
        """Whether a line has the place that is looked at."""
        return self.is_on and self.current_line == index

    def highlight(self, index: int, line: Line) -> Line:
        """A line with its hits marked."""
        return highlight(line, self._hits_by_line.get(index, ()))

    def line(self) -> Line:
        """What is searched for and how often it is there."""
        has_more = len(self._hits) >= _MAX_HITS
        return search_status_line(
            self._words, len(self._hits), self._at, is_typing=self.is_typing, has_more=has_more, keys=self._keys
        )


class ScrollableLines(ScrollView, can_focus=True):
    """Shows lines; while something is searched for, the last line of the widget says what and how often it is there."""

    BINDINGS: ClassVar = bindings([KeyScope.MOTION, KeyScope.SEARCH])
    DEFAULT_CSS = """
    ScrollableLines {
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
        self._finder = TextSearch(keymap.labels)

    def show(self, lines: Sequence[Line], head: Sequence[Line] = ()) -> None:
        """Show `lines` from now on, under a fixed `head`. Only lines in sight are read: they may be lazy."""
        head_before = self._head
        self._lines, self._head = lines, tuple(head)
        self._search_again()
        self._update_virtual_size()
        for y in changed_lines(head_before, self._head):
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
        return self._finder.highlight(index, self._lines[index]) if index < len(self._lines) else ()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The bar beside the lines."""
        if self._vertical_scrollbar is None:
            from cdptui.tui.widgets.scrolling import ThinScrollBar  # noqa: PLC0415 - not needed for the first frame

            self._vertical_scrollbar = ThinScrollBar.attach(self)
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
        self._painter.clear()

    # Searching

    def on_key(self, event: events.Key) -> None:
        """While somebody types what to find, every key belongs to that; Escape ends a search before anything else."""
        if not self._finder.is_typing and not (event.key == "escape" and self._finder.is_on):
            return
        event.stop()
        event.prevent_default()
        words = self._finder.words
        self._finder.handle_key(event.key, event.character if event.is_printable else None)
        if self._finder.words != words:
            self._search_again()
        self._show_matches()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed."""
        if self._finder.is_typing:
            event.stop()
            for character in event.text.splitlines()[0] if event.text else "":
                self._finder.handle_key(character, character)
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
        self._update_virtual_size()
        line = self._finder.current_line
        if line is not None:
            top = self.scroll_offset.y
            room = self._page
            if not top <= line < top + room:
                self.scroll_to(y=max(0, line - room // 3), animate=False)
        self.refresh()

    def _update_virtual_size(self) -> None:
        height = len(self._head) + len(self._lines) + self._finder.is_on
        set_virtual_size(self, Size(self.width, height))

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
