"""A screen that draws at once what a key has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.events import Idle

from cdptui.clock import Clock

if TYPE_CHECKING:
    from textual.screen import Screen

    _Part = Screen[None]
else:
    # Part of a screen, not one of its own: each class that Textual knows costs a millisecond before the first frame.
    _Part = object

_ANSWER_S: Final = 0.1
"""How long what changes is thought to be the answer to a key."""


class AnsweringScreen(_Part):
    """Textual draws on a beat of its own, which may be 33 ms away."""

    _clock: Clock
    _answers_until = 0.0

    def answer(self) -> None:
        """Draw what a key has changed as soon as it is known."""
        self._answers_until = self._clock.monotonic() + _ANSWER_S

    async def _on_idle(self, event: Idle) -> None:
        # Textual calls the same method of its own class next.
        if self._dirty_widgets and self._clock.monotonic() < self._answers_until:
            self._on_timer_update()
