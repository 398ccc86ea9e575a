"""What is searched for in a pane, where it stands, and which place is looked at. Keys go in, lines come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdptui.models.text import inert
from cdptui.render.search import Hit, hits_in, marked, search_line
from cdptui.render.span import Line

_LONGEST = 80


class Finder:
    """A search in one pane."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` are the names of keys by action."""
        self._keys = keys
        self._words = ""
        self._hits: list[Hit] = []
        self._at: int | None = None
        self.is_typing = False

    @property
    def is_on(self) -> bool:
        """Whether there is anything to say about a search."""
        return self.is_typing or bool(self._words)

    @property
    def current_line(self) -> int | None:
        """The line of the place that is looked at."""
        return self._hits[self._at].line if self._at is not None else None

    def begin(self) -> None:
        """Ask for new words."""
        self._words, self._hits, self._at, self.is_typing = "", [], None, True

    def take_key(self, key: str, character: str | None) -> None:
        """A key while words are typed, or Escape at any time."""
        match key:
            case "escape":
                self._words, self._hits, self._at, self.is_typing = "", [], None, False
            case "enter":
                self.is_typing = False
            case "backspace":
                self._retype(self._words[:-1])
            case "ctrl+u":
                self._retype("")
            case _ if character is not None:
                self._retype(inert(self._words + character, _LONGEST))

    def _retype(self, words: str) -> None:
        self._words, self._at = words, None

    def move(self, step: int) -> None:
        """To the next (1) or previous (-1) place; behind the last one stands the first."""
        if self._hits:
            self._at = (self._at + step) % len(self._hits) if self._at is not None else 0

    def look_through(self, lines: Sequence[Line]) -> bool:
        """Search other lines; whether what is marked may have changed."""
        if not self._words and not self._hits:
            return False
        before, self._hits = self._hits, hits_in(lines, self._words)
        if not self._hits:
            self._at = None
        elif self._at is None and self.is_typing:
            self._at = 0
        elif self._at is not None:
            self._at = min(self._at, len(self._hits) - 1)
        return before != self._hits

    def is_current(self, index: int) -> bool:
        """Whether a line has the place that is looked at."""
        return self.is_on and self.current_line == index

    def marked(self, index: int, line: Line) -> Line:
        """A line with its hits marked."""
        return marked(line, [part for hit in self._hits for part in hit.in_line(index)]) if self._hits else line

    def line(self) -> Line:
        """What is searched for and how often it is there."""
        return search_line(self._words, len(self._hits), self._at, is_typing=self.is_typing, keys=self._keys)
