"""Notices that the event loop does not handle a Ctrl+C, which the terminal sends as a key and not as a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

_UNANSWERED_S: Final = 0.35
"""Seconds without an answer before the interrupt; whoever handles that may wait for the loop as well."""


class LoopProbe:
    """Calls `interrupt` when the event loop does not answer in time. For one thread, which is not the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interrupt: Callable[[], None]) -> None:
        self._loop = loop
        self._interrupt = interrupt
        self._has_answered = False
        self.deadline: float | None = None
        """When to call `check`, as a monotonic time in seconds; None while nothing is asked."""

    def ask(self, now: float) -> None:
        """Ask the loop for an answer; while one is awaited, that one counts."""
        if self.deadline is None:
            self._has_answered = False
            self.deadline = now + _UNANSWERED_S
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
