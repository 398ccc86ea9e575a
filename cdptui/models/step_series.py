"""A value over time as steps: each value is valid until the next one. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from operator import mul, sub
from typing import NamedTuple

from msgspec import Struct, field


class ValueRange(NamedTuple):
    """The values of some time."""

    low: int
    mean: float
    """Weighted by time."""
    high: int
    known_ms: int = 0
    """Milliseconds that have a value."""


def merge_ranges(ranges: Iterable[ValueRange | None]) -> ValueRange | None:
    """Return the values of several times together; None when none has data.

    >>> merge_ranges([ValueRange(1, 2.0, 3, 10), None, ValueRange(4, 6.0, 9, 30)])
    ValueRange(low=1, mean=5.0, high=9, known_ms=40)
    """
    known = [each for each in ranges if each is not None]
    if not known:
        return None
    known_ms = sum(each.known_ms for each in known)
    mean = sum(each.mean * each.known_ms for each in known) / known_ms if known_ms else known[-1].mean
    return ValueRange(min(each.low for each in known), mean, max(each.high for each in known), known_ms)


class Step(NamedTuple):
    """A part of a series in which the value did not change, or is known as a range only."""

    start_ms: int
    end_ms: int
    values: ValueRange | None
    """None where there is no data."""
    over_ms: int | None
    """Milliseconds over the target; None for a single value, which can be compared."""


class StepSeries(Struct):
    """Steps in the order of time. Times are milliseconds since 1970."""

    times_ms: list[int] = field(default_factory=list)
    """The start of each step."""
    lows: list[int | None] = field(default_factory=list)
    means: list[int | None] = field(default_factory=list)
    highs: list[int | None] = field(default_factory=list)
    """The same as `means` unless only the range of a time is known. None where there is no data."""
    over_ms: dict[int, int] = field(default_factory=dict)
    """For the starts of steps of which only the range is known: milliseconds over the target."""
    until_ms: int = 0
    """The end of the last step."""

    def extend(self, times_ms: Iterable[int], values: Sequence[int | None]) -> None:
        """Append steps with a single value each."""
        self.times_ms.extend(times_ms)
        for column in (self.lows, self.means, self.highs):
            column.extend(values)

    def append_range(self, at_ms: int, values: tuple[int | None, int | None, int | None], over_ms: int) -> None:
        """Append a step of which the lowest, the mean and the highest value are known."""
        self.times_ms.append(at_ms)
        for column, value in zip((self.lows, self.means, self.highs), values, strict=True):
            column.append(value)
        self.over_ms[at_ms] = over_ms

    def blank(self, start_ms: int, end_ms: int, *, is_start_known: bool = True) -> None:
        """Remove the values between two times. The value that was valid before is valid again from `end_ms` on.

        The value that was seen at `start_ms` is kept, unless that is a part of the removed time.

        >>> series = StepSeries(until_ms=90)
        >>> series.extend([0, 40], [5, 7])
        >>> series.blank(20, 60)
        >>> series.times_ms, series.means
        ([0, 20, 20, 60], [5, 5, None, 7])
        """
        find = bisect_right if is_start_known else bisect_left
        first, last = find(self.times_ms, start_ms), bisect_left(self.times_ms, end_ms)
        if not last:
            return
        is_changed = last < len(self.times_ms) and self.times_ms[last] == end_ms
        is_resumed = not is_changed and end_ms <= self.until_ms
        is_seen = is_start_known and first > 0 and self.times_ms[first - 1] < start_ms
        before_ms = self.times_ms[last - 1]
        for column in (self.lows, self.means, self.highs):
            column[first:last] = [
                *([column[first - 1]] if is_seen else []),
                None,
                *([column[last - 1]] if is_resumed else []),
            ]
        starts = [start_ms] * (1 + is_seen)
        self.times_ms[first:last] = [*starts, end_ms] if is_resumed else starts
        if is_resumed and before_ms in self.over_ms:
            self.over_ms[end_ms] = max(0, self.over_ms[before_ms] - max(0, start_ms - before_ms))

    def steps(self, start_ms: int, end_ms: int) -> Iterator[Step]:
        """Yield the steps of a time, cut at its ends."""
        first, last = self._span(start_ms, end_ms)
        starts = [max(start_ms, at_ms) for at_ms in self.times_ms[first:last]]
        for index, start, end in zip(
            range(first, last), starts, [*starts[1:], min(end_ms, self.until_ms)], strict=False
        ):
            low, mean, high = self.lows[index], self.means[index], self.highs[index]
            values = None if low is None or mean is None or high is None else ValueRange(low, mean, high)
            yield Step(start, end, values, self.over_ms.get(self.times_ms[index]))

    def highest(self, start_ms: int, end_ms: int) -> tuple[int | None, int]:
        """Return the highest value of a time, None without data, and the milliseconds that have data."""
        end_ms = min(end_ms, self.until_ms)
        first, last = self._span(start_ms, end_ms)
        highs = self.highs[first:last]
        if highs and None not in highs:
            # Nearly always.
            return max(highs), end_ms - max(start_ms, self.times_ms[first])  # type: ignore[type-var]  # without None
        _, _, known, spans = self._known(start_ms, end_ms)
        return max(known, default=None), sum(spans)

    def values(self, start_ms: int, end_ms: int) -> ValueRange | None:
        """Return the values between two times; None when there is no data."""
        lows, means, highs, spans = self._known(start_ms, end_ms)
        if not lows:
            return None
        known_ms = sum(spans)
        mean = sum(map(mul, means, spans)) / known_ms if known_ms else means[-1]
        return ValueRange(min(lows), mean, max(highs), known_ms)

    def _known(self, start_ms: int, end_ms: int) -> tuple[list[int], list[int], list[int], list[int]]:
        """Return the values of a time, and the milliseconds of each. A month has 40,000 of them: no loop of our own."""
        end_ms = min(end_ms, self.until_ms)
        first, last = self._span(start_ms, end_ms)
        columns = [column[first:last] for column in (self.lows, self.means, self.highs)]
        if first == last:
            return [], [], [], []
        bounds = [max(start_ms, self.times_ms[first]), *self.times_ms[first + 1 : last], end_ms]
        spans = list(map(sub, bounds[1:], bounds))
        if None in columns[0] or None in columns[1]:
            is_known = [None not in values for values in zip(*columns, strict=True)]
            columns, spans = [list(compress(column, is_known)) for column in columns], list(compress(spans, is_known))
        return (*columns, spans)  # type: ignore[return-value]  # without None

    def is_thinned(self, start_ms: int, end_ms: int) -> bool:
        """Return whether of a part of a time only the range of the values is known."""
        return any(start_ms <= at_ms < end_ms for at_ms in self.over_ms)

    def ends(self, start_ms: int, end_ms: int) -> tuple[int, int] | None:
        """Return the first and the last value of a time; None when it has no data."""
        first, last = self._span(start_ms, end_ms)
        known = [value for value in self.means[first:last] if value is not None]
        return (known[0], known[-1]) if known else None

    def _span(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """Return the indices of the steps of a time. A value that was seen at its very end belongs to the next time.

        The last value of the series belongs to the time that ends with it.
        """
        first = bisect_left(self.times_ms, start_ms)
        if first and (first == len(self.times_ms) or self.times_ms[first] > start_ms):
            first -= 1
        find = bisect_right if end_ms >= self.until_ms else bisect_left
        last = find(self.times_ms, min(end_ms, self.until_ms))
        return (first, last) if start_ms < self.until_ms else (0, 0)


def aggregate(series: StepSeries, start_ms: int, end_ms: int, columns: int) -> list[ValueRange | None]:
    """Return the values in each of equal parts of a time; None where a part has no data, which is never interpolated.

    >>> series = StepSeries(until_ms=40)
    >>> series.extend([0, 10, 15], [4, None, 8])
    >>> [each and each[:3] for each in aggregate(series, 0, 60, 3)]
    [(4, 5.333333333333333, 8), (8, 8.0, 8), None]
    """
    return [series.values(start, end) for start, end in pairwise(part_edges(start_ms, end_ms, columns))]


def part_edges(start_ms: int, end_ms: int, columns: int) -> list[int]:
    """Return the start of each of equal parts of a time, and its end."""
    return [start_ms + (end_ms - start_ms) * index // columns for index in range(columns + 1)]
