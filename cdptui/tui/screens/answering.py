"""A screen that draws at once what a key has changed, and keeps what can wait out of the way of the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.events import Idle

from cdptui.clock import Clock
from cdptui.tui import collector

if TYPE_CHECKING:
    from textual.screen import Screen

    _Part = Screen[None]
else:
    # Part of a screen, not one of its own: each class that Textual knows costs a millisecond before the first frame.
    _Part = object

_ANSWER_S: Final = 0.1
"""How long what changes is thought to be the answer to a key."""

_PAUSE_S: Final = 2.0
"""Without a key for so long, nobody types."""


class AnsweringScreen(_Part):
    """Textual draws on a beat of its own, which may be 33 ms away."""

    _clock: Clock
    _answers_until = 0.0
    _is_typing = False

    def answer(self) -> None:
        """Draw what a key has changed as soon as it is known."""
        self._answers_until = self._clock.monotonic() + _ANSWER_S
        if not self._is_typing:
            self._is_typing = True
            collector.on_typing()

    async def _on_idle(self, event: Idle) -> None:
        # Textual calls the same method of its own class next.
        now = self._clock.monotonic()
        if self._dirty_widgets and now < self._answers_until:
            self._on_timer_update()
        elif self._is_typing and now >= self._answers_until + _PAUSE_S:
            self._is_typing = False
            collector.on_idle()
