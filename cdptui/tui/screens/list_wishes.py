"""What the keys of the list do beyond moving in it: columns, groups, marks, files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from cdptui.clock import Clock
from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.column_layout import ColumnLayout
from cdptui.render.groups import BY_KEY, GROUPINGS
from cdptui.tasklist.sort_order import SortOrder
from cdptui.tui.keymap import Keymap
from cdptui.tui.marks import MarkedTasks, marks_text
from cdptui.tui.screens.finding import FindingScreen
from cdptui.tui.widgets.bars import FooterBar
from cdptui.tui.widgets.task_table import TaskTable

if TYPE_CHECKING:
    from cdptui.tui.export_files import ExportRequest

_NO_GROUPING = "none"


class ListWishes(FindingScreen):
    """A screen with the list. The dialogs are loaded with the first wish for them."""

    _table: TaskTable
    _footer: FooterBar

    def __init__(self, clock: Clock, keymap: Keymap, columns: Sequence[str] | None) -> None:
        """`columns` are keys; None are the usual ones."""
        super().__init__(clock, keymap)
        self.usual_layout = self.layout_of_list = ColumnLayout() if columns is None else ColumnLayout.of(columns)
        self.marks = MarkedTasks()

    @abstractmethod
    def show_notice(self, notice: str) -> None:
        """Tell something for a few seconds."""

    @abstractmethod
    def seen(self, rows: Sequence[TaskRow], hidden: int | None) -> ExportRequest | None:
        """What is to be saved; None when there is nothing yet. `hidden` is of marked tasks, None for the list."""

    # Order and groups

    def action_sort_menu(self) -> None:
        """Choose an order from a list."""
        from cdptui.tui.screens.menus import SortMenu  # noqa: PLC0415 - not needed for the first frame

        self.app.push_screen(SortMenu(self.order), self.set_order)

    def action_sort_move(self, step: int) -> None:
        """Sort by the next or previous column."""
        self.set_order(self.order.next_column(step, self.layout_of_list.shown))

    def action_sort_invert(self) -> None:
        """Turn the order round."""
        self.set_order(self.order.inverted())

    def on_task_table_heading_clicked(self, message: TaskTable.HeadingClicked) -> None:
        """Sort by that column, or turn its order round."""
        self.set_order(self.order.toggled(message.key))

    def set_order(self, order: SortOrder | None) -> None:
        """Sort and group like this from now on; None changes nothing."""
        if order is None or order == self.order:
            return
        is_regrouped = order.group != self.order.group
        self.order = order
        self.relist(is_anew=True)
        if is_regrouped:
            self.show_notice(f"grouped by {order.group}" if order.group else "no groups")
            return
        by = "worst first" if order.column is None else f"by {order.column.heading.lower()}"
        self.show_notice(f"sorted {by}{', the other way round' if order.is_inverted else ''}")

    def action_group_menu(self) -> None:
        """Choose what the list is grouped by."""
        from cdptui.tui.screens.menus import Menu, MenuItem  # noqa: PLC0415 - not needed for the first frame

        choices = [MenuItem(_NO_GROUPING, "n", "No groups")]
        choices += [MenuItem(by.key, by.letter, by.label) for by in GROUPINGS]
        menu = Menu("Group by", choices, self.order.group or _NO_GROUPING)
        self.app.push_screen(menu, self._take_group)

    def _take_group(self, key: str | None) -> None:
        if key is not None:
            self.set_order(structs.replace(self.order, group="" if key == _NO_GROUPING else key))

    def unnamed_groups(self) -> Iterator[str]:
        """Uuids that groups in sight would rather be called by name."""
        for line in self._table.visible_lines():
            if isinstance(line, GroupSummary) and line.key and BY_KEY[line.by].is_named:
                yield line.key

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor."""
        group = self._table.cursor_group
        if group is None:
            self.show_notice(f"there are no groups: {self.keymap.labels['group']} groups the list")
        else:
            self.listing.rows.fold(group)
            self.show_list()

    def action_fold_all(self) -> None:
        """Fold every group, or unfold them all."""
        if self._table.cursor_group is None:
            self.show_notice(f"there are no groups: {self.keymap.labels['group']} groups the list")
        else:
            self.listing.rows.fold_all()
            self.show_list()

    # Columns

    def action_columns(self) -> None:
        """Choose columns and their order."""
        from cdptui.tui.screens.column_chooser import ColumnChooser  # noqa: PLC0415 - not needed for the first frame

        self.app.push_screen(ColumnChooser(self.layout_of_list), self.set_columns)

    def set_columns(self, layout: ColumnLayout | None) -> None:
        """Show these columns from now on; None changes nothing."""
        if layout is not None and layout != self.layout_of_list:
            self.layout_of_list = layout
            self.show_list()

    def action_wide(self) -> None:
        """Show all columns, or those that fit."""
        is_wide = not self.layout_of_list.is_wide
        self.set_columns(ColumnLayout(self.layout_of_list.columns, is_wide))
        names = self.keymap.labels
        ways = f"{names['columns-left']} {names['columns-right']}"
        self.show_notice(f"all columns: {ways} scroll" if is_wide else "the columns that fit")

    def action_scroll_columns(self, step: int) -> None:
        """Scroll a wide list sideways."""
        if not self.layout_of_list.is_wide:
            self.show_notice(f"{self.keymap.labels['wide']} shows all columns")
        elif not self._table.scroll_columns(step):
            self.show_notice("that was the last column" if step > 0 else "that was the first column")

    # Marks

    def action_mark(self) -> None:
        """Mark or unmark the task under the cursor and go on to the next; on a group, all of its tasks."""
        line = self._table.cursor_line
        if line is None:
            self.show_notice("there is no task to mark")
            return
        rows = self.listing.rows.members(line) if isinstance(line, GroupSummary) else [line]
        self.marks.toggle([row.task.uuid for row in rows])
        self._table.action_cursor_down()
        self._draw_marks()

    def action_mark_all(self) -> None:
        """Mark everything that the list holds, or unmark it."""
        self.marks.toggle(self.listing.rows.rows.uuids)
        self._draw_marks()

    def action_clear_marks(self) -> None:
        """Mark nothing."""
        if not len(self.marks):
            self.show_notice(f"nothing is marked: {self.keymap.labels['mark']} marks a task")
        self.marks.clear()
        self._draw_marks()

    @property
    def marked_rows(self) -> Sequence[TaskRow]:
        """The marked tasks in the order of the list, those behind that a filter hides; empty when none is marked."""
        if not len(self.marks):
            return ()
        shown, hidden = self.listing.rows.tasks(self.marks.uuids), self._hidden_marks
        return [*shown, *(row for row in self.rows if row.task.uuid in hidden)] if hidden else shown

    @property
    def _hidden_marks(self) -> set[str]:
        return self.marks.outside(self.listing.rows.rows.uuids)

    @property
    def target_rows(self) -> Sequence[TaskRow]:
        """What is meant by somebody who does something with tasks: the marked ones, else the one under the cursor."""
        row = self._table.cursor_row
        return self.marked_rows or ([row] if row is not None else [])

    def show_marks(self) -> None:
        """Say how many tasks are marked."""
        self._footer.show_marks(marks_text(len(self.marks), len(self._hidden_marks)))

    def _draw_marks(self) -> None:
        self._table.refresh_changed()
        self.show_marks()

    def forget_marks(self) -> None:
        """Unmark tasks that no longer exist, and say so."""
        gone = self.marks.forget_gone(self.rows, self.listing.rows.rows.uuids)
        if gone:
            self.show_notice(f"{gone} marked {'task is' if gone == 1 else 'tasks are'} gone")

    # Files

    def action_save(self) -> None:
        """Write what is seen, or what is marked, to a file."""
        from cdptui.tui.screens.menus import Menu, MenuItem  # noqa: PLC0415 - not needed for the first frame

        what = f"{len(self.marks)} marked" if len(self.marks) else f"{len(self.listing.rows.rows)} tasks"
        choices = (
            MenuItem("csv", "c", f"CSV: {what}"),
            MenuItem("json", "j", f"JSON: {what}"),
            MenuItem("svg", "s", "SVG: the screen"),
        )
        self.app.push_screen(Menu("Save as", choices), self._save)

    def _save(self, kind: str | None) -> None:
        if kind is None:
            return
        rows = self.marked_rows
        hidden = len(self._hidden_marks) if rows else None
        seen = self.seen(rows or self.listing.rows.tasks(), hidden)
        if seen is None:
            self.show_notice("there is nothing to save yet")
        else:
            # Not before the menu is gone: it is no part of the picture.
            self.call_after_refresh(self.run_worker, self._write(seen, kind), group="save")

    async def _write(self, seen: ExportRequest, kind: str) -> None:
        from cdptui.tui.export_files import export_screenshot, export_table  # noqa: PLC0415 - not needed for the first frame

        if kind == "svg":
            self.show_notice(await export_screenshot(seen, self.app.export_screenshot()))
        else:
            self.show_notice(await export_table(seen, kind))
