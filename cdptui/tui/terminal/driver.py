"""The terminal driver: drawing, application mode, suspend and resume, and detection of a closed terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, Protocol, cast

from rich.color import ColorSystem
from rich.console import Console, ConsoleDimensions
from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

from cdptui.config.terminal import TerminalCapabilities
from cdptui.tui.terminal.input_reader import InputReader
from cdptui.tui.terminal.output import STUCK_S, FrameText, OutputLink, OutputQueue, TimedWriter
from cdptui.tui.terminal.raw_mode import Modes, drop_input, may_use_terminal, raw_modes, read_modes, set_modes
from cdptui.tui.terminal.screen_buffer import RESET, Frame, ScreenBuffer
from cdptui.tui.terminal.window_size import read_window_size

HUNG_UP: Final = 129
"""Exit code when the terminal was closed: 128 plus the number of SIGHUP."""

_SYNC_START: Final = "\x1b[?2026h"
_SYNC_END: Final = "\x1b[?2026l"
_SYNC_QUERY: Final = "\x1b[?2026$p"
"""Synchronized output: the terminal shows what is between both at once."""

_SYNC_MIN_CHARS: Final = 64
"""Shorter frames arrive in one piece on any connection and need no synchronized output."""

_ENTER_SCREEN: Final = "\x1b[?1049h"
_LEAVE_SCREEN: Final = "\x1b[?1049l"
"""The alternate screen. Leaving it restores the cursor, so that to leave it twice moves the cursor of the main one."""

_HIDE_CURSOR: Final = "\x1b[?25l"
_SHOW_CURSOR: Final = "\x1b[?25h"
_REPORT_FOCUS: Final = "\x1b[?1004h"
_IGNORE_FOCUS: Final = "\x1b[?1004l"
_BRACKET_PASTE: Final = "\x1b[?2004h"
_PLAIN_PASTE: Final = "\x1b[?2004l"
_CUT_LINES: Final = "\x1b[?7l"
_WRAP_LINES: Final = "\x1b[?7h"

_KITTY_KEYS: Final = "\x1b[>25u"
_PLAIN_KEYS: Final = "\x1b[<u"
"""The kitty keyboard protocol: disambiguate (1), report all keys (8) with their text (16)."""

_MOUSE: Final = ("1000", "1002", "1006")
"""Mouse modes: buttons, wheel and dragging (1000, 1002), SGR encoding (1006). Not every move of the pointer (1003),
which would wake the program without need."""

_REPORT_MOUSE: Final = "".join(f"\x1b[?{mode}h" for mode in _MOUSE)
_IGNORE_MOUSE: Final = "".join(f"\x1b[?{mode}l" for mode in reversed(_MOUSE))

_OSC: Final = "\x1b]"
"""Prefix of the sequences of which a legacy terminal would print parts."""

_POINTER: Final = "\x1b]22;"
"""The shape of the mouse pointer, which would not be restored at the end."""

_CLEAR: Final = "\x1b[2J\x1b[H"
"""Clear screen, for legacy terminals, which have no alternate screen."""

_RESTORE: Final = (
    f"{_SYNC_END}{_IGNORE_MOUSE}{_IGNORE_FOCUS}{_PLAIN_PASTE}{_PLAIN_KEYS}{RESET}"
    f"{_LEAVE_SCREEN}{_WRAP_LINES}{_SHOW_CURSOR}"
)
_RESTORE_LEGACY: Final = f"{RESET}{_CLEAR}{_WRAP_LINES}{_SHOW_CURSOR}"


class HostApp(Protocol):
    """What the driver uses of the application that runs on it."""

    traits: TerminalCapabilities
    console: Console
    before_terminal: Callable[[], None]
    """Called in the event loop each time before the driver changes the terminal."""

    @property
    def return_value(self) -> int | None:
        """The exit code; None while the application does not end."""

    def redraw(self) -> None:
        """Draw the whole screen."""

    def count_pending_input(self) -> int:
        """Count the events that are queued and not handled yet."""

    def exit(self, result: int | None = None) -> None:
        """End the application with an exit code."""

    def call_later(self, callback: Callable[..., NoReturn], *args: Any) -> bool:  # noqa: ANN401 - of the callback
        """Call `callback` in the event loop, where an exception ends the application. Safe in any thread."""


def _raise(error: Exception) -> NoReturn:
    raise error


class TerminalDriver(Driver):
    """A Textual driver that writes only changed cells, blocks until input arrives and detects a closed terminal."""

    def __init__(
        self, app: HostApp, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """Called by Textual, for the `app` that has this class as its `driver_class`."""
        self._host = app
        self._event_loop = asyncio.get_running_loop()
        # Textual writes to stderr, which may be a file; stdout is known to be the terminal.
        self._terminal = sys.__stdout__ or sys.stdout
        stdin = sys.__stdin__ or sys.stdin
        self._fileno = stdin.fileno()
        super().__init__(cast("App[int]", app), debug=debug, mouse=mouse, size=size or self._measure_window())
        self.frame = ScreenBuffer(has_colour=app.traits.has_colour, charset=app.traits.charset)
        self.line = OutputLink()
        self.has_pending_redraw = False
        """Whether a frame was skipped because the terminal did not accept the output before it."""
        self._is_legacy = app.traits.is_legacy
        self._is_mouse_on = mouse and not self._is_legacy
        self._writer = TimedWriter(self._terminal, self.line, charset=app.traits.charset)
        self._output = OutputQueue(self._writer, when_idle=self._catch_up)
        self._input: InputReader | None = None
        self._saved_modes: Modes | None = None
        self._is_active = False
        """Whether the program uses the terminal, from the start of application mode until `close`."""
        self._is_suspended = False
        self._restarts_itself = True
        self._must_report_resume = False
        signal.signal(signal.SIGTSTP, self._on_suspend_signal)
        signal.signal(signal.SIGCONT, self._on_continue_signal)

    @property
    def can_suspend(self) -> bool:
        """Whether the user can suspend the program: yes, like any program of a shell."""
        return True

    @contextmanager
    def no_automatic_restart(self) -> Iterator[None]:
        """Let the caller start and stop application mode; a signal does not."""
        before, self._restarts_itself = self._restarts_itself, False
        try:
            yield
        finally:
            self._restarts_itself = before

    def draw(self, update: Frame, console: Console, size: tuple[int, int], *, is_synchronised: bool) -> None:
        """Write the cells that `update` changes, as one synchronized frame on terminals that support it.

        While the terminal does not accept earlier output, the frame is skipped: keys and signals must not wait for it.
        """
        # Set before the check, because the writer thread reads it whenever it becomes idle.
        was_pending, self.has_pending_redraw = self.has_pending_redraw, True
        if self._output.is_behind:
            return
        # This update does not contain the frames that were skipped before.
        self.has_pending_redraw = was_pending
        text = self.frame.diff(update, console, size)
        if is_synchronised and len(text) > _SYNC_MIN_CHARS:
            text = f"{_SYNC_START}{text}{_SYNC_END}"
        if text:
            self.write(FrameText(text))

    def write(self, data: str) -> None:
        """Queue output for the writer thread, except sequences that the terminal does not support. Never blocks."""
        if data.startswith(_OSC if self._is_legacy else _POINTER):
            return
        if self._output.is_full:
            self._drop_frames()
            self.has_pending_redraw = True
        self._output.put(data)

    @property
    def has_mouse(self) -> bool:
        """Whether the terminal reports the mouse to the program; otherwise it selects text with it."""
        return self._is_mouse_on

    def use_mouse(self, *, is_enabled: bool) -> bool:
        """Switch mouse reporting on or off; return whether the terminal supports that."""
        if self._is_legacy:
            return not is_enabled
        if is_enabled or self._is_mouse_on:
            self.write(_REPORT_MOUSE if is_enabled else _IGNORE_MOUSE)
        self._is_mouse_on = is_enabled
        return True

    def set_few_colours(self, *, is_enabled: bool) -> bool:
        """Draw in 16 colours, which take half the bytes, or in all colours of the terminal.

        Return whether that changed; then everything must be drawn again.
        """
        color_system = ColorSystem.STANDARD if is_enabled else None
        if color_system is self.frame.color_system:
            return False
        self.frame.color_system = color_system
        self.frame.invalidate()
        return True

    def start_application_mode(self) -> None:
        """Take over the terminal, whose content is unknown."""
        self.frame.invalidate()
        self._output = OutputQueue(self._writer, when_idle=self._catch_up)
        self._input = InputReader(
            self._fileno,
            self._event_loop,
            count_pending=self._host.count_pending_input,
            send=self.process_message,
            on_hang_up=self._hang_up,
            on_error=lambda error: self._host.call_later(_raise, error),
        )
        self._is_active = True
        self._host.before_terminal()
        if not may_use_terminal(self._fileno):
            return
        try:
            self._output.start()
            self._take_over(self._input)
        except (RuntimeError, MemoryError):
            # No thread could be started: undo the changes made so far and end the app.
            if self._output.is_running:
                self.stop_application_mode()
            self.close()
            raise
        if self._must_report_resume:
            self._must_report_resume = False
            self.send_message(self.SignalResume())

    def _take_over(self, reader: InputReader) -> None:
        """Set up the screen, the mouse and the keyboard, and start reading."""
        signal.signal(signal.SIGWINCH, self._on_resize_signal)
        self._send_size()
        self._saved_modes = read_modes(self._fileno)
        mouse = _REPORT_MOUSE if self._is_mouse_on else ""
        keys = "" if self._is_legacy else _KITTY_KEYS
        self.write(f"{_ENTER_SCREEN}{mouse}")
        if self._saved_modes is not None:
            set_modes(self._fileno, raw_modes(self._saved_modes))
        self.write(f"{_HIDE_CURSOR}{_REPORT_FOCUS}{keys}")
        reader.start()
        sync = _SYNC_QUERY if self._understands_queries else ""
        # The mouse once more, which iTerm 3.5.0 ignored the first time.
        self.write(f"{sync}{_BRACKET_PASTE}{_CUT_LINES}{mouse}")

    @property
    def _understands_queries(self) -> bool:
        # Terminal.app of macOS would print the last letter of the query.
        is_apple = os.environ.get("TERM_PROGRAM") == "Apple_Terminal"
        return os.isatty(self._fileno) and not self._is_legacy and not is_apple

    def _on_resize_signal(self, *_: object) -> None:
        """Measure in the event loop: the handler could be interrupted by the next signal, and send its size last."""
        self._event_loop.call_soon_threadsafe(self._send_size)

    def _send_size(self) -> None:
        size = Size(*self._measure_window())
        self.send_message(events.Resize(size, size))

    def _measure_window(self) -> tuple[int, int]:
        """Read the size of the window from the terminal; rich's console would use COLUMNS and LINES instead."""
        size = read_window_size(self._fileno, self._terminal.fileno())
        self._host.console.size = ConsoleDimensions(*size)
        return size

    def disable_input(self) -> None:
        """Stop reading, and drop the input that was not read."""
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        if self._is_mouse_on:
            self.write(_IGNORE_MOUSE)
        if self._input is not None:
            self._input.stop()
        drop_input(self._fileno)

    def stop_application_mode(self) -> None:
        """Restore the terminal and its colours. Frames that are not written yet are dropped."""
        if self._output.is_behind:
            self._drop_frames()
        self.has_pending_redraw = False
        self.write(f"{RESET}{_CLEAR if self._is_legacy else ''}{_PLAIN_PASTE}{_WRAP_LINES}")
        self.disable_input()
        if self._saved_modes is not None:
            set_modes(self._fileno, self._saved_modes)
            self._saved_modes = None
        # The keyboard protocol of the alternate screen is another one than that of the main screen.
        keys = "" if self._is_legacy else _PLAIN_KEYS
        self.write(f"{keys}{_LEAVE_SCREEN}{_SHOW_CURSOR}{_IGNORE_FOCUS}")

    def restore_terminal(self) -> None:
        """Restore the terminal without the event loop and the writer thread; the process must end afterwards.

        Safe in any thread. Writes nothing to a terminal that accepts no output.
        """
        # Ends the writer's output after the current chunk.
        self.line.is_closed = True
        if self._saved_modes is None:
            return
        with contextlib.suppress(OSError):
            if select.select([], [self._terminal.fileno()], [], STUCK_S)[1]:
                os.write(self._terminal.fileno(), (_RESTORE_LEGACY if self._is_legacy else _RESTORE).encode())
        set_modes(self._fileno, self._saved_modes)

    def close(self) -> None:
        """Wait until everything is written, while the terminal accepts output."""
        self._output.close()
        self._is_active = False

    def join_writer(self, seconds: float) -> None:
        """Wait up to `seconds` for a writer thread that is still blocked at the end."""
        self._output.join(seconds)

    def _drop_frames(self) -> None:
        """Drop the frames that are not written yet; the content of the terminal is unknown afterwards."""
        self.frame.invalidate()
        self._output.drop_frames()

    def _catch_up(self) -> None:
        """Redraw after skipped frames. Called in the writer thread when all output is written."""
        if self.has_pending_redraw and not self.line.is_closed:
            self.has_pending_redraw = False
            self._event_loop.call_soon_threadsafe(self._host.redraw)

    def _hang_up(self) -> None:
        self.line.is_closed = True
        self._event_loop.call_soon_threadsafe(self._host.exit, HUNG_UP)

    def _on_suspend_signal(self, *_: object) -> None:
        """Suspend in the event loop, because the signal may arrive while a frame is being drawn."""
        self._event_loop.call_soon_threadsafe(self._stop_process)

    def _on_continue_signal(self, *_: object) -> None:
        """Resume. After a SIGSTOP, which cannot be caught, release the terminal first and take it over again."""
        if not self._is_suspended:
            self._event_loop.call_soon_threadsafe(self._reacquire)

    def _stop_process(self) -> None:
        is_released = self._release()
        self._is_suspended = True
        os.kill(os.getpid(), signal.SIGSTOP)
        # The process continues here after SIGCONT.
        self._is_suspended = False
        if is_released:
            self.resume_application_mode()

    def _reacquire(self) -> None:
        if self._release():
            self.resume_application_mode()

    def _release(self) -> bool:
        """Restore the terminal temporarily; False when it is not in use or the program is ending."""
        if not self._restarts_itself or not self._is_active or self._host.return_value is not None:
            return False
        self.suspend_application_mode()
        self._must_report_resume = True
        return True
