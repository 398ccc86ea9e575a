"""The one screen: header, list, detail pane, footer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import structs
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from cdptui.clock import Clock
from cdptui.models.aggregates import GroupSummary
from cdptui.models.change import ChangeKind
from cdptui.models.task_row import TaskRow
from cdptui.monitor.update import Update
from cdptui.render.notices import summarize_changes
from cdptui.render.tabs.registry import Tab, adjacent_tab
from cdptui.render.task_cells import CellContext
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.low_bandwidth import LowBandwidthMode
from cdptui.tui.messages import MonitorUpdated
from cdptui.tui.screens.answering import AnsweringScreen
from cdptui.tui.screens.detail_room import PaneLayout
from cdptui.tui.screens.frozen import PausedView
from cdptui.tui.screens.inspector import DetailController
from cdptui.tui.screens.poll_wishes import PollWishes
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.screens.view_wishes import ViewWishes
from cdptui.tui.target import Target, connection_status
from cdptui.tui.terminal.textual_caches import clear_frame_caches
from cdptui.tui.widgets.bars import ErrorBanner, FooterBar, HeaderBar
from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.task_table import TableView, TaskTable

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection
    from cdptui.query.fields import QueryContext
    from cdptui.tui.export_files import ExportRequest

_TICK_S: Final = 1.0
_ASLEEP_S: Final = 5.0
"""A second that took so long was no second of ours."""

_SIGN_S: Final = 4.0
_NOTICE_S: Final = 5.0
_BESIDE_S: Final = 0.02
"""Time for the first list to be drawn and written before anything else is."""

_WIDE_FROM: Final = 110


class MainScreen(ViewWishes, PollWishes, AnsweringScreen, SizedScreen, Screen[None]):
    """Shows updates of one monitor and passes wishes back to it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE_FROM, "-wide")]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar = bindings([KeyScope.LIST, KeyScope.DETAIL, KeyScope.POLL])
    AUTO_FOCUS = "#tasks"

    def __init__(
        self,
        target: Target,
        *,
        clock: Clock,
        keymap: Keymap,
        columns: Sequence[str] | None,
        look_at_line: Callable[[], bool],
    ) -> None:
        """`look_at_line` says whether the line to the terminal must be spared now."""
        super().__init__(clock, keymap, columns)
        self._thrift = LowBandwidthMode(look_at_line, clock)
        self._ticked_at = clock.monotonic()
        self._target = target
        self._clock = clock
        self._link: NodeConnection | None = None
        self._update = Update(snapshot=None, interval_s=target.interval_s)
        self._frozen: PausedView | None = None
        self._change_marks: Mapping[str, str] = {}
        self._signs_until = 0.0
        self._is_first_list = False
        """Whether the first list is not drawn yet."""
        self._header = HeaderBar(id="header")
        self._banner = ErrorBanner(keymap, id="banner")
        self._table = TaskTable(self._view(), id="tasks")
        self._detail = DetailPane(keymap, id="detail")
        self._inspector = DetailController(self._detail, self._thrift, keymap)
        self._footer = FooterBar(keymap, id="footer")
        self._room = PaneLayout(self._detail)

    def compose(self) -> ComposeResult:
        """Header, banner, list and detail, footer; laid out for the terminal from the start, not once it is drawn."""
        width = self.app.size.width
        self.set_class(width >= _WIDE_FROM, "-wide")
        self.set_class(width < _WIDE_FROM, "-narrow")
        self._detail.set_class(width >= _WIDE_FROM, "-shown")
        yield self._header
        yield self._banner
        with Container(id="body"):
            yield self._table
            yield self._detail
        yield self._footer

    def on_mount(self) -> None:
        """Begin to tick: the age of the data is the only thing that moves by itself."""
        self._show_bars()
        self.set_interval(_TICK_S, self._tick)
        self.call_after_refresh(self.begin_with_view)

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self.call_after_refresh(self._lay_out)

    @property
    def is_whole(self) -> bool:
        """Whether the list has its place; header and footer come before it."""
        return self._table.size.width > 0

    # What comes in

    def set_connection(self, link: NodeConnection) -> None:
        """The node to pass wishes to."""
        self._link = link

    def on_monitor_updated(self, message: MonitorUpdated) -> None:
        """Take it over; the last ones may come when the list is gone already."""
        if self._table.is_attached:
            self.apply_update(message.update)

    def apply_update(self, update: Update) -> None:
        """Show an update, or keep it while the view is frozen."""
        before, self._update = self._update, structs.replace(update, changes=())
        clear_frame_caches()
        if self._frozen is not None:
            self._frozen.record(update.changes)
            self._show_detail()
        else:
            self._mark_changes(update)
            if update.rows is not before.rows or before.snapshot is None:
                self.relist()
        self._show_bars()
        self.prompt_if_missing(before.failure)

    def on_names_updated(self) -> None:
        """Show them."""
        if not self._table.is_attached:
            return
        self.relist_for_names(len(self._link.directory.names) if self._link is not None else 0)
        self._table.refresh_changed()
        self._show_detail()

    def on_task_table_cursor_moved(self) -> None:
        """Show the task under the cursor."""
        self._show_detail()

    def on_task_table_opened(self) -> None:
        """Go to the detail pane."""
        self.action_open()

    # Wishes

    def action_pause(self) -> None:
        """Freeze the view, or let it go on with what came meanwhile."""
        if self._frozen is None:
            self._frozen = PausedView(self._update)
            self.show_notice(f"the view is frozen, polling goes on; {self.keymap.labels['pause']} again to go on")
        else:
            self._frozen = None
            self.relist()
            self.show_notice("the view is live again")
        self._show_bars()

    def action_copy(self) -> None:
        """Choose what of the marked tasks, or of the one under the cursor, to copy."""
        from cdptui.tui.screens.menus import MAX_COPIED, open_copy_menu  # noqa: PLC0415 - not needed for the first frame

        rows = self.target_rows
        if self._link is None or not rows:
            self.show_notice("no task to copy from")
        elif len(rows) > MAX_COPIED:
            self.show_notice(
                f"{len(rows)} tasks are too many to copy: {self.keymap.labels['save']} writes them to a file"
            )
        else:
            open_copy_menu(self, rows, self._link, self._target.node)

    def action_open(self) -> None:
        """Fold or unfold the group under the cursor; on a task: go to the detail pane."""
        if self._table.has_focus and isinstance(self._table.cursor_line, GroupSummary):
            self.action_fold()
        else:
            self.action_switch()

    def action_switch(self) -> None:
        """Go to the detail pane, or back from it."""
        detail = self._detail
        if detail.has_focus:
            self.action_back()
            return
        self._room.is_open = True
        self._lay_out()
        # At once: the next key, which may be there already, is meant for the pane.
        self.set_focus(detail)

    def action_back(self) -> None:
        """Go to the list; in the list: show all of it again."""
        if self._table.has_focus and self.clear_filter():
            return
        self.set_focus(self._table)

    def action_toggle_detail(self) -> None:
        """Show or hide the detail pane."""
        self._room.is_open = not self._is_detail_shown
        if not self._room.is_open:
            self.focus_list()
        self._lay_out()

    def action_tab_move(self, step: int) -> None:
        """Show the next or previous tab of the detail pane, which opens for it."""
        self._turn_to(adjacent_tab(self._inspector.tab, step))

    def on_detail_pane_tab_chosen(self, message: DetailPane.TabChosen) -> None:
        """Show the tab that was clicked on."""
        self._turn_to(message.tab)

    def _turn_to(self, tab: Tab) -> None:
        self._inspector.select_tab(tab)
        self._room.is_open = True
        self.look()
        self._lay_out()

    def action_resize_detail(self, step: int) -> None:
        """Give the detail pane more or less room, in percent; it opens for it."""
        self._room.is_open = True
        self._room.resize(step, is_wide=self._is_wide)
        self._lay_out()

    # Showing

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked_at > _ASLEEP_S and self._link is not None:
            # Machine or process stood still: what is on screen is older than it seems to the one who comes back.
            self._link.monitor.on_resume()
        self._ticked_at = now
        self._thrift.update()
        if self._change_marks and now >= self._signs_until:
            self._change_marks = {}
            self._table.show(self._view())
        self._footer.expire_notice(now)
        self.look()
        self._show_bars()

    def _lay_out(self) -> None:
        self._room.apply(is_wide=self._is_wide)
        self._show_bars()
        self._show_detail()

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= _WIDE_FROM

    @property
    def _is_detail_shown(self) -> bool:
        return self._room.is_shown(is_wide=self._is_wide)

    @property
    def _in_view(self) -> Update:
        """What the list shows: the newest update, or the one that was frozen."""
        return self._frozen.update if self._frozen is not None else self._update

    def _view(self) -> TableView:
        names = self._link.directory.names if self._link is not None else {}
        snapshot = self._in_view.snapshot
        now = snapshot.taken_at if snapshot is not None else self._clock.now()
        zone = self._link.zone if self._link is not None else None
        context = CellContext(now, names, zone)
        return TableView(
            self.listing.rows, context, self._change_marks, self.marks.uuids, self.layout_of_list, self._placeholder()
        )

    def _placeholder(self) -> str:
        if self.selection is not None and self.selection.total:
            return f"no task matches {self.filter_text} ({self.keymap.labels['back']} clears)"
        if self._in_view.snapshot is not None:
            return "no CDP tasks on this node, or none that this account may see"
        return "" if self._update.failure is not None else f"connecting to {self._target.node} …"

    @property
    def rows(self) -> Sequence[TaskRow]:
        """All rows that the list is made of."""
        return self._in_view.rows

    def seen(self, rows: Sequence[TaskRow], hidden: int | None) -> ExportRequest | None:
        """What is to be saved; None when there is nothing yet."""
        from cdptui.tui.export_files import ExportRequest  # noqa: PLC0415 - not needed for the first frame

        link, snapshot = self._link, self._in_view.snapshot
        if link is None or snapshot is None:
            return None
        context, columns = self._view().context, self.layout_of_list.shown
        return ExportRequest(self._target.node, snapshot, rows, columns, context, self.filter_text, hidden, link.record)

    def query_context(self) -> QueryContext:
        """What a filter needs to know."""
        from cdptui.query.fields import QueryContext  # noqa: PLC0415 - not needed for the first frame

        view = self._view().context
        return QueryContext(view.now, view.names, self._link.monitor.changed_at if self._link is not None else {})

    @property
    def cursor_uuid(self) -> str | None:
        """The task under the cursor; on a group, the first one of that."""
        return self._table.anchor_uuid

    @property
    def profile(self) -> str:
        """Name of the profile."""
        return self._target.profile

    @property
    def configured_view(self) -> int | str | None:
        """The view to begin with."""
        return self._target.view

    def leave_list(self) -> None:
        """Come back to the task under the cursor."""
        self._table.pin_cursor()

    def focus_list(self) -> None:
        """Let keys go to the list."""
        self._table.focus()

    def show_list(self) -> None:
        """Show the list as it is now."""
        is_first = self._table.anchor_uuid is None
        snapshot = self._in_view.snapshot
        if snapshot is not None and snapshot.is_complete:
            self.forget_marks()
        self._table.show(self._view())
        self.show_sought()
        self.show_marks()
        if is_first:
            # The list first: what is beside it comes with the next frame.
            self._is_first_list = True
            self.set_timer(_BESIDE_S, self._show_details)
        else:
            self._show_details()

    def _show_details(self) -> None:
        self._is_first_list = False
        self._show_detail()
        self.on_task_table_scrolled()

    def _show_bars(self) -> None:
        behind = len(self._frozen.changed) if self._frozen is not None else None
        connection = connection_status(
            self._target, self._update, self._clock, behind=behind, beat_s=self._thrift.refresh_period_s
        )
        self._header.show_state(connection, self._update.fleet)
        self._banner.show_failure(self._update.failure)

    def _show_detail(self) -> None:
        link = self._link
        if not self._is_detail_shown or link is None or self._is_first_list:
            return
        line = self._table.cursor_line
        if isinstance(line, GroupSummary):
            from cdptui.render.tabs.group import group_lines  # noqa: PLC0415 - not needed for the first frame

            self._detail.show_placeholder(group_lines(line, self._view().context))
            return
        row = self._table.cursor_row
        # Whether a frozen view shows a task that the node no longer has.
        is_gone = row is not None and self._frozen is not None and row.task.uuid in self._frozen.gone
        self._inspector.show(link, row, self._in_view, is_gone=is_gone)

    def look(self, *, is_anew: bool = False) -> None:
        """Ask for what the detail pane shows beside the list."""
        snapshot = self._update.snapshot
        if self._link is not None and snapshot is not None and snapshot.is_complete and self._update.failure is None:
            row = self._table.cursor_row if self._is_detail_shown else None
            self._inspector.update_needs(self._link, row, is_anew=is_anew)

    def on_task_table_scrolled(self) -> None:
        """Ask for the names of what is in sight."""
        if self._link is not None and self._update.failure is None and not self._is_first_list:
            tasks = (row.task for row in self._table.visible_rows())
            self._link.directory.request_names_for(tasks, chain(self.unnamed_groups(), self.names_sought))

    def _mark_changes(self, update: Update) -> None:
        notable = [change for change in update.changes if change.is_significant]
        if not notable:
            return
        signs = {ChangeKind.APPEARED: "+", ChangeKind.CHANGED: "~"}
        self._change_marks = {change.task.uuid: signs[change.kind] for change in notable if change.kind in signs}
        self._signs_until = self._clock.monotonic() + _SIGN_S
        self.show_notice(summarize_changes(notable))

    def show_notice(self, notice: str) -> None:
        """Tell something in the footer for a few seconds."""
        self._footer.show_notice(notice, self._clock.monotonic() + _NOTICE_S)
