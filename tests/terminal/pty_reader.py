"""Read a pty in the background."""

from __future__ import annotations

import os
import select
import threading
from collections import deque


class PtyReader:
    """Reads a pty in a thread and queues the output, so that the program on it never waits for a test.

    `take` returns the pieces in the order of their arrival: a test that is late still sees each state of the screen.
    While the thread is stopped, only `take` reads.
    """

    def __init__(self, master: int) -> None:
        self._master = master
        self._pieces: deque[bytes] = deque()
        self._arrival = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stop_requests, self._stop_sender = os.pipe()

    @property
    def is_running(self) -> bool:
        """Whether the thread reads."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read_on, name="pty-reader", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; output that it has read stays in the queue."""
        if self._thread is not None:
            os.write(self._stop_sender, b"\0")
            self._thread.join()
            os.read(self._stop_requests, 1)
            self._thread = None

    def close(self) -> None:
        """End the thread and free its resources; the caller closes the pty."""
        self.stop()
        os.close(self._stop_requests)
        os.close(self._stop_sender)

    def take(self, seconds: float) -> bytes:
        """Return the next piece, or nothing after `seconds` or when the other end is closed."""
        with self._arrival:
            if self._thread is not None:
                self._arrival.wait_for(lambda: self._pieces, seconds)
                # Read here too, in case the thread was not scheduled yet.
                seconds = 0.0
            if not self._pieces:
                self._read_piece(seconds)
            return self._pieces.popleft() if self._pieces else b""

    def _read_on(self) -> None:
        is_open = True
        while is_open and self._stop_requests not in select.select([self._master, self._stop_requests], [], [])[0]:
            with self._arrival:
                is_open = self._read_piece(0.0)
                self._arrival.notify_all()

    def _read_piece(self, seconds: float) -> bool:
        """Read once, waiting at most `seconds`; return False at the end of the output."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        if data:
            self._pieces.append(data)
        return bool(data)
