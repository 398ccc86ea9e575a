"""RPO over time: the share of the time within the target, and the breaches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from cdptui.models.severity import is_protecting
from cdptui.models.step_series import Step, StepSeries

_PART_MS: Final = 6 * 3600 * 1000
"""Time that is compared with its target at once. A day and a window of thinned data begin with one."""


class RpoPeriod(NamedTuple):
    """A time in which status, state and RPO target of a task did not change; it ends with the next one."""

    start_ms: int
    is_protecting: bool
    is_enabled: bool
    target_ms: int | None
    """None when there is no target."""
    is_listed: bool = True
    """False after the task vanished."""


class RpoBreach(NamedTuple):
    """A time in which the RPO was over its target. Gaps do not end it, and do not count."""

    start_ms: int
    over_ms: int
    worst_ms: int
    """The highest RPO."""
    worst_at_ms: int
    task_uuid: str = ""
    """Set for a breach of one task of several."""


class RpoStatistics(Struct, frozen=True):
    """The RPO of some time against its target."""

    covered_ms: int = 0
    """Time in which the RPO was known and compared with a target; of several tasks the sum."""
    over_ms: int = 0
    breaches: int = 0
    longest: RpoBreach | None = None
    worst: RpoBreach | None = None

    @property
    def share_within(self) -> float | None:
        """Share of the covered time within the target; None when nothing is covered."""
        return 1 - self.over_ms / self.covered_ms if self.covered_ms else None


def period_of(start_ms: int, status: str | None, state: str | None, target_ms: int | None) -> RpoPeriod:
    """Return the period that begins with a record; without a status the task vanished."""
    if status is None or state is None:
        return RpoPeriod(start_ms, is_protecting=False, is_enabled=False, target_ms=None, is_listed=False)
    is_enabled = state != "Disabled"
    return RpoPeriod(start_ms, is_protecting(status, state), is_enabled, target_ms or None)


def merge_periods(periods: Iterable[RpoPeriod]) -> list[RpoPeriod]:
    """Return periods without those that differ from the one before only in their start."""
    merged: list[RpoPeriod] = []
    for period in periods:
        if not merged or merged[-1][1:] != period[1:]:
            merged.append(period)
    return merged


def rpo_statistics(series: StepSeries, periods: Sequence[RpoPeriod], start_ms: int, end_ms: int) -> RpoStatistics:
    """Return the RPO of a task from `start_ms` to `end_ms` against its target.

    An RPO counts as long as the task protects, and while it is over the target also when the task does not. A breach
    ends with an RPO within the target, not with a gap.
    """
    counter = _Counter()
    end_ms = min(end_ms, series.until_ms)
    ends = [*(period.start_ms for period in periods[1:]), end_ms]
    for period, period_end in zip(periods, ends, strict=False):
        start, end = max(start_ms, period.start_ms), min(end_ms, period_end)
        if period.is_enabled and period.target_ms and start < end:
            for lower, upper in _parts(start, end):
                counter.add(series, lower, upper, period)
    return counter.statistics()


def _parts(start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a time, of which all but the first begin at multiples of `_PART_MS`."""
    edges = [start_ms, *range((start_ms // _PART_MS + 1) * _PART_MS, end_ms, _PART_MS), end_ms]
    return pairwise(edges)


class _Counter:
    """Adds up steps."""

    def __init__(self) -> None:
        self._covered_ms = 0
        self._breaches: list[RpoBreach] = []
        self._is_over = False

    def add(self, series: StepSeries, start_ms: int, end_ms: int, period: RpoPeriod) -> None:
        """Add a time that lies within a period."""
        highest_ms, known_ms = series.highest(start_ms, end_ms)
        if highest_ms is None:
            return
        if highest_ms <= (period.target_ms or 0):
            # Nearly always.
            if period.is_protecting:
                self._covered_ms += known_ms
                self._is_over = False
            return
        for step in series.steps(start_ms, end_ms):
            self._add_step(step, period)

    def _add_step(self, step: Step, period: RpoPeriod) -> None:
        if step.values is None:
            return
        target_ms, span_ms = period.target_ms or 0, step.end_ms - step.start_ms
        is_over = step.values.high > target_ms if step.over_ms is None else step.over_ms > 0
        over_ms = (span_ms if step.over_ms is None else min(span_ms, step.over_ms)) if is_over else 0
        if not is_over:
            if period.is_protecting:
                self._covered_ms += span_ms
                self._is_over = False
            return
        self._covered_ms += span_ms if period.is_protecting else over_ms
        if not self._is_over:
            self._breaches.append(RpoBreach(step.start_ms, 0, 0, step.start_ms))
            self._is_over = True
        breach = self._breaches[-1]
        worst = max((step.values.high, step.start_ms), (breach.worst_ms, breach.worst_at_ms), key=_first)
        self._breaches[-1] = RpoBreach(breach.start_ms, breach.over_ms + over_ms, *worst)

    def statistics(self) -> RpoStatistics:
        return breach_statistics(self._covered_ms, self._breaches)


def _first(pair: tuple[int, int]) -> int:
    return pair[0]


def breach_statistics(covered_ms: int, breaches: Sequence[RpoBreach]) -> RpoStatistics:
    """Return the statistics of breaches within a covered time."""
    return RpoStatistics(
        covered_ms,
        sum(breach.over_ms for breach in breaches),
        len(breaches),
        max(breaches, key=lambda breach: breach.over_ms, default=None),
        max(breaches, key=lambda breach: breach.worst_ms, default=None),
    )


def subtract(start_ms: int, end_ms: int, gaps: Sequence[tuple[int, int]]) -> int:
    """Return the milliseconds between two times that are in none of the gaps, which are in order.

    >>> subtract(0, 100, [(10, 20), (90, 200)])
    80
    """
    lost = sum(max(0, min(end_ms, end) - max(start_ms, start)) for start, end in gaps)
    return max(0, end_ms - start_ms - lost)


def judged_ms(periods: Sequence[RpoPeriod], start_ms: int, end_ms: int, gaps: Sequence[tuple[int, int]]) -> int:
    """Return the milliseconds in which a task was protecting with a target, without gaps."""
    ends = [*periods[1:], RpoPeriod(end_ms, is_protecting=False, is_enabled=False, target_ms=None)]
    return sum(
        subtract(max(start_ms, period.start_ms), min(end_ms, after.start_ms), gaps)
        for period, after in zip(periods, ends, strict=True)
        if period.is_protecting and period.target_ms and period.start_ms < end_ms and after.start_ms > start_ms
    )
