"""Detect that a blocked event loop does not handle Ctrl+C, which the terminal sends as a key and not as a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

_TIMEOUT_S: Final = 0.35
"""Seconds without an answer before the interrupt, whose handler may also wait for the loop."""


class LoopProbe:
    """Calls `interrupt` when the event loop does not answer in time. Used by one thread that does not run the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interrupt: Callable[[], None]) -> None:
        self._loop = loop
        self._interrupt = interrupt
        self._has_answered = False
        self.deadline: float | None = None
        """When to call `check`, as a monotonic time in seconds; None while no answer is awaited."""

    def ask(self, now: float) -> None:
        """Ask the loop for an answer, unless one is awaited already."""
        if self.deadline is None:
            self._has_answered = False
            self.deadline = now + _TIMEOUT_S
            self._loop.call_soon_threadsafe(self._answer)

    def check(self, now: float) -> None:
        """Interrupt once when the time for an answer is over."""
        if self.deadline is None:
            return
        if self._has_answered:
            self.deadline = None
        elif now >= self.deadline:
            self.deadline = None
            self._interrupt()

    def _answer(self) -> None:
        self._has_answered = True
