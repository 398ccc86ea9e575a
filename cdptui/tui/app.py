"""The Textual application: brings screen and monitor together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.actions import ActionParseResult
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.filter import Monochrome, NoColor
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import WorkerFailed

from cdptui.clock import Clock
from cdptui.config.terminal import TerminalCapabilities
from cdptui.models.sanitize import sanitize
from cdptui.tui import collector
from cdptui.tui.commands import ActionProvider
from cdptui.tui.key_queue import LOOK_S, KeyHandled, KeyQueue
from cdptui.tui.keymap import DEFAULT_KEYMAP, Keymap, KeyScope, bindings, bindings_in_dialogs
from cdptui.tui.layout import enlarged, is_too_small
from cdptui.tui.messages import CopyRequested
from cdptui.tui.monitor_worker import MonitorWorker, summarize_exception
from cdptui.tui.screens.main import MainScreen
from cdptui.tui.target import Target
from cdptui.tui.terminal.driver import TerminalDriver
from cdptui.tui.terminal.textual_caches import clear_frame_caches, clear_layout_caches
from cdptui.tui.themes import DEFAULT_THEME, THEMES
from cdptui.tui.widgets.detail_pane import DetailPane

if TYPE_CHECKING:
    from textual.widget import Widget

    from cdptui.monitor.connection import NodeConnection

log = logging.getLogger(__name__)

_CURTAIN_S: Final = 1.0
"""How long a new screen may take at most until it is whole."""

_COLLECT_AFTER_S: Final = 0.5
"""From the closing of a dialog to the collection of its garbage."""

_THEME_NAMES: Final = tuple(theme.name for theme in THEMES)


class CdptuiApp(App[int], inherit_bindings=False):
    """The monitor on a terminal. Returns the exit code."""

    TITLE = "cdptui"
    CSS_PATH = "styles/main.tcss"
    COMMANDS: ClassVar = {ActionProvider}
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
        is_frugal: bool | None = None,
        traits: TerminalCapabilities | None = None,
    ) -> None:
        """`target` is watched as soon as the first frame is on screen, `targets` are what one can go to.

        `is_frugal` spares the line to the terminal; None does so when the line turns out to be slow. `traits` is what
        the terminal can show.
        """
        self.traits = traits or TerminalCapabilities()
        super().__init__(driver_class=TerminalDriver)
        # The library takes an empty NO_COLOR for set, and greys for no colour. `Frame` leaves colours out.
        self.no_color = not self.traits.has_colour
        self._filters = [kept for kept in self._filters if not isinstance(kept, Monochrome | NoColor)]
        self.animation_level = "none"
        # The footer tells what there is to tell; two widgets more cost a second layout behind the first frame.
        self._disable_tooltips = self._disable_notifications = True
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme
        self.crash: BaseException | None = None
        """What ended the app, when it was a fault of ours."""
        self._collection: Timer | None = None
        self.faults = 0
        """Actions that failed by a fault of ours or of a library."""
        self.before_terminal: Callable[[], None] = lambda: None
        """Called in the event loop each time before the app changes the terminal."""
        self.where_profiles_stand = "cdptui config init writes a file for them"
        """For whoever looks for more profiles than there are."""
        self._is_watching = False
        self._is_frugal = is_frugal
        self.keymap = keymap
        self._columns = columns
        self._turns = KeyQueue(clock.monotonic)
        self._key_target: Widget | None = None
        """Who got the key that is under way."""
        self._minding: asyncio.TimerHandle | None = None
        self._clock = clock
        self._targets = tuple(targets) if target in targets else (target, *targets)
        self._closing_connections: set[asyncio.Task[bool]] = set()
        self._mode_number = 0
        self._is_screen_hidden = False
        self.small_window: Size | None = None
        """The size of the window while that is too small for any screen: a message is shown then."""
        self._main, self._watch = self._create_screen(target)

    def _create_screen(self, target: Target) -> tuple[MainScreen, MonitorWorker]:
        """A screen of its own for a target, and who feeds it: what is old can never show under a new name."""
        main = MainScreen(
            target, clock=self._clock, keymap=self.keymap, columns=self._columns, look_at_line=self.update_low_bandwidth
        )
        return main, MonitorWorker(target, self._clock, main)

    @property
    def link(self) -> NodeConnection | None:
        """The link to the node that is watched now; None while there is none yet."""
        return self._watch.link

    def switch_target(self, target: Target) -> None:
        """Watch another target; the session on the one before is logged out meanwhile."""
        farewell = asyncio.create_task(self._close(self._watch), name="farewell")
        self._closing_connections.add(farewell)
        farewell.add_done_callback(self._closing_connections.discard)
        before = self.current_mode
        self._main, self._watch = self._create_screen(target)
        self._mode_number += 1
        # The library knows how to exchange a pile of screens with all that is open on it, and calls it a mode.
        mode = f"{self.DEFAULT_MODE}-{self._mode_number}"
        main = self._main
        self.add_mode(mode, lambda: main)
        self._is_screen_hidden = True
        self.switch_mode(mode)
        self._reveal_when_laid_out(self._clock.monotonic() + _CURTAIN_S)
        if before == self.DEFAULT_MODE:
            self.add_mode(before, self.get_default_screen)  # it only removes what it was told of
        self.remove_mode(before)
        self._begin()

    async def _close(self, watch: MonitorWorker) -> bool:
        is_clean = await watch.stop()
        if not is_clean:
            self._main.show_notice(
                f"not logged out of {watch.target.node}: a session may be left there until it ends by itself"
            )
        return is_clean

    def _reveal_when_laid_out(self, latest: float) -> None:
        """Draw the new screen once it is whole: its header is laid out first, and would stand over the old list."""
        if self._main.is_whole or self._clock.monotonic() >= latest:
            self._is_screen_hidden = False
            self.redraw()
        else:
            self._main.call_after_refresh(self._reveal_when_laid_out, latest)

    async def close_connections(self) -> bool:
        """After the end of the app: log out everywhere; takes two seconds at most.

        False when a session may be left on a node.
        """
        return all(await asyncio.gather(self._watch.stop(), *self._closing_connections))

    def drain_output(self, seconds: float) -> None:
        """After the end of the app: give a line that took nothing so long to take how the terminal is given back."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.join_writer(seconds)

    def restore_terminal(self) -> None:
        """Restore the terminal while the event loop is held; the process must end afterwards. Safe in any thread."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.restore_terminal()

    def _begin(self) -> None:
        self.run_worker(self._watch.run(), name="watch", exit_on_error=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The variables that our styles need, for themes that are not ours."""
        return dict(THEMES[0].variables)

    def get_default_screen(self) -> Screen[None]:
        """Our one screen is the bottom of the stack."""
        return self._main

    def update_low_bandwidth(self) -> bool:
        """Whether the line to the terminal must be spared now; draws everything anew when that has changed."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver):
            return bool(self._is_frugal)
        is_frugal = driver.line.is_slow if self._is_frugal is None else self._is_frugal
        if driver.set_few_colours(is_wanted=is_frugal):
            self.redraw()
        return is_frugal

    def count_pending_input(self) -> int:
        """Count the events that were sent to the app and are not handled yet, with the keys that wait."""
        return self._message_queue.qsize() + self._turns.waiting_count

    async def on_event(self, event: events.Event) -> None:
        """Let keys have their turns; all else goes its way."""
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
        """Quit, redraw or suspend; no other key has an effect that could be seen."""
        action = self.keymap.dialog_actions.get(event.key)
        if action is not None:
            await self.run_action(action)

    def on_key_handled(self) -> None:
        """It is the next key's turn, once what this one asked for, such as another focus, is done."""
        self._main.answer()
        if (
            self._turns.needs_another_pass()
            and self._key_target is not None
            and self._key_target.post_message(KeyHandled())
        ):
            return
        self._turns.finish()
        self.call_later(self._next_key)

    def _schedule_key_watchdog(self) -> None:
        """Should what took a key be gone, nothing else would ask for the next one."""
        if self._turns.is_any_waiting and self._minding is None:
            loop = asyncio.get_running_loop()
            self._minding = loop.call_later(LOOK_S, self.call_later, self._key_watchdog)

    async def _key_watchdog(self) -> None:
        self._minding = None
        if self._key_target is not None and not (self._key_target.is_running and self._key_target.is_attached):
            self._turns.finish()
        await self._next_key()
        self._schedule_key_watchdog()

    async def _next_key(self) -> None:
        key = self._turns.start_next()
        self._schedule_key_watchdog()
        if key is None or not self.screen_stack:
            return
        self._key_target = taker = self.focused or self.screen
        await super().on_event(key)
        if not taker.post_message(KeyHandled()):
            self.on_key_handled()

    async def _on_key(self, event: events.Key) -> None:
        """Type a key that no widget took into the field that has the focus now, if there is one.

        A field that is still on its way when the next key's turn comes would lose what is typed into it.
        """
        insert = getattr(self.focused, "insert_text_at_cursor", None)
        if insert is not None and event.is_printable:
            # Textual calls the same method of its own class next.
            event.prevent_default()
            insert(event.character)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key stands for. One that fails is said and logged: no key may end a monitor that has run for weeks.

        Textual's own lists, for one, raise KeyError on Page Up before they were laid out.
        """
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            log.exception("the action %s failed", action)
            self.faults += 1
            self._main.show_notice(f"that failed: {sanitize(summarize_exception(error), 80)}")
            return True

    def pop_screen(self) -> AwaitComplete:
        """Close a dialog. The palette closes itself twice when keys come fast; the list under it must stay then."""
        clear_frame_caches()
        self._collect_soon()
        if len(self.screen_stack) > 1:
            return super().pop_screen()
        return AwaitComplete.nothing()  # type: ignore[no-any-return, no-untyped-call]  # the library left it untyped

    def _collect_soon(self) -> None:
        """Free a closed screen's objects, which refer to each other, once the screen under it has been drawn.

        Left to the collector's thresholds, 50,000 of them accumulate before it runs, and the heap keeps the holes that
        they leave: 15 MiB after some hundred dialogs. To free one screen takes 10 ms.
        """
        if self._collection is None:
            self._collection = self.set_timer(_COLLECT_AFTER_S, self._collect)

    def _collect(self) -> None:
        self._collection = None
        collector.collect()

    async def action_quit(self) -> None:
        """Leave; the session is logged out behind the restored terminal."""
        self.exit(0)

    def action_help(self) -> None:
        """Show the keys."""
        from cdptui.tui.screens.help import HelpScreen  # noqa: PLC0415 - not needed for the first frame

        self.push_screen(HelpScreen(self.keymap, is_for_pane=isinstance(self.focused, DetailPane)))

    def action_command_palette(self) -> None:
        """Every action by name."""
        from cdptui.tui.commands import CommandPaletteScreen  # noqa: PLC0415 - not needed for the first frame

        if not isinstance(self.screen, CommandPaletteScreen):
            self.push_screen(CommandPaletteScreen())

    def action_profile_menu(self) -> None:
        """Choose what to watch."""
        from cdptui.tui.screens.menus import ProfileMenu  # noqa: PLC0415 - not needed for the first frame

        if len(self._targets) > 1:
            self.push_screen(ProfileMenu(self._targets, self._watch.target), self._take_target)
        else:
            self._main.show_notice(f"no other profile: {self.where_profiles_stand}")

    def _take_target(self, target: Target | None) -> None:
        if target is not None and target is not self._watch.target:
            self.switch_target(target)

    def action_next_theme(self) -> None:
        """Go through our themes."""
        at = _THEME_NAMES.index(self.theme) if self.theme in _THEME_NAMES else -1
        self.theme = _THEME_NAMES[(at + 1) % len(_THEME_NAMES)]

    def action_toggle_mouse(self) -> None:
        """Take the mouse, or leave it to the terminal, which can select text with it then."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver) or not driver.use_mouse(is_wanted=not driver.has_mouse):
            self._main.show_notice("this terminal has no mouse for us")
        elif driver.has_mouse:
            self._main.show_notice(f"mouse on; {self.keymap.labels['mouse']} turns it off")
        else:
            self._main.show_notice(f"mouse off: the terminal selects text; {self.keymap.labels['mouse']} turns it on")

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what is selected in a field, by the way of all copies."""
        self.post_message(CopyRequested("text", text))

    def on_retry_requested(self) -> None:
        """Connect at once where the connection failed by a fault."""
        self._watch.retry()

    def on_copy_requested(self, message: CopyRequested) -> None:
        """Copy it; keys go on meanwhile."""
        self.run_worker(self._copy(message.label, message.text), name="copy", group="copy", exclusive=True)

    async def _copy(self, label: str, text: str) -> None:
        from cdptui.tui.terminal.clipboard import Clipboard  # noqa: PLC0415 - not needed for the first frame

        driver = self._driver
        clipboard = Clipboard(self.traits, driver.write if driver is not None else lambda _: None)
        self._main.show_notice(f"{label} {await clipboard.copy(text)}")

    def action_redraw(self) -> None:
        """Write every cell again, whatever the terminal shows now."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.frame.invalidate()
        self.redraw()

    def on_mount(self) -> None:
        """Use the person's keys; draw everything when the shell has given the terminal back."""
        if self.keymap is not DEFAULT_KEYMAP:
            self.set_keymap(self.keymap.overrides)
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())

    def _fit_screens(self, event: events.Resize) -> events.Resize:
        """Return a resize for screens, which are never laid out for less than they need, and note what there is."""
        clear_layout_caches()
        was_small = self.small_window is not None
        self.small_window = event.size if is_too_small(event.size) else None
        size = enlarged(event.size)
        if self.small_window is not None or (was_small and size == self.size):
            # No screen gets another size that would have it drawn.
            self.redraw()
        return events.Resize(size, size, size, event.pixel_size)

    def redraw(self) -> None:
        """Draw all of the screen; only cells that differ from what the terminal shows are written."""
        if not self._running or not self.screen_stack:
            return
        # The writer thread asks for it too, from where nobody knows which app is meant.
        with self._context():
            # A refresh of the screen would render only what is dirty in it.
            whole = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)  # noqa: SLF001
            self._display(self.screen, whole)

    def _fatal_error(self) -> None:
        """End with the terminal as it was, instead of printing pages of traceback with the values of all variables."""
        error = self._exception
        # A worker's own error has the traceback.
        self.crash = error.error if isinstance(error, WorkerFailed) else error
        log.critical("the app ended by a fault of its own", exc_info=self.crash)
        self._close_messages_no_wait()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only the cells that differ from what the terminal shows."""
        driver = self._driver
        if isinstance(driver, TerminalDriver) and isinstance(renderable, CompositorUpdate):
            if self._running and not self._closed and not self._batch_count and not self._is_screen_hidden:
                size = self.size
                if self.small_window is not None:
                    from cdptui.tui.small_window import layout_update  # noqa: PLC0415 - rarely needed

                    size = self.small_window
                    renderable = layout_update(size, self._main, self.keymap.labels["quit"])
                driver.draw(renderable, self.console, (size.width, size.height), is_synchronised=self._sync_available)
        else:
            super()._display(screen, renderable)
        if not self._is_watching and self._running and isinstance(renderable, CompositorUpdate):
            # There is something to look at: time for everything that takes time.
            self._is_watching = True
            self._begin()
