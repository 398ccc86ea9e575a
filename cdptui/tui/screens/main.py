"""The main screen: header, task browser, footer; it pauses the view and passes updates and commands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct, field, structs
from textual.app import ComposeResult
from textual.events import Idle, Resize
from textual.geometry import Size
from textual.reactive import Reactive
from textual.screen import Screen

from cdptui import gc_tuning
from cdptui.clock import Clock
from cdptui.models.change import Change, ChangeKind
from cdptui.models.failure import CredentialPrompt
from cdptui.models.recording import RecordingPhase, RecordingState
from cdptui.monitor.update import Update
from cdptui.render.notices import summarize_changes
from cdptui.render.recording_messages import recording_notice
from cdptui.tui.controllers.absence import AbsenceController, ShownSummary
from cdptui.tui.controllers.polling import PollingController
from cdptui.tui.footer_keys import FooterPlace
from cdptui.tui.keymap import Keymap, KeyScope, bindings
from cdptui.tui.layout import skip_outdated_size
from cdptui.tui.low_bandwidth import LowBandwidthMode
from cdptui.tui.messages import MonitorUpdated, NamesUpdated, RetryRequested
from cdptui.tui.notices import NoticeKind, Notices
from cdptui.tui.target import RecordingStart, Target, connection_status
from cdptui.tui.terminal.textual_app import draw_changes
from cdptui.tui.terminal.textual_caches import clear_frame_caches
from cdptui.tui.widgets.bars import ErrorBanner, FooterBar, HeaderBar, SummaryBar
from cdptui.tui.widgets.task_browser import HIGH_FROM, WIDE_FROM, TaskBrowser
from cdptui.tui.widgets.task_table import TaskTable

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection
    from cdptui.monitor.past_view import PastView
    from cdptui.render.header import ConnectionStatus
    from cdptui.tui.controllers.time_travel import TimeTravelController
    from cdptui.tui.widgets.filter_bar import FilterBar
    from cdptui.tui.widgets.ruler import RulerBar
    from cdptui.tui.widgets.storages_view import StorageTable

_TICK_S: Final = 1.0
_SUSPENDED_S: Final = 5.0
"""A tick that is this late means that the machine or the process was suspended."""

_CHANGE_MARK_S: Final = 4.0

_ANSWER_S: Final = 0.1
"""For this long after a key, changes are taken for its effect and drawn at once."""

_TYPING_PAUSE_S: Final = 2.0
"""After this long without a key the user is no longer typing."""

_POLLING_ACTIONS: Final = frozenset({"refresh", "pause", "slower", "faster"})

_CHANGE_MARKS: Final = {ChangeKind.APPEARED: "+", ChangeKind.CHANGED: "~"}


class PausedView(Struct):
    """The update that a paused view shows, and what has changed since."""

    update: Update
    changed: set[str] = field(default_factory=set)
    """Uuids of tasks that appeared, changed or vanished."""
    gone: set[str] = field(default_factory=set)
    """Uuids of tasks that vanished."""

    def record(self, changes: Sequence[Change]) -> None:
        """Record changes that the view does not show."""
        for change in changes:
            uuid = change.task.uuid
            self.changed.add(uuid)
            if change.kind is ChangeKind.VANISHED:
                self.gone.add(uuid)
            else:
                self.gone.discard(uuid)


class MainScreen(Screen[None]):
    """Shows the updates of one monitor."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_FROM, "-wide")]  # noqa: RUF012 - Textual's own declaration
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH_FROM, "-high")]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar = bindings([KeyScope.POLL, KeyScope.PAST])
    AUTO_FOCUS = "#tasks"
    virtual_size = Reactive(Size(0, 0))
    """Without Textual's second layout after the first one and after each resize: this screen never scrolls."""

    def __init__(
        self,
        target: Target,
        *,
        clock: Clock,
        keymap: Keymap,
        columns: Sequence[str] | None,
        update_low_bandwidth: Callable[[], bool],
    ) -> None:
        """`update_low_bandwidth` returns whether the connection to the terminal is slow now."""
        super().__init__()
        self.keymap = keymap
        self._target = target
        self._clock = clock
        self._low_bandwidth = LowBandwidthMode(update_low_bandwidth, clock)
        self._ticked_at = clock.monotonic()
        self._connection: NodeConnection | None = None
        self._update = Update(snapshot=None, interval_s=target.interval_s)
        self._recording = RecordingState(RecordingPhase.OFF)
        self._paused: PausedView | None = None
        self._change_marks: Mapping[str, str] = {}
        self._change_marks_until = 0.0
        self._answers_until = 0.0
        self._is_typing = False
        self._header = HeaderBar(keymap, id="header")
        self._banner = ErrorBanner(keymap, id="banner")
        self._has_banner = False
        self._absence = AbsenceController(clock, self._show_summary)
        self._summary_bar: SummaryBar | None = None
        """Created when it is first shown: a hidden widget delays the first frame by 0.5 ms."""
        self.browser = TaskBrowser(target, clock, keymap, columns, self._low_bandwidth, self._absence, id="body")
        self._footer = FooterBar(keymap, id="footer")
        self._notices = Notices()
        self._polling = PollingController(self)
        self._time_travel: TimeTravelController | None = None
        """Created when it is first used."""
        self._task_of_moment = ""
        """UUID of the task that gets the cursor with the next moment; empty for none."""
        self._ruler: RulerBar | None = None

    def compose(self) -> ComposeResult:
        """Header, browser and footer, laid out for the terminal before the first frame is drawn."""
        size = self.app.size
        # The styles of the widgets that these classes concern are computed when they are mounted.
        width_class = "-wide" if size.width >= WIDE_FROM else "-narrow"
        height_class = "-high" if size.height >= HIGH_FROM else "-low"
        self.add_class(width_class, height_class, update=False)
        yield self._header
        yield self.browser
        yield self._footer

    def on_mount(self) -> None:
        """Start the tick, which updates the age of the data."""
        self._show_bars()
        self.set_interval(_TICK_S, self._tick)
        self.call_after_refresh(self.browser.apply_startup_view)

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new size; skip sizes that the window no longer has."""
        skip_outdated_size(self.app, event)
        self.call_after_refresh(self._lay_out)

    @property
    def _names(self) -> Mapping[str, str]:
        """Known names of resources by UUID."""
        return self._connection.names if self._connection is not None else {}

    @property
    def is_whole(self) -> bool:
        """Whether the list has been laid out; header and footer are laid out before it."""
        return self.browser.table.size.width > 0

    # Updates

    def set_connection(self, connection: NodeConnection) -> None:
        """Send requests to this node from now on."""
        self._connection = connection
        self.browser.set_connection(connection)
        self._polling.set_connection(connection)
        self._absence.set_connection(connection)
        if self._time_travel is not None:
            self._time_travel.set_source(connection)

    def set_recording(self, recording: RecordingStart) -> None:
        """Show a recording without its node."""
        self.time_travel.set_source(recording.source)
        self.time_travel.go_to(recording.moment_ms)
        self.time_travel.play(recording.speed)

    def on_monitor_updated(self, message: MonitorUpdated) -> None:
        """Show an update, or record it while the view is paused. The last ones may come after the list is removed."""
        if not self.browser.table.is_attached:
            return
        update = message.update
        if self._notices.end_progress():
            self._show_notice()
        self._update = self.browser.newest = structs.replace(update, changes=())
        clear_frame_caches()
        if self._paused is not None:
            self._paused.record(update.changes)
        if self._is_past:
            self.time_travel.on_live_update(self._update)
        elif self._paused is not None:
            self.browser.show_gone(self._paused.gone)
        else:
            self._mark_changes(update.changes)
            self.browser.show(self._update, self._change_marks)
        self._show_bars()
        self._polling.on_update(self._update)

    def on_names_updated(self, message: NamesUpdated) -> None:
        """Show names that arrived."""
        if self.browser.table.is_attached and not self._is_past:
            self.browser.show_names(message.known)

    def _mark_changes(self, changes: Sequence[Change]) -> None:
        significant = [change for change in changes if change.is_significant]
        if not significant:
            return
        self._change_marks = {
            change.task.uuid: _CHANGE_MARKS[change.kind] for change in significant if change.kind in _CHANGE_MARKS
        }
        self._change_marks_until = self._clock.monotonic() + _CHANGE_MARK_S
        self.show_notice(summarize_changes(significant, self._names), NoticeKind.NEWS)

    # Time machine

    @property
    def _is_past(self) -> bool:
        """Whether a moment of the recording is shown."""
        return self._time_travel is not None and self._time_travel.is_active

    @property
    def time_travel(self) -> TimeTravelController:
        """The time machine; created when it is first used."""
        if self._time_travel is None:
            from cdptui.tui.controllers.time_travel import PLAY_S, TimeTravelController

            self._time_travel = TimeTravelController(
                self,
                self._clock,
                self._target.zone,
                lambda work: self.run_worker(work, group="time-machine"),
                self.browser.show_detail,
                has_present=self._target.recording is None,
            )
            if self._connection is not None:
                self._time_travel.set_source(self._connection)
            self.set_interval(PLAY_S, self._time_travel.play_on)
        return self._time_travel

    @property
    def present(self) -> Update:
        """The newest update, which is not shown at a moment of the recording."""
        return self._update

    def show_past(self, view: PastView, update: Update) -> None:
        """Show a moment of the recording in place of the present."""
        self.add_class("-past")
        self.browser.set_connection(view)
        self.browser.show(update, {uuid: _CHANGE_MARKS[kind] for uuid, kind in view.changes.items()})
        self.browser.show_detail()
        uuid, self._task_of_moment = self._task_of_moment, ""
        if uuid and view.row(uuid) is not None:
            self.browser.go_to_task(uuid)
        self._show_bars()
        self._show_place()

    def show_present(self) -> None:
        """Show the newest update again, or that at which the view was paused."""
        self.remove_class("-past")
        if self._connection is not None:
            self.browser.set_connection(self._connection)
        shown, gone = (self._paused.update, self._paused.gone) if self._paused is not None else (self._update, set())
        self.browser.show(shown, self._change_marks, gone)
        self.browser.show_detail()
        self._show_bars()
        self._show_place()

    def past_changed(self) -> None:
        """Draw which moment is shown."""
        self._show_bars()

    def on_task_browser_live_requested(self) -> None:
        """Return to the present."""
        self.time_travel.leave()

    def on_task_browser_moment_requested(self, message: TaskBrowser.MomentRequested) -> None:
        """Go to the moment of an event, and to its task."""
        self._task_of_moment = message.task_uuid
        self.time_travel.go_to(message.at_ms)

    def on_ruler_bar_clicked(self, message: RulerBar.Clicked) -> None:
        """Go to the time that was clicked."""
        self.time_travel.go_to(message.at_ms)

    def action_time_machine(self) -> None:
        """Look back at what was recorded, or return to live."""
        self.time_travel.toggle()

    def action_choose_moment(self) -> None:
        """Type a time to look back at."""
        from cdptui.tui.screens.moment_prompt import MomentPrompt

        def go(moment_ms: int | None) -> None:
            if moment_ms is not None:
                self.time_travel.go_to(moment_ms)

        self.app.push_screen(MomentPrompt(self._clock, self._target.zone), go)

    def action_past_poll(self, step: int) -> None:
        """Go to the next poll or to the one before."""
        self.time_travel.move_poll(step)

    def action_past_event(self, step: int) -> None:
        """Go to the next event or to the one before."""
        self.time_travel.move_event(step)

    def action_past_hours(self, hours: int) -> None:
        """Go forward or back by some hours."""
        self.time_travel.move_hours(hours)

    def action_past_play(self) -> None:
        """Play the recording from the moment that is shown, faster with each press, then stop."""
        self.time_travel.toggle_play()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Return whether an action is possible: nothing is polled at a moment of the recording."""
        return not (self._is_past and action in _POLLING_ACTIONS)

    # Messages of the widgets. The table posts here, not to the browser, so that one frame shows all effects of a key.

    def on_task_table_cursor_moved(self, message: TaskTable.CursorMoved) -> None:
        """Show the task under the cursor."""
        self.browser.cursor_moved(is_by_user=message.is_by_user)
        self._show_place()

    def on_task_table_scrolled(self) -> None:
        """Show what belongs to the tasks that came into sight."""
        self.browser.scrolled()

    def on_task_table_heading_clicked(self, message: TaskTable.HeadingClicked) -> None:
        """Sort by that column."""
        self.browser.sort_by_heading(message.key)

    def on_task_table_opened(self) -> None:
        """Move the focus to the detail pane."""
        self.browser.action_open()

    async def on_storage_table_chosen(self, message: StorageTable.Chosen) -> None:
        """Show the tasks of a storage."""
        await self.browser.filter_by_storage(message.storage)

    def on_storage_table_closed(self) -> None:
        """Show the task list again."""
        self.browser.close_storages()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Apply the filter that is being typed."""
        self.browser.set_filter(message.expression)

    def on_filter_bar_closed(self) -> None:
        """Return the focus to the list."""
        self.browser.focus_list()

    def on_task_browser_notice(self, message: TaskBrowser.Notice) -> None:
        """Show a message."""
        self.show_notice(message.text)

    def on_task_browser_marks_changed(self, message: TaskBrowser.MarksChanged) -> None:
        """Show how many tasks are marked."""
        self._footer.show_marks(message.text)
        self._show_place()

    def on_task_browser_place_changed(self) -> None:
        """Show the keys of another tab."""
        self._show_place()

    def on_descendant_focus(self) -> None:
        """Show which widget has the focus, and its keys."""
        self.browser.show_focus()
        self._show_place()

    def on_scrollable_lines_search_typing(self) -> None:
        """Show the keys that work while the user types a search text, or those of the pane again."""
        self._show_place()

    def _show_place(self) -> None:
        """Show the keys of the widget with the focus. A terminal that loses the focus changes nothing."""
        self._put_ruler_last()
        focused, browser = self.focused, self.browser
        if focused is browser.table:
            self._footer.show_place(browser.place)
        elif focused is browser.pane:
            self._footer.show_place(browser.pane_place)
        elif focused is not None:
            self._footer.show_place(browser.storages_place(focused) or FooterPlace.FILTER)

    # Actions

    def action_pause(self) -> None:
        """Pause updates of the screen, or resume them with the newest one. Polling continues."""
        if self._paused is None:
            self._paused = PausedView(self._update)
            self.show_notice(f"Updates paused, polling continues; {self.keymap.labels['pause']} resumes")
        else:
            self._paused = None
            self.browser.show(self._update, self._change_marks)
            self.show_notice("Updates resumed")
        self._show_bars()

    def action_refresh(self) -> None:
        """Poll now; after a refused login, ask for the credential first."""
        self._polling.refresh()

    def action_slower(self) -> None:
        """Poll at the next longer interval."""
        self._polling.slow_down()

    def action_faster(self) -> None:
        """Poll at the next shorter interval."""
        self._polling.speed_up()

    def prompt_for(self, prompt: CredentialPrompt, reason: str, submit: Callable[[str | None], None]) -> None:
        """Ask the user for a credential; call `submit` with it, or with None if the user cancels."""
        from cdptui.tui.screens.login_prompt import LoginPrompt

        self.app.push_screen(LoginPrompt(prompt, self._target.account, self._target.node, reason), submit)

    def request_retry(self) -> None:
        """Connect again, if there is no connection."""
        self.post_message(RetryRequested())

    def refresh_details(self) -> None:
        """Fetch what the detail pane shows, even if it is cached."""
        self.browser.request_details(force=True)

    def show_notice(self, notice: str, kind: NoticeKind = NoticeKind.ANSWER) -> None:
        """Show a message for a few seconds."""
        self._notices.add(notice, kind, self._clock.monotonic())
        self._show_notice()

    def _show_notice(self) -> None:
        """Show the notice in the title of the list, where it hides no keys; in the footer if there is no room."""
        text = self._notices.text
        is_whole = bool(text) and not self._notices.is_news
        self._footer.show_notice("" if self.browser.title_bar.show_notice(text) else text, is_whole=is_whole)

    # Drawing

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked_at > _SUSPENDED_S and self._connection is not None:
            # What is on screen is older than it seems to a user who comes back to it.
            self._connection.monitor.on_resume()
        self._ticked_at = now
        self._low_bandwidth.update()
        if self._change_marks and now >= self._change_marks_until:
            self._change_marks = {}
            self.browser.show_change_marks({})
        if self._notices.expire(now):
            self._show_notice()
        self.browser.request_details()
        summary = self._absence.next_work()
        if summary is not None:
            self.run_worker(summary, group="summary", exclusive=True)
        self._show_bars()

    def _show_summary(self, shown: ShownSummary | None) -> None:
        """Show what happened while the user was away; None hides it."""
        if self._summary_bar is None:
            self._summary_bar = SummaryBar(self.keymap, self._clock, self._target.zone, id="summary")
            self.mount(self._summary_bar, before=self.browser)
        self._summary_bar.show_summary(shown)

    def note_action(self) -> None:
        """Note that the user pressed a key or clicked."""
        self._absence.note_action()

    def _lay_out(self) -> None:
        self.browser.lay_out()
        self._show_bars()
        self._show_notice()

    def _show_bars(self) -> None:
        pending = len(self._paused.changed) if self._paused is not None else None
        recorded = self._connection.recording if self._connection is not None else self._recording
        notice = recording_notice(self._recording, recorded)
        self._recording = recorded
        if notice is not None:
            self.show_notice(notice)
        connection = connection_status(
            self._target,
            self._update,
            self._clock,
            behind=pending,
            beat_s=self._low_bandwidth.refresh_period_s,
            recording=recorded,
        )
        if self._is_past:
            self._show_past_bars(connection)
        else:
            self._header.show_state(connection, self._update.fleet, self._names)
            if self._ruler is not None:
                self._ruler.show_ruler(None)
        if self._update.failure is not None and not self._has_banner and self.browser.is_attached:
            # Most runs have no failure, and a hidden widget delays the first frame by 0.5 ms. Not mounted again at the
            # end, when the screen loses its widgets and would raise.
            self._has_banner = True
            self.mount(self._banner, before=self.browser)
        self._banner.show_failure(self._update.failure)

    def _show_past_bars(self, connection: ConnectionStatus) -> None:
        state = self.time_travel.state(self._target.node, self._target.label)
        if state is None:
            return
        self._header.show_state(connection, self.browser.shown_fleet, self._names, state)
        if self._ruler is None:
            from cdptui.tui.widgets.ruler import RulerBar

            self._ruler = RulerBar(self._target.zone, id="ruler")
            self.mount(self._ruler, before=self._footer)
        self._ruler.show_ruler(self.time_travel.ruler())
        self._put_ruler_last()

    def _put_ruler_last(self) -> None:
        """Keep the ruler above the footer: other widgets are mounted there when they are first shown."""
        if self._ruler is not None and self._ruler.is_attached:
            place = self.children.index(self._footer) - 1
            if self.children[place] is not self._ruler:
                self.move_child(self._ruler, before=self._footer)

    def refresh_after_key(self) -> None:
        """Draw what a key changes as soon as it has changed: Textual's own timer is up to 33 ms away."""
        self._answers_until = self._clock.monotonic() + _ANSWER_S
        if not self._is_typing:
            self._is_typing = True
            gc_tuning.on_typing()

    def on_idle(self, event: Idle) -> None:
        """Draw the effect of a key. Textual calls the handler of its own class after this one."""
        now = self._clock.monotonic()
        if now < self._answers_until and draw_changes(self):
            return
        if self._is_typing and now >= self._answers_until + _TYPING_PAUSE_S:
            self._is_typing = False
            gc_tuning.on_idle()
