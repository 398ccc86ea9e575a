"""The only source of time: wall clock, monotonic clock and waiting.

Whatever needs the time takes a `Clock`, so that tests set it. No other module asks the system.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

TIME_SLICE_S = 0.002
"""Seconds of work after which a long task yields to the event loop."""

_YIELDS = 10
"""A key takes about eight iterations of the event loop from the terminal to the screen."""

_MONOTONIC: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux stops CLOCK_MONOTONIC while the machine is suspended: data of yesterday would count as fresh."""


async def yield_to_loop() -> None:
    """Let the event loop run what is waiting; returns at once if nothing is."""
    for _ in range(_YIELDS):
        await asyncio.sleep(0)


def thread_cpu_s() -> float:
    """Processor seconds that this thread has used: what other programs take of the machine does not count."""
    return time.thread_time()


class Clock(Protocol):
    """Time as the monitor sees it."""

    @property
    def speed(self) -> float:
        """Seconds of `now` that pass in one of `monotonic`: 1, but for a simulated node."""
        ...

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

    speed = 1.0

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


class ScaledClock:
    """A wall clock that runs `speed` times as fast as the machine's, for a simulated node and its monitor.

    Only the node's life is faster: polls, time-outs and notices are measured in real seconds.
    """

    def __init__(self, speed: float, machine: Clock | None = None) -> None:
        self.speed = speed
        self._machine = machine or SystemClock()
        self._started_at = self._machine.now()
        self._started = self._machine.monotonic()

    def now(self) -> datetime:
        """The scaled wall clock, aware, in UTC."""
        return self._started_at + timedelta(seconds=self.monotonic() * self.speed)

    def monotonic(self) -> float:
        """Real seconds since the start: from zero, so that multiples of it stay small."""
        return self._machine.monotonic() - self._started

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        """Wait for `event`, for ever or at most `timeout_s` real seconds; whether it came."""
        return await self._machine.wait(event, timeout_s)
