"""The evidence of a growth rate in words: how it was measured, its range, its change, and what was freed."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cdptui.models.capacity import DAY_S, HOUR_S, GrowthRate
from cdptui.models.estimate import full_in_range
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting
from cdptui.render.task_cells import is_zero


def rate_evidence(rate: GrowthRate, now: datetime, zone: tzinfo | None) -> str:
    """Return how a rate was measured and its range, to be appended to the rate.

    >>> from datetime import UTC
    >>> rate_evidence(GrowthRate(1.0, 7200.0), datetime.now(UTC), UTC)
    ' over 2 h'
    """
    slowest, fastest = rate.slowest_bytes_per_s, rate.fastest_bytes_per_s
    if slowest is None or fastest is None:
        return f" over {formatting.duration(rate.span_s)}"
    median = f", median of the last {rate.days} days"
    if is_zero(rate):
        return median
    low, high = per_day(slowest).removeprefix("+"), per_day(fastest).removeprefix("+")
    if rate.shift_factor is not None:
        since = _short_timestamp(rate.shifted_s, now, zone)
        usual = per_day(rate.bytes_per_s / rate.shift_factor)
        return f", {rate.shift_factor:.1f}× the usual {usual} since {since}: {low} to {high}"
    return f"{median}: {low} to {high}"


def freed_text(rate: GrowthRate, now: datetime, zone: tzinfo | None) -> str:
    """Return what was freed within the last day; empty when nothing was, or when falls are usual."""
    if not rate.freed_bytes:
        return ""
    start = _short_timestamp(rate.freed_s, now, zone)
    end = formatting.local_time((rate.freed_s + HOUR_S) * 1000, zone)
    return f"{formatting.size(rate.freed_bytes)} freed between {start} and {end:%H:%M}"


def full_in_range_text(row: TaskRow) -> str:
    """Return the earliest and the latest time until the plan is full, in brackets; empty without a range."""
    found = full_in_range(row.task, row.growth)
    if found is None:
        return ""
    earliest_s, latest_s = found
    earliest = formatting.duration(earliest_s)
    if latest_s is None:
        return f" (not before {earliest})"
    return f" ({earliest} to {formatting.duration(latest_s)})"


def per_day(bytes_per_s: float) -> str:
    """Return a rate in bytes per day, with its sign."""
    return formatting.rate(bytes_per_s, int(DAY_S), "day")


def _short_timestamp(at_s: float, now: datetime, zone: tzinfo | None) -> str:
    return formatting.short_timestamp(formatting.local_time(at_s * 1000, zone), now, zone)
