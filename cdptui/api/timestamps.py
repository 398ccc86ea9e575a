"""Parse the dates of the management node.

A server on Java 8 writes `Nov 14, 2017 10:20:57 PM`: English, in its local time zone, without an offset. Java 9 adds a
comma after the year, and Java 20 a narrow no-break space before AM/PM. Other calls use ISO 8601 or epoch numbers.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from cdptui.models.timezones import find_timezone, parse_offset

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""The months as the server writes them."""

_MONTH_NUMBERS: Final = {name.lower(): number for number, name in enumerate(MONTHS, start=1)}
_JAVA: Final = re.compile(
    r"\s*([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),\s*(\d{4}),?\s+(\d{1,2}):(\d{2}):(\d{2})(?:\s*([AaPp])\.?[Mm]\.?)?\s*"
)
_DAY: Final = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4})", re.ASCII)
_HOURS: Final = {half: {str(hour): hour % 12 + noon for hour in range(1, 13)} for half, noon in (("AM", 0), ("PM", 12))}
_SIXTIETHS: Final = {f"{number:02d}": number for number in range(60)}
_EPOCH_MS_FROM: Final = 1e11
"""Larger numbers are milliseconds: as seconds this would be the year 5138."""


@lru_cache(maxsize=1024)
def parse_timestamp(value: str | float | None, zone: tzinfo | None) -> datetime | None:
    """Return the time in UTC; None if it is unknown.

    `zone` is the server's time zone, for formats without an offset. Without it they are unknown, as a guess could be
    wrong by hours.

    >>> from datetime import timedelta, timezone
    >>> parse_timestamp("Nov 14, 2017 10:20:57 PM", timezone(timedelta(hours=8)))
    datetime.datetime(2017, 11, 14, 14, 20, 57, tzinfo=datetime.timezone.utc)
    >>> parse_timestamp("Nov 14, 2017 10:20:57 PM", None) is None
    True
    """
    try:
        if value is None:
            return None
        at = _from_text(value, zone) if isinstance(value, str) else _from_epoch(value)
    except (ValueError, OverflowError, OSError):
        return None
    # Converted to another time zone, times in the first and last year could leave the supported range.
    return at if at is not None and MINYEAR < at.year < MAXYEAR else None


def is_valid_timestamp(value: str | float | None) -> bool:
    """Return whether `value` has a known format, in any time zone."""
    return value is None or parse_timestamp(value, UTC) is not None


def server_timezone(name: str | None, offset: str | None) -> tzinfo | None:
    """Return the time zone that a server reported, by name if this machine knows it, else by its offset.

    >>> server_timezone(None, "+8:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    """
    return find_timezone(name or "") or parse_offset(name or "") or parse_offset(offset or "")


def _from_epoch(value: float) -> datetime:
    seconds = value / 1000 if abs(value) >= _EPOCH_MS_FROM else value
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(text: str, zone: tzinfo | None) -> datetime | None:
    at = _from_usual_text(text, zone)
    if at is not None:
        return at
    match = _JAVA.fullmatch(text)
    if match is not None:
        month, day, year, hour, minute, second, half = match.groups()
        hours = int(hour)
        if half:
            hours = hours % 12 + (12 if half in "Pp" else 0)
        local = datetime(int(year), _month(month), int(day), hours, int(minute), int(second), tzinfo=zone)
    elif text.strip().isdecimal() and len(text) > 8:
        return _from_epoch(float(text))
    else:
        local = datetime.fromisoformat(text.strip())
    if local.tzinfo is None:
        if zone is None:
            return None
        local = local.replace(tzinfo=zone)
    return local.astimezone(UTC)


def _from_usual_text(text: str, zone: tzinfo | None) -> datetime | None:
    """Parse `Nov 14, 2017 10:20:57 PM` in half the time of the regular expression; None for any other format."""
    try:
        day, clock, half = text.rsplit(" ", 2)
        hour, minute, second = clock.split(":")
        numbers = *_day(day), _HOURS[half][hour], _SIXTIETHS[minute], _SIXTIETHS[second]
    except (KeyError, ValueError):
        return None
    return None if zone is None else datetime(*numbers, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)
def _day(text: str) -> tuple[int, int, int]:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    month, day, year = match.groups()
    return int(year), _month(month), int(day)


def _month(name: str) -> int:
    number = _MONTH_NUMBERS.get(name.lower())
    if number is None:
        raise ValueError(name)
    return number
