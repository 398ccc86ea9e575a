"""What is searched for in a pane, where it stands, and which place is looked at. Keys go in, lines come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdptui.models.sanitize import sanitize
from cdptui.render.spans import Line
from cdptui.render.text_search import Match, find_matches, highlight, search_status_line

_LONGEST = 80

_MAX_HITS = 10_000
"""Matches after which a search stops."""

_LINES_A_STEP = 1000
"""Lines searched before other work gets its turn: about 5 ms."""


class Finder:
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

    def take_key(self, key: str, character: str | None) -> None:
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

    def marked(self, index: int, line: Line) -> Line:
        """A line with its hits marked."""
        return highlight(line, self._hits_by_line.get(index, ()))

    def line(self) -> Line:
        """What is searched for and how often it is there."""
        has_more = len(self._hits) >= _MAX_HITS
        return search_status_line(
            self._words, len(self._hits), self._at, is_typing=self.is_typing, has_more=has_more, keys=self._keys
        )
