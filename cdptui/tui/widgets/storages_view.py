"""The list of backup storages, in place of the task list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cdptui.models.storages import StorageSummary
from cdptui.render.spans import Line, Role, Span
from cdptui.render.storage_list import (
    ListContext,
    PlacedStorageColumn,
    StorageOrder,
    column_at,
    heading_line,
    hidden_lines,
    note_lines,
    place_storage_columns,
    sort_storages,
    storage_line,
    storage_order,
    title_line,
)
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.motion import Motion, moved
from cdptui.tui.widgets.line_view import LineView
from cdptui.tui.widgets.scrollable_lines import ScrollableLines

_TITLE_LINES = 1
_NO_TASKS_YET: tuple[Line, ...] = ((Span("Waiting for the first list of tasks …", Role.DIM),),)
_NO_STORAGES: tuple[Line, ...] = (
    (Span("No backup storages on this node, or none that this account may see", Role.DIM),),
)


class StorageTable(ScrollableLines):
    """The list of backup storages: a line each, sorted, with a cursor that stays on its storage."""

    BINDINGS: ClassVar = bindings([KeyScope.STORAGES])

    class Chosen(Message):
        """The user asked for the tasks of a storage."""

        def __init__(self, storage: StorageSummary) -> None:
            super().__init__()
            self.storage = storage

    class Closed(Message):
        """The user asked for the task list."""

    class CursorMoved(Message):
        """The cursor is on another storage, or the figures of its storage changed."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(keymap, id=id)
        self._storages: Sequence[StorageSummary] = ()
        """In their order on screen."""
        self._list_context: ListContext | None = None
        self._order = storage_order()
        self._placed: Sequence[PlacedStorageColumn] = ()
        self._cursor_uuid: str | None = None
        """The storage under the cursor; None before the user moves it: it then stays on the first line."""

    def show_storages(self, storages: Iterable[StorageSummary], context: ListContext) -> None:
        """Show these storages in the order of the list."""
        self._storages, self._list_context = tuple(storages), context
        self._lay_out()

    @property
    def cursor(self) -> int:
        """The line of the cursor; a storage that is gone leaves it on the first line."""
        uuids = [storage.uuid for storage in self._storages]
        return uuids.index(self._cursor_uuid) if self._cursor_uuid in uuids else 0

    @property
    def cursor_storage(self) -> StorageSummary | None:
        """The storage under the cursor; None in an empty list."""
        return self._storages[self.cursor] if self._storages else None

    def hidden_figures(self, width: int) -> list[Line]:
        """Return the figures of the storage under the cursor whose columns do not fit, in lines of `width` cells."""
        storage, context = self.cursor_storage, self._list_context
        return [] if storage is None or context is None else hidden_lines(storage, self._placed, context.names, width)

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        context, width = self._list_context, self.width
        if context is None:
            self.show(_NO_TASKS_YET)
        if context is None or not self.size.width:
            return
        self._storages = sort_storages(self._storages, self._order, context.names)
        self._placed = place_storage_columns(width, self._order)
        lines = [storage_line(storage, self._placed, context.names) for storage in self._storages]
        notes = note_lines(self._storages, context, width)
        head = (
            title_line(len(self._storages), self._order, width, has_focus=True),
            heading_line(self._placed, self._order),
        )
        self.show([*lines, *notes] or _NO_STORAGES, head)
        self._draw_cursor()

    def _draw_cursor(self) -> None:
        self.select_line(self.cursor if self._storages else None)
        self.post_message(self.CursorMoved())

    def show_matches(self) -> None:
        """Draw the matches; the cursor follows the current one."""
        super().show_matches()
        line = self._search.current_line
        if line is not None and line < len(self._storages):
            self._move_to(line)

    # Cursor

    def _move_to(self, index: int) -> None:
        if self._storages:
            self._cursor_uuid = self._storages[max(0, min(index, len(self._storages) - 1))].uuid
            self._draw_cursor()

    def action_move(self, motion: str) -> None:
        """Move the cursor: from the last storage on to the notes below, at the top so that it stays there."""
        key, last = Motion(motion), len(self._storages) - 1
        if key is Motion.DOWN and self.cursor >= last:
            super().action_move(motion)
        self._move_to(moved(key, self.cursor, last, self._page))
        if key is Motion.TOP:
            self._cursor_uuid = None

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the mouse; a double click opens its tasks, a click on a heading sorts."""
        at = event.get_content_offset(self)
        if at is None:
            return
        event.stop()
        index = self.line_at(at.y)
        if at.y == _TITLE_LINES:
            self._set_order(self._order.toggled(column_at(at.x, self._placed)))
        elif index is not None and index < len(self._storages):
            self._move_to(index)
            if event.chain == 2:
                self.action_filter_tasks()

    # Actions

    def action_filter_tasks(self) -> None:
        """Ask for the tasks of the storage under the cursor."""
        storage = self.cursor_storage
        if storage is not None:
            self.post_message(self.Chosen(storage))

    def action_close(self) -> None:
        """Ask for the task list."""
        self.post_message(self.Closed())

    def action_sort_move(self, step: int) -> None:
        """Sort by the next (1) or previous (-1) column."""
        self._set_order(self._order.next_column(step))

    def action_sort_invert(self) -> None:
        """Reverse the order."""
        self._set_order(self._order.inverted())

    def _set_order(self, order: StorageOrder) -> None:
        self._order = order
        self._lay_out()


class StoragesView(Vertical):
    """The list of backup storages, and below it the figures of the one under the cursor that have no room there."""

    DEFAULT_CSS = """
    StoragesView { display: none; height: 1fr; }
    StoragesView > StorageTable { height: 1fr; }
    StoragesView > LineView { height: 0; background: $panel; }
    """

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.table = StorageTable(keymap, id="storage-table")
        self._figures = LineView(id="storage-figures")

    def compose(self) -> ComposeResult:
        """List and figures."""
        yield self.table
        yield self._figures

    def on_storage_table_cursor_moved(self, message: StorageTable.CursorMoved) -> None:
        """Show the figures of the storage under the cursor."""
        message.stop()
        self._figures.show_whole(self.table.hidden_figures(self.size.width))
