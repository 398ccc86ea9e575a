"""Reading a list page by page while it moves.

The server cuts a query at `limit` rows and knows no cursor, only an offset into a sorted list. When a task vanishes
between two pages, all later rows move up and one would be skipped; when one appears, one would come twice. So each
page but the first begins on the last row that is already known: if that row is there, nothing was skipped.

A front may cap pages at fewer rows than were asked for. So the next page begins where the last one ended, and a short
page is the end only where the server's total or another request confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from cdptui.models.task import Task

PAGE_SIZE: Final = 1000
"""The server's own default; it sets no maximum, but larger answers hold one of its shared workers longer."""

MAX_PAGES: Final = 300
"""A server whose list never ends is cut off here: before it fills the memory, and three times beyond any real one."""

_MAX_BARREN: Final = 10
"""Requests in a row that brought no new task. Many newcomers before the place of reading make some; pages that go over
known rows again, after many vanished, do not count."""

_OVERLAPS: Final = (1, 100, PAGE_SIZE)

_FAR: Final = 1_000_000
"""Rows beyond the known ones where no list has any: a server that has the first page there ignores `start`."""


class Window(NamedTuple):
    """Rows to ask for."""

    start: int
    limit: int


class Paging:
    """Which rows to ask for next, and what came of it. Pure; one object a poll."""

    def __init__(self, page_size: int = PAGE_SIZE) -> None:
        self._page_size = page_size
        self._tasks: dict[str, Task] = {}
        self._first_page: list[str] = []
        self._position = 0
        self._farthest = 0
        self._tries = 0
        self._barren = 0
        self._is_without_overlap = False
        """The last page was no longer than the overlap: it ends the list, or pages are capped at one row."""
        self._is_more_promised = False
        """The server's total was larger than what that page reached."""
        self._is_start_doubted = False
        """The last page was the first one once more: that many newcomers, or a server that ignores `start`."""
        self._is_start_honoured = False
        self.total: int | None = None
        """The newest count that the server gave."""
        self.pages = 0
        """Answers read so far."""
        self.is_done = False
        self.is_cut_short = False
        """Done, although the server may have tasks that were not read."""

    @property
    def by_uuid(self) -> Mapping[str, Task]:
        """What was read so far, the newest reading of each task; one object, which fills up."""
        return self._tasks

    def next_window(self) -> Window:
        """The rows to ask for; as many new ones as a page has, behind the overlap."""
        if self._is_start_doubted:
            return Window(self._position + _FAR, self._page_size)
        if self._is_without_overlap:
            return Window(self._position, self._page_size)
        overlap = _OVERLAPS[self._tries] if self._tries < len(_OVERLAPS) else self._position
        start = max(0, self._position - overlap)
        return Window(start, self._page_size + self._position - start)

    def accept(self, window: Window, tasks: Sequence[Task], total: int | None) -> None:
        """Take the answer to `window`.

        If not one row of it is known, so many rows vanished before it that some may have moved past the overlap: the
        same rows are asked for again with a larger one, in the end from the top.
        """
        self.pages += 1
        self.total = total if total is not None else self.total
        if self._is_start_doubted:
            self._accept_far_page(window, tasks)
        elif self._is_without_overlap:
            self._accept_without_overlap(window, tasks)
        elif window.start > 0 and not any(task.uuid in self._tasks for task in tasks):
            self._tries += 1
            self._note_barren()
        else:
            self._accept_page(window, tasks)
        if self.pages >= MAX_PAGES and not self.is_done:
            self._give_up()

    def _accept_page(self, window: Window, tasks: Sequence[Task]) -> None:
        self._tries = 0
        self._add(window, tasks)
        self._is_without_overlap = len(tasks) <= min(_OVERLAPS[0], window.limit - 1)
        self._is_more_promised = self.total is not None and self.total > self._position

    def _accept_without_overlap(self, window: Window, tasks: Sequence[Task]) -> None:
        if not tasks:
            self.is_done = True
            is_more_promised = self.total is not None and self.total > self._position
            self.is_cut_short = self.is_cut_short or self._is_more_promised or is_more_promised
            return
        # A task that moved up meanwhile may have been skipped.
        self.is_cut_short = True
        self._accept_page(window, tasks)

    def _accept_far_page(self, window: Window, tasks: Sequence[Task]) -> None:
        self._is_start_doubted = False
        if self._is_first_page(tasks):
            # Without a total, an answer of fewer rows than were asked for is the whole list.
            self.is_done, self.is_cut_short = True, self.total is not None or len(tasks) >= window.limit
        else:
            self._is_start_honoured = True

    def _add(self, window: Window, tasks: Sequence[Task]) -> None:
        known = len(self._tasks)
        self._tasks.update((task.uuid, task) for task in tasks)
        self._position = window.start + len(tasks)
        if not self._first_page:
            self._first_page = [task.uuid for task in tasks]
        elif window.start > 0 and not self._is_start_honoured:
            self._is_start_doubted = self._is_first_page(tasks)
        if len(self._tasks) > known:
            self._barren = 0
        elif self._position > self._farthest:
            self._note_barren()
        self._farthest = max(self._farthest, self._position)
        if self._position == self.total or (not tasks and window.start == 0):
            self.is_done = True

    def _is_first_page(self, tasks: Sequence[Task]) -> bool:
        return [task.uuid for task in tasks[: len(self._first_page)]] == self._first_page

    def _note_barren(self) -> None:
        self._barren += 1
        if self._barren >= _MAX_BARREN:
            self._give_up()

    def _give_up(self) -> None:
        self.is_done = self.is_cut_short = True
