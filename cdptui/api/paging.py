"""Reading a list page by page while it moves.

The server cuts a query at `limit` rows and knows no cursor, only an offset into a sorted list. When a task vanishes
between two pages, all later rows move up and one would be skipped; when one appears, one would come twice. So each
page but the first begins on the last row that is already known: if that row is there, nothing was skipped.
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
"""Full pages in a row without a new task. Many newcomers before the place of reading make some; a server that ignores
`start` makes them for ever."""

_OVERLAPS: Final = (1, 100, PAGE_SIZE)


class Window(NamedTuple):
    """Rows to ask for."""

    start: int
    limit: int


class Paging:
    """Which rows to ask for next, and what came of it. Pure; one object a poll."""

    def __init__(self, page_size: int = PAGE_SIZE) -> None:
        self._page_size = page_size
        self._tasks: dict[str, Task] = {}
        self._position = 0
        self._tries = 0
        self._barren = 0
        self.total: int | None = None
        """The newest count that the server gave."""
        self.pages = 0
        """Answers read so far."""
        self.is_done = False

    @property
    def by_uuid(self) -> Mapping[str, Task]:
        """What was read so far, the newest reading of each task; one object, which fills up."""
        return self._tasks

    def next_window(self) -> Window:
        """The rows to ask for; as many new ones as a page has, behind the overlap."""
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
        if window.start > 0 and not any(task.uuid in self._tasks for task in tasks):
            self._tries += 1
            self._give_up_if_endless()
            return
        known = len(self._tasks)
        self._tasks.update((task.uuid, task) for task in tasks)
        has_new = len(self._tasks) > known
        self._position = window.start + len(tasks)
        self._tries = 0
        is_last = len(tasks) < window.limit or (self.total is not None and self._position >= self.total)
        self._barren = 0 if has_new else self._barren + 1
        self.is_done = is_last or self._barren >= _MAX_BARREN
        self._give_up_if_endless()

    def _give_up_if_endless(self) -> None:
        if self.pages >= MAX_PAGES:
            self.is_done = True
