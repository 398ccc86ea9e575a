"""A terminal that records when output arrived, and finds the output that changed the screen."""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.terminal.pty_terminal import _NOT_PYTES, _UNFINISHED, Terminal

CDPTUI = str(Path(sys.executable).with_name("cdptui"))
"""The installed program, not the source tree."""

_QUIET_S = 0.003
"""A frame is one write; the pty delivers it in pieces with shorter pauses than this."""

_MOVE = re.compile(rb"\x1b\[(\d+);(\d+)H")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

HEADINGS = 3
"""The line of the column headings, from 0: below the header and the title of the list."""

BODY = range(HEADINGS + 1, 39)
"""The lines of the list at 120x40, above the footer."""


class Burst(NamedTuple):
    """Bytes that arrived together."""

    data: bytes
    ended_at: float
    """Monotonic time of the last byte."""


class Watched(Terminal):
    """A terminal that reads before it draws, so that the time of the emulator is not measured."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        # Reads here instead of in a thread, for exact times.
        super().__init__(command, environment=environment, is_read_in_background=False)

    def burst(self, seconds: float) -> Burst | None:
        """Wait for output, and until it pauses; return None when there was none."""
        burst = self._read_burst(seconds)
        if burst is not None:
            self._show(burst.data)
        return burst

    def _read_burst(self, seconds: float) -> Burst | None:
        data, ended_at, timeout_s = bytearray(), 0.0, seconds
        while select.select([self._master], [], [], timeout_s)[0]:
            try:
                piece = os.read(self._master, 65536)
            except OSError:
                break
            ended_at = time.monotonic()
            data += piece
            timeout_s = _QUIET_S
        return Burst(bytes(data), ended_at) if data else None

    def seen_at_rest(self, is_there: Callable[[], object], *, quiet_s: float, seconds: float = 60.0) -> float:
        """Like `seen_at`, but draw only after `quiet_s` without output, or when the time is over.

        The time that the emulator needs for a burst does not delay the next one then.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            bursts: list[Burst] = []
            while (burst := self._read_burst(quiet_s if bursts else left)) is not None and left > 0:
                bursts.append(burst)
                left = deadline - time.monotonic()
            seen: float | None = None
            for burst in bursts:
                self._show(burst.data)
                if seen is None and is_there():
                    seen = burst.ended_at
            if seen is not None:
                return seen
            if not bursts:
                break
        message = f"timed out; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def seen_at(self, is_there: Callable[[], object], *, seconds: float = 60.0) -> float:
        """Return the time at which the output was complete after which `is_there` is true."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            burst = self.burst(left)
            if burst is not None and is_there():
                return burst.ended_at
            if burst is None and self.process.poll() is not None:
                break
        message = f"timed out; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def shows(self, pattern: str) -> bool:
        """Return whether the screen matches a pattern now."""
        return re.search(pattern, self.text) is not None

    def drain(self, seconds: float) -> bytes:
        """Return the output of the next `seconds`."""
        deadline, data = time.monotonic() + seconds, bytearray()
        while (left := deadline - time.monotonic()) > 0:
            burst = self.burst(left)
            data += burst.data if burst is not None else b""
        return bytes(data)

    def rest(self, seconds: float = 0.15) -> bytes:
        """Return the output until there was none for `seconds`."""
        data = bytearray()
        while (burst := self.burst(seconds)) is not None:
            data += burst.data
        return bytes(data)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen; pyte's `display` raises on half a wide character."""
        buffer, columns = self._screen.buffer, range(self._screen.columns)
        return ["".join([buffer[y][x].data for x in columns]).rstrip() for y in range(self._screen.lines)]

    # The list

    @property
    def cursor_line(self) -> int | None:
        """The line whose background is not that of the others."""
        backgrounds = [self._screen.buffer[y][0].bg for y in BODY]
        odd = [y for y, background in zip(BODY, backgrounds, strict=True) if backgrounds.count(background) == 1]
        return odd[0] if odd else None

    @property
    def cursor_name(self) -> str:
        """The beginning of the name under the cursor."""
        y = self.cursor_line
        return "" if y is None else self._screen.display[y][2:8]

    @property
    def detail_name(self) -> str:
        """The beginning of the title of the detail pane, which is in its border."""
        return self._screen.display[HEADINGS - 1].partition("┌─ ")[2][:6]

    def cells(self, y: int) -> list[tuple[str, str, str, bool]]:
        """Return the cells of a line."""
        line = self._screen.buffer[y]
        return [(line[x].data, line[x].fg, line[x].bg, line[x].bold) for x in range(self._screen.columns)]

    # The process

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process so far, of all threads, user and system."""
        return cpu_s(self.process.pid)

    @property
    def peak_bytes(self) -> int:
        """The peak memory of the process."""
        return peak_bytes(self.process.pid)

    def _show(self, data: bytes) -> None:
        self.output += data
        self._held += data
        whole = _UNFINISHED.sub(b"", self._held)
        self._held = self._held[len(whole) :]
        self._stream.feed(_NOT_PYTES.sub(b"", whole))


def open_monitor(url: str, *options: str) -> Watched:
    """Run the installed cdptui at 120x40."""
    command = [CDPTUI, "--url", url, "--log-file", os.devnull, *options]
    return Watched(command, environment={"ZSTACK_PASSWORD": "password"})


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far, of all threads."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def peak_bytes(pid: int | str = "self") -> int:
    """Return the peak memory of a process."""
    return _memory(pid, "VmHWM")


def held_bytes(pid: int | str = "self") -> int:
    """Return the current memory of a process."""
    return _memory(pid, "VmRSS")


def _memory(pid: int | str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def bytes_on(lines: range, data: bytes) -> int:
    """Return the bytes written to some lines, counted from 0, including their cursor moves."""
    moves = list(_MOVE.finditer(data))
    ends = [*(move.start() for move in moves[1:]), len(data)]
    return sum(end - move.start() for move, end in zip(moves, ends, strict=True) if int(move[1]) - 1 in lines)
