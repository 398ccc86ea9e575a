"""When the next poll is due. Pure: moments go in, moments come out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

MAX_BACKOFF_S: Final = 300.0

INTERVALS_S: Final = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""The steps of the + and - keys."""

_FIRST_RETRY_S: Final = 2.0
_JITTER: Final = 0.2
_MIN_PAUSE_S: Final = 0.5

_SLOW_S: Final = 1.0
"""A poll that takes longer is work for the node."""

_MAX_LOAD_DIVISOR: Final = 4
"""A slow node is asked for no more than one part in so many of its time: the monitor must never be the load."""


class PollSchedule:
    """The rhythm: a fixed beat while all is well, exponential back-off while it is not.

    Moments are seconds of a monotonic clock.
    """

    def __init__(self, interval_s: float, chance: Callable[[], float] = random.random) -> None:
        """`chance` gives the jitter, from 0 to 1."""
        self.interval_s = interval_s
        self.failures = 0
        """Failed polls in a row."""
        self._chance = chance
        self._took_s = 0.0

    @property
    def effective_interval_s(self) -> float:
        """The interval that is kept: longer than `interval_s` while the node answers slowly."""
        return max(self.interval_s, _MAX_LOAD_DIVISOR * self._took_s) if self._took_s > _SLOW_S else self.interval_s

    @property
    def is_slowed_down(self) -> bool:
        """Whether the interval is stretched."""
        return self.effective_interval_s > self.interval_s

    def after_success(self, started: float, now: float) -> float:
        """Moment of the next poll: on the beat of the starts, but never without a breath for the server."""
        self.failures = 0
        self._took_s = now - started
        return max(started + self.effective_interval_s, now + min(_MIN_PAUSE_S, self.interval_s))

    def after_failure(self, now: float, *, is_overload: bool = False) -> float:
        """Moment of the next try: 2 s, doubling up to the interval, so that a node that is back is seen within one.

        A node that is asked too much is left alone for up to 5 min. Give or take a fifth, so that many do not come at
        once.
        """
        self.failures += 1
        longest = MAX_BACKOFF_S if is_overload else min(MAX_BACKOFF_S, max(self.interval_s, _FIRST_RETRY_S))
        # Beyond 2**10 the limit has long been reached; an exponent that grew for weeks would overflow.
        delay = min(longest, _FIRST_RETRY_S * 2.0 ** min(self.failures - 1, 10))
        spread = 1 + _JITTER * (2 * self._chance() - 1)
        return now + min(longest, delay * spread)


def next_longer_interval(interval_s: float) -> float:
    """The next step up from an interval.

    >>> next_longer_interval(10.0), next_longer_interval(7.0), next_longer_interval(3600.0)
    (15.0, 10.0, 3600.0)
    """
    return next((step for step in INTERVALS_S if step > interval_s), INTERVALS_S[-1])


def next_shorter_interval(interval_s: float) -> float:
    """The next step down from an interval.

    >>> next_shorter_interval(10.0), next_shorter_interval(1.0)
    (5.0, 1.0)
    """
    return next((step for step in reversed(INTERVALS_S) if step < interval_s), INTERVALS_S[0])
