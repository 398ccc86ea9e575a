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
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte
from rich.cells import cell_len

from tests.process_guard import RUN_ID
from tests.terminal.pty_reader import PtyReader

CDPTUI = (sys.executable, "-m", "cdptui")

STEADY_LINE = {"CDPTUI_CONFIG": str(Path(__file__).with_name("steady_line.toml"))}
"""Environment that switches low-bandwidth mode off. On a busy machine the pty is read late, and the program would take
the connection for slow: no seconds in the age, another chart, fewer colours."""

ESCAPE = "\x1b[27u"
"""The Escape key in the kitty protocol, which is complete whatever follows it. A single escape character is that key
only when the program gets no other input for a while, which cannot be guaranteed on a busy machine."""

_ON_THIS_TERMINAL = (
    sys.executable,
    "-c",
    """import fcntl, os, signal, sys, termios
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])""",
)
"""Command prefix that makes stdin the controlling terminal, so that the process gets its signals, also under nohup."""

_NOT_PYTES = re.compile(rb"\x1b\[[?>=<][\d;]*\$?[a-zA-Z]|\x1b\[\d+;\d+;\d+t")
"""Sequences for newer terminals, of which pyte would print parts."""

_UNFINISHED = re.compile(rb"\x1b(\[[?>=<]?[\d;]*\$?)?\Z")
"""An incomplete escape sequence at the end of a piece."""

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


_BANNER_ROW = 2
"""The banner begins below the header, which has two lines."""

_HANG_S = 60.0
"""Time limit of each wait; long, because the machine may be busy."""

_AFTER_ITS_END_S = 5.0
"""How long others, such as the node, may need to notice that the process has ended."""


def _matches(pattern: str) -> Callable[[Terminal], object]:
    """Return whether a pattern is on the screen, or in the banner, whose lines may break in it."""
    compiled = re.compile(pattern)
    return lambda terminal: compiled.search(terminal.text) or compiled.search(terminal.banner)


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
        """All bytes of the process that were drawn on the emulated screen so far."""
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
        """Start another process on this terminal, after the previous one has ended."""
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
        """Close the terminal, as when its window is closed."""
        self._is_hung_up = True
        self._reader.close()
        os.close(self._slave)
        os.close(self._master)

    def stop_reading(self) -> None:
        """Read only in methods that wait from now on; otherwise the writes of the process will block."""
        self._reader.stop()

    @property
    def is_output_blocked(self) -> bool:
        """Whether the kernel's buffer is full, so that a write of the process would wait."""
        return not select.select([], [self._slave], [], 0)[1]

    def start_reading(self) -> None:
        """Read all output immediately, as a fast terminal does, also while no method waits."""
        self._reader.start()

    def wipe(self) -> None:
        """Clear the emulated screen, as if another program had written over it."""
        self._read_all()
        self._screen.reset()

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Resize the window."""
        self._screen.resize(lines, columns)
        self._size(columns, lines)

    # The screen

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return [self._line(y) for y in range(self._screen.lines)]

    def _line(self, y: int) -> str:
        """Return a line; pyte's `display` raises on half a wide character that a smaller window leaves."""
        row, text, x = self._screen.buffer[y], "", 0
        while x < self._screen.columns:
            data = row[x].data or " "
            text += data
            x += max(1, cell_len(data[0]))
        return text.rstrip()

    @property
    def text(self) -> str:
        """The text of the screen, with newlines."""
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """Return the first line that contains `text`; empty when none does."""
        return next((line for line in self.lines if text in line), "")

    @property
    def banner(self) -> str:
        """The text of the banner on a failure, without its line breaks; empty while there is none."""
        first, *others = self.lines[_BANNER_ROW:] or [""]
        if not first.startswith(" ✖ "):
            return ""
        more = takewhile(lambda line: line.startswith("   "), others)
        return " ".join(line.strip() for line in (first, *more))

    @property
    def heading_row(self) -> int:
        """The line of the list's headings, from 0; the last line while there are none."""
        return next(
            (y for y, line in enumerate(self.lines) if re.search("NAME[ ▲▼].*STATUS", line)), len(self.lines) - 1
        )

    @property
    def list_lines(self) -> list[str]:
        """The lines below the headings of the list, with the footer."""
        return self.lines[self.heading_row + 1 :] or [""]

    @property
    def grounds(self) -> list[str]:
        """The background at the left end of each line; the line under the cursor has its own."""
        return [self._screen.buffer[y][0].bg for y in range(self._screen.lines)]

    # Input and output

    def send(self, keys: str) -> None:
        """Type keys."""
        os.write(self._master, keys.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send any amount of any bytes; reads output meanwhile, so that neither side waits for the other."""
        while data:
            read_here = [] if self._reader.is_running else [self._master]
            readable, writable, _ = select.select(read_here, [self._master], [], _HANG_S)
            assert readable or writable, f"the program did not read its input for {_HANG_S:g} s"
            if readable:
                self._read(0.0)
            elif writable:
                # A pty takes less than a page at a time without blocking.
                data = data[os.write(self._master, data[:1024]) :]

    def wait_for(self, *what: str | Callable[[Terminal], object], seconds: float = _HANG_S) -> None:
        """Read until all of `what` are true at the same time: regular expressions, or conditions on this terminal.

        Output arrives in pieces: pass all conditions to one call instead of asserting some of them after it.
        """
        conditions = [_matches(part) if isinstance(part, str) else part for part in what]
        deadline = time.monotonic() + seconds
        has_ended = False
        while missing := self._first_missing(what, conditions):
            if time.monotonic() >= deadline:
                break
            # In short steps, because a condition may also depend on something other than output.
            is_read = self._read(0.05)
            if not has_ended and not is_read and self.process.poll() is not None:
                has_ended, deadline = True, min(deadline, time.monotonic() + _AFTER_ITS_END_S)
        else:
            return
        message = f"timed out waiting for {missing[0]!r}; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def _first_missing(
        self, what: Sequence[object], conditions: Sequence[Callable[[Terminal], object]]
    ) -> list[object]:
        """Return the first condition that is false; later ones may rely on earlier ones."""
        pairs = zip(what, conditions, strict=True)
        return next(([part] for part, condition in pairs if not condition(self)), [])

    def wait_until_read(self, *, seconds: float = _HANG_S) -> None:
        """Wait until the process has read all typed input; reads output meanwhile."""
        deadline = time.monotonic() + seconds
        while struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))[0]:
            assert time.monotonic() < deadline, f"the program does not read its keys; the screen:\n{self.text}"
            self._read(0.02)

    def wait_for_no(self, text: str, *, seconds: float = _HANG_S) -> None:
        """Read until `text` is no longer on the screen."""
        self.wait_for(lambda screen: text not in screen.text, seconds=seconds)

    def wait_for_quiet(self, seconds: float = 0.1) -> None:
        """Read until there was no output for `seconds`, so that the frame is complete."""
        deadline = time.monotonic() + _HANG_S
        while self._read(seconds):
            assert time.monotonic() < deadline, f"the program never stops drawing; the screen:\n{self.text}"

    def read_for(self, seconds: float) -> bytes:
        """Read the output of the next `seconds`."""
        start, deadline = len(self.output), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._read(left):
            pass
        self._read_all()
        return bytes(self.output[start:])

    def wait_for_end(self, seconds: float = _HANG_S) -> int:
        """Read until the process has ended; return its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    @property
    def left_behind(self) -> str:
        """The text on the main screen after the program left the alternate screen."""
        return _SEQUENCES.sub(b"", bytes(self.output).rpartition(b"\x1b[?1049l")[2]).decode().strip()

    def cell(self, x: int, y: int) -> pyte.screens.Char:
        """Return a cell with its colours and attributes."""
        return self._screen.buffer[y][x]

    @property
    def is_mouse_off(self) -> bool:
        """Whether mouse reporting is off."""
        switched = {match[1]: match[2] for match in re.finditer(rb"\x1b\[\?(\d+)([hl])", bytes(self.output))}
        return all(switched.get(mode, b"l") == b"l" for mode in (b"1000", b"1002", b"1003", b"1006"))

    @property
    def is_restored(self) -> bool:
        """Whether the terminal is restored: modes, main screen, cursor, mouse, bracketed paste, keyboard, title."""
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
        """Draw the next piece, waiting at most `seconds` for it; return whether there was one."""
        data = self._reader.take(seconds)
        self.output += data
        self._held += data
        whole = _UNFINISHED.sub(b"", self._held)
        self._held = self._held[len(whole) :]
        self._stream.feed(_NOT_PYTES.sub(b"", whole))
        return bool(data)

    def _read_all(self) -> None:
        """Draw all output that has arrived."""
        while self._read(0.0):
            pass
