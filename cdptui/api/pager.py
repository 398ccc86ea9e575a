"""Read a list page by page while it changes.

The server has no cursors: a query returns up to `limit` rows from an offset into a sorted list. When a row is deleted
between two pages, all later rows move up and one would be skipped; when one is added, one would be returned twice. So
each page after the first starts at the last known row (the overlap): if that row is still there, nothing was skipped.

A proxy may cap pages at fewer rows than requested. So the next page starts where the last one ended, and a short page
ends the list only when the server's total or another request confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

PAGE_SIZE: Final = 1000
"""The server's default. It has no maximum, but a larger response occupies one of its shared workers for longer."""

MAX_PAGES: Final = 300
"""Limit for a server whose list never ends: three times the largest real list, and before memory is full."""

_MAX_PAGES_WITHOUT_NEW_ROWS: Final = 10
"""Consecutive requests without a new row. Rows added before the current position cause some of them. Pages that repeat
known rows after many deletions are not counted."""

_OVERLAPS: Final = (1, 100, PAGE_SIZE)

_FAR_OFFSET: Final = 1_000_000
"""Offset past the end of any list: a server that still returns the first page there ignores `start`."""


class Identified(Protocol):
    """A row of a list that is sorted by uuid."""

    @property
    def uuid(self) -> str:
        """The key of the row."""
        ...


T = TypeVar("T", bound=Identified)


class PageRequest(NamedTuple):
    """The rows to request."""

    start: int
    limit: int


class Pager(Generic[T]):
    """The state of one poll: the rows to request next and the rows read. Pure."""

    def __init__(self, page_size: int = PAGE_SIZE) -> None:
        self._page_size = page_size
        self._rows: dict[str, T] = {}
        self._first_page: list[str] = []
        self._position = 0
        self._farthest = 0
        self._tries = 0
        self._pages_without_new_rows = 0
        self._is_without_overlap = False
        """The last page was not longer than the overlap: the list ends there, or pages are capped at one row."""
        self._is_more_promised = False
        """The server's total was beyond the end of that page."""
        self._is_start_doubted = False
        """The last page was equal to the first one: many rows were added, or the server ignores `start`."""
        self._is_start_honoured = False
        self.total: int | None = None
        """The newest total of the server."""
        self.pages = 0
        """Number of pages read."""
        self.is_done = False
        self.is_cut_short = False
        """The poll ended although the server may have more rows."""

    @property
    def by_uuid(self) -> Mapping[str, T]:
        """The rows read so far, each in its newest version; the same object for the whole poll."""
        return self._rows

    def next_window(self) -> PageRequest:
        """Return the rows to request: the overlap and a page of new rows."""
        if self._is_start_doubted:
            return PageRequest(self._position + _FAR_OFFSET, self._page_size)
        if self._is_without_overlap:
            return PageRequest(self._position, self._page_size)
        overlap = _OVERLAPS[self._tries] if self._tries < len(_OVERLAPS) else self._position
        start = max(0, self._position - overlap)
        return PageRequest(start, self._page_size + self._position - start)

    def expected_window(self, window: PageRequest, count: int, total: int | None) -> PageRequest | None:
        """Return the rows to request after a page of `count` rows, before it is accepted.

        That is right for a list that does not change; None for a page that may be the last one.
        """
        end = window.start + count
        if count < window.limit or total is None or total <= end:
            return None
        return PageRequest(end - _OVERLAPS[0], self._page_size + _OVERLAPS[0])

    def accept(self, window: PageRequest, rows: Sequence[T], total: int | None) -> None:
        """Add the page for `window`.

        If none of its rows is known, so many rows before it were deleted that some may have moved past the overlap. The
        page is then requested again with a larger overlap, finally from the first row.
        """
        self.pages += 1
        self.total = total if total is not None else self.total
        if self._is_start_doubted:
            self._accept_far_page(window, rows)
        elif self._is_without_overlap:
            self._accept_without_overlap(window, rows)
        elif window.start > 0 and not any(row.uuid in self._rows for row in rows):
            self._tries += 1
            self._count_page_without_new_rows()
        else:
            self._accept_page(window, rows)
        if self.pages >= MAX_PAGES and not self.is_done:
            self._give_up()

    def _accept_page(self, window: PageRequest, rows: Sequence[T]) -> None:
        self._tries = 0
        self._add(window, rows)
        self._is_without_overlap = len(rows) <= min(_OVERLAPS[0], window.limit - 1)
        self._is_more_promised = self.total is not None and self.total > self._position

    def _accept_without_overlap(self, window: PageRequest, rows: Sequence[T]) -> None:
        if not rows:
            self.is_done = True
            is_more_promised = self.total is not None and self.total > self._position
            self.is_cut_short = self.is_cut_short or self._is_more_promised or is_more_promised
            return
        # Without an overlap, a row that moved up between two pages may have been skipped.
        self.is_cut_short = True
        self._accept_page(window, rows)

    def _accept_far_page(self, window: PageRequest, rows: Sequence[T]) -> None:
        self._is_start_doubted = False
        if self._is_first_page(rows):
            # Without a total, fewer rows than requested are the whole list.
            self.is_done, self.is_cut_short = True, self.total is not None or len(rows) >= window.limit
        else:
            self._is_start_honoured = True

    def _add(self, window: PageRequest, rows: Sequence[T]) -> None:
        known = len(self._rows)
        self._rows.update((row.uuid, row) for row in rows)
        self._position = window.start + len(rows)
        if not self._first_page:
            self._first_page = [row.uuid for row in rows]
        elif window.start > 0 and not self._is_start_honoured:
            self._is_start_doubted = self._is_first_page(rows)
        if len(self._rows) > known:
            self._pages_without_new_rows = 0
        elif self._position > self._farthest:
            self._count_page_without_new_rows()
        self._farthest = max(self._farthest, self._position)
        if self._position == self.total or (not rows and window.start == 0):
            self.is_done = True

    @property
    def is_partial(self) -> bool:
        """Return whether the server has, or may have, rows that were not read."""
        return self.is_cut_short or (self.total is not None and len(self._rows) < self.total)

    def _is_first_page(self, rows: Sequence[T]) -> bool:
        return [row.uuid for row in rows[: len(self._first_page)]] == self._first_page

    def _count_page_without_new_rows(self) -> None:
        self._pages_without_new_rows += 1
        if self._pages_without_new_rows >= _MAX_PAGES_WITHOUT_NEW_ROWS:
            self._give_up()

    def _give_up(self) -> None:
        self.is_done = self.is_cut_short = True
