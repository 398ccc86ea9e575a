"""The schedule of the polls: interval, back-off and slow-down. Pure: takes and returns times.

Polls read the tasks. How often storages, policies and VMs are read is set in `inventory`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

MAX_BACKOFF_S: Final = 300.0

INTERVALS_S: Final = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""The intervals that the + and - keys select."""

_FIRST_RETRY_S: Final = 2.0
_JITTER: Final = 0.2
_MIN_PAUSE_S: Final = 0.5

_SLOW_S: Final = 1.0
"""A poll that takes longer slows the schedule down."""

_MAX_LOAD_DIVISOR: Final = 4
"""Polls of a slow node use at most this fraction of the time, as the monitor must not overload it."""


class PollSchedule:
    """A fixed interval after successful polls, exponential back-off after failed ones.

    Times are seconds of a monotonic clock.
    """

    def __init__(self, interval_s: float, random_unit: Callable[[], float] = random.random) -> None:
        """`random_unit` returns the random numbers for the jitter, from 0 to 1."""
        self.interval_s = interval_s
        self.failures = 0
        """Failed polls in a row."""
        self._random_unit = random_unit
        self._duration_s = 0.0

    @property
    def effective_interval_s(self) -> float:
        """The interval in use: longer than `interval_s` while the node answers slowly."""
        return (
            max(self.interval_s, _MAX_LOAD_DIVISOR * self._duration_s)
            if self._duration_s > _SLOW_S
            else self.interval_s
        )

    @property
    def is_slowed_down(self) -> bool:
        """Whether the interval is longer than configured."""
        return self.effective_interval_s > self.interval_s

    def after_success(self, started: float, now: float) -> float:
        """Return the time of the next poll: an interval after the start of this one, and a pause after its end."""
        self.failures = 0
        self._duration_s = now - started
        return max(started + self.effective_interval_s, now + min(_MIN_PAUSE_S, self.interval_s))

    def after_failure(self, now: float, *, is_retried_rarely: bool = False) -> float:
        """Return the time of the next attempt: after 2 s, doubling up to the interval, so that recovery is seen soon.

        The back-off of a request that is better not repeated often goes up to 5 min. It varies by 20 %, so that many
        monitors do not poll at the same time.
        """
        self.failures += 1
        longest = MAX_BACKOFF_S if is_retried_rarely else min(MAX_BACKOFF_S, max(self.interval_s, _FIRST_RETRY_S))
        # The limit is reached before 2**10; an exponent that grows for weeks would overflow.
        delay = min(longest, _FIRST_RETRY_S * 2.0 ** min(self.failures - 1, 10))
        spread = 1 + _JITTER * (2 * self._random_unit() - 1)
        return now + min(longest, delay * spread)


def next_longer_interval(interval_s: float) -> float:
    """Return the next longer interval of `INTERVALS_S`.

    >>> next_longer_interval(10.0), next_longer_interval(7.0), next_longer_interval(3600.0)
    (15.0, 10.0, 3600.0)
    """
    return next((step for step in INTERVALS_S if step > interval_s), INTERVALS_S[-1])


def next_shorter_interval(interval_s: float) -> float:
    """Return the next shorter interval of `INTERVALS_S`.

    >>> next_shorter_interval(10.0), next_shorter_interval(1.0)
    (5.0, 1.0)
    """
    return next((step for step in reversed(INTERVALS_S) if step < interval_s), INTERVALS_S[0])
