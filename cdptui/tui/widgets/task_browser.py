"""The task list with its detail pane: a container with the key bindings and actions of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import structs
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from cdptui.clock import Clock
from cdptui.config.user import user_name
from cdptui.models.aggregates import FleetSummary, GroupSummary
from cdptui.models.recording import RecordingPhase
from cdptui.models.snapshot import Snapshot
from cdptui.models.task_row import TaskRow
from cdptui.monitor.update import Update
from cdptui.render.column_layout import ColumnLayout
from cdptui.render.columns import FULL_IN
from cdptui.render.groups import BY_KEY, GROUPINGS
from cdptui.render.list_title import ListTitle
from cdptui.render.notices import marks_text
from cdptui.render.tabs.registry import HISTORY, Tab, adjacent_tab
from cdptui.render.task_cells import CellContext, is_marked_rough, no_day_trend
from cdptui.tasklist.model import TaskListModel, Work
from cdptui.tasklist.sort_order import TaskOrder
from cdptui.tui.controllers.absence import AbsenceController
from cdptui.tui.controllers.detail import DetailController, PaneLayout
from cdptui.tui.controllers.saved_views import SavedViewsController
from cdptui.tui.footer_keys import FooterPlace
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.low_bandwidth import LowBandwidthMode
from cdptui.tui.target import Target
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.list_title import ListTitleBar
from cdptui.tui.widgets.task_table import TableContent, TaskTable

if TYPE_CHECKING:
    from textual.widget import Widget

    from cdptui.config.saved_views import SavedView, SavedViews
    from cdptui.models.snapshot import Snapshot
    from cdptui.models.storages import StorageSummary
    from cdptui.monitor.sources import FleetView
    from cdptui.query.expression import Expression
    from cdptui.tui.controllers.selection import SelectionController
    from cdptui.tui.controllers.storages import StoragesController
    from cdptui.tui.controllers.trends import TrendController
    from cdptui.tui.screens.view_menu import ViewCommand
    from cdptui.tui.widgets.filter_bar import FilterBar

WIDE_FROM: Final = 110
"""Columns of the window from which on the pane is beside the list, and open."""

HIGH_FROM: Final = 14
"""Lines of the window from which on the list has a title."""

_DETAIL_DELAY_S: Final = 0.02
"""Time for the first list to be drawn and written before the detail pane is."""

_READING: Final = "reading VMs and storages …"
"""Shown while problems may still change with what was not read yet."""

_ROUGH_LEGEND: Final = "~ rough estimate"

_NO_GROUPING: Final = "none"

_NO_TASK_FOR_NOTE: Final = "No task under the cursor"
_NO_NOTES: Final = "Not recording now, so no note can be kept"
_NOTE_KEPT: Final = "Note on {name} kept; the events and the history show it"


class TaskBrowser(Container):
    """Shows the rows of an update, and lets the user sort, filter, group, mark, copy and save them."""

    BINDINGS: ClassVar = bindings([KeyScope.LIST, KeyScope.DETAIL])

    class Notice(Message, bubble=False):
        """A message for the footer."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class PlaceChanged(Message, bubble=False):
        """Other keys work in the detail pane."""

    class LiveRequested(Message, bubble=False):
        """The user wants to leave the moment of the recording that is shown."""

    class MomentRequested(Message, bubble=False):
        """The user wants to look back at a moment, with the cursor on a task."""

        def __init__(self, at_ms: int, task_uuid: str) -> None:
            """`at_ms` is in milliseconds since 1970; `task_uuid` may be empty."""
            super().__init__()
            self.at_ms = at_ms
            self.task_uuid = task_uuid

    class MarksChanged(Message, bubble=False):
        """Other tasks are marked, or hidden by the filter."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        target: Target,
        clock: Clock,
        keymap: Keymap,
        columns: Sequence[str] | None,
        low_bandwidth: LowBandwidthMode,
        absence: AbsenceController,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        """`columns` are the keys of the columns to begin with; None for the default ones."""
        super().__init__(id=id)
        self.keymap = keymap
        self._target = target
        self._clock = clock
        self._absence = absence
        self._connection: FleetView | None = None
        self._update = Update(snapshot=None, interval_s=target.interval_s)
        self.newest = self._update
        """The newest update, which is not shown while the view is paused."""
        self._gone: Set[str] = frozenset()
        self._change_marks: Mapping[str, str] = {}
        self._is_first_list = False
        """Whether the first list is shown but not drawn yet."""
        self._shown_row: TaskRow | None = None
        """The task in the detail pane."""
        self._read_uuid: str | None = None
        """UUID of the task that the focused pane keeps, although the cursor had to leave it; None for none."""
        self._selection: SelectionController | None = None
        """Created when tasks are first marked, copied or saved."""
        self._storages: StoragesController | None = None
        """Created when the list of storages, or a grouping by storage, is first shown."""
        self.tasks = TaskListModel(
            clock, self._list_changed, lambda work: self.run_worker(work, group="update-list", exclusive=True), columns
        )
        self.table = TaskTable(self.tasks.lines, self.tasks.marks.uuids, self._content(), id="tasks")
        self.title_bar = ListTitleBar(id="list-title")
        self.pane = DetailPane(keymap, id="detail")
        self._detail = DetailController(self.pane, low_bandwidth, keymap.labels, target.zone, self._create_trends)
        self._low_bandwidth = low_bandwidth
        self._pane_layout = PaneLayout(self.pane)
        self.views = SavedViewsController(self, self.tasks, target.profile, target.view)
        self._filter_bar: FilterBar | None = None

    def compose(self) -> ComposeResult:
        """List and detail pane, laid out for the terminal before the first frame is drawn."""
        self.pane.set_class(self.app.size.width >= WIDE_FROM, "-shown", update=False)
        with Container(id="list"):
            yield self.title_bar
            yield self.table
        yield self.pane

    # Called by the screen

    def set_connection(self, connection: FleetView) -> None:
        """Send requests to this node from now on."""
        self._connection = connection

    def show(self, update: Update, change_marks: Mapping[str, str], gone: Set[str] = frozenset()) -> None:
        """Show an update; `gone` are uuids of its tasks that the node no longer has."""
        before, self._update = self._update, update
        self._change_marks, self._gone = change_marks, gone
        if update.rows is not before.rows or before.snapshot is None:
            self._update_list()
        elif update.snapshot is not before.snapshot:
            self._set_context()

    @property
    def shown_fleet(self) -> FleetSummary:
        """The totals of the update that is shown."""
        return self._update.fleet

    def show_change_marks(self, marks: Mapping[str, str]) -> None:
        """Replace the marks of changed tasks."""
        self._change_marks = marks
        self.table.show(self._content())

    def show_gone(self, gone: Set[str]) -> None:
        """Note which shown tasks the node no longer has, and refresh the detail pane."""
        self._gone = gone
        self.show_detail()

    def show_names(self, known: int) -> None:
        """Show names that became known; `known` is how many there are."""
        self._set_context()
        self.tasks.names_arrived(known)
        self.update_storages()
        self.table.refresh_changed()
        self._show_title()
        self.show_detail()

    def apply_startup_view(self) -> None:
        """Apply the saved view that this profile begins with."""
        self.views.apply_startup_view()

    def lay_out(self) -> None:
        """Size the detail pane for the width of the screen and show the task in it."""
        self._pane_layout.apply(is_wide=self._is_wide)
        self.show_detail()

    def show_detail(self) -> None:
        """Show the task or group under the cursor in the detail pane, if it is open."""
        connection = self._connection
        if not self._is_pane_shown or connection is None or self._is_first_list:
            return
        line = self.table.cursor_line
        if isinstance(line, GroupSummary) and self._read_uuid is None:
            self._detail.show_group(connection, line, lambda: self.tasks.members(line), self.cell_context())
            return
        row, is_gone = self.table.cursor_row, False
        if self._read_uuid is not None:
            found = connection.row(self._read_uuid)
            row, is_gone = found or self._shown_row, found is None
        self._shown_row = row
        is_gone |= row is not None and row.task.uuid in self._gone
        self._detail.show(connection, row, self._update, is_gone=is_gone)

    def request_details(self, *, force: bool = False) -> None:
        """Request what the detail pane shows of the task under the cursor; `force` even if it is cached."""
        snapshot, failure = self.newest.snapshot, self.newest.failure
        if self._connection is not None and snapshot is not None and snapshot.is_complete and failure is None:
            if self.is_storages_open:
                self._detail.update_storage_needs(self._connection, force=force)
                return
            row = self.table.cursor_row if self._read_uuid is None else self._shown_row
            row = row if self._is_pane_shown else None
            self._detail.update_needs(self._connection, row, force=force)

    def request_names(self) -> None:
        """Request the names of resources that are in sight or that the filter needs."""
        if self._connection is not None and self.newest.failure is None and not self._is_first_list:
            visible = (row.task for row in self.table.visible_rows())
            self._connection.request_names_for(visible, chain(self._unnamed_groups(), self.tasks.needed_names))

    def cursor_moved(self, *, is_by_user: bool) -> None:
        """Follow the cursor of the table."""
        if is_by_user:
            self._read_uuid = None
        self.tasks.set_anchor(self.table.anchor_uuid)
        self.show_detail()

    def scrolled(self) -> None:
        """Request the names that came into sight, and explain the marks there."""
        self.request_names()
        self._show_title()

    def sort_by_heading(self, key: str | None) -> None:
        """Sort by the column whose heading was clicked, or reverse its order."""
        self._set_order(self.tasks.order.toggled(key))

    def set_filter(self, expression: Expression | None) -> None:
        """Apply the filter that is being typed."""
        self.tasks.set_filter(expression, is_unhealthy_only=self.tasks.is_unhealthy_only)

    def focus_list(self) -> None:
        """Move the focus to the list."""
        self.table.focus()

    # List

    def _update_list(self) -> None:
        self.tasks.set_anchor(self.table.anchor_uuid)
        self.tasks.set_rows(self._update.rows, *self._filter_context())

    def _set_context(self) -> None:
        self.tasks.set_context(*self._filter_context())

    def _filter_context(self) -> tuple[datetime, Mapping[str, str], Mapping[str, datetime]]:
        context, connection = self.cell_context(), self._connection
        return context.now, context.names, connection.changed_at if connection is not None else {}

    def _list_changed(self) -> None:
        if self.tasks.rejected is not None:
            if self._filter_bar is not None:
                self._filter_bar.reject(self.tasks.rejected, self.tasks.typed, self.filter_text)
            return
        self._show_list()

    def _show_list(self) -> None:
        is_first = self.table.anchor_uuid is None
        snapshot = self._update.snapshot
        if snapshot is not None and snapshot.is_complete and (gone := self.tasks.remove_stale_marks()):
            self.show_notice(f"{gone} marked {'task is' if gone == 1 else 'tasks are'} gone")
        self.update_storages()
        before = self.table.cursor_uuid
        self.table.show(self._content())
        is_moved = self.table.cursor_uuid not in {before, self.table.pinned_uuid}
        if is_moved and self.pane.has_focus and self._read_uuid is None:
            self._read_uuid = before
        self.show_filter()
        self._show_title()
        self._show_marks()
        if is_first:
            self._is_first_list = True
            self.set_timer(_DETAIL_DELAY_S, self._show_details)
        else:
            self._show_details()

    def _show_title(self) -> None:
        result, order = self.tasks.filter_result, self.tasks.order
        from cdptui.render.filter_lines import rough_text

        left_out = rough_text(result.rough)
        legend = " · ".join(self._legends())
        title = ListTitle(result.shown, result.total, self.filter_text, order.group, order.text, left_out, legend)
        self.title_bar.show_title(title if self._update.snapshot is not None else ListTitle())

    def _legends(self) -> Iterator[str]:
        """Yield what the list does not know yet, and what its marks mean."""
        connection = self._connection
        if connection is not None and connection.inventory.is_first_reading and self._update.failure is None:
            yield _READING
        rows = self.table.visible_rows() if FULL_IN in self.table.placed_columns else ()
        if any(is_marked_rough(row) for row in rows):
            yield _ROUGH_LEGEND

    @property
    def place(self) -> FooterPlace:
        """Where in the list the user is, for the footer."""
        if isinstance(self.table.cursor_line, GroupSummary):
            return FooterPlace.GROUP
        if self._connection is not None and self._connection.moment_ms is not None:
            return FooterPlace.PAST if self._target.recording is None else FooterPlace.RECORDING
        if self.views.is_shown:
            return FooterPlace.VIEW
        return FooterPlace.LIST if self.tasks.active_filter is None else FooterPlace.FILTERED_LIST

    def show_focus(self) -> None:
        """Show whether the list has the focus. The table itself learns of it only with its next message.

        A task that is read in the pane keeps the cursor; the pane follows the cursor again when it loses the focus.
        """
        if self.screen.focused is self.pane:
            self.table.hold_cursor()
        elif self._read_uuid is not None:
            self._read_uuid = None
            self.show_detail()
        self.title_bar.show_focus(has_focus=self.screen.focused is self.table)

    def _show_details(self) -> None:
        self._is_first_list = False
        self.show_detail()
        self.request_names()

    def cell_context(self) -> CellContext:
        """Return what the cells of the list need besides the tasks."""
        connection, snapshot = self._connection, self._update.snapshot
        return CellContext(
            snapshot.taken_at if snapshot is not None else self._clock.now(),
            connection.names if connection is not None else {},
            self._target.zone,
            self._storages.summaries if self._storages is not None else {},
            connection.day_trend if connection is not None else no_day_trend,
        )

    def _content(self) -> TableContent:
        return TableContent(self.cell_context(), self._change_marks, self.tasks.columns, self._placeholder())

    def _placeholder(self) -> str:
        filtered = self.tasks.filtered
        if filtered is not None and filtered.total:
            from cdptui.render.filter_lines import rough_text

            left_out = f", {rough}" if (rough := rough_text(filtered.rough)) else ""
            return f"no task matches {self.filter_text}{left_out} ({self.keymap.labels['back']} clears)"
        if self._update.snapshot is not None:
            return "no CDP tasks on this node, or none that this account may see"
        return "" if self._update.failure is not None else f"connecting to {self._target.node} …"

    # Filter

    @property
    def filter_text(self) -> str:
        """The active filter for the user, after the name of the saved view that it comes from."""
        text, view = self.tasks.filter_text, self.views.recalled_name
        return f"view {view}: {text}" if view else text

    def show_filter(self) -> None:
        """Show the filter and how many tasks match it."""
        if self._filter_bar is not None:
            self._filter_bar.show(self.filter_text, self.tasks.filter_result)

    async def action_filter(self) -> None:
        """Type a filter, or edit the active one."""
        from cdptui.query.formatter import format_query

        bar = await self.ensure_filter_bar()
        self.show_filter()
        self.table.pin_cursor()
        bar.open(format_query(self.tasks.typed) if self.tasks.typed is not None else "")

    async def action_unhealthy(self) -> None:
        """Toggle between unhealthy tasks and all tasks."""
        await self.ensure_filter_bar()
        self.tasks.set_filter(self.tasks.typed, is_unhealthy_only=not self.tasks.is_unhealthy_only)

    def _clear_filter(self) -> bool:
        """Show all tasks; return whether a filter, or the message about a rejected one, was removed."""
        is_filtered = self.tasks.active_filter is not None
        if self._filter_bar is not None:
            is_filtered |= self._filter_bar.dismiss_rejection()
        self.tasks.set_filter(None, is_unhealthy_only=False)
        return is_filtered

    async def ensure_filter_bar(self) -> FilterBar:
        """Return the filter bar, created on first use; keys that come meanwhile wait for it."""
        if self._filter_bar is None:
            from cdptui.tui.widgets.filter_bar import FilterBar

            self._filter_bar = FilterBar(self.keymap, id="filter")
            await self.screen.mount(self._filter_bar, before="#footer")
        return self._filter_bar

    # Order and groups

    def action_sort_menu(self) -> None:
        """Choose the order from a menu."""
        from cdptui.tui.screens.menus import SortMenu

        self.app.push_screen(SortMenu(self.tasks.order), self._set_order)

    def action_sort_move(self, step: int) -> None:
        """Sort by the next or previous column on screen."""
        columns = self.table.placed_columns or self.tasks.columns.shown
        self._set_order(self.tasks.order.next_column(step, columns))

    def action_sort_invert(self) -> None:
        """Reverse the order."""
        self._set_order(self.tasks.order.inverted())

    def _set_order(self, order: TaskOrder | None) -> None:
        """Sort and group the list; None changes nothing."""
        before = self.tasks.order
        self.tasks.set_anchor(self.table.anchor_uuid)
        if order is None or not self.tasks.set_order(order):
            return
        if order.group != before.group:
            self.show_notice(f"Grouped by {order.group}" if order.group else "No groups")
            return
        self.show_notice(f"Sorted {order.text}")

    def action_group_menu(self) -> None:
        """Choose from a menu what the list is grouped by."""
        from cdptui.tui.screens.menus import Menu, MenuItem

        items = [MenuItem(_NO_GROUPING, "n", "No groups")]
        items += [MenuItem(by.key, by.letter, by.label) for by in GROUPINGS]
        menu = Menu("Group by", items, self.tasks.order.group or _NO_GROUPING)
        self.app.push_screen(menu, self._set_grouping)

    def _set_grouping(self, key: str | None) -> None:
        if key is not None:
            self._set_order(structs.replace(self.tasks.order, group="" if key == _NO_GROUPING else key))

    def _unnamed_groups(self) -> Iterator[str]:
        """Yield the uuids of groups in sight that have names."""
        for line in self.table.visible_lines():
            if isinstance(line, GroupSummary) and line.key and BY_KEY[line.by].is_named:
                yield line.key

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor."""
        group = self.table.cursor_group
        if group is None:
            self._say_no_groups()
        else:
            self.tasks.lines.fold(group)
            self._show_list()

    def action_fold_all(self) -> None:
        """Fold all groups, or unfold them."""
        if self.table.cursor_group is None:
            self._say_no_groups()
        else:
            self.tasks.lines.fold_all()
            self._show_list()

    def _say_no_groups(self) -> None:
        self.show_notice(f"The list has no groups: {self.keymap.labels['group']} groups it")

    # Backup storages

    async def action_storages(self) -> None:
        """Show the list of backup storages in place of the task list."""
        await self._storages_controller().open()
        self.request_details()

    @property
    def is_storages_open(self) -> bool:
        """Whether the list of storages is in place of the task list."""
        return self._storages is not None and self._storages.is_open

    def storages_place(self, focused: Widget) -> FooterPlace | None:
        """Return where in the list of storages the user is, for the footer; None if the focus is elsewhere."""
        return self._storages.place(focused) if self._storages is not None else None

    def close_storages(self) -> None:
        """Show the task list again."""
        if self._storages is not None:
            self._storages.close()

    def update_storages(self) -> None:
        """Update the totals of the storages, if the list of storages or the groups show them."""
        is_grouped = self.tasks.order.group == "storage"
        if self._connection is None or self._update.snapshot is None or not (is_grouped or self.is_storages_open):
            return
        self._storages_controller().update(self._update.rows, self._connection)

    def storages_changed(self) -> None:
        """Draw the groups by storage with the totals of the storages."""
        if self.tasks.order.group == "storage":
            self.table.show(self._content())
            self.show_detail()

    async def filter_by_storage(self, storage: StorageSummary) -> None:
        """Show the tasks of a storage only, in the task list."""
        await self.ensure_filter_bar()
        self.tasks.set_filter(self._storages_controller().tasks_filter(storage), is_unhealthy_only=False)
        self.close_storages()

    def _storages_controller(self) -> StoragesController:
        if self._storages is None:
            from cdptui.tui.controllers.storages import StoragesController

            self._storages = StoragesController(self, self._clock, self.keymap)
        return self._storages

    # Events

    def action_events(self) -> None:
        """Show the recorded events; go to the task or to the moment of the one that is chosen.

        While a summary is shown, these are the events that it counts.
        """
        from cdptui.tui.screens.events import EventChoice, EventsOrigin, EventsScreen

        def go(choice: EventChoice | None) -> None:
            if choice is not None and choice.at_ms is not None:
                self.screen.post_message(self.MomentRequested(choice.at_ms, choice.task_uuid))
            elif choice is not None:
                self.go_to_task(choice.task_uuid)

        is_past = self._connection is not None and self._connection.moment_ms is not None
        origin = EventsOrigin(self._connection, self._target, self._clock, 0 if is_past else self._absence.since_ms)
        self.app.push_screen(EventsScreen(origin, self.keymap), go)

    def action_note(self) -> None:
        """Write a note about the task under the cursor, which is kept in the recording."""
        row, connection = self.table.cursor_row, self._connection
        if row is None or connection is None:
            self.show_notice(_NO_TASK_FOR_NOTE)
            return
        if connection.moment_ms is not None or connection.recording.phase is not RecordingPhase.RECORDING:
            self.show_notice(_NO_NOTES)
            return
        from cdptui.tui.screens.note_prompt import NotePrompt

        def keep(text: str | None) -> None:
            if text is not None:
                is_kept = connection.record_note(row.task, user_name(), text)
                self.show_notice(_NOTE_KEPT.format(name=row.task.name) if is_kept else _NO_NOTES)

        self.app.push_screen(NotePrompt(row.task.name or row.task.uuid), keep)

    # Columns

    def action_columns(self) -> None:
        """Choose columns and their order."""
        from cdptui.tui.screens.column_chooser import ColumnChooser

        self.app.push_screen(ColumnChooser(self.tasks.columns), self._set_columns)

    def _set_columns(self, columns: ColumnLayout | None) -> None:
        """Show these columns; None changes nothing."""
        if columns is not None and self.tasks.set_columns(columns):
            self._show_list()

    def action_wide(self) -> None:
        """Show all columns, or those that fit."""
        is_wide = not self.tasks.columns.is_wide
        self._set_columns(ColumnLayout(self.tasks.columns.columns, is_wide))
        keys = self.keymap.labels
        scroll_keys = f"{keys['columns-left']} {keys['columns-right']}"
        self.show_notice(f"All columns: {scroll_keys} scroll" if is_wide else "The columns that fit")

    def action_scroll_columns(self, step: int) -> None:
        """Scroll a wide list sideways."""
        if not self.tasks.columns.is_wide:
            self.show_notice(f"{self.keymap.labels['wide']} shows all columns")
        elif not self.table.scroll_columns(step):
            self.show_notice("No more columns to the right" if step > 0 else "No more columns to the left")

    # Marking, copying and saving

    def action_mark(self) -> None:
        """Mark or unmark the task under the cursor, or all tasks of a group, and move to the next line."""
        self._selection_controller().toggle_mark()

    def action_mark_all(self) -> None:
        """Mark all listed tasks, or unmark them."""
        self._selection_controller().toggle_all()

    def action_clear_marks(self) -> None:
        """Remove all marks."""
        self._selection_controller().clear()

    def action_copy(self) -> None:
        """Choose what to copy of the marked tasks, or of the one under the cursor."""
        self._selection_controller().copy()

    def action_save(self) -> None:
        """Save the listed or the marked tasks, or the screen, to a file."""
        self._selection_controller().export()

    @property
    def source(self) -> tuple[FleetView | None, Snapshot | None]:
        """The node and the list that is shown."""
        return self._connection, self._update.snapshot

    def draw_marks(self) -> None:
        """Draw the marks, and how many there are."""
        self.table.refresh_changed()
        self._show_marks()

    def _show_marks(self) -> None:
        text = marks_text(len(self.tasks.marks), len(self.tasks.hidden_marks))
        self.screen.post_message(self.MarksChanged(text))

    def _selection_controller(self) -> SelectionController:
        if self._selection is None:
            from cdptui.tui.controllers.selection import SelectionController

            self._selection = SelectionController(self, self._target)
        return self._selection

    # Detail pane

    @property
    def _is_wide(self) -> bool:
        return self.screen.size.width >= WIDE_FROM

    @property
    def _is_pane_shown(self) -> bool:
        return self._pane_layout.is_shown(is_wide=self._is_wide)

    def action_open(self) -> None:
        """Fold or unfold the group under the cursor; on a task, move the focus to the detail pane.

        In the pane, go to the task that is selected there.
        """
        if self.table.has_focus and isinstance(self.table.cursor_line, GroupSummary):
            self.action_fold()
        elif self.pane.has_focus and self.pane.selected_uuid is not None:
            self.go_to_task(self.pane.selected_uuid)
        else:
            self.action_switch()

    def action_switch(self) -> None:
        """Move the focus to the detail pane, or back to the list."""
        if self.pane.has_focus:
            self.screen.set_focus(self.table)
            return
        self._pane_layout.is_open = True
        self.lay_out()
        # At once, because the next key may be waiting already, and is meant for the pane.
        self.screen.set_focus(self.pane)

    async def action_back(self) -> None:
        """Move the focus to the list; in it, return to live, close the summary, leave the view, or clear the filter."""
        if self.table.has_focus and self._connection is not None and self._connection.moment_ms is not None:
            self.screen.post_message(self.LiveRequested())
            return
        if self.table.has_focus and self._absence.dismiss():
            return
        if self.table.has_focus and self.views.is_shown:
            await self.views.leave()
            return
        if self.table.has_focus and self._clear_filter():
            return
        self.screen.set_focus(self.table)

    def action_toggle_detail(self) -> None:
        """Show or hide the detail pane."""
        self._pane_layout.is_open = not self._is_pane_shown
        if not self._pane_layout.is_open:
            self.focus_list()
        self.lay_out()

    def action_tab_move(self, step: int) -> None:
        """Show the next or previous tab of the detail pane, which opens."""
        self.select_tab(adjacent_tab(self._detail.tab, step))

    def on_detail_pane_task_chosen(self, message: DetailPane.TaskChosen) -> None:
        """Go to the task that was clicked."""
        self.go_to_task(message.uuid)

    def go_to_task(self, uuid: str) -> None:
        """Move the cursor of the list to a task. A group that hides it is unfolded, a filter cleared."""
        row = next((row for row in self.tasks.all_rows if row.task.uuid == uuid), None)
        if row is None:
            self.show_notice("This task no longer exists")
            return
        self._read_uuid = None
        index = self.tasks.lines.index_of(uuid)
        line = self.tasks.lines[index] if index is not None else None
        if isinstance(line, GroupSummary):
            self.tasks.lines.fold(line)
            self._show_list()
        self.table.go_to(uuid)
        if index is None and self._clear_filter():
            self.show_notice(f"Filter cleared to show {row.task.name or uuid}")

    def on_detail_pane_tab_chosen(self, message: DetailPane.TabChosen) -> None:
        """Show the tab that was clicked."""
        self.select_tab(message.tab)

    def on_detail_pane_tab_moved(self, message: DetailPane.TabMoved) -> None:
        """Show the next or previous tab."""
        self.action_tab_move(message.step)

    def select_tab(self, tab: Tab) -> None:
        """Show a tab of the detail pane, which opens."""
        self._detail.select_tab(tab)
        self._pane_layout.is_open = True
        self.request_details()
        self.lay_out()
        self.screen.post_message(self.PlaceChanged())

    @property
    def pane_place(self) -> FooterPlace:
        """Where in the detail pane the user is, for the footer."""
        if self.pane.is_search_typed:
            return FooterPlace.SEARCH
        return FooterPlace.HISTORY if self._detail.tab is HISTORY else FooterPlace.PANE

    def on_detail_pane_window_moved(self, message: DetailPane.WindowMoved) -> None:
        """Show a longer or shorter time of the history."""
        trends = self._detail.trends
        if trends.move_window(message.step):
            self.show_detail()
        else:
            self.show_notice("There is no longer time" if message.step > 0 else "There is no shorter time")

    def on_detail_pane_window_chosen(self, message: DetailPane.WindowChosen) -> None:
        """Show the time of the history that was clicked."""
        self._detail.trends.window = message.window
        self.show_detail()

    def on_detail_pane_scale_toggled(self) -> None:
        """Show the history on the other scale."""
        self._detail.trends.is_zoomed = not self._detail.trends.is_zoomed
        self.show_detail()

    def _create_trends(self) -> TrendController:
        from cdptui.tui.controllers.trends import TrendController

        return TrendController(
            self._clock, self._low_bandwidth, lambda work: self.run_worker(work, group="trend"), self.show_detail
        )

    def action_resize_detail(self, step: int) -> None:
        """Enlarge or shrink the detail pane, in percent of the screen; it opens."""
        self._pane_layout.is_open = True
        self._pane_layout.resize(step, is_wide=self._is_wide)
        self.lay_out()

    # Saved views

    async def action_view(self, number: int) -> None:
        """Apply a saved view; 0 resets the list."""
        await self.views.recall(number)
        if not number:
            self.table.follow_top()

    def action_view_menu(self) -> None:
        """Open the menu of saved views."""
        self.views.show_menu()

    def open_view_menu(
        self, views: SavedViews, profile: str, current: SavedView, done: Callable[[ViewCommand | None], None]
    ) -> None:
        """Let the user choose, save or delete a view."""
        from cdptui.tui.screens.view_menu import ViewMenu

        self.app.push_screen(ViewMenu(views, profile, current), done)

    def run_in_group(self, work: Work, group: str) -> None:
        """Run a coroutine in place of the one of the same group that is running."""
        self.run_worker(work, group=group, exclusive=True)

    def cancel_group(self, group: str) -> None:
        """Cancel what runs in a group."""
        self.workers.cancel_group(self, group)

    def show_notice(self, notice: str) -> None:
        """Show a message in the footer for a few seconds."""
        self.screen.post_message(self.Notice(notice))
