"""Who talks to the management node: polls come first, side questions wait for the gaps between them.

The server's workers are shared by everybody, so normally one request is in flight, and never more than two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cdptui.clock import Clock

_MAX_POLL_DELAY_S: Final = 0.25
"""How long a side question may take before a poll that is due no longer waits for its end: one that hangs must not move
the rhythm."""


class RequestGate:
    """A poll at a time, a side question at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._no_poll = asyncio.Event()
        self._no_question = asyncio.Event()
        self._no_poll.set()
        self._no_question.set()
        self._asked_at = 0.0

    async def begin_poll(self) -> None:
        """Take the turn for a poll; `end_poll` must follow."""
        self._no_poll.clear()
        timeouts_s = self._asked_at + _MAX_POLL_DELAY_S - self._clock.monotonic()
        if timeouts_s > 0 and not self._no_question.is_set():
            await self._clock.wait(self._no_question, timeouts_s)

    def end_poll(self) -> None:
        """Let the side questions have theirs."""
        self._no_poll.set()

    @asynccontextmanager
    async def background_request(self) -> AsyncIterator[None]:
        """The time of one side question; begins when no poll is under way."""
        await self._no_poll.wait()
        self._no_question.clear()
        self._asked_at = self._clock.monotonic()
        try:
            yield
        finally:
            self._no_question.set()
