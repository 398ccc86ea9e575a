"""The Textual application: connects the main screen, the monitor and the terminal driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.actions import ActionParseResult
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from cdptui import gc_tuning, heap
from cdptui.clock import Clock
from cdptui.config.terminal import TerminalCapabilities
from cdptui.models.sanitize import sanitize
from cdptui.tui.key_queue import WATCHDOG_INTERVAL_S, KeyHandled, KeyQueue
from cdptui.tui.keymap import DEFAULT_KEYMAP, Keymap, KeyScope, bindings, bindings_in_dialogs
from cdptui.tui.layout import enlarged, is_too_small
from cdptui.tui.messages import CopyRequested, FirstFrameShown
from cdptui.tui.monitor_worker import MonitorWorker, summarize_exception
from cdptui.tui.screens.main import MainScreen
from cdptui.tui.target import Target
from cdptui.tui.terminal.screen_buffer import Frame
from cdptui.tui.terminal.textual_app import TerminalApp
from cdptui.tui.terminal.textual_caches import clear_frame_caches, clear_layout_caches
from cdptui.tui.themes import DEFAULT_THEME, THEMES
from cdptui.tui.widgets.detail_pane import DetailPane

if TYPE_CHECKING:
    from textual.widget import Widget

    from cdptui.monitor.connection import NodeConnection

log = logging.getLogger(__name__)

_MAX_HIDDEN_S: Final = 1.0
"""Longest time for which a new screen stays hidden while it is laid out."""

_COLLECT_AFTER_S: Final = 0.5
"""From the closing of a dialog to the garbage collection of its objects."""

_USER_ACTIONS: Final = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)

_THEME_NAMES: Final = tuple(theme.name for theme in THEMES)


class CdptuiApp(TerminalApp, inherit_bindings=False):
    """The terminal application. Returns the exit code."""

    TITLE = "cdptui"
    CSS_PATH = "styles/main.tcss"
    BINDINGS: ClassVar = [*bindings([KeyScope.PROGRAM]), *bindings_in_dialogs()]
    ALLOW_SELECT = False
    DEFAULT_MODE: ClassVar = "watch"

    def __init__(
        self,
        target: Target,
        *,
        clock: Clock,
        targets: Sequence[Target] = (),
        keymap: Keymap = DEFAULT_KEYMAP,
        columns: Sequence[str] | None = None,
        theme: str = DEFAULT_THEME,
        low_bandwidth: bool | None = None,
        traits: TerminalCapabilities | None = None,
    ) -> None:
        """Monitor `target` after the first frame is on screen; the user can switch to the other `targets`.

        `low_bandwidth` turns that mode on or off; None turns it on while the line to the terminal is slow. `traits`
        are the capabilities of the terminal.
        """
        super().__init__(traits or TerminalCapabilities())
        # Textual treats an empty NO_COLOR as set and turns colours to grey. `ScreenBuffer` removes colours instead.
        self.no_color = not self.traits.has_colour
        self.animation_level = "none"
        for known in THEMES:
            self.register_theme(known)
        # Not by assignment, which parses all styles a second time before the first frame: 4 ms.
        self.set_reactive(CdptuiApp.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self._collection: Timer | None = None
        self.faults = 0
        """Number of actions that raised an exception."""
        self.profile_hint = "cdptui config init creates a configuration file"
        """How to add a profile; shown when there is no other one."""
        self._low_bandwidth = low_bandwidth
        self.keymap = keymap
        self._columns = columns
        self._turns = KeyQueue(clock.monotonic)
        self._key_target: Widget | None = None
        """The widget that handles the current key."""
        self._watchdog_timer: asyncio.TimerHandle | None = None
        self._clock = clock
        self._targets = tuple(targets) if target in targets else (target, *targets)
        self._closing_connections: set[asyncio.Task[bool]] = set()
        self._mode_number = 0
        self._is_screen_hidden = False
        self.small_window: Size | None = None
        """The size of the window while it is too small and a message replaces all screens; else None."""
        self._main, self._watch = self._create_screen(target)

    def _create_screen(self, target: Target) -> tuple[MainScreen, MonitorWorker]:
        """Create a new screen and worker for a target, so that old data cannot appear under another node's name."""
        main = MainScreen(
            target,
            clock=self._clock,
            keymap=self.keymap,
            columns=self._columns,
            update_low_bandwidth=self.update_low_bandwidth,
        )
        return main, MonitorWorker(target, self._clock, main)

    @property
    def link(self) -> NodeConnection | None:
        """The connection to the current node; None before it is opened."""
        return self._watch.link

    def switch_target(self, target: Target) -> None:
        """Switch to another target. The previous session is logged out in the background."""
        closing = asyncio.create_task(self._close(self._watch), name="close connection")
        self._closing_connections.add(closing)
        closing.add_done_callback(self._closing_connections.discard)
        previous = self.current_mode
        self._main, self._watch = self._create_screen(target)
        self._mode_number += 1
        # Switching a Textual mode replaces the whole screen stack with its open dialogs.
        mode = f"{self.DEFAULT_MODE}-{self._mode_number}"
        main = self._main
        self.add_mode(mode, lambda: main)
        self._is_screen_hidden = True
        self.switch_mode(mode)
        self._reveal_when_laid_out(self._clock.monotonic() + _MAX_HIDDEN_S)
        if previous == self.DEFAULT_MODE:
            self.add_mode(previous, self.get_default_screen)  # remove_mode() knows only modes that were added
        self.remove_mode(previous)
        self._begin()

    async def _close(self, watch: MonitorWorker) -> bool:
        is_clean = await watch.stop()
        if not is_clean:
            self._main.show_notice(
                f"Could not log out of {watch.target.node}: the session may stay open until it expires"
            )
        return is_clean

    def _reveal_when_laid_out(self, latest: float) -> None:
        """Draw the new screen when its layout is complete; before that its header would appear above the old list."""
        if self._main.is_whole or self._clock.monotonic() >= latest:
            self._is_screen_hidden = False
            self.redraw()
        else:
            self._main.call_after_refresh(self._reveal_when_laid_out, latest)

    async def close_connections(self) -> bool:
        """Log out of all nodes after the app has ended, within two seconds.

        Return False when a session may still be open on a node.
        """
        return all(await asyncio.gather(self._watch.stop(), *self._closing_connections))

    def drain_output(self, seconds: float) -> None:
        """Wait up to `seconds`, after the app has ended, until a blocked terminal accepts the restore sequences."""
        if self.terminal is not None:
            self.terminal.join_writer(seconds)

    def restore_terminal(self) -> None:
        """Restore the terminal while the event loop is held; the process must end afterwards. Safe in any thread."""
        if self.terminal is not None:
            self.terminal.restore_terminal()

    def _begin(self) -> None:
        recording = self._watch.target.recording
        if recording is not None:
            self._main.set_recording(recording)
        else:
            self.run_worker(self._watch.run(), name="watch", exit_on_error=False)

    def on_first_frame_shown(self) -> None:
        """Connect: it imports the network, which takes longer than drawing the first frame."""
        self._begin()

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of the styles; none for Textual's own theme, which the constructor replaces."""
        return super().get_css_variables() if self.theme in _THEME_NAMES else {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the theme variables that the styles need, for themes other than ours."""
        return dict(THEMES[0].variables)

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen, the bottom of the screen stack."""
        return self._main

    def update_low_bandwidth(self) -> bool:
        """Return whether low-bandwidth mode is on; redraw everything when that changed."""
        driver = self.terminal
        if driver is None:
            return bool(self._low_bandwidth)
        low_bandwidth = driver.line.is_slow if self._low_bandwidth is None else self._low_bandwidth
        if driver.set_few_colours(is_enabled=low_bandwidth):
            self.redraw()
        return low_bandwidth

    def count_pending_input(self) -> int:
        """Count the events and keys that are queued and not handled yet."""
        return super().count_pending_input() + self._turns.waiting_count

    async def on_event(self, event: events.Event) -> None:
        """Queue key events, which are handled one at a time; pass on all other events."""
        if isinstance(event, _USER_ACTIONS):
            self._main.note_action()
        if isinstance(event, events.Resize):
            await super().on_event(self._fit_screens(event))
            return
        if self.small_window is not None and isinstance(event, events.InputEvent | events.Paste):
            if isinstance(event, events.Key):
                await self._run_key_in_small_window(event)
            return
        if not isinstance(event, events.Key) or event.is_forwarded or not self.screen_stack:
            await super().on_event(event)
            return
        self._turns.put(event)
        await self._next_key()

    async def _run_key_in_small_window(self, event: events.Key) -> None:
        """Quit, redraw or suspend; ignore all other keys, whose effects would be invisible."""
        action = self.keymap.dialog_actions.get(event.key)
        if action is not None:
            await self.run_action(action)

    def on_key_handled(self) -> None:
        """Handle the next key after the effects of this one, such as a change of focus, are complete."""
        self._main.refresh_after_key()
        if (
            self._turns.needs_another_pass()
            and self._key_target is not None
            and self._key_target.post_message(KeyHandled())
        ):
            return
        self._turns.finish()
        self.call_later(self._next_key)

    def _schedule_key_watchdog(self) -> None:
        """Check later whether the key's widget still exists; if it was removed, nothing else starts the next key."""
        if self._turns.is_any_waiting and self._watchdog_timer is None:
            loop = asyncio.get_running_loop()
            self._watchdog_timer = loop.call_later(WATCHDOG_INTERVAL_S, self.call_later, self._key_watchdog)

    async def _key_watchdog(self) -> None:
        self._watchdog_timer = None
        if self._key_target is not None and not (self._key_target.is_running and self._key_target.is_attached):
            self._turns.finish()
        await self._next_key()
        self._schedule_key_watchdog()

    async def _next_key(self) -> None:
        key = self._turns.start_next()
        self._schedule_key_watchdog()
        if key is None or not self.screen_stack:
            return
        self._key_target = target = self.focused or self.screen
        await super().on_event(key)
        if not target.post_message(KeyHandled()):
            self.on_key_handled()

    async def on_key(self, event: events.Key) -> None:
        """Insert a character that no widget handled into the focused text field, if there is one.

        Otherwise a character is lost that is handled before a new text field is mounted.
        """
        insert = getattr(self.focused, "insert_text_at_cursor", None)
        if insert is not None and event.is_printable:
            # Otherwise Textual also calls the method of its base class.
            event.prevent_default()
            insert(event.character)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action. An exception is logged and shown, so that no key can end a monitor that has run for weeks.

        For example, Textual's lists raise KeyError on Page Up before their first layout.
        """
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            log.exception("the action %s failed", action)
            self._show_fault(error)
            return True

    def on_work_failed(self, error: BaseException) -> None:
        """Log and show the error of a worker, such as a search or an export."""
        log.error("background work failed", exc_info=error)
        self._show_fault(error)

    def _show_fault(self, error: BaseException) -> None:
        self.faults += 1
        self._main.show_notice(f"Action failed: {sanitize(summarize_exception(error), 80)}")

    def pop_screen(self) -> AwaitComplete:
        """Close a dialog. The palette closes itself twice on fast keys; the main screen must not be popped then."""
        clear_frame_caches()
        self._collect_soon()
        if len(self.screen_stack) > 1:
            return super().pop_screen()
        return AwaitComplete.nothing()  # type: ignore[no-any-return, no-untyped-call]  # untyped in Textual

    def _collect_soon(self) -> None:
        """Free a closed screen's objects, which refer to each other, once the screen under it has been drawn.

        Left to the collector's thresholds, 50,000 of them accumulate before it runs, and the heap keeps the holes that
        they leave: 15 MiB after some hundred dialogs. To free one screen takes 10 ms.
        """
        if self._collection is None:
            self._collection = self.set_timer(_COLLECT_AFTER_S, self._collect)

    def _collect(self) -> None:
        self._collection = None
        gc_tuning.collect()
        heap.trim()

    async def action_quit(self) -> None:
        """Quit. The session is logged out after the terminal is restored."""
        self.exit(0)

    def action_help(self) -> None:
        """Show help."""
        from cdptui.tui.screens.help import HelpPlace, HelpScreen
        from cdptui.tui.widgets.filter_bar import FilterInput

        if isinstance(self.screen, HelpScreen):
            return
        if isinstance(self.focused, DetailPane):
            place = HelpPlace.PANE
        elif isinstance(self.focused, FilterInput):
            place = HelpPlace.FILTER
        else:
            place = HelpPlace.STORAGES if self._main.browser.is_storages_open else HelpPlace.LIST
        self.push_screen(HelpScreen(self.keymap, place))

    def action_command_palette(self) -> None:
        """Open the command palette."""
        from cdptui.tui.commands import ActionProvider, CommandPaletteScreen

        if not isinstance(self.screen, CommandPaletteScreen):
            self.push_screen(CommandPaletteScreen([ActionProvider], placeholder="Action, view, tab or theme…"))

    def action_profile_menu(self) -> None:
        """Choose another node to monitor."""
        from cdptui.tui.screens.menus import ProfileMenu

        if len(self._targets) > 1:
            self.push_screen(ProfileMenu(self._targets, self._watch.target), self._on_target_selected)
        else:
            self._main.show_notice(f"No other profile: {self.profile_hint}")

    def _on_target_selected(self, target: Target | None) -> None:
        if target is not None and target is not self._watch.target:
            self.switch_target(target)

    def action_toggle_mouse(self) -> None:
        """Toggle mouse reporting. While it is off, the terminal can select text."""
        driver = self.terminal
        if driver is None or not driver.use_mouse(is_enabled=not driver.has_mouse):
            self._main.show_notice("This terminal does not report the mouse")
        elif driver.has_mouse:
            self._main.show_notice(f"Mouse on; {self.keymap.labels['mouse']} turns it off")
        else:
            self._main.show_notice(f"Mouse off: the terminal selects text; {self.keymap.labels['mouse']} turns it on")

    def copy_to_clipboard(self, text: str) -> None:
        """Copy the selected text of a field with our own clipboard."""
        self.post_message(CopyRequested("text", text))

    def on_retry_requested(self) -> None:
        """Retry a failed connection immediately."""
        self._watch.retry()

    def on_copy_requested(self, message: CopyRequested) -> None:
        """Copy in the background; keys are handled meanwhile."""
        self.run_worker(self._copy(message.label, message.text), name="copy", group="copy", exclusive=True)

    async def _copy(self, label: str, text: str) -> None:
        from cdptui.tui.screens.dialog import Dialog
        from cdptui.tui.terminal.clipboard import Clipboard

        driver = self.terminal
        clipboard = Clipboard(self.traits, driver.write if driver is not None else lambda _: None)
        notice = await clipboard.copy(label, text)
        if not (isinstance(self.screen, Dialog) and self.screen.show_notice(notice)):
            self._main.show_notice(notice)

    def action_redraw(self) -> None:
        """Write every cell again, without assumptions on what the terminal shows."""
        if self.terminal is not None:
            self.terminal.frame.invalidate()
        self.redraw()

    def on_load(self) -> None:
        """Parse the styles before the terminal is changed: Textual imports modules for it, which can fail."""
        self.stylesheet.parse()

    def on_mount(self) -> None:
        """Apply the user's keys, and redraw everything when the program resumes from the shell."""
        if self.keymap is not DEFAULT_KEYMAP:
            self.set_keymap(self.keymap.overrides)
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def _fit_screens(self, event: events.Resize) -> events.Resize:
        """Return the event with a size of at least `MIN_SIZE`, and record whether the real window is smaller."""
        clear_layout_caches()
        was_small = self.small_window is not None
        self.small_window = event.size if is_too_small(event.size) else None
        size = enlarged(event.size)
        if self.small_window is not None or (was_small and size == self.size):
            # No screen changes its size, so none would be drawn.
            self.redraw()
        return events.Resize(size, size, size, event.pixel_size)

    def prepare_frame(self, frame: Frame) -> tuple[Frame, Size] | None:
        """Return the frame, or the message in place of it while the window is too small; None while it is hidden."""
        if self._is_screen_hidden:
            return None
        if self.small_window is None:
            return frame, self.size
        from cdptui.tui.small_window import layout_update

        return layout_update(self.small_window, self._main, self.keymap.labels["quit"]), self.small_window

    def first_frame_shown(self) -> None:
        """Announce that there is time for everything that takes time."""
        self.post_message(FirstFrameShown())
