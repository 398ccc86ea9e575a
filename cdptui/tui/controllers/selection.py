"""The tasks that a command applies to: mark them, copy them, and export them to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from cdptui.models.snapshot import Snapshot
from cdptui.models.task_row import TaskRow
from cdptui.render.reason_messages import ReasonContext
from cdptui.tui.controllers.detail import names_with_duplicates
from cdptui.tui.export_files import TaskExport
from cdptui.tui.motion import Motion
from cdptui.tui.screens.menus import MAX_COPIED, open_copy_menu, open_export_menu

if TYPE_CHECKING:
    from textual.screen import Screen

    from cdptui.monitor.sources import FleetView
    from cdptui.render.task_cells import CellContext
    from cdptui.tasklist.model import TaskListModel
    from cdptui.tui.keymap import Keymap
    from cdptui.tui.target import Target
    from cdptui.tui.widgets.task_table import TaskTable


class SelectionHost(Protocol):
    """What the controller needs of the widget that holds it."""

    tasks: TaskListModel
    table: TaskTable
    keymap: Keymap

    @property
    def screen(self) -> Screen[object]:
        """The screen that menus open on."""
        ...

    @property
    def source(self) -> tuple[FleetView | None, Snapshot | None]:
        """The node and the list that is shown."""
        ...

    @property
    def filter_text(self) -> str:
        """The active filter in words."""
        ...

    def cell_context(self) -> CellContext:
        """Return what the cells of the list need besides the tasks."""
        ...

    def draw_marks(self) -> None:
        """Draw the marks, and how many there are."""
        ...

    def show_notice(self, notice: str) -> None:
        """Show a message for a few seconds."""
        ...


class SelectionController:
    """Marks tasks, and copies or exports the marked ones; without marks the one under the cursor, or the list."""

    def __init__(self, host: SelectionHost, target: Target) -> None:
        self._host = host
        self._target = target

    def toggle_mark(self) -> None:
        """Mark or unmark the task under the cursor, or all tasks of a group, and move to the next line."""
        host = self._host
        line = host.table.cursor_line
        if line is None:
            host.show_notice("No task to mark")
            return
        host.table.hold_cursor()
        host.tasks.marks.toggle(host.tasks.members(line))
        host.table.action_move(Motion.DOWN)
        host.draw_marks()

    def toggle_all(self) -> None:
        """Mark all listed tasks, or unmark them."""
        self._host.tasks.mark_or_unmark_all()
        self._host.draw_marks()

    def clear(self) -> None:
        """Remove all marks."""
        host = self._host
        if not len(host.tasks.marks):
            host.show_notice(f"No marked tasks: {host.keymap.labels['mark']} marks one")
        host.tasks.marks.clear()
        host.draw_marks()

    def copy(self) -> None:
        """Let the user choose what to copy of the marked tasks, or of the one under the cursor."""
        host, rows = self._host, self._rows
        connection, _ = host.source
        if connection is None or not rows:
            host.show_notice("No task to copy from")
        elif len(rows) > MAX_COPIED:
            save = host.keymap.labels["save"]
            host.show_notice(f"{len(rows)} tasks are too many to copy: {save} exports them to a file")
        else:
            cells, names = host.cell_context(), names_with_duplicates(rows, connection)
            open_copy_menu(
                host.screen, rows, connection, self._target.node, ReasonContext(cells.now, cells.zone, names)
            )

    def export(self) -> None:
        """Let the user choose the format in which the marked tasks, or the listed ones, are written to a file."""
        host = self._host
        marked = len(host.tasks.marks)
        content = f"{marked} marked" if marked else f"{len(host.tasks.lines.rows)} tasks"
        open_export_menu(host.screen, content, self._build_export, host.show_notice)

    def _build_export(self) -> TaskExport | None:
        host = self._host
        connection, snapshot = host.source
        if connection is None or snapshot is None:
            return None
        tasks, marked = host.tasks, host.tasks.marked_rows
        return TaskExport(
            self._target.node,
            snapshot,
            marked or tasks.lines.tasks(),
            tasks.columns.exported,
            host.cell_context(),
            host.filter_text,
            len(tasks.hidden_marks) if marked else None,
            connection.record,
            connection.zone,
        )

    @property
    def _rows(self) -> Sequence[TaskRow]:
        row = self._host.table.cursor_row
        return self._host.tasks.marked_rows or ([row] if row is not None else [])
