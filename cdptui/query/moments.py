"""Parse a moment as people type it: `14:05`, `-3h`, `yesterday 02:10`, `2026-11-26 02:10`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from cdptui.query.units import Dimension, get_unit, parse_quantity

EXAMPLES: Final = "14:05, -3h, yesterday 02:10 or 2026-11-26 02:10"

_TIME: Final = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
_CLOCK: Final = re.compile(_TIME)
_DAY: Final = re.compile(rf"(?P<day>today|yesterday)(?: +{_TIME})?")
_DATE: Final = re.compile(rf"(?:(?P<year>\d{{4}})-)?(?P<month>\d\d?)-(?P<date>\d\d?)(?:[T ] *{_TIME})?")
_OFFSET: Final = re.compile(r" ?(?:Z|UTC|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))$", re.IGNORECASE)


class MomentError(ValueError):
    """The text is no moment. Its message is for the user."""


def parse_moment(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment that a text names, in `zone` (None is that of this machine) unless it has an offset.

    A time without a date is the last one before `now`; so is a date without a year. Raises MomentError.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    >>> [f"{parse_moment(text, now, UTC):%d %H:%M}" for text in ("14:05", "-90m", "yesterday 02:10", "11-20")]
    ['26 14:05', '27 10:30', '26 02:10', '20 00:00']
    """
    typed = " ".join(text.split())
    try:
        moment = _parse(typed, now, zone)
    except (ValueError, OverflowError, OSError):
        # A date that does not exist, or one beyond those that Python has.
        moment = None
    if moment is None:
        raise MomentError(f"{typed!r} is no time: {EXAMPLES}" if typed else f"No time: {EXAMPLES}")
    return moment


def _parse(typed: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    if typed == "now":
        return now
    if typed.startswith("-") or typed.endswith(" ago"):
        return _before(typed.removeprefix("-").removesuffix(" ago").replace(" ", ""), now)
    local_now = now.astimezone(zone)
    if match := _CLOCK.fullmatch(typed):
        moment = _local(local_now.date(), match, zone)
        return moment if moment <= now else _local(local_now.date() - timedelta(days=1), match, zone)
    if match := _DAY.fullmatch(typed.lower()):
        return _local(local_now.date() - timedelta(days=match["day"] == "yesterday"), match, zone)
    offset = _OFFSET.search(typed)
    if offset is not None and (match := _DATE.fullmatch(typed[: offset.start()])) and match["hour"]:
        return _local(_date(match, local_now.date()), match, _zone(offset))
    if match := _DATE.fullmatch(typed):
        return _local(_date(match, local_now.date()), match, zone)
    return None


def _before(typed: str, now: datetime) -> datetime | None:
    quantity = parse_quantity(typed, [Dimension.TIME])
    if quantity is None or not quantity.unit:
        return None
    return now - timedelta(seconds=quantity.number * get_unit(quantity, [Dimension.TIME]).factor)


def _date(match: re.Match[str], today: date) -> date:
    if match["year"]:
        return date(int(match["year"]), int(match["month"]), int(match["date"]))
    day = date(today.year, int(match["month"]), int(match["date"]))
    return day if day <= today else day.replace(year=today.year - 1)


def _local(day: date, match: re.Match[str], zone: tzinfo | None) -> datetime:
    at = time(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
    # A moment without a zone is one of this machine.
    return datetime.combine(day, at, zone).astimezone(zone)


def _zone(offset: re.Match[str]) -> tzinfo:
    if offset["sign"] is None:
        return UTC
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    return timezone(-ahead if offset["sign"] == "-" else ahead)
