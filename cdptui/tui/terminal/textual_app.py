"""Textual's application on our terminal driver: the only place that uses the private names of `textual.app.App`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from rich.console import RenderableType
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer, TimerCallback
from textual.worker import WorkerFailed

from cdptui.config.terminal import TerminalCapabilities
from cdptui.tui.terminal.driver import TerminalDriver
from cdptui.tui.terminal.screen_buffer import Frame

log = logging.getLogger(__name__)


class TerminalApp(App[int], inherit_bindings=False):
    """An application that draws through `TerminalDriver`, cell by cell."""

    def __init__(self, traits: TerminalCapabilities) -> None:
        """`traits` are the capabilities of the terminal."""
        self.traits = traits
        super().__init__(driver_class=TerminalDriver)
        # The footer shows messages; two more widgets would cost a second layout after the first frame.
        self._disable_tooltips = self._disable_notifications = True
        self.before_terminal: Callable[[], None] = lambda: None
        """Called in the event loop each time before the driver changes the terminal."""
        self.crash: BaseException | None = None
        """The error of ours that ended the app."""
        self._is_first_frame_shown = False

    @property
    def terminal(self) -> TerminalDriver | None:
        """The driver; None in tests without a terminal."""
        return self._driver if isinstance(self._driver, TerminalDriver) else None

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """Call a function once after a delay in seconds, however late.

        Textual 8 never calls it when the process was interrupted for longer than the delay at the moment in which the
        timer started. It handles a resize after 8 ms, and no further one while it waits for that timer.
        """
        call = None if callback is None else partial(self.call_next, callback)
        timer = Timer(self, delay, name=name or "set_timer", callback=call, repeat=0, skip=False, pause=pause)
        timer._start()  # noqa: SLF001 - as Textual starts its own
        self._timers.add(timer)
        return timer

    def count_pending_input(self) -> int:
        """Count the events that are queued and not handled yet."""
        return self._message_queue.qsize()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters without those for NO_COLOR: the screen buffer leaves colours out."""
        return [kept for kept in super().get_line_filters() if not isinstance(kept, Monochrome | NoColor)]

    def prepare_frame(self, frame: Frame) -> tuple[Frame, Size] | None:
        """Return what is drawn instead of `frame`, with the size of the window; None draws nothing."""
        return frame, self.size

    def first_frame_shown(self) -> None:
        """Called once, after the first frame was written."""

    def redraw(self) -> None:
        """Draw the whole screen; only cells that differ from what the terminal shows are written."""
        if not self._running or not self.screen_stack:
            return
        # The writer thread calls this too, where Textual's active-app context is not set.
        with self._context():
            update = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)  # noqa: SLF001
            self._display(self.screen, update)

    def on_work_failed(self, error: BaseException) -> None:
        """Report the error of a worker, with which the program goes on."""

    def _handle_exception(self, error: Exception) -> None:
        """End the program with an error, but not with that of a worker, which the next one of its kind may not have."""
        if isinstance(error, WorkerFailed):
            self.on_work_failed(error.error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Restore the terminal and exit, without Textual's traceback, which prints the values of all variables."""
        error = self._exception
        # The error inside WorkerFailed has the traceback.
        self.crash = error
        log.critical("the app ended with an internal error", exc_info=self.crash)
        self._close_messages_no_wait()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only the cells that differ from what the terminal shows."""
        driver = self.terminal
        if driver is not None and isinstance(renderable, Frame):
            if self._running and not self._closed and not self._batch_count:
                prepared = self.prepare_frame(renderable)
                if prepared is not None:
                    frame, size = prepared
                    driver.draw(frame, self.console, (size.width, size.height), is_synchronised=self._sync_available)
        else:
            super()._display(screen, renderable)
        if not self._is_first_frame_shown and self._running and isinstance(renderable, Frame):
            self._is_first_frame_shown = True
            self.first_frame_shown()


def whole_frame(strips: Sequence[Strip], size: Size) -> Frame:
    """Return a frame of one strip for each line of a window of `size`."""
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, size.width, size.height))


def draw_changes(screen: Screen[None]) -> bool:
    """Draw what has changed on a screen now, instead of at Textual's next frame; return whether anything had."""
    if not screen._dirty_widgets:  # noqa: SLF001 - see the list in this package
        return False
    screen._on_timer_update()  # noqa: SLF001 - see the list in this package
    return True


def bind_key(screen: Screen[Any], key: str, action: str) -> None:
    """Bind a key on a dialog that is not shown yet, so that a key that arrives before it is drawn is not lost."""
    screen._bindings.bind(key, action, show=False)  # noqa: SLF001 - see the list in this package
