"""Keys one after the other, so that what is typed ahead on a slow line goes where it is meant to go.

Textual hands each key at once to what has the focus, and looks for its binding when nobody took it. Keys that come in
one piece, as they do over a line with 300 ms of lag, would all go to what had the focus before the first of them was
seen to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from textual.events import Key
from textual.message import Message

MAX_KEY_S: Final = 2.0
"""How long a key may keep the others waiting."""

LOOK_S: Final = 0.1
"""How often to see, while a key waits, whether what took the one before is gone, and will never say that it is done."""


ROUNDS: Final = 3
"""How often a marker goes the way of a key when another key waits: a line that takes Enter tells its bar, and the bar
tells the screen, which sends the next key elsewhere."""


class KeyHandled(Message):
    """Goes the way of a key behind it: when it comes back, everybody on that way has seen to the key."""


class KeyQueue:
    """Whose turn it is."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._waiting: deque[Key] = deque()
        self._began_at: float | None = None
        self._rounds = 0

    @property
    def is_busy(self) -> bool:
        """Whether a key is under way that has not taken too long."""
        return self._began_at is not None and self._monotonic() - self._began_at < MAX_KEY_S

    @property
    def is_any_waiting(self) -> bool:
        """Whether a key stands in line."""
        return bool(self._waiting)

    @property
    def waiting_count(self) -> int:
        """The number of keys that wait for their turn."""
        return len(self._waiting)

    def put(self, key: Key) -> None:
        """Let a key stand in line."""
        self._waiting.append(key)

    def needs_another_pass(self) -> bool:
        """Whether the key that is under way must be followed once more, as there is one whose way may depend on it."""
        self._rounds += 1
        return bool(self._waiting) and self._rounds < ROUNDS

    def finish(self) -> None:
        """The key that was under way is done."""
        self._began_at = None

    def start_next(self) -> Key | None:
        """The key whose turn it is now, which is under way from now on; None when there is none, or another one is."""
        if self.is_busy or not self._waiting:
            return None
        self._began_at, self._rounds = self._monotonic(), 0
        return self._waiting.popleft()
