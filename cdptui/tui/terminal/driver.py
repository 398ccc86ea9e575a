"""The terminal driver: drawing, input, suspend and resume, and detection of a closed terminal."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import selectors
import signal
import sys
import termios
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from rich.color import ColorSystem
from rich.console import Console, ConsoleDimensions
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from cdptui.config.terminal import TerminalCapabilities
from cdptui.tui.terminal.backpressure import Backpressure
from cdptui.tui.terminal.control_sequences import ControlSequenceTokenizer
from cdptui.tui.terminal.input_events import InputDecoder
from cdptui.tui.terminal.loop_probe import LoopProbe
from cdptui.tui.terminal.output import OutputLink, TimedWriter
from cdptui.tui.terminal.screen_buffer import RESET, ScreenBuffer
from cdptui.tui.terminal.window_size import read_window_size

_ESCAPE_DELAY_S: Final = min(ESCAPE_DELAY, 1.0)
"""The silence after an escape that makes it the Escape key; limited, because ESCDELAY may have any value."""

_EXIT_WAIT_S: Final = _ESCAPE_DELAY_S + 0.01
"""How long the woken input thread waits for the exit event."""

HUNG_UP: Final = 129
"""Exit code when the terminal was closed: 128 plus the number of SIGHUP."""

_SYNC_MIN_CHARS: Final = 64
"""Shorter frames arrive in one piece on any connection and need no synchronized output."""

_MAX_PENDING_WRITES: Final = 8
_MAX_PENDING_CHARS: Final = 16_000
"""Most unwritten output, about a screen; more would only show outdated frames later."""

_STUCK_S: Final = 0.3
"""A terminal that accepted nothing for so long at the end is not restored."""

_FINAL_WRITE_TIMEOUT_S: Final = 5.0
"""Longest wait for the last output, even while the terminal accepts some of it."""

_SEND_TIMEOUT_S: Final = 0.02
"""How long the input thread waits for an app that is behind before it reads on."""

_READ_AHEAD: Final = 64
"""Events that may wait before reading stops."""

_MOUSE: Final = ("1000", "1002", "1006")
"""Mouse modes: buttons, wheel and dragging (1000, 1002), SGR encoding (1006). Not every move of the pointer (1003),
which would wake the program without need."""

_MODERN: Final = ("\x1b[>", "\x1b[<", "\x1b[?2026$", "\x1b[?2048$", "\x1b]")
"""Prefixes of the sequences of which a legacy terminal would print parts."""

_POINTER: Final = "\x1b]22;"
"""The shape of the mouse pointer, which would not be restored at the end."""

_CLEAR: Final = "\x1b[2J\x1b[H"
"""Clear screen, for legacy terminals, which have no alternate screen."""


_RESTORE: Final = (
    "\x1b[?2026l"
    + "".join(f"\x1b[?{mode}l" for mode in reversed(_MOUSE))
    + f"\x1b[?1004l\x1b[?2004l\x1b[<u{RESET}\x1b[?1049l\x1b[?7h\x1b[?25h"
)
_RESTORE_LEGACY: Final = f"{RESET}{_CLEAR}\x1b[?7h\x1b[?25h"


def _seconds_until(*deadlines: float | None) -> float | None:
    """Return the seconds until the first of the monotonic times; None when there is none."""
    known = [deadline for deadline in deadlines if deadline is not None]
    return max(0.0, min(known) - time.monotonic()) if known else None


def _terminal_modes(fileno: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(fileno)
    except termios.error:
        return None


class _FrameText(str):
    """Output of a frame, which may be dropped. All other output changes the terminal's state and must reach it."""

    __slots__ = ()


class TerminalDriver(LinuxDriver):
    """Textual's Linux driver; writes only changed cells, blocks until input arrives and detects a closed terminal."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Textual's arguments, passed on
        super().__init__(*arguments, **options)
        traits: TerminalCapabilities = getattr(self._app, "traits", TerminalCapabilities())
        self._redraw: Callable[[], None] = getattr(self._app, "redraw", lambda: None)
        self.frame = ScreenBuffer(has_colour=traits.has_colour, charset=traits.charset)
        self.line = OutputLink()
        self.has_pending_redraw = False
        """Whether a frame was skipped because the terminal did not accept the output before it."""
        self._is_legacy = traits.is_legacy
        self._mouse = self._mouse and not traits.is_legacy
        # Textual writes to stderr, which may be a file; stdout is known to be the terminal.
        self._file: Any = TimedWriter(
            sys.__stdout__ or sys.stdout, self.line, charset=traits.charset, when_idle=self._catch_up
        )
        self._written = 0
        self._wake_read = self._wake_write = -1
        self._is_suspended = False
        self._saved_modes: list[Any] | None = None
        self._count_pending: Callable[[], int] = getattr(self._app, "count_pending_input", lambda: 0)
        self._backpressure = Backpressure(self._loop, self._count_pending)
        if self._size is None:
            self._size = self._get_terminal_size()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Read the size of the window from the terminal; rich's console would use COLUMNS and LINES instead."""
        size = read_window_size(self.fileno, *(() if sys.__stdout__ is None else (sys.__stdout__.fileno(),)))
        self._app.console.size = ConsoleDimensions(*size)
        return size

    def _query_in_band_window_resize(self) -> None:
        """Do nothing: SIGWINCH suffices, and sizes in the input can be forged."""

    def draw(self, update: CompositorUpdate, console: Console, size: tuple[int, int], *, is_synchronised: bool) -> None:
        """Write the cells that `update` changes, as one synchronized frame on terminals that support it.

        While the terminal does not accept earlier output, the frame is skipped: keys and signals must not wait for it.
        """
        # Set before the check, because the writer thread reads it whenever it becomes idle.
        was_pending, self.has_pending_redraw = self.has_pending_redraw, True
        if self._is_full:
            return
        # This update does not contain the frames that were skipped before.
        self.has_pending_redraw = was_pending
        text = self.frame.diff(update, console, size)
        if is_synchronised and len(text) > _SYNC_MIN_CHARS:
            text = f"{SYNC_START}{text}{SYNC_END}"
        if text:
            self.write(_FrameText(text))

    def write(self, data: str) -> None:
        """Queue output for the writer thread, except sequences that the terminal does not support. Never blocks."""
        if data.startswith(_MODERN if self._is_legacy else _POINTER):
            return
        if self._write_queue is not None and self._write_queue.full():
            self._drop_unwritten()
            self.has_pending_redraw = True
        self._written += len(data)
        super().write(data)

    @property
    def has_mouse(self) -> bool:
        """Whether the terminal reports the mouse to the program; otherwise it selects text with it."""
        return self._mouse

    def use_mouse(self, *, is_enabled: bool) -> bool:
        """Switch mouse reporting on or off; return whether the terminal supports that."""
        if self._is_legacy:
            return not is_enabled
        if not is_enabled:
            self._disable_mouse_support()
        self._mouse = is_enabled
        self._enable_mouse_support()
        return True

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}h" for mode in _MOUSE))

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}l" for mode in reversed(_MOUSE)))

    def _enable_mouse_pixels(self) -> None:
        """Do nothing: positions in cells suffice."""

    @property
    def _write_queue(self) -> queue.Queue[str | None] | None:
        """The queue of Textual's writer thread; None before it was started."""
        return self._writer_thread._queue if self._writer_thread is not None else None  # noqa: SLF001 - not public

    @property
    def _is_full(self) -> bool:
        pending = self._write_queue
        return pending is not None and (
            pending.qsize() >= _MAX_PENDING_WRITES or self._written - self._file.written > _MAX_PENDING_CHARS
        )

    def _catch_up(self) -> None:
        """Redraw after skipped frames. Called in the writer thread when all output is written."""
        if self.has_pending_redraw and not self.line.is_closed:
            self.has_pending_redraw = False
            self._loop.call_soon_threadsafe(self._redraw)

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
        # Output that was dropped with an earlier writer is never written and must not count as pending.
        self._written = self._file.written
        self._wake_read, self._wake_write = os.pipe()
        self._backpressure = Backpressure(self._loop, self._count_pending)
        getattr(self._app, "before_terminal", lambda: None)()
        self._saved_modes = _terminal_modes(self.fileno)
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # untyped in Textual
        except (RuntimeError, MemoryError):
            # No thread could be started: undo the changes made so far and end the app.
            if self._writer_thread is not None and self._writer_thread.is_alive():
                self.stop_application_mode()
            self.close()
            raise

    def restore_terminal(self) -> None:
        """Restore the terminal without the event loop and the writer thread; the process must end afterwards.

        Safe in any thread. Writes nothing to a terminal that accepts no output.
        """
        # Ends the writer's output after the current chunk.
        self.line.is_closed = True
        if self._saved_modes is None:
            return
        with contextlib.suppress(OSError, termios.error):
            if select.select([], [self._file.fileno()], [], _STUCK_S)[1]:
                os.write(self._file.fileno(), (_RESTORE_LEGACY if self._is_legacy else _RESTORE).encode())
            termios.tcsetattr(self.fileno, termios.TCSANOW, self._saved_modes)

    def stop_application_mode(self) -> None:
        """Restore the terminal and its colours. Frames that are not written yet are dropped."""
        if self._is_full:
            self._drop_unwritten()
        self.has_pending_redraw = False
        self.write(f"{RESET}{_CLEAR if self._is_legacy else ''}")
        super().stop_application_mode()
        # Leaving the alternate screen twice would move the cursor of the main screen.
        self._saved_modes = None

    def _sigtstp_application(self, *_: object) -> None:
        """Suspend in the event loop, because the signal may arrive while a frame is being drawn."""
        self._loop.call_soon_threadsafe(self._stop_process)

    def _sigcont_application(self, *_: object) -> None:
        """Resume. After a SIGSTOP, which cannot be caught, release the terminal first and take it over again."""
        if not self._is_suspended:
            self._loop.call_soon_threadsafe(self._reacquire)

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
        if not self._auto_restart or self._wake_write < 0 or self._app._exit:  # noqa: SLF001 - not public
            return False
        self.suspend_application_mode()
        self._must_signal_resume = True
        return True

    def disable_input(self) -> None:
        """Wake and end the input thread."""
        if self._wake_write >= 0:
            os.write(self._wake_write, b"\0")
        self._backpressure.close()
        super().disable_input()

    def close(self) -> None:
        """Wait for the writer and close the wake-up pipe."""
        self._wait_for_writer()
        for end in (self._wake_write, self._wake_read):
            if end >= 0:
                os.close(end)
        self._wake_read = self._wake_write = -1

    def _drop_unwritten(self) -> None:
        """Drop the frames that are not written yet; the content of the terminal is unknown afterwards.

        Sequences that switch modes are kept: otherwise those that switch them off would undo a mode of the program that
        used the terminal before.
        """
        self.frame.invalidate()
        pending, modes = self._write_queue, []
        while pending is not None and not pending.empty():
            # The writer thread takes from the queue as well.
            with contextlib.suppress(queue.Empty):
                text = pending.get_nowait() or ""
                if isinstance(text, _FrameText):
                    self._written -= len(text)
                else:
                    modes.append(text)
        if pending is not None and modes:
            pending.put("".join(modes))

    def _wait_for_writer(self) -> None:
        """Wait until everything is written, while the terminal accepts output."""
        thread, pending = self._writer_thread, self._write_queue
        if thread is None or pending is None or not thread.is_alive():
            return
        pending.put(None)  # Textual's stop() would wait for ever
        started = time.monotonic()
        while thread.is_alive():
            thread.join(0.02)
            now = time.monotonic()
            if now - max(started, self.line.last_write_at) > _STUCK_S or now - started > _FINAL_WRITE_TIMEOUT_S:
                break

    def join_writer(self, seconds: float) -> None:
        """Wait up to `seconds` for a writer thread that is still blocked at the end."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            self._writer_thread.join(max(0.0, seconds))

    def _run_input_thread(self) -> None:
        """Run the input thread; an error ends the app like any other internal error, without a traceback on screen."""
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001 - passed to the app's error handler
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)  # noqa: SLF001 - not public

    def run_input_thread(self) -> None:
        """Read and send input until the exit event. Blocks between input; a closed terminal is reported once.

        Input that is pending at the end, such as half a sequence, is dropped.
        """
        tokenizer, decoder = ControlSequenceTokenizer(escape_delay_s=_ESCAPE_DELAY_S), InputDecoder()
        # When the loop is blocked, Ctrl+C is sent as a signal: the key would wait for the loop for ever.
        probe = LoopProbe(self._loop, lambda: os.kill(os.getpid(), signal.SIGINT))
        pending: deque[Message] = deque()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                self._send(pending)
                timeout_s = 0.0 if pending else _seconds_until(tokenizer.deadline, probe.deadline)
                ready = [key.fd for key, _ in selector.select(timeout_s)]
                is_behind = len(pending) >= _READ_AHEAD
                data = self._read() if self.fileno in ready and not is_behind else None
                if data == b"":
                    self._hang_up()
                    break
                now = time.monotonic()
                if data is not None:
                    tokens = tokenizer.feed(data, now)
                else:
                    # No time-out while there is unread input, which may hold the rest of the sequence.
                    tokens = [] if self.fileno in ready else tokenizer.expire(now)
                for message in decoder.decode(tokens):
                    pending.append(message)
                    if isinstance(message, events.Key) and message.key == "ctrl+c":
                        probe.ask(now)
                probe.check(now)
                if self._wake_read in ready:
                    # The thread that woke this one sets the event next.
                    self.exit_event.wait(_EXIT_WAIT_S)

    def _send(self, pending: deque[Message]) -> None:
        """Send events until none is left or the app is behind."""
        while pending and self._backpressure.wait_for_turn(_SEND_TIMEOUT_S) and not self.exit_event.is_set():
            self.process_message(pending.popleft())

    def _read(self) -> bytes:
        """Read input; return nothing once the terminal is closed."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _hang_up(self) -> None:
        self.line.is_closed = True
        self._loop.call_soon_threadsafe(self._app.exit, HUNG_UP)
