"""RPO over time: the share of the time within the target, and the breaches. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
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

    The time counts as long as the task protects. It also counts while an enabled task that is over its target does not
    protect: the server stops such a task, and the RPO that it reports then is not of now. So a breach ends with an RPO
    within the target of a task that protects, not with a stop and not with a gap.
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
            self._add_within(known_ms, period)
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
            self._add_within(span_ms, period)
            return
        self._covered_ms += span_ms if period.is_protecting else over_ms
        if not self._is_over:
            self._breaches.append(RpoBreach(step.start_ms, 0, 0, step.start_ms))
            self._is_over = True
        breach = self._breaches[-1]
        worst = max((step.values.high, step.start_ms), (breach.worst_ms, breach.worst_at_ms), key=_first)
        self._breaches[-1] = RpoBreach(breach.start_ms, breach.over_ms + over_ms, *worst)

    def _add_within(self, known_ms: int, period: RpoPeriod) -> None:
        """Add a time in which the reported RPO is within the target: it ends a breach if the task protects."""
        if period.is_protecting:
            self._covered_ms += known_ms
            self._is_over = False
        elif self._is_over:
            self._covered_ms += known_ms
            breach = self._breaches[-1]
            self._breaches[-1] = breach._replace(over_ms=breach.over_ms + known_ms)

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


class Coverage:
    """The times in which polls succeeded."""

    def __init__(self, first_ms: int, until_ms: int, gaps: Iterable[tuple[int, int]]) -> None:
        """`gaps` lie between the two times, in order."""
        self._edges = [first_ms, *chain.from_iterable(gaps), until_ms]
        spans = (end - start if index % 2 == 0 else 0 for index, (start, end) in enumerate(pairwise(self._edges)))
        self._covered = list(accumulate(spans, initial=0))
        """Milliseconds covered before each edge."""

    def between(self, start_ms: int, end_ms: int) -> int:
        """Return the covered milliseconds between two times.

        >>> Coverage(0, 200, [(10, 20), (90, 150)]).between(5, 160)
        85
        """
        return max(0, self._until(end_ms) - self._until(start_ms))

    def _until(self, at_ms: int) -> int:
        index = bisect_right(self._edges, at_ms) - 1
        if index < 0:
            return 0
        is_covered = index % 2 == 0 and index + 1 < len(self._edges)
        return self._covered[index] + (at_ms - self._edges[index] if is_covered else 0)


class TaskBreaches(Struct, frozen=True):
    """What the events say about the RPO of a task."""

    uuid: str
    periods: Sequence[RpoPeriod]
    breaches: Sequence[tuple[int, int, int]]
    """Start, end and highest RPO of each breach, oldest first."""


def fleet_rpo_statistics(
    tasks: Iterable[TaskBreaches], coverage: Coverage, start_ms: int, end_ms: int
) -> RpoStatistics:
    """Return the RPO of several tasks against their targets, as `rpo_statistics` does for one from its values.

    Events end a breach when the task protects again, and is within its target.
    """
    covered_ms, found = 0, []
    for task in tasks:
        ends = [*(period.start_ms for period in task.periods[1:]), end_ms]
        judged = [
            (max(start_ms, period.start_ms), min(end_ms, period_end), period.is_protecting)
            for period, period_end in zip(task.periods, ends, strict=False)
            if period.is_enabled and period.target_ms and period.start_ms < end_ms and period_end > start_ms
        ]
        covered_ms += sum(coverage.between(start, end) for start, end, is_measured in judged if is_measured)
        for begin_ms, finish_ms, worst_ms in task.breaches:
            over_ms = 0
            for start, end, is_measured in judged:
                part_ms = coverage.between(max(start, begin_ms), min(end, finish_ms))
                over_ms += part_ms
                covered_ms += 0 if is_measured else part_ms
            if begin_ms < end_ms and finish_ms > start_ms:
                found.append(RpoBreach(max(begin_ms, start_ms), over_ms, worst_ms, begin_ms, task.uuid))
    return breach_statistics(covered_ms, found)
