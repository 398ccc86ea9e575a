"""Formatting of sizes, rates, shares, durations and times: short, and of stable width in columns."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

UNKNOWN: Final = "–"

_CACHED_TEXTS: Final = 1024
"""Several screens of values. Texts of values that are gone fill the rest of a larger cache, 270 bytes each."""

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_YEAR: Final = 365 * _DAY


@lru_cache(maxsize=_CACHED_TEXTS)
def size(count: int | None) -> str:
    """Return bytes in binary units, with three or four digits.

    >>> size(23959160), size(107374182400), size(0), size(None)
    ('22.8 MiB', '100 GiB', '0 B', '–')
    """
    if count is None:
        return UNKNOWN
    import humanize

    text = humanize.naturalsize(count, binary=True, format="%.1f")
    number, _, unit = text.partition(" ")
    unit = "B" if unit in {"Byte", "Bytes"} else unit
    if number.endswith(".0") or len(number.rpartition(".")[0]) > 2:
        number = f"{float(number):.0f}"
    return f"{number} {unit}"


def rate(bytes_per_s: float | None, per_s: int = _HOUR, per: str = "h") -> str:
    """Return a growth per hour, or per another time, with its sign.

    >>> rate(1024.0), rate(0.0), rate(None)
    ('+3.5 MiB/h', '0/h', '–')
    """
    if bytes_per_s is None:
        return UNKNOWN
    count = round(bytes_per_s * per_s)
    if count == 0:
        return f"0/{per}"
    return f"{'+' if count > 0 else '−'}{size(abs(count))}/{per}"


@lru_cache(maxsize=_CACHED_TEXTS)
def percent(ratio: float | None) -> str:
    """Return a ratio as a percentage: 100 % only for 1.0 and more, 0 % only for 0.

    >>> percent(0.641), percent(0.9996), percent(0.0001), percent(None)
    ('64%', '99%', '<1%', '–')
    """
    if ratio is None:
        return UNKNOWN
    if 0 < ratio < 0.01:
        return "<1%"
    if ratio > 9.99:
        return ">999%"
    whole = int(ratio * 100 + 1e-9)
    return f"{min(99, whole) if ratio < 1 else whole}%"


@lru_cache(maxsize=_CACHED_TEXTS)
def latency(milliseconds: int | None) -> str:
    """Return a recovery point offset in at most two units.

    >>> latency(1830), latency(600000), latency(742000), latency(90), latency(7500000)
    ('1.8s', '10m', '12m22s', '90ms', '2h05m')
    """
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f}s".replace(".0s", "s")
    return _two_units(milliseconds // 1000)


def duration(seconds: float | None) -> str:
    """Return a duration in one unit, rounded down.

    >>> duration(4.2), duration(119), duration(7300), duration(200000), duration(None)
    ('4 s', '1 min', '2 h', '2 d', '–')
    """
    if seconds is None:
        return UNKNOWN
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    if whole < 2 * _YEAR:
        return f"{whole // _DAY} d"
    return f"{whole // _YEAR} y"


def poll_time(seconds: float) -> str:
    """Return the duration of a poll, always in five characters.

    >>> poll_time(0.0123), poll_time(2.34), poll_time(75)
    ('12 ms', '2.3 s', ' 75 s')
    """
    if seconds < 0.0995:
        return f"{max(1, round(seconds * 1000)):2d} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{min(999, round(seconds)):3d} s"


def age(then: datetime | None, now: datetime) -> str:
    """Return how long ago a time was, or how far ahead it is.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> age(now - timedelta(hours=3), now), age(now + timedelta(hours=3), now), age(None, now)
    ('3 h', 'in 3 h', '–')
    """
    if then is None:
        return UNKNOWN
    return f"in {duration((then - now).total_seconds())}" if is_in_future(then, now) else duration(_since(then, now))


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago a time was, as a phrase.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> ago(now - timedelta(hours=3), now), ago(now + timedelta(hours=3), now)
    ('3 h ago', 'ahead by 3 h')
    """
    if is_in_future(then, now):
        return f"ahead by {duration((then - now).total_seconds())}"
    return f"{duration(_since(then, now))} ago"


def is_in_future(then: datetime, now: datetime) -> bool:
    """Return whether a time is ahead by a minute or more; less is explained by clocks that differ a little."""
    return (then - now).total_seconds() >= _MINUTE


def _since(then: datetime, now: datetime) -> float:
    return max(0.0, (now - then).total_seconds())


def timestamp(at: datetime | None, zone: tzinfo | None) -> str:
    """Return a date and time with the UTC offset, without which it would be ambiguous."""
    if at is None:
        return UNKNOWN
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S ") + utc_offset(at, zone)


def local_time(at_ms: float, zone: tzinfo | None) -> datetime:
    """Return a time in milliseconds since 1970 in the zone of the screen; None is that of this machine."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def short_timestamp(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """Return a time in the zone of the screen, with the date unless it is of today.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 2, 12, tzinfo=UTC)
    >>> short_timestamp(datetime(2026, 1, 2, 3, tzinfo=UTC), now, UTC)
    '03:00'
    >>> short_timestamp(datetime(2026, 1, 1, 23, tzinfo=UTC), now, UTC)
    '2026-01-01 23:00'
    """
    local = at.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == now.astimezone(zone).date() else "%Y-%m-%d %H:%M")


def utc_offset(at: datetime, zone: tzinfo | None) -> str:
    """Return a zone as its UTC offset, which is unambiguous, unlike CST or IST.

    >>> from datetime import UTC
    >>> utc_offset(datetime(2026, 1, 1, tzinfo=UTC), UTC)
    'UTC'
    """
    offset = at.astimezone(zone).strftime("%z")
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}" + (f":{offset[3:5]}" if offset[3:5] != "00" else "")


def _two_units(seconds: int) -> str:
    for unit, small, letters in ((_DAY, _HOUR, "dh"), (_HOUR, _MINUTE, "hm"), (_MINUTE, 1, "ms")):
        if seconds >= unit:
            rest = seconds % unit // small
            return f"{seconds // unit}{letters[0]}" + (f"{rest:02d}{letters[1]}" if rest else "")
    return f"{seconds}s"
