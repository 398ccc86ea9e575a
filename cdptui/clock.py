"""The only clock: what time it is, how long something took, and how long to wait.

Everything that needs time takes a `Clock`, so that a test turns hours by hand. No other module asks the system.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

TURN_S = 0.002
"""Seconds of work after which what else waits on the event loop gets its turn."""

_TURNS = 10
"""A key takes about eight turns of the event loop from the terminal to the screen."""

_MONOTONIC: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux stops its ordinary monotonic clock while the machine sleeps: data of yesterday would pass for fresh."""


async def give_way() -> None:
    """Let everything go first that waits on the event loop; where nothing does, no time is lost."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def thread_cpu_s() -> float:
    """Processor seconds that this thread has used: what other programs take of the machine does not count."""
    return time.thread_time()


class Clock(Protocol):
    """Time as the monitor sees it."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. May jump; never used to measure."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; for ages, durations and schedules."""
        ...

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        """Wait for `event`, for ever or at most `timeout_s`; whether it came."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; those in which the machine slept count as well where the system knows."""
        return time.clock_gettime(_MONOTONIC) if _MONOTONIC is not None else time.monotonic()

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        """Wait for `event`, for ever or at most `timeout_s`; whether it came."""
        try:
            async with asyncio.timeout(timeout_s):
                return await event.wait()
        except TimeoutError:
            return False
