"""The terminal behind the app: what it shows, how fast its line is, and whether it is still there."""

from __future__ import annotations

import math
import os
import selectors
import sys
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TextIO

from rich.color import ColorSystem
from rich.console import Console
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver

from cdptui.tui.frame import RESET, Frame

_BLOCKED_FROM_S: Final = 0.05
"""A shorter write is the machine's business, not the line's."""

_SLOW_S: Final = 1.0
"""A line that held up our writes for so many seconds of the last minute is slow."""

_MINUTE_S: Final = 60.0

_STAYS_SLOW_S: Final = 600.0
"""A line is thought slow for so long after it last was: going back and forth would cost more than it saves."""

_ESCAPE_S: Final = ESCAPE_DELAY + 0.01
"""How long the parser waits for more after an escape, and a little."""

HUNG_UP: Final = 129
"""Exit code when the terminal is gone: 128 and the number of SIGHUP."""

_TEARS_FROM: Final = 64
"""Characters of a frame that comes in one piece whatever carries it, so that nobody can see half of it."""


class Line:
    """The way to the terminal: how long it holds up what is written, and whether it still leads anywhere.

    The writer thread tells, the event loop asks; a deque is safe for both.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.is_gone = False
        self._monotonic = monotonic
        self._blocked: deque[tuple[float, float]] = deque(maxlen=600)
        self._slow_until = -math.inf

    def note(self, seconds: float) -> None:
        """A write took so long."""
        if seconds >= _BLOCKED_FROM_S:
            self._blocked.append((self._monotonic(), seconds))

    @property
    def is_slow(self) -> bool:
        """Whether writes are held up, or were not long ago."""
        now = self._monotonic()
        if sum(seconds for at, seconds in tuple(self._blocked) if at >= now - _MINUTE_S) >= _SLOW_S:
            self._slow_until = now + _STAYS_SLOW_S
        return now < self._slow_until


class _TimedFile:
    """The terminal's file for the writer thread; a terminal that is gone swallows everything."""

    def __init__(self, file: TextIO, line: Line) -> None:
        self._file = file
        self._line = line

    def write(self, text: str) -> int:
        self._timed(lambda: self._file.write(text))
        return len(text)

    def flush(self) -> None:
        self._timed(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def _timed(self, act: Callable[[], object]) -> None:
        if self._line.is_gone:
            return
        started = time.monotonic()
        try:
            act()
        except OSError:
            # The writer thread must not die of it: the event loop would wait for ever to hand it the next frame.
            self._line.is_gone = True
        self._line.note(time.monotonic() - started)


class TerminalDriver(LinuxDriver):
    """Textual's driver, which writes differences, sleeps until a key comes and notices that the terminal is gone."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Textual's own, passed on
        super().__init__(*arguments, **options)
        self.frame = Frame()
        self.line = Line()
        self._file: Any = _TimedFile(sys.__stderr__ or sys.stderr, self.line)
        self._woken = self._wake = -1

    def draw(self, update: CompositorUpdate, console: Console, size: tuple[int, int], *, is_synchronised: bool) -> None:
        """Write what `update` changes; at once on a terminal that can hold its picture back until all is there."""
        text = self.frame.reduce(update, console, size)
        if is_synchronised and len(text) > _TEARS_FROM:
            text = f"{SYNC_START}{text}{SYNC_END}"
        if text:
            self.write(text)

    def set_few_colours(self, *, is_wanted: bool) -> bool:
        """Draw in 16 colours from now on, which take half the bytes, or in all that the terminal has.

        Whether that is new: then everything must be drawn again.
        """
        wanted = ColorSystem.STANDARD if is_wanted else None
        if wanted is self.frame.color_system:
            return False
        self.frame.color_system = wanted
        self.frame.forget()
        return True

    def start_application_mode(self) -> None:
        """Take the terminal; what it shows is not known."""
        self.frame.forget()
        self._woken, self._wake = os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # the library left it untyped

    def stop_application_mode(self) -> None:
        """Give the terminal back, in its own colours."""
        self.write(RESET)
        super().stop_application_mode()

    def _sigcont_application(self, *_: object) -> None:
        """Go on; after a SIGSTOP, which nobody can prepare for, the terminal is given back first and taken anew."""
        if self._auto_restart and self._wake >= 0:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()

    def disable_input(self) -> None:
        """End the input thread, which sleeps until it is woken."""
        if self._wake >= 0:
            os.write(self._wake, b"\0")
        super().disable_input()

    def close(self) -> None:
        """Let go of everything; a terminal that is taken again begins anew."""
        super().close()
        for end in (self._wake, self._woken):
            if end >= 0:
                os.close(end)
        self._woken = self._wake = -1

    def run_input_thread(self) -> None:
        """Hand on keys until the end. Sleeps between them; a terminal that hung up is said once, not read for ever."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            is_waiting_for_more = False
            while not self.exit_event.is_set():
                ready = [key.fd for key, _ in selector.select(_ESCAPE_S if is_waiting_for_more else None)]
                data = self._read() if self.fileno in ready else None
                if data == b"":
                    self._hang_up()
                    break
                is_waiting_for_more = data is not None
                for message in parser.feed(decode(data)) if data is not None else parser.tick():
                    self.process_message(message)
                if self._woken in ready:
                    # The end is on its way from the other thread; whoever woke us sets the event next.
                    self.exit_event.wait(_ESCAPE_S)
        try:
            for message in parser.feed(""):
                self.process_message(message)
        except (EOFError, ParseError):
            pass

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _hang_up(self) -> None:
        self.line.is_gone = True
        self._loop.call_soon_threadsafe(self._app.exit, HUNG_UP)
