"""What is looked for: the filter that is typed, and the key for what is unhealthy. The list itself is another's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cdptui.clock import Clock
from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import SortOrder
from cdptui.tui.keymap import Keymap
from cdptui.tui.screens.listing import ListQuery, TaskListModel

if TYPE_CHECKING:
    from textual.screen import Screen

    from cdptui.query.expression import Expression
    from cdptui.query.fields import QueryContext
    from cdptui.tasklist.filtered_rows import FilteredRows
    from cdptui.tui.widgets.filter_bar import FilterBar

    _Part = Screen[None]
else:
    # Part of a screen, not one of its own: each class that Textual knows costs a millisecond before the first frame.
    _Part = object

_NAMES_AT_ONCE: Final = 4
"""A list that waits for names is looked through again when a part of them has come."""


class FindingScreen(_Part):
    """A screen whose list can be cut down. What that needs is loaded with the first wish."""

    def __init__(self, clock: Clock, keymap: Keymap) -> None:
        super().__init__()
        self.keymap = keymap
        self.order = SortOrder()
        self.listing = TaskListModel(
            clock,
            lambda: ListQuery(self.rows, self.order, self.active_filter, self.query_context),
            lambda: self.cursor_uuid,
            self._show_evaluated,
            lambda work: self.run_worker(work, group="arrange", exclusive=True),
        )
        self.typed: Expression | None = None
        self._evaluated: Expression | None = None
        """The last `typed` by which the list could be filtered."""
        self.is_unhealthy_only = False
        self._filter_bar: FilterBar | None = None

    # The list

    @property
    @abstractmethod
    def rows(self) -> Sequence[TaskRow]:
        """All rows that the list is made of."""

    @abstractmethod
    def query_context(self) -> QueryContext:
        """What a filter needs to know."""

    @property
    @abstractmethod
    def cursor_uuid(self) -> str | None:
        """The task under the cursor."""

    @abstractmethod
    def show_list(self) -> None:
        """Show the list as it is now."""

    @abstractmethod
    def leave_list(self) -> None:
        """Keys go elsewhere for a while; the cursor shall come back to its task."""

    @abstractmethod
    def focus_list(self) -> None:
        """Let keys go to the list."""

    def relist(self, *, is_anew: bool = False) -> None:
        """Bring the list up to date; `is_anew` gives up what is under way."""
        self.listing.update(is_anew=is_anew)

    def relist_for_names(self, known: int) -> None:
        """Bring a filter on names up to date, now that so many are known: not for every few of thousands."""
        selection = self.selection
        if selection is not None and known - selection.names >= max(1, len(selection.missing_names) // _NAMES_AT_ONCE):
            self.relist()

    def _show_evaluated(self) -> None:
        """Show the list; when a regular expression takes too long, filter by what was typed before and say so."""
        timeout = self.listing.timeout
        if timeout is None:
            self._evaluated = self.typed
            self.show_list()
            return
        # One that was quick on other names cannot be filtered by any more: the whole list.
        self.typed = self._evaluated = self._evaluated if self._evaluated != self.typed else None
        if self._filter_bar is not None:
            self._filter_bar.reject(timeout, self.typed, self.filter_text)
        self.relist(is_anew=True)

    @property
    def selection(self) -> FilteredRows | None:
        """What the list was cut down to; None for all there is."""
        return self.listing.selection

    # What is looked for

    @property
    def active_filter(self) -> Expression | None:
        """What the rows must meet; None shows them all."""
        if not self.is_unhealthy_only:
            return self.typed
        from cdptui.query.expression import unhealthy  # noqa: PLC0415 - not needed for the first frame

        return unhealthy(self.typed)

    @property
    def filter_text(self) -> str:
        """The same in the words of the one who asked; empty for all."""
        if self.typed is None:
            return "unhealthy" if self.is_unhealthy_only else ""
        from cdptui.query.formatter import format_query  # noqa: PLC0415 - not needed for the first frame

        text = format_query(self.typed)
        return f"unhealthy, {text}" if self.is_unhealthy_only else text

    def set_filter(self, expression: Expression | None, *, is_unhealthy_only: bool) -> None:
        """Look for this from now on."""
        if (expression, is_unhealthy_only) != (self.typed, self.is_unhealthy_only):
            self.typed, self.is_unhealthy_only = expression, is_unhealthy_only
            self.relist(is_anew=True)

    def show_sought(self) -> None:
        """Say what the list was cut down to, and by how much."""
        bar, selection = self._filter_bar, self.selection
        if bar is None:
            return
        from cdptui.render.filter_lines import FilterResult  # noqa: PLC0415 - not needed for the first frame

        if selection is not None:
            shown = FilterResult(len(selection.rows), selection.total, selection.counts, len(selection.missing_names))
        else:
            shown = FilterResult(len(self.rows), len(self.rows), {})
        bar.show(self.filter_text, shown)

    @property
    def names_sought(self) -> Sequence[str]:
        """Uuids whose names the filter needs; none where there are so many that asking would be a load."""
        if self.selection is None:
            return ()
        from cdptui.tasklist.filtered_rows import MAX_MISSING_NAMES  # noqa: PLC0415 - not needed for the first frame

        nameless = self.selection.missing_names
        return nameless if len(nameless) < MAX_MISSING_NAMES else ()

    def clear_filter(self) -> bool:
        """Show the whole list again; whether it was cut down."""
        was_sought = self.active_filter is not None
        if self._filter_bar is not None:
            was_sought |= self._filter_bar.dismiss_rejection()
        self.set_filter(None, is_unhealthy_only=False)
        return was_sought

    async def action_filter(self) -> None:
        """Type a filter, or go on with the one there is."""
        from cdptui.query.formatter import format_query  # noqa: PLC0415 - not needed for the first frame

        bar = await self.ensure_filter_bar()
        self.show_sought()
        self.leave_list()
        bar.open(format_query(self.typed) if self.typed is not None else "")

    async def action_unhealthy(self) -> None:
        """Show only what is not as it should be, or all again."""
        await self.ensure_filter_bar()
        self.set_filter(self.typed, is_unhealthy_only=not self.is_unhealthy_only)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Another filter stands there."""
        self.set_filter(message.expression, is_unhealthy_only=self.is_unhealthy_only)

    def on_filter_bar_closed(self) -> None:
        """Nothing is typed any more."""
        self.focus_list()

    async def ensure_filter_bar(self) -> FilterBar:
        """The bar, which is not there before it is needed; keys that come fast wait for it."""
        if self._filter_bar is None:
            from cdptui.tui.widgets.filter_bar import FilterBar  # noqa: PLC0415 - not needed for the first frame

            self._filter_bar = FilterBar(self.keymap, id="filter")
            await self.mount(self._filter_bar, before="#footer")
        return self._filter_bar
