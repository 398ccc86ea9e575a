"""The Textual application: brings screen and monitor together."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Final

from msgspec import structs
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.actions import ActionParseResult
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.screen import Screen

from cdptui.clock import Clock
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.text import inert
from cdptui.monitor.build import Link
from cdptui.monitor.update import Update
from cdptui.tui.commands import ActionCommands
from cdptui.tui.driver import TerminalDriver
from cdptui.tui.keymap import Place, bindings
from cdptui.tui.messages import MonitorUpdated, NamesLearned
from cdptui.tui.screens.main import MainScreen
from cdptui.tui.themes import DEFAULT_THEME, THEMES

log = logging.getLogger(__name__)

_ANEW_S: Final = 30.0
"""Seconds until watching begins anew after a fault of ours."""

_THEME_NAMES: Final = tuple(theme.name for theme in THEMES)


class CdptuiApp(App[int], inherit_bindings=False):
    """The monitor on a terminal. Returns the exit code."""

    TITLE = "cdptui"
    CSS_PATH = "styles/main.tcss"
    COMMANDS: ClassVar = {ActionCommands}
    BINDINGS: ClassVar = bindings([Place.PROGRAM])
    ALLOW_SELECT = False

    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        *,
        node: str,
        account: str,
        clock: Clock,
        interval_s: float,
        theme: str = DEFAULT_THEME,
        is_frugal: bool | None = None,
    ) -> None:
        """`connect` builds the link to the node; it is called after the first frame is on screen.

        `is_frugal` spares the line to the terminal; None does so when the line turns out to be slow.
        """
        super().__init__(driver_class=TerminalDriver)
        self.animation_level = "none"
        # The footer tells what there is to tell; two widgets more cost a second layout behind the first frame.
        self._disable_tooltips = self._disable_notifications = True
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme
        self.link: Link | None = None
        """What must be closed when the app has ended."""
        self.crash: BaseException | None = None
        """What ended the app, when it was a fault of ours."""
        self.faults = 0
        """Actions that failed by a fault of ours or of a library."""
        self._is_watching = False
        self._connect = connect
        self._is_frugal = is_frugal
        self._clock = clock
        self._interval_s = interval_s
        self._main = MainScreen(
            node=node, account=account, clock=clock, interval_s=interval_s, look_at_line=self.look_at_line
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The variables that our styles need, for themes that are not ours."""
        return dict(THEMES[0].variables)

    def get_default_screen(self) -> Screen[None]:
        """Our one screen is the bottom of the stack."""
        return self._main

    def look_at_line(self) -> bool:
        """Whether the line to the terminal must be spared now; draws everything anew when that has changed."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver):
            return bool(self._is_frugal)
        is_frugal = driver.line.is_slow if self._is_frugal is None else self._is_frugal
        if driver.set_few_colours(is_wanted=is_frugal):
            self._draw_everything()
        return is_frugal

    async def _watch(self) -> None:
        """Feed the screen for as long as it is there. A fault of ours is said, and watching begins anew."""
        last = Update(snapshot=None, interval_s=self._interval_s)
        while True:
            try:
                if self.link is None:
                    self.link = await self._connect()
                    self._main.use_link(self.link)
                # All that was imported and built so far stays: looking it through again and again holds up keys.
                gc.freeze()
                gc.enable()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.link.names.run(self._tell_names))
                    group.create_task(asyncio.to_thread(_import_what_comes_next))
                    async for update in self.link.monitor.updates():
                        self.post_message(MonitorUpdated(update))
                        last = structs.replace(update, changes=())
                        del update
            except Exception as error:
                log.exception("the monitor ended")
                failure = Failure(FailureKind.INTERNAL, inert(_first_words(error), 300), url="")
                due = self._clock.monotonic() + _ANEW_S
                last = structs.replace(last, failure=failure, attempt=1, next_poll_at=due)
                self.post_message(MonitorUpdated(last))
                await self._clock.wait(asyncio.Event(), _ANEW_S)

    def _tell_names(self) -> None:
        self.post_message(NamesLearned())

    def on_monitor_updated(self, message: MonitorUpdated) -> None:
        """Show it; the last ones may come when the screen is gone already."""
        if self._main.is_attached:
            self._main.take(message.update)

    def on_names_learned(self) -> None:
        """Show them."""
        if self._main.is_attached:
            self._main.learn_names()

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
            self._main.say(f"that failed: {inert(_first_words(error), 80)}")
            return True

    def pop_screen(self) -> AwaitComplete:
        """Close a dialog. The palette closes itself twice when keys come fast; the list under it must stay then."""
        if len(self.screen_stack) > 1:
            return super().pop_screen()
        return AwaitComplete.nothing()  # type: ignore[no-any-return, no-untyped-call]  # the library left it untyped

    async def action_quit(self) -> None:
        """Leave; the session is logged out behind the restored terminal."""
        self.exit(0)

    def action_help(self) -> None:
        """Show the keys."""
        from cdptui.tui.screens.help import HelpScreen  # noqa: PLC0415 - not needed for the first frame

        self.push_screen(HelpScreen())

    def action_next_theme(self) -> None:
        """Go through our themes."""
        at = _THEME_NAMES.index(self.theme) if self.theme in _THEME_NAMES else -1
        self.theme = _THEME_NAMES[(at + 1) % len(_THEME_NAMES)]

    def action_redraw(self) -> None:
        """Write every cell again, whatever the terminal shows now."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.frame.forget()
        self._draw_everything()

    def on_mount(self) -> None:
        """Draw everything when the shell has given the terminal back."""
        self.app_resume_signal.subscribe(self, lambda _: self._draw_everything())

    def _draw_everything(self) -> None:
        # A refresh of the screen would render only what is dirty in it.
        whole = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)  # noqa: SLF001
        self._display(self.screen, whole)

    def _fatal_error(self) -> None:
        """End with the terminal as it was, instead of printing pages of traceback with the values of all variables."""
        self.crash = self._exception
        log.critical("the app ended by a fault of its own", exc_info=self.crash)
        self._close_messages_no_wait()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only the cells that differ from what the terminal shows."""
        driver = self._driver
        if isinstance(driver, TerminalDriver) and isinstance(renderable, CompositorUpdate):
            if self._running and not self._closed and not self._batch_count:
                size = (self.size.width, self.size.height)
                driver.draw(renderable, self.console, size, is_synchronised=self._sync_available)
        else:
            super()._display(screen, renderable)
        if not self._is_watching and self._running and isinstance(renderable, CompositorUpdate):
            # There is something to look at: time for everything that takes time.
            self._is_watching = True
            self.run_worker(self._watch(), name="watch", exit_on_error=False)


def _import_what_comes_next() -> None:
    """Load what the first list will need; it is on its way, and there is nothing else to do."""
    for name in ("humanize", "cdptui.render.detail"):
        importlib.import_module(name)


def _first_words(error: BaseException) -> str:
    """What really went wrong, for one line: groups say only that something did."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
