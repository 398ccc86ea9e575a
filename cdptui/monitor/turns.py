"""Who talks to the management node: polls come first, side questions wait for the gaps between them.

The server's workers are shared by everybody, so normally one request is in flight, and never more than two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cdptui.clock import Clock

_PATIENCE_S: Final = 0.25
"""How long a poll that is due waits for a side question to end; a slow one must not move the rhythm."""


class Turns:
    """A poll at a time, a side question at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._no_poll = asyncio.Event()
        self._no_question = asyncio.Event()
        self._no_poll.set()
        self._no_question.set()

    async def begin_poll(self) -> None:
        """Take the turn for a poll; `end_poll` must follow."""
        self._no_poll.clear()
        await self._clock.wait(self._no_question, _PATIENCE_S)

    def end_poll(self) -> None:
        """Let the side questions have theirs."""
        self._no_poll.set()

    @asynccontextmanager
    async def side_question(self) -> AsyncIterator[None]:
        """The time of one side question; begins when no poll is under way."""
        await self._no_poll.wait()
        self._no_question.clear()
        try:
            yield
        finally:
            self._no_question.set()
