"""The terminal behind the app: what it shows, what it sends, and whether it is still there."""

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
"""The silence after an escape that makes it the Escape key; ESCDELAY in the environment may say anything."""

_ESCAPE_S: Final = _ESCAPE_DELAY_S + 0.01
"""How long to wait for the thread that woke the input thread."""

HUNG_UP: Final = 129
"""Exit code when the terminal is gone: 128 and the number of SIGHUP."""

_SYNC_MIN_CHARS: Final = 64
"""Characters of a frame that comes in one piece whatever carries it, so that nobody can see half of it."""

_MANY_WRITES: Final = 8
_MUCH_TEXT: Final = 16_000
"""What may wait for the line, about a screen; more would only show later what is no longer so."""

_STUCK_S: Final = 0.3
"""A line that took nothing for so long at the end is left as it is."""

_FAREWELL_S: Final = 5.0
"""How long even a line that moves is given to take the last that we have to say."""

_TURN_S: Final = 0.02
"""How long the input thread waits for an app that is behind before it reads on."""

_READ_AHEAD: Final = 64
"""Events that wait for their turn before nothing more is read."""

_MOUSE: Final = ("1000", "1002", "1006")
"""Buttons, the wheel and dragging. Not every move of the pointer (1003): each would wake us for nothing."""

_MODERN: Final = ("\x1b[>", "\x1b[<", "\x1b[?2026$", "\x1b[?2048$", "\x1b]")
"""How those sequences begin that an old terminal would print parts of."""

_POINTER: Final = "\x1b]22;"
"""The shape of the mouse's pointer, which nobody would give back."""

_CLEAR: Final = "\x1b[2J\x1b[H"
"""An old terminal has no second screen to come back from."""


_RESTORE: Final = (
    "\x1b[?2026l"
    + "".join(f"\x1b[?{mode}l" for mode in reversed(_MOUSE))
    + f"\x1b[?1004l\x1b[?2004l\x1b[<u{RESET}\x1b[?1049l\x1b[?7h\x1b[?25h"
)
_WIPE_OLD: Final = f"{RESET}{_CLEAR}\x1b[?7h\x1b[?25h"


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
    """What is only there to be seen. All else that is written is about the terminal itself, and must reach it."""

    __slots__ = ()


class TerminalDriver(LinuxDriver):
    """Textual's driver, which writes differences, sleeps until a key comes and notices that the terminal is gone."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Textual's own, passed on
        super().__init__(*arguments, **options)
        traits: TerminalCapabilities = getattr(self._app, "traits", TerminalCapabilities())
        self._draw_everything: Callable[[], None] = getattr(self._app, "draw_everything", lambda: None)
        self.frame = ScreenBuffer(has_colour=traits.has_colour, charset=traits.charset)
        self.line = OutputLink()
        self.has_pending_redraw = False
        """Whether something was not drawn because the line did not take it."""
        self._is_old = traits.is_legacy
        self._mouse = self._mouse and not traits.is_legacy
        # Not stderr, as the library would: that may well be a file, and stdout is known to be the terminal.
        self._file: Any = TimedWriter(
            sys.__stdout__ or sys.stdout, self.line, charset=traits.charset, when_idle=self._catch_up
        )
        self._written = 0
        self._wake_read = self._wake_write = -1
        self._is_standing = False
        self._saved_modes: list[Any] | None = None
        self._count_pending: Callable[[], int] = getattr(self._app, "count_pending_input", lambda: 0)
        self._backpressure = Backpressure(self._loop, self._count_pending)
        if self._size is None:
            self._size = self._get_terminal_size()

    def _get_terminal_size(self) -> tuple[int, int]:
        """Ask the terminal for the size of its window; rich's console would believe COLUMNS and LINES instead."""
        size = read_window_size(self.fileno, *(() if sys.__stdout__ is None else (sys.__stdout__.fileno(),)))
        self._app.console.size = ConsoleDimensions(*size)
        return size

    def _query_in_band_window_resize(self) -> None:
        """SIGWINCH is enough. Sizes in the input could not be trusted anyway."""

    def draw(self, update: CompositorUpdate, console: Console, size: tuple[int, int], *, is_synchronised: bool) -> None:
        """Write what `update` changes; at once on a terminal that can hold its picture back until all is there.

        A line that does not take what was written before gets nothing more: keys and signals must not wait for it.
        """
        # First of all: the writer asks for it whenever it has nothing left to do.
        was_owing, self.has_pending_redraw = self.has_pending_redraw, True
        if self._is_full:
            return
        # Whatever was not drawn before is no part of this update.
        self.has_pending_redraw = was_owing
        text = self.frame.diff(update, console, size)
        if is_synchronised and len(text) > _SYNC_MIN_CHARS:
            text = f"{SYNC_START}{text}{SYNC_END}"
        if text:
            self.write(_FrameText(text))

    def write(self, data: str) -> None:
        """Send to the terminal; nothing that it would stumble over. Never waits for the line."""
        if data.startswith(_MODERN if self._is_old else _POINTER):
            return
        if self._waiting is not None and self._waiting.full():
            self._drop_unwritten()
            self.has_pending_redraw = True
        self._written += len(data)
        super().write(data)

    @property
    def has_mouse(self) -> bool:
        """Whether the mouse is ours; otherwise the terminal's own, to select text with."""
        return self._mouse

    def use_mouse(self, *, is_wanted: bool) -> bool:
        """Take the mouse or leave it to the terminal; whether that could be done."""
        if self._is_old:
            return not is_wanted
        if not is_wanted:
            self._disable_mouse_support()
        self._mouse = is_wanted
        self._enable_mouse_support()
        return True

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}h" for mode in _MOUSE))

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}l" for mode in reversed(_MOUSE)))

    def _enable_mouse_pixels(self) -> None:
        """Cells are fine enough."""

    @property
    def _waiting(self) -> queue.Queue[str | None] | None:
        """What the writer has not taken yet."""
        return self._writer_thread._queue if self._writer_thread is not None else None  # noqa: SLF001 - no other way

    @property
    def _is_full(self) -> bool:
        waiting = self._waiting
        return waiting is not None and (
            waiting.qsize() >= _MANY_WRITES or self._written - self._file.written > _MUCH_TEXT
        )

    def _catch_up(self) -> None:
        """In the writer thread, when the line has taken everything: draw what it was spared."""
        if self.has_pending_redraw and not self.line.is_closed:
            self.has_pending_redraw = False
            self._loop.call_soon_threadsafe(self._draw_everything)

    def set_few_colours(self, *, is_wanted: bool) -> bool:
        """Draw in 16 colours from now on, which take half the bytes, or in all that the terminal has.

        Whether that is new: then everything must be drawn again.
        """
        wanted = ColorSystem.STANDARD if is_wanted else None
        if wanted is self.frame.color_system:
            return False
        self.frame.color_system = wanted
        self.frame.invalidate()
        return True

    def start_application_mode(self) -> None:
        """Take the terminal; what it shows is not known."""
        self.frame.invalidate()
        # What was given up with a writer before is never written: it must not count as under way for ever.
        self._written = self._file.written
        self._wake_read, self._wake_write = os.pipe()
        self._backpressure = Backpressure(self._loop, self._count_pending)
        getattr(self._app, "before_terminal", lambda: None)()
        self._saved_modes = _terminal_modes(self.fileno)
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # the library left it untyped
        except (RuntimeError, MemoryError):
            # A thread that cannot be started: what has been changed by then is undone, and the app ends.
            if self._writer_thread is not None and self._writer_thread.is_alive():
                self.stop_application_mode()
            self.close()
            raise

    def restore_terminal(self) -> None:
        """Restore the terminal without the event loop and the writer thread; the process must end afterwards.

        Safe in any thread. Writes nothing to a terminal that takes nothing.
        """
        # Ends the writer's output after the piece under way.
        self.line.is_closed = True
        if self._saved_modes is None:
            return
        with contextlib.suppress(OSError, termios.error):
            if select.select([], [self._file.fileno()], [], _STUCK_S)[1]:
                os.write(self._file.fileno(), (_WIPE_OLD if self._is_old else _RESTORE).encode())
            termios.tcsetattr(self.fileno, termios.TCSANOW, self._saved_modes)

    def stop_application_mode(self) -> None:
        """Give the terminal back, in its own colours. Frames that still wait for the line need not be seen any more."""
        if self._is_full:
            self._drop_unwritten()
        self.has_pending_redraw = False
        self.write(f"{RESET}{_CLEAR if self._is_old else ''}")
        super().stop_application_mode()
        # Left twice, the second screen would move the cursor of the first.
        self._saved_modes = None

    def _sigtstp_application(self, *_: object) -> None:
        """Stop, as soon as nothing is under way: a signal comes in the middle of a drawing as well."""
        self._loop.call_soon_threadsafe(self._stop_process)

    def _sigcont_application(self, *_: object) -> None:
        """Go on; after a SIGSTOP, for which nobody can prepare, the terminal is given back first and taken anew."""
        if not self._is_standing:
            self._loop.call_soon_threadsafe(self._reacquire)

    def _stop_process(self) -> None:
        is_ours = self._release()
        self._is_standing = True
        os.kill(os.getpid(), signal.SIGSTOP)
        # Continued.
        self._is_standing = False
        if is_ours:
            self.resume_application_mode()

    def _reacquire(self) -> None:
        if self._release():
            self.resume_application_mode()

    def _release(self) -> bool:
        """Give the terminal back for now; False when it is not ours, or is being given back for good."""
        if not self._auto_restart or self._wake_write < 0 or self._app._exit:  # noqa: SLF001 - there is no public word for it
            return False
        self.suspend_application_mode()
        self._must_signal_resume = True
        return True

    def disable_input(self) -> None:
        """End the input thread, which sleeps until it is woken."""
        if self._wake_write >= 0:
            os.write(self._wake_write, b"\0")
        self._backpressure.close()
        super().disable_input()

    def close(self) -> None:
        """Let go of everything; a terminal that is taken again begins anew."""
        self._wait_for_writer()
        for end in (self._wake_write, self._wake_read):
            if end >= 0:
                os.close(end)
        self._wake_read = self._wake_write = -1

    def _drop_unwritten(self) -> None:
        """Give up the pictures that the line has not taken; what it shows is not known then.

        A mode that is switched on is not given up: what switches it off again would count for one of whoever was there
        before us.
        """
        self.frame.invalidate()
        waiting, kept = self._waiting, []
        while waiting is not None and not waiting.empty():
            # The writer takes from it as well.
            with contextlib.suppress(queue.Empty):
                text = waiting.get_nowait() or ""
                if isinstance(text, _FrameText):
                    self._written -= len(text)
                else:
                    kept.append(text)
        if waiting is not None and kept:
            waiting.put("".join(kept))

    def _wait_for_writer(self) -> None:
        """Wait until all is written, for as long as the line moves: whoever is gone cannot be told anything."""
        thread, waiting = self._writer_thread, self._waiting
        if thread is None or waiting is None or not thread.is_alive():
            return
        waiting.put(None)  # the library's own way to end would wait for ever
        started = time.monotonic()
        while thread.is_alive():
            thread.join(0.02)
            now = time.monotonic()
            if now - max(started, self.line.last_write_at) > _STUCK_S or now - started > _FAREWELL_S:
                break

    def join_writer(self, seconds: float) -> None:
        """Wait so long for a writer that was left behind at the end."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            self._writer_thread.join(max(0.0, seconds))

    def _run_input_thread(self) -> None:
        """End the app like any other fault of ours when keys cannot be read, instead of a page of traceback."""
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001 - handed on to where all of them are told
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)  # noqa: SLF001 - the library's one way

    def run_input_thread(self) -> None:
        """Hand on keys until the end. Sleeps between them; a terminal that hung up is reported once, not read for ever.

        Input that is pending at the end, such as half a sequence, is dropped.
        """
        tokenizer, decoder = ControlSequenceTokenizer(escape_delay_s=_ESCAPE_DELAY_S), InputDecoder()
        # Ctrl+C takes the way of the signal when the loop is held: the key would wait for the loop for ever.
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
                    # The rest of a sequence is not late while there is input that was not read yet.
                    tokens = [] if self.fileno in ready else tokenizer.expire(now)
                for message in decoder.decode(tokens):
                    pending.append(message)
                    if isinstance(message, events.Key) and message.key == "ctrl+c":
                        probe.ask(now)
                probe.check(now)
                if self._wake_read in ready:
                    # The end is on its way from the other thread; whoever woke us sets the event next.
                    self.exit_event.wait(_ESCAPE_S)

    def _send(self, pending: deque[Message]) -> None:
        """Hand on events until none is left or the app is behind."""
        while pending and self._backpressure.wait_for_turn(_TURN_S) and not self.exit_event.is_set():
            self.process_message(pending.popleft())

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _hang_up(self) -> None:
        self.line.is_closed = True
        self._loop.call_soon_threadsafe(self._app.exit, HUNG_UP)
