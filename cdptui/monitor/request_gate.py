"""Schedules requests to the management node. Polls have priority; background requests run between polls.

At most one poll and one background request are in flight, because the server's worker pool is shared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cdptui.clock import Clock

_MAX_POLL_DELAY_S: Final = 0.25
"""A due poll waits for a background request up to this time after its start: one that hangs must not delay polls."""


class RequestGate:
    """Admits one poll and one background request at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._no_poll = asyncio.Event()
        self._no_background_request = asyncio.Event()
        self._no_poll.set()
        self._no_background_request.set()
        self._requested_at = 0.0

    @asynccontextmanager
    async def poll(self) -> AsyncIterator[None]:
        """Hold the gate for one poll, after a short wait for the background request in flight, if there is one."""
        self._no_poll.clear()
        try:
            timeout_s = self._requested_at + _MAX_POLL_DELAY_S - self._clock.monotonic()
            if timeout_s > 0 and not self._no_background_request.is_set():
                await self._clock.wait(self._no_background_request, timeout_s)
            yield
        finally:
            self._no_poll.set()

    @asynccontextmanager
    async def background_request(self) -> AsyncIterator[None]:
        """Wait until no poll is in flight, and hold the gate for one background request."""
        await self._no_poll.wait()
        self._no_background_request.clear()
        self._requested_at = self._clock.monotonic()
        try:
            yield
        finally:
            self._no_background_request.set()
