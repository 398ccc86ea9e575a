"""The task list: a virtual table on Textual's line API that draws only visible lines, and redraws only changed ones.

The rows arrive sorted. Until the user moves the cursor or opens a task, the cursor stays on the first line, where the
worst task is. From then on it stays on its task, not on its line, and the list scrolls with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.column_layout import ColumnLayout
from cdptui.render.columns import Column
from cdptui.render.spans import Line, Role, Span
from cdptui.render.task_cells import CellContext
from cdptui.tasklist.grouped_rows import GroupedRows
from cdptui.tui.keymap import KeyScope, bindings
from cdptui.tui.motion import Motion, moved
from cdptui.tui.terminal.virtual_size import set_virtual_size
from cdptui.tui.widgets.cached_painter import Painter
from cdptui.tui.widgets.row_renderer import RowAppearance, RowRenderer

if TYPE_CHECKING:
    from textual.scrollbar import ScrollBar

_HEADING_LINES: Final = 1
_MARK: Final = "*"
"""The symbol of a marked task; the same as the key that marks all tasks."""
_WHEEL_LINES: Final = 3


class TableContent(Struct, frozen=True):
    """What the table shows beside its lines and marks."""

    context: CellContext
    change_marks: Mapping[str, str] = {}
    """A character before the name of a task that changed, by uuid."""
    columns: ColumnLayout = ColumnLayout()
    placeholder: str = ""
    """The text in place of an empty list."""


class TaskTable(ScrollView, can_focus=True):
    """The task list."""

    BINDINGS: ClassVar = bindings([KeyScope.MOTION])
    DEFAULT_CSS = """
    TaskTable {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    _scroll_bar: ScrollBar | None = None

    class CursorMoved(Message):
        """The cursor moved to another task or to a group; `uuid` is None on a group or in an empty list.

        `is_by_user` is False when the list changed under the cursor.
        """

        def __init__(self, uuid: str | None, *, is_by_user: bool) -> None:
            super().__init__()
            self.uuid = uuid
            self.is_by_user = is_by_user

        def can_replace(self, message: Message) -> bool:
            """Replace older messages: only the current position counts."""
            return isinstance(message, TaskTable.CursorMoved)

    class Scrolled(Message):
        """Other tasks became visible."""

        def can_replace(self, message: Message) -> bool:
            """Replace older messages: the receiver reads the visible rows."""
            return isinstance(message, TaskTable.Scrolled)

    class HeadingClicked(Message):
        """The user clicked on the heading of column `key`; None is the corner before the first column."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """The user double-clicked on a task."""

    def __init__(
        self,
        lines: GroupedRows,
        marked: Set[str],
        content: TableContent,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Show `lines` and the uuids in `marked`, which change while the table lives; see `show`."""
        super().__init__(id=id)
        self._lines = lines
        self._marked = marked
        self._content = content
        self._painter = Painter(self)
        self._renderer = RowRenderer(self._painter)
        self._first_column = 0
        self._count = 0
        self._heading_order = lines.order
        self._cursor = 0
        self._cursor_uuid: str | None = None
        self._cursor_group: str | None = None
        """Key of the group whose line the cursor is on; `_cursor_uuid` is then that of its first task."""
        self._is_cursor_placed = False
        self._pinned_uuid: str | None = None
        self._drawn: dict[int, RowAppearance] = {}

    # Content

    def show(self, content: TableContent) -> None:
        """Show the lines as they are now. The cursor stays on its task, or moves to the successor of a removed one."""
        self._content = content
        rows = self._lines
        before = (self._cursor_uuid, self._cursor_group)
        self._cursor = self._restore_cursor() if self._is_cursor_placed else self._first_visible
        if not (rows and self._count):
            # The placeholder of an empty list is drawn on lines without rows.
            self.refresh()
        if len(rows) != self._count:
            if self._count:
                self._measure()
            else:
                # A scroll bar needs a new layout, 7 ms for which the first list should not wait.
                self.call_after_refresh(self._measure)
            self._count = len(rows)
        if self._is_cursor_placed:
            self._scroll_to_cursor()
        self._remember_cursor()
        if self._place_columns():
            self.refresh()
        if rows.order != self._heading_order:
            self._heading_order = rows.order
            self.refresh_line(self.scroll_offset.y)
        self.refresh_changed()
        if (self._cursor_uuid, self._cursor_group) != before:
            self._post_to_screen(self.CursorMoved(self.cursor_uuid, is_by_user=False))

    @property
    def cursor_uuid(self) -> str | None:
        """UUID of the task under the cursor; None on a group and in an empty list."""
        return self._cursor_uuid if self._cursor_group is None else None

    @property
    def anchor_uuid(self) -> str | None:
        """UUID of the task that keeps the cursor in place: the one under it, or the first of the group under it."""
        return self._cursor_uuid

    @property
    def cursor_line(self) -> TaskRow | GroupSummary | None:
        """The task or group under the cursor; None in an empty list."""
        return self._lines[self._cursor] if self._cursor < len(self._lines) else None

    @property
    def cursor_row(self) -> TaskRow | None:
        """The task under the cursor; None on a group and in an empty list."""
        line = self.cursor_line
        return line if isinstance(line, TaskRow) else None

    @property
    def placed_columns(self) -> Sequence[Column]:
        """The columns on screen, in their order; none before the first layout."""
        return [placed.column for placed in self._renderer.placement.placed]

    @property
    def cursor_group(self) -> GroupSummary | None:
        """The group that the line under the cursor belongs to; None when the list is not grouped."""
        return self._lines.group_of_line(self._cursor)

    def visible_lines(self) -> Sequence[TaskRow | GroupSummary]:
        """The visible lines."""
        top = self.scroll_offset.y
        return self._lines[top : top + self._row_lines]

    def visible_rows(self) -> Sequence[TaskRow]:
        """The visible tasks."""
        return [line for line in self.visible_lines() if isinstance(line, TaskRow)]

    def refresh_changed(self) -> None:
        """Redraw the lines whose appearance changed."""
        top = self.scroll_offset.y
        for y in range(_HEADING_LINES, self.size.height):
            index = top + y - _HEADING_LINES
            appearance = self._appearance(index) if index < len(self._lines) else None
            if appearance != self._drawn.get(y):
                self.refresh_line(y + top)

    def pin_cursor(self) -> None:
        """Return to this task when a filter that hid it changes, until the user moves the cursor."""
        if self._is_cursor_placed:
            self._pinned_uuid = self.cursor_uuid

    def hold_cursor(self) -> None:
        """Keep the cursor on its task when the list changes, as if the user had moved it there."""
        self._is_cursor_placed = True

    def follow_top(self) -> None:
        """Move to the first line and stay there, whichever task it shows, until the user moves the cursor."""
        self.move_to(0)
        self._is_cursor_placed = False

    @property
    def pinned_uuid(self) -> str | None:
        """UUID of the task that the cursor goes to when the list shows it; None for none."""
        return self._pinned_uuid

    @property
    def _first_visible(self) -> int:
        """The first line in sight: the first of the list, unless the user dragged the scroll bar."""
        return min(self.scroll_offset.y, max(0, len(self._lines) - 1))

    def _restore_cursor(self) -> int:
        """Return the line of the cursor's group or task, else of the successor, else the nearest existing line."""
        rows = self._lines
        index = rows.index_of_group(self._cursor_group)
        for uuid in (self._pinned_uuid, self._cursor_uuid, rows.successor_uuid):
            if index is None:
                index = rows.index_of(uuid)
        return index if index is not None else min(self._cursor, max(0, len(rows) - 1))

    def _remember_cursor(self) -> None:
        """Store the task or group under the cursor, since lines are inserted and removed."""
        rows, line = self._lines, self.cursor_line
        self._cursor_group = line.key if isinstance(line, GroupSummary) else None
        row = rows.first_of(line) if isinstance(line, GroupSummary) else line
        self._cursor_uuid = row.task.uuid if row is not None else None

    def _post_to_screen(self, message: Message) -> None:
        """Post directly to the screen, so that its reaction is drawn in the same frame as the change here."""
        self.screen.post_message(message)

    # Cursor

    def move_to(self, index: int) -> None:
        """Move the cursor to line `index`, or the nearest existing line."""
        rows = self._lines
        if not rows:
            return
        self._is_cursor_placed = True
        self._pinned_uuid = None
        index = max(0, min(index, len(rows) - 1))
        if index == self._cursor:
            return
        previous, self._cursor = self._cursor, index
        self._remember_cursor()
        self._post_to_screen(self.CursorMoved(self.cursor_uuid, is_by_user=True))
        for line in (previous, index):
            self.refresh_line(line + _HEADING_LINES)
        self._scroll_to_cursor()

    def go_to(self, uuid: str) -> None:
        """Move the cursor to a task: at once, or when the list next shows it."""
        index = self._lines.index_of(uuid)
        if index is not None:
            self.move_to(index)
        else:
            self._pinned_uuid, self._is_cursor_placed = uuid, True

    def action_move(self, motion: str) -> None:
        """Move the cursor; `motion` is the value of a `Motion`."""
        self.move_to(moved(Motion(motion), self._cursor, len(self._lines) - 1, max(1, self._row_lines - 1)))

    def scroll_columns(self, step: int) -> bool:
        """Scroll a wide list by `step` columns and return whether it moved."""
        self._first_column += step
        is_moved = self._place_columns()
        if is_moved:
            self.refresh()
        return is_moved

    @property
    def _width(self) -> int:
        """Width in cells without the scroll bar, whose place is reserved even while it is hidden."""
        return max(1, self.scrollable_content_region.width)

    @property
    def _row_lines(self) -> int:
        return max(0, self.size.height - _HEADING_LINES)

    def _measure(self) -> None:
        set_virtual_size(self, Size(self._width, len(self._lines) + _HEADING_LINES))

    def _scroll_to_cursor(self) -> None:
        top, lines = self.scroll_offset.y, max(1, self._row_lines)
        target = min(max(top, self._cursor - lines + 1), self._cursor)
        if target != top:
            self.scroll_to(y=target, animate=False, force=True, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Redraw, and report that other rows are visible."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._post_to_screen(self.Scrolled())

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the mouse; a double click opens the task, a click on a heading sorts."""
        event.stop()
        if event.y < _HEADING_LINES:
            self._post_to_screen(self.HeadingClicked(self._renderer.column_at(event.x)))
            return
        index = self.scroll_offset.y + event.y - _HEADING_LINES
        if index < len(self._lines):
            self.move_to(index)
            if event.chain == 2:
                self._post_to_screen(self.Opened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self._wheel(event, _WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self._wheel(event, -_WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        """Scroll the list and keep the cursor in sight."""
        event.stop()
        event.prevent_default()
        top = max(0, min(self.scroll_offset.y + lines, self.max_scroll_y))
        self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self.move_to(max(top, min(self._cursor, top + max(1, self._row_lines) - 1)))

    def on_resize(self) -> None:
        """Keep the cursor in sight. Textual redraws the widget."""
        self._measure()
        if self._is_cursor_placed:
            self._scroll_to_cursor()
        self.refresh_changed()
        self._post_to_screen(self.Scrolled())

    def on_focus(self) -> None:
        """Redraw the cursor, whose background shows the focus."""
        self.refresh_changed()

    def on_blur(self) -> None:
        """Redraw the cursor, whose background shows the focus."""
        self.refresh_changed()

    # Drawing

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, created when it is first needed."""
        if self._scroll_bar is None:
            from cdptui.tui.terminal.scroll_bar import ThinScrollBar

            self._scroll_bar = ThinScrollBar.attach(self)
        return self._scroll_bar

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines without Textual's borders and effects, which would render lines again that only moved."""
        self._place_columns()
        width = self._width
        strips = [self._line(y, width) for y in crop.line_range]
        if crop.column_span != (0, width):
            # The reserved place of a hidden scroll bar is part of the widget.
            style = self._painter.style(Role.TEXT)
            strips = [strip.crop_extend(*crop.column_span, style) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of the widget."""
        self._place_columns()
        return self._line(y, self._width)

    def _line(self, y: int, width: int) -> Strip:
        if y < _HEADING_LINES:
            return self._renderer.render_heading(self._lines.order, width)
        index = self.scroll_offset.y + y - _HEADING_LINES
        if index >= len(self._lines):
            self._drawn.pop(y, None)
            is_middle = not self._lines and y == max(_HEADING_LINES, self.size.height // 3)
            return self._painter.strip(self._centered(width) if is_middle else (), width)
        appearance = self._drawn[y] = self._appearance(index)
        return self._painter.cached(appearance, width, lambda: self._renderer.render(appearance, width))

    def _place_columns(self) -> bool:
        """Place the columns for the current width and return whether any place changed."""
        sort_column = self._lines.order.column
        is_moved = self._renderer.place(self._width, self._content.columns, self._first_column, sort_column)
        self._first_column = self._renderer.placement.first
        if is_moved:
            # Cached strips are found by their cells, not by the places of the columns.
            self._painter.clear()
            self._drawn.clear()
        return is_moved

    def notify_style_update(self) -> None:
        """Drop cached strips, whose colours belong to the previous theme."""
        super().notify_style_update()
        self._painter.clear()

    def _appearance(self, index: int) -> RowAppearance:
        content, lines = self._content, self._lines
        line = lines[index]
        background = ""
        if index == self._cursor:
            background = "cursor-background" if self.has_focus else "cursor-unfocused"
        if isinstance(line, GroupSummary):
            return self._renderer.group_appearance(line, content.context, background, is_folded=lines.is_folded(line))
        uuid = line.task.uuid
        symbol = _MARK if uuid in self._marked else content.change_marks.get(uuid, "")
        return self._renderer.task_appearance(line, content.context, symbol, background)

    def _centered(self, width: int) -> Line:
        text = self._content.placeholder
        return (Span(" " * max(0, (width - len(text)) // 2) + text, Role.DIM),)
