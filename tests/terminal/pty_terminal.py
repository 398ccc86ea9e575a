"""A pty with a terminal emulator, for tests of the real program; counts every byte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte
from rich.cells import cell_len

from tests.process_guard import RUN_ID
from tests.terminal.pty_reader import PtyReader

CDPTUI = (sys.executable, "-m", "cdptui")

STEADY_LINE = {"CDPTUI_CONFIG": str(Path(__file__).with_name("steady_line.toml"))}
"""For the environment: the line counts as quick. On a busy machine the reader of the pty comes late, and the program
would spare the line: no seconds in the age, another chart, fewer colours."""

ESCAPE = "\x1b[27u"
"""The Escape key as the kitty protocol has it: complete, whatever comes behind it and however soon. A single escape
character is that key only when the program gets nothing more for a while, which a busy machine does not promise."""

_ON_THIS_TERMINAL = (
    sys.executable,
    "-c",
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])",
)
"""Makes stdin the controlling terminal, so that the process gets its signals."""

_NOT_PYTES = re.compile(rb"\x1b\[[?>=<][\d;]*\$?[a-zA-Z]|\x1b\[\d+;\d+;\d+t")
"""What Textual asks and tells of newer terminals; pyte would print parts of it."""

_UNFINISHED = re.compile(rb"\x1b(\[[?>=<]?[\d;]*\$?)?\Z")
"""An escape sequence whose rest comes with the next read."""

_OFF_AFTERWARDS = ("1049", "1000", "1002", "1003", "1004", "1006", "1015", "1016", "2004", "2026", "2048")
_ON_AFTERWARDS = ("7", "25")
"""Modes of the terminal: lines wrap, the cursor shows."""

_SEQUENCES = re.compile(rb"\x1b\[[?>=<]?[\d;]*\$?[a-zA-Z]")

_CLEAN_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    RUN_ID,
)


_HANG_S = 60.0
"""How long anything may take on a machine that has much else to do, before it counts as never."""

_AFTER_ITS_END_S = 5.0
"""How long others, such as the node, may need to notice that the process has ended."""


def _matches(pattern: str) -> Callable[[Terminal], object]:
    compiled = re.compile(pattern)
    return lambda terminal: compiled.search(terminal.text)


class Terminal:
    """Runs a command on a pty of its own and reads its screen."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        environment: Mapping[str, str] | None = None,
        is_read_in_background: bool = True,
    ) -> None:
        """Run `command`; with `is_read_in_background` False, it is read only while a method of this object waits."""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.output = bytearray()
        """Every byte that the process wrote and that was drawn on the screen here."""
        self._held = b""
        self._is_hung_up = False
        self._master, self._slave = pty.openpty()
        self._reader = PtyReader(self._master)
        self._size(columns, lines)
        self.modes_before = termios.tcgetattr(self._slave)
        kept = {name: os.environ[name] for name in _CLEAN_ENVIRONMENT if name in os.environ}
        self._environment = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        self.run(command)
        if is_read_in_background:
            self.start_reading()

    def run(self, command: Sequence[str]) -> None:
        """Start a process here, after the one before has ended."""
        self.process = subprocess.Popen(
            [*_ON_THIS_TERMINAL, *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            env=self._environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        if not self._is_hung_up:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the window: nobody reads any more, and nobody types."""
        self._is_hung_up = True
        self._reader.close()
        os.close(self._slave)
        os.close(self._master)

    def stop_reading(self) -> None:
        """Take nothing more from the process, except what a method that waits reads: its writes block before long."""
        self._reader.stop()

    def start_reading(self) -> None:
        """Take whatever the process writes at once, as a fast terminal does, whether or not anything waits for it."""
        self._reader.start()

    def wipe(self) -> None:
        """Clear the emulated screen, as another program may have written over the real one."""
        self._read_all()
        self._screen.reset()

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size."""
        self._screen.resize(lines, columns)
        self._size(columns, lines)

    # What is on it

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return [self._line(y) for y in range(self._screen.lines)]

    def _line(self, y: int) -> str:
        """What pyte's own `display` gives, which stumbles over half a wide character that a smaller window left."""
        row, text, x = self._screen.buffer[y], "", 0
        while x < self._screen.columns:
            data = row[x].data or " "
            text += data
            x += max(1, cell_len(data[0]))
        return text.rstrip()

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """The first line that holds `text`; empty when none does."""
        return next((line for line in self.lines if text in line), "")

    @property
    def heading_row(self) -> int:
        """The line of the list's headings, from 0; the last line while there are none."""
        return next((y for y, line in enumerate(self.lines) if re.search("NAME .*STATUS", line)), len(self.lines) - 1)

    @property
    def list_lines(self) -> list[str]:
        """The lines below the headings of the list, with the footer."""
        return self.lines[self.heading_row + 1 :] or [""]

    @property
    def grounds(self) -> list[str]:
        """The background at the left end of each line; that of the cursor's is another one."""
        return [self._screen.buffer[y][0].bg for y in range(self._screen.lines)]

    # What happens on it

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send what no keyboard can type, however much; reads meanwhile, so that neither side waits for the other."""
        while data:
            read_here = [] if self._reader.is_running else [self._master]
            readable, writable, _ = select.select(read_here, [self._master], [], _HANG_S)
            assert readable or writable, f"the program has not read its input for {_HANG_S:g} s"
            if readable:
                self._read(0.0)
            elif writable:
                # A pty takes less than a page at a time without blocking.
                data = data[os.write(self._master, data[:1024]) :]

    def wait_for(self, *what: str | Callable[[Terminal], object], seconds: float = _HANG_S) -> None:
        """Read until the screen shows all of `what` at once: regular expressions, or conditions on this terminal.

        A screen comes in pieces: what is to be asserted about it belongs in here, not behind it.
        """
        conditions = [_matches(part) if isinstance(part, str) else part for part in what]
        deadline = time.monotonic() + seconds
        has_ended = False
        while missing := self._first_missing(what, conditions):
            if time.monotonic() >= deadline:
                break
            # In short steps: not every condition is one on what comes from the process.
            is_read = self._read(0.05)
            if not has_ended and not is_read and self.process.poll() is not None:
                has_ended, deadline = True, min(deadline, time.monotonic() + _AFTER_ITS_END_S)
        else:
            return
        message = f"waited for {missing[0]!r} in vain; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def _first_missing(
        self, what: Sequence[object], conditions: Sequence[Callable[[Terminal], object]]
    ) -> list[object]:
        """Return the first of the conditions that does not hold, in their order: a later one may rely on an earlier."""
        pairs = zip(what, conditions, strict=True)
        return next(([part] for part, condition in pairs if not condition(self)), [])

    def wait_until_read(self, *, seconds: float = _HANG_S) -> None:
        """Wait until the process has read all that was typed, reading what it writes meanwhile."""
        deadline = time.monotonic() + seconds
        while struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))[0]:
            assert time.monotonic() < deadline, f"it does not read its keys; the screen:\n{self.text}"
            self._read(0.02)

    def wait_for_no(self, text: str, *, seconds: float = _HANG_S) -> None:
        """Read until `text` is no longer on the screen."""
        self.wait_for(lambda screen: text not in screen.text, seconds=seconds)

    def wait_for_quiet(self, seconds: float = 0.1) -> None:
        """Read until nothing has come for so long: what was being drawn is whole, and comes in pieces until then."""
        deadline = time.monotonic() + _HANG_S
        while self._read(seconds):
            assert time.monotonic() < deadline, f"it never stops drawing; the screen:\n{self.text}"

    def read_for(self, seconds: float) -> bytes:
        """Read whatever comes within a time, for counting."""
        start, deadline = len(self.output), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._read(left):
            pass
        self._read_all()
        return bytes(self.output[start:])

    def wait_for_end(self, seconds: float = _HANG_S) -> int:
        """Read until the process has ended; its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    @property
    def left_behind(self) -> str:
        """What was written to the ordinary screen after the end."""
        return _SEQUENCES.sub(b"", bytes(self.output).rpartition(b"\x1b[?1049l")[2]).decode().strip()

    def cell(self, x: int, y: int) -> pyte.screens.Char:
        """One cell, with its colours and attributes."""
        return self._screen.buffer[y][x]

    @property
    def is_mouse_off(self) -> bool:
        """Whether the mouse is the terminal's own."""
        switched = {match[1]: match[2] for match in re.finditer(rb"\x1b\[\?(\d+)([hl])", bytes(self.output))}
        return all(switched.get(mode, b"l") == b"l" for mode in (b"1000", b"1002", b"1003", b"1006"))

    @property
    def is_restored(self) -> bool:
        """Whether the terminal is as it was: modes, main screen, cursor, mouse, bracketed paste, keyboard, title."""
        switched = {match[1].decode(): match[2] for match in re.finditer(rb"\x1b\[\?(\d+)([hl])", bytes(self.output))}
        is_off = all(switched.get(mode, b"l") == b"l" for mode in _OFF_AFTERWARDS)
        is_on = all(switched.get(mode, b"h") == b"h" for mode in _ON_AFTERWARDS)
        # The keyboard protocol is a stack.
        pushed = len(re.findall(rb"\x1b\[>\d+u", bytes(self.output)))
        is_keyboard_back = pushed == bytes(self.output).count(b"\x1b[<u")
        has_title = re.search(rb"\x1b\][012];", bytes(self.output)) is not None
        return (
            is_off
            and is_on
            and is_keyboard_back
            and not has_title
            and termios.tcgetattr(self._slave) == self.modes_before
        )

    def _read(self, seconds: float) -> bool:
        """Draw the next piece, waiting at most `seconds` for it; whether there was one."""
        data = self._reader.take(seconds)
        self.output += data
        self._held += data
        whole = _UNFINISHED.sub(b"", self._held)
        self._held = self._held[len(whole) :]
        self._stream.feed(_NOT_PYTES.sub(b"", whole))
        return bool(data)

    def _read_all(self) -> None:
        """Draw all that has come by now."""
        while self._read(0.0):
            pass
