"""The way to the terminal: how fast it takes what is written, and whether it still leads anywhere.

The writer thread tells, the event loop asks.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

_BLOCKED_FROM_S: Final = 0.05
"""A shorter write is the machine's business, not the line's."""

_SLOW_S: Final = 1.0
"""A line that held up our writes for so many seconds of the last minute is slow."""

_MINUTE_S: Final = 60.0

_STAYS_SLOW_S: Final = 600.0
"""A line is thought slow for so long after it last was: going back and forth would cost more than it saves."""

_PIECE: Final = 2048
"""Bytes handed over at a time, so that a slow line can be told from one that stands still."""


class OutputLink:
    """How the line does. A deque and plain attributes are safe for both threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.is_closed = False
        self.last_write_at = monotonic()
        """When it last took something."""
        self._monotonic = monotonic
        self._blocked: deque[tuple[float, float]] = deque(maxlen=600)
        self._slow_until = -math.inf

    def record_write(self, seconds: float) -> None:
        """A write took so long."""
        self.last_write_at = self._monotonic()
        if seconds >= _BLOCKED_FROM_S:
            self._blocked.append((self.last_write_at, seconds))

    @property
    def is_slow(self) -> bool:
        """Whether writes are held up, or were not long ago."""
        now = self._monotonic()
        if sum(seconds for at, seconds in tuple(self._blocked) if at >= now - _MINUTE_S) >= _SLOW_S:
            self._slow_until = now + _STAYS_SLOW_S
        return now < self._slow_until


class TimedWriter:
    """The terminal's file for the writer thread; a terminal that is gone swallows everything."""

    def __init__(
        self, file: TextIO, line: OutputLink, *, charset: str = "", when_idle: Callable[[], None] = lambda: None
    ) -> None:
        """`charset` is the terminal's encoding; `when_idle` is called, in the writer thread, when all is written."""
        self.written = 0
        """Characters so far."""
        self._file = file
        self._line = line
        self._encoding = charset or "utf-8"
        self._when_idle = when_idle

    def write(self, text: str) -> int:
        """Write all of it, however long that takes."""
        data = memoryview(text.encode(self._encoding, "replace"))
        while data and not self._line.is_closed:
            data = data[self._write_some(data[:_PIECE]) :]
        self.written += len(text)
        return len(text)

    def flush(self) -> None:
        """There is nothing more to write now."""
        self._when_idle()

    def fileno(self) -> int:
        """The file's number."""
        return self._file.fileno()

    def _write_some(self, data: memoryview) -> int:
        started = time.monotonic()
        try:
            count = os.write(self._file.fileno(), data)
        except OSError:
            # The writer thread must not die of it: the event loop would wait for ever to hand it the next frame.
            self._line.is_closed = True
            return len(data)
        self._line.record_write(time.monotonic() - started)
        return count
