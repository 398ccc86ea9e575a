"""The output to the terminal: a queue with its writer thread, and whether the connection is slow or closed.

The writer thread records each write; the event loop reads the state.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
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

_MAX_PENDING_WRITES: Final = 8
_MAX_PENDING_CHARS: Final = 16_000
"""Most unwritten output, about a screen; more would only show outdated frames later."""

_MAX_QUEUED: Final = 30
"""Texts of any kind in the queue; at this number the frames among them are dropped."""

STUCK_S: Final = 0.3
"""A terminal that accepted nothing for so long at the end is not restored."""

_FINAL_WRITE_TIMEOUT_S: Final = 5.0
"""Longest wait for the last output, even while the terminal accepts some of it."""

_JOIN_INTERVAL_S: Final = 0.02


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

    def __init__(self, file: TextIO, line: OutputLink, *, charset: str = "") -> None:
        """`charset` is the terminal's encoding."""
        self.line = line
        self.written = 0
        """Characters written so far."""
        self._file = file
        self._encoding = charset or "utf-8"

    def write(self, text: str) -> int:
        """Write all of `text`, without a time limit."""
        data = memoryview(text.encode(self._encoding, "replace"))
        while data and not self.line.is_closed:
            data = data[self._write_some(data[:_CHUNK]) :]
        self.written += len(text)
        return len(text)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._file.fileno()

    def _write_some(self, data: memoryview) -> int:
        started = time.monotonic()
        try:
            count = os.write(self._file.fileno(), data)
        except OSError:
            # The writer thread must survive: otherwise the event loop would block on its full queue for ever.
            self.line.is_closed = True
            return len(data)
        self.line.record_write(time.monotonic() - started)
        return count


class FrameText(str):
    """Output of a frame, which may be dropped. All other output changes the terminal's state and must reach it."""

    __slots__ = ()


class OutputQueue:
    """Text for the terminal, written by a thread of its own so that the event loop never waits for the terminal."""

    def __init__(self, writer: TimedWriter, *, when_idle: Callable[[], None]) -> None:
        """The thread calls `when_idle` each time all text is written."""
        self._writer = writer
        self._when_idle = when_idle
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        # Text that was dropped with an earlier queue is never written and must not count as pending.
        self._queued_chars = writer.written
        self._thread = Thread(target=self._run, name="terminal-output", daemon=True)

    def start(self) -> None:
        """Start the thread; RuntimeError or MemoryError when that is impossible."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self._thread.is_alive()

    @property
    def is_behind(self) -> bool:
        """Whether the terminal accepts less than is written, so that another frame would have to wait."""
        return (
            self._queue.qsize() >= _MAX_PENDING_WRITES or self._queued_chars - self._writer.written > _MAX_PENDING_CHARS
        )

    @property
    def is_full(self) -> bool:
        """Whether frames must be dropped before anything else is written."""
        return self._queue.qsize() >= _MAX_QUEUED

    def put(self, text: str) -> None:
        """Add text to the queue. Never blocks."""
        self._queued_chars += len(text)
        self._queue.put(text)

    def drop_frames(self) -> None:
        """Drop the frames that are not written yet.

        Sequences that switch modes are kept: otherwise those that switch them off would undo a mode of the program that
        used the terminal before.
        """
        modes = []
        # The thread takes from the queue as well.
        with contextlib.suppress(Empty):
            while True:
                text = self._queue.get_nowait() or ""
                if isinstance(text, FrameText):
                    self._queued_chars -= len(text)
                else:
                    modes.append(text)
        if modes:
            self._queue.put("".join(modes))

    def close(self) -> None:
        """End the thread when everything is written; wait for that while the terminal accepts output."""
        if not self.is_running:
            return
        self._queue.put(None)
        started = time.monotonic()
        while self.is_running:
            self._thread.join(_JOIN_INTERVAL_S)
            now = time.monotonic()
            if now - max(started, self._writer.line.last_write_at) > STUCK_S or now - started > _FINAL_WRITE_TIMEOUT_S:
                break

    def join(self, seconds: float) -> None:
        """Wait up to `seconds` for a thread that is still blocked after `close`."""
        if self.is_running:
            self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            self._writer.write(text)
            if self._queue.empty():
                self._when_idle()
