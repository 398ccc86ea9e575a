"""A terminal that knows when its bytes came, and what they were for."""

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
"""A frame is one write; the pty hands it on in pieces with less than this between them."""

_MOVE = re.compile(rb"\x1b\[(\d+);(\d+)H")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")

HEADINGS = 3
"""The line of the column headings, from 0: below the header and the title of the list."""

BODY = range(HEADINGS + 1, 39)
"""The lines of the list at 120x40, above the footer."""


class Burst(NamedTuple):
    """Bytes that came together."""

    data: bytes
    ended_at: float
    """Monotonic moment of the last of them."""


class Watched(Terminal):
    """Reads without looking first, so that what the looking costs is not measured."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        # The moment at which a byte came is that of the read here.
        super().__init__(command, environment=environment, is_read_in_background=False)

    def burst(self, seconds: float) -> Burst | None:
        """Wait for bytes, and for the end of what comes together; None when nothing comes."""
        burst = self._read_burst(seconds)
        if burst is not None:
            self._show(burst.data)
        return burst

    def _read_burst(self, seconds: float) -> Burst | None:
        data, ended_at, patience = bytearray(), 0.0, seconds
        while select.select([self._master], [], [], patience)[0]:
            try:
                piece = os.read(self._master, 65536)
            except OSError:
                break
            ended_at = time.monotonic()
            data += piece
            patience = _QUIET_S
        return Burst(bytes(data), ended_at) if data else None

    def seen_at_rest(self, is_there: Callable[[], object], *, quiet_s: float, seconds: float = 60.0) -> float:
        """The same as `seen_at`, but looks only once nothing has come for `quiet_s`, or the time is up.

        What the emulator needs for one burst is then not counted into the moment at which the next one came.
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
        message = f"waited in vain; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def seen_at(self, is_there: Callable[[], object], *, seconds: float = 60.0) -> float:
        """The moment at which the bytes were complete that made it so."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            burst = self.burst(left)
            if burst is not None and is_there():
                return burst.ended_at
            if burst is None and self.process.poll() is not None:
                break
        message = f"waited in vain; exit code {self.process.poll()}; the screen:\n{self.text}"
        raise AssertionError(message)

    def shows(self, pattern: str) -> bool:
        """Whether the screen shows it now."""
        return re.search(pattern, self.text) is not None

    def drain(self, seconds: float) -> bytes:
        """Everything that comes within a time."""
        deadline, data = time.monotonic() + seconds, bytearray()
        while (left := deadline - time.monotonic()) > 0:
            burst = self.burst(left)
            data += burst.data if burst is not None else b""
        return bytes(data)

    def rest(self, seconds: float = 0.15) -> bytes:
        """Everything that comes until nothing has come for a while."""
        data = bytearray()
        while (burst := self.burst(seconds)) is not None:
            data += burst.data
        return bytes(data)

    @property
    def lines(self) -> list[str]:
        """The screen, line by line; also where half a wide character was left, over which the library stumbles."""
        buffer, columns = self._screen.buffer, range(self._screen.columns)
        return ["".join([buffer[y][x].data for x in columns]).rstrip() for y in range(self._screen.lines)]

    # The list

    @property
    def cursor_line(self) -> int | None:
        """The line whose background is not that of the others."""
        grounds = [self._screen.buffer[y][0].bg for y in BODY]
        odd = [y for y, ground in zip(BODY, grounds, strict=True) if grounds.count(ground) == 1]
        return odd[0] if odd else None

    @property
    def cursor_name(self) -> str:
        """How the task under the cursor begins."""
        y = self.cursor_line
        return "" if y is None else self._screen.display[y][2:8]

    @property
    def detail_name(self) -> str:
        """How the title of the detail pane begins, which is in its border."""
        return self._screen.display[HEADINGS - 1].partition("┌─ ")[2][:6]

    def cells(self, y: int) -> list[tuple[str, str, str, bool]]:
        """What a line shows, cell by cell."""
        line = self._screen.buffer[y]
        return [(line[x].data, line[x].fg, line[x].bg, line[x].bold) for x in range(self._screen.columns)]

    # The process

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU that the process used so far, all its threads, user and system."""
        return cpu_s(self.process.pid)

    @property
    def peak_bytes(self) -> int:
        """The most memory that it ever held."""
        return peak_bytes(self.process.pid)

    def _show(self, data: bytes) -> None:
        self.output += data
        self._held += data
        whole = _UNFINISHED.sub(b"", self._held)
        self._held = self._held[len(whole) :]
        self._stream.feed(_NOT_PYTES.sub(b"", whole))


def open_monitor(url: str, *options: str) -> Watched:
    """The installed cdptui at 120x40."""
    command = [CDPTUI, "--url", url, "--log-file", os.devnull, *options]
    return Watched(command, environment={"ZSTACK_PASSWORD": "password"})


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process used so far, all its threads."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process ever held."""
    return _memory(pid, "VmHWM")


def held_bytes(pid: int | str = "self") -> int:
    """The memory that a process holds."""
    return _memory(pid, "VmRSS")


def _memory(pid: int | str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def bytes_on(lines: range, data: bytes) -> int:
    """Bytes that were written for some lines (from 0): their cursor moves and all up to the next one."""
    moves = list(_MOVE.finditer(data))
    ends = [*(move.start() for move in moves[1:]), len(data)]
    return sum(end - move.start() for move, end in zip(moves, ends, strict=True) if int(move[1]) - 1 in lines)
