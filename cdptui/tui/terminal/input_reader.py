"""The thread that reads the terminal's input and sends it to the application as events."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from textual import events
from textual.constants import ESCAPE_DELAY
from textual.message import Message

from cdptui.tui.terminal.backpressure import Backpressure
from cdptui.tui.terminal.control_sequences import ControlSequenceTokenizer
from cdptui.tui.terminal.input_events import InputDecoder
from cdptui.tui.terminal.loop_probe import LoopProbe

_ESCAPE_DELAY_S: Final = min(ESCAPE_DELAY, 1.0)
"""The silence after an escape that makes it the Escape key; limited, because ESCDELAY may have any value."""

_SEND_TIMEOUT_S: Final = 0.02
"""How long the thread waits for an app that is behind before it reads on."""

_READ_AHEAD: Final = 64
"""Events that may wait before reading stops."""


class InputReader:
    """Reads the terminal in a thread of its own until `stop`. Blocks between input."""

    def __init__(
        self,
        fileno: int,
        loop: asyncio.AbstractEventLoop,
        *,
        count_pending: Callable[[], int],
        send: Callable[[Message], object],
        on_hang_up: Callable[[], object],
        on_error: Callable[[Exception], object],
    ) -> None:
        """`count_pending` is called in the loop and counts the events not handled yet; the thread calls the others.

        `on_hang_up` is called once when the terminal was closed, `on_error` when the thread ends with an error.
        """
        self._fileno = fileno
        self._loop = loop
        self._send = send
        self._on_hang_up = on_hang_up
        self._on_error = on_error
        self._backpressure = Backpressure(loop, count_pending)
        self._is_stopped = Event()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = Thread(target=self._run, name="terminal-input")

    def start(self) -> None:
        """Start the thread; RuntimeError or MemoryError when that is impossible."""
        self._thread.start()

    def stop(self) -> None:
        """Wake and end the thread, and wait for it. Input that is pending, such as half a sequence, is dropped."""
        if self._is_stopped.is_set():
            return
        self._is_stopped.set()
        os.write(self._wake_write, b"\0")
        self._backpressure.close()
        if self._thread.is_alive():
            self._thread.join()
        os.close(self._wake_write)
        os.close(self._wake_read)

    def _run(self) -> None:
        """Read; an error ends the app like any other internal error, without a traceback on screen."""
        try:
            self._read_and_send()
        except Exception as error:  # noqa: BLE001 - passed to the app's error handler
            self._on_error(error)

    def _read_and_send(self) -> None:
        tokenizer, decoder = ControlSequenceTokenizer(escape_delay_s=_ESCAPE_DELAY_S), InputDecoder()
        # When the loop is blocked, Ctrl+C is sent as a signal: the key would wait for the loop for ever.
        probe = LoopProbe(self._loop, lambda: os.kill(os.getpid(), signal.SIGINT))
        pending: deque[Message] = deque()
        with selectors.DefaultSelector() as selector:
            selector.register(self._fileno, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self._is_stopped.is_set():
                self._send_pending(pending)
                timeout_s = 0.0 if pending else _seconds_until(tokenizer.deadline, probe.deadline)
                ready = [key.fd for key, _ in selector.select(timeout_s)]
                is_behind = len(pending) >= _READ_AHEAD
                data = self._read() if self._fileno in ready and not is_behind else None
                if data == b"":
                    self._on_hang_up()
                    break
                now = time.monotonic()
                if data is not None:
                    tokens = tokenizer.feed(data, now)
                else:
                    # No time-out while there is unread input, which may hold the rest of the sequence.
                    tokens = [] if self._fileno in ready else tokenizer.expire(now)
                for message in decoder.decode(tokens):
                    pending.append(message)
                    if isinstance(message, events.Key) and message.key == "ctrl+c":
                        probe.ask(now)
                probe.check(now)

    def _send_pending(self, pending: deque[Message]) -> None:
        """Send events until none is left or the app is behind."""
        while pending and self._backpressure.wait_for_turn(_SEND_TIMEOUT_S) and not self._is_stopped.is_set():
            self._send(pending.popleft())

    def _read(self) -> bytes:
        """Read input; return nothing once the terminal is closed."""
        try:
            return os.read(self._fileno, 4096)
        except OSError:
            return b""


def _seconds_until(*deadlines: float | None) -> float | None:
    """Return the seconds until the first of the monotonic times; None when there is none."""
    known = [deadline for deadline in deadlines if deadline is not None]
    return max(0.0, min(known) - time.monotonic()) if known else None
