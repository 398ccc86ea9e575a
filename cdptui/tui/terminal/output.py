"""The output to the terminal: whether the connection is slow and whether it is closed.

The writer thread records each write; the event loop reads the state.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

_MIN_BLOCKED_S: Final = 0.05
"""Shorter writes are delayed by the machine, not by the connection, and do not count."""

_SLOW_S: Final = 1.0
"""A connection that blocked writes for this many seconds of the last minute is slow."""

_MINUTE_S: Final = 60.0

_STAYS_SLOW_S: Final = 600.0
"""How long a connection stays slow: alternating between both modes would cost more than it saves."""

_CHUNK: Final = 2048
"""Bytes per write, so that a slow connection differs from one that accepts nothing."""


class OutputLink:
    """State of the connection to the terminal. A deque and plain attributes are safe for both threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.is_closed = False
        self.last_write_at = monotonic()
        """Monotonic time of the last completed write."""
        self._monotonic = monotonic
        self._blocked: deque[tuple[float, float]] = deque(maxlen=600)
        self._slow_until = -math.inf

    def record_write(self, seconds: float) -> None:
        """Record a write that took `seconds`."""
        self.last_write_at = self._monotonic()
        if seconds >= _MIN_BLOCKED_S:
            self._blocked.append((self.last_write_at, seconds))

    @property
    def is_slow(self) -> bool:
        """Whether writes are blocked, or were within the last ten minutes."""
        now = self._monotonic()
        if sum(seconds for at, seconds in tuple(self._blocked) if at >= now - _MINUTE_S) >= _SLOW_S:
            self._slow_until = now + _STAYS_SLOW_S
        return now < self._slow_until


class TimedWriter:
    """The terminal's file for the writer thread. Writes to a closed terminal are discarded."""

    def __init__(
        self, file: TextIO, line: OutputLink, *, charset: str = "", when_idle: Callable[[], None] = lambda: None
    ) -> None:
        """`charset` is the terminal's encoding; the writer thread calls `when_idle` when all text is written."""
        self.written = 0
        """Characters written so far."""
        self._file = file
        self._line = line
        self._encoding = charset or "utf-8"
        self._when_idle = when_idle

    def write(self, text: str) -> int:
        """Write all of `text`, without a time limit."""
        data = memoryview(text.encode(self._encoding, "replace"))
        while data and not self._line.is_closed:
            data = data[self._write_some(data[:_CHUNK]) :]
        self.written += len(text)
        return len(text)

    def flush(self) -> None:
        """Called by Textual's writer thread when its queue is empty."""
        self._when_idle()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._file.fileno()

    def _write_some(self, data: memoryview) -> int:
        started = time.monotonic()
        try:
            count = os.write(self._file.fileno(), data)
        except OSError:
            # The writer thread must survive: otherwise the event loop would block on its full queue for ever.
            self._line.is_closed = True
            return len(data)
        self._line.record_write(time.monotonic() - started)
        return count
