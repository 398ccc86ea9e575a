"""A queue of keys that are handled one at a time, so that keys typed ahead reach the widget that they are meant for.

Textual sends each key at once to the focused widget and looks up its binding when no widget handled it. Keys that
arrive in one packet, as on a connection with 300 ms of latency, would all go to the widget that had the focus before
the first of them was handled.

A marker, `KeyHandled`, is posted behind each key to the same widget. When it arrives at the app, the key is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from textual.events import Key
from textual.message import Message

MAX_KEY_S: Final = 2.0
"""The next key is handled after this time, even if the current one is not done."""

WATCHDOG_INTERVAL_S: Final = 0.1
"""How often to check, while keys wait, whether the widget that handles a key was removed and can send no marker."""


ROUNDS: Final = 3
"""Passes of the marker while another key waits. Effects can take several messages: on Enter a text field posts to its
bar, and the bar posts to the screen, which moves the focus."""


class KeyHandled(Message):
    """A marker that follows a key: when it arrives at the app, all widgets on its way have handled the key."""


class KeyQueue:
    """A queue of keys, of which one is handled at a time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._waiting: deque[Key] = deque()
        self._started_at: float | None = None
        self._rounds = 0

    @property
    def is_busy(self) -> bool:
        """Whether a key is being handled and has not exceeded `MAX_KEY_S`."""
        return self._started_at is not None and self._monotonic() - self._started_at < MAX_KEY_S

    @property
    def is_any_waiting(self) -> bool:
        """Whether a key waits."""
        return bool(self._waiting)

    @property
    def waiting_count(self) -> int:
        """The number of keys that wait."""
        return len(self._waiting)

    def put(self, key: Key) -> None:
        """Append a key."""
        self._waiting.append(key)

    def needs_another_pass(self) -> bool:
        """Count a pass of the marker and return whether it must make another one before a waiting key."""
        self._rounds += 1
        return bool(self._waiting) and self._rounds < ROUNDS

    def finish(self) -> None:
        """Mark the current key as handled."""
        self._started_at = None

    def start_next(self) -> Key | None:
        """Take the next key and mark it as current; None when no key waits or another one is being handled."""
        if self.is_busy or not self._waiting:
            return None
        self._started_at, self._rounds = self._monotonic(), 0
        return self._waiting.popleft()
