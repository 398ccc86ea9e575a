"""Ends the monitor on signals, even while its event loop is blocked by a call that does not return.

Python runs signal handlers in the main thread only, between two bytecodes, and asyncio only between two callbacks. The
interpreter's wakeup descriptor is written to by the C handler at once, so a thread that reads it notices the signal
even while the main thread is busy, as long as it releases the GIL now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Final

_HELD_S: Final = 0.7
"""Seconds without a reaction of the event loop after which it counts as blocked."""

_CHECK_INTERVAL_S: Final = 0.05

_END_S: Final = 3.0
"""Seconds from that reaction to the end of the process; more than the logout and the last output may take."""

_LONGEST_HELD_S: Final = 5.0
"""Seconds after which it counts as blocked even if the process gets hardly any processor time."""

_LONGEST_END_S: Final = 10.0
"""The same limit for the end of the process."""

_NANOSECONDS: Final = 1e9


class SignalWatch:
    """Passes signals on to the event loop, and ends the process when the loop does not react."""

    def __init__(
        self,
        exit_codes: Mapping[signal.Signals, int],
        leave: Callable[[int], None],
        abandon: Callable[[int], None],
        starved_s: Callable[[], float] | None = None,
    ) -> None:
        """`leave` is called in the loop with the exit code, `abandon` in a thread when the loop is blocked.

        `starved_s` returns the seconds for which the main thread was ready but got no processor so far.
        """
        self._starved_s = starved_s or _main_thread_delay_s
        self._exit_codes = exit_codes
        self._leave = leave
        self._abandon = abandon
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_answered = Event()
        self._is_ending = False

    def start(self) -> None:
        """Start watching; call it in the loop. If no thread can be started, the loop alone handles the signals."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            Thread(target=self._run, args=(read_end,), name="signals", daemon=True).start()
        except (RuntimeError, MemoryError):
            os.close(read_end)
            os.close(write_end)
            for number, code in self._exit_codes.items():
                self._loop.add_signal_handler(number, self._leave, code)
            return
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in self._exit_codes:
            signal.signal(number, _do_nothing)

    def limit_end(self, code: int) -> None:
        """End the process with `code` if it does not end within three seconds."""
        if not self._is_ending:
            self._is_ending = True
            with contextlib.suppress(RuntimeError, MemoryError):
                Thread(target=self._abandon_late, args=(code,), name="end", daemon=True).start()

    def _abandon_late(self, code: int) -> None:
        # The event is never set: if the process ends in time, this thread ends with it.
        if not self._wait_for(Event(), _END_S, _LONGEST_END_S):
            self._abandon(code)

    def _run(self, read_end: int) -> None:
        while numbers := os.read(read_end, 1):
            code = self._exit_codes.get(numbers[0])  # type: ignore[call-overload]  # Signals are integers
            # Once the loop is closed, the process is at its end anyway.
            with contextlib.suppress(RuntimeError):
                if code is None:
                    # A signal with another Python handler, which runs when the loop wakes up.
                    self._call_soon(_do_nothing)
                else:
                    self._call_soon(self._answer, code)
                    if not self._wait_for(self._has_answered, _HELD_S, _LONGEST_HELD_S):
                        self._abandon(code)

    def _call_soon(self, call: Callable[..., None], *arguments: int) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(call, *arguments)

    def _answer(self, code: int) -> None:
        self._has_answered.set()
        self.limit_end(code)
        self._leave(code)

    def _wait_for(self, event: Event, limit_s: float, longest_s: float) -> bool:
        """Wait for `event`; False when it did not come within `limit_s`.

        Time for which the main thread got no processor does not count, up to `longest_s` in all.
        """
        started, starved = time.monotonic(), self._starved_s()
        while not event.wait(_CHECK_INTERVAL_S):
            elapsed = time.monotonic() - started
            if elapsed - (self._starved_s() - starved) > limit_s or elapsed > longest_s:
                return False
        return True


def _do_nothing(*_: object) -> None:
    """Replace the default action of a signal."""


def _main_thread_delay_s() -> float:
    """Return the seconds for which the main thread was ready but got no processor; 0 where this is not counted.

    The file exists on Linux only: https://docs.kernel.org/scheduler/sched-stats.html
    """
    try:
        return int(Path(f"/proc/self/task/{os.getpid()}/schedstat").read_text("ascii").split()[1]) / _NANOSECONDS
    except (OSError, ValueError, IndexError):
        return 0.0
