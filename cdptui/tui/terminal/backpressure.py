"""Keep the input thread from sending events faster than the app handles them.

Without it a megabyte of mouse reports would be queued within a second, and `q` behind it handled after minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Final

_WINDOW: Final = 32
"""Events that are sent between two checks: more than a user types between two frames."""

_CHECK_INTERVAL_S: Final = 0.005
"""Period of the checks while the app is behind; there are none otherwise."""


class Backpressure:
    """Blocks the sending thread while the receiving loop is behind."""

    def __init__(self, loop: asyncio.AbstractEventLoop, count_pending: Callable[[], int]) -> None:
        """`count_pending` is called in the loop and returns the number of events that are not handled yet."""
        self._loop = loop
        self._count_pending = count_pending
        self._may_go_on = Event()
        self._is_closed = False
        self._sent = 0
        self._is_waiting = False

    def wait_for_turn(self, timeout_s: float | None = None) -> bool:
        """Call in the thread before each event; return whether it may be sent.

        Returns at once, or when the app has caught up, or after `close`. False when that took longer than `timeout_s`:
        then call it again for the same event.
        """
        if not self._is_waiting:
            self._sent += 1
            if self._sent <= _WINDOW or self._is_closed:
                return True
            self._sent = 1
            self._may_go_on.clear()
            self._is_waiting = True
            self._loop.call_soon_threadsafe(self._check)
        if not (self._is_closed or self._may_go_on.wait(timeout_s)):
            return False
        self._is_waiting = False
        return True

    def close(self) -> None:
        """Release the thread for good, so that it can end."""
        self._is_closed = True
        self._may_go_on.set()

    def _check(self) -> None:
        if self._is_closed or self._count_pending() < _WINDOW:
            self._may_go_on.set()
        else:
            self._loop.call_later(_CHECK_INTERVAL_S, self._check)
