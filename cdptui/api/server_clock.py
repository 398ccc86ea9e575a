"""The server's wall-clock time, for signed requests: fetched from the server, in a configured or guessed time zone.

The server ignores the offset in a signed date and compares local times, so a date in another time zone is rejected
although both clocks are right. The server reports its time without a login, but its time zone only with one.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

import msgspec
from msgspec import Struct, field

from cdptui.api.decode import UNREADABLE
from cdptui.api.errors import CdpUnavailable, Intercepted, PermissionDenied, ServerError, UnreadableAnswer
from cdptui.api.http import HttpClient
from cdptui.api.timestamps import MONTHS
from cdptui.clock import Clock

log = logging.getLogger(__name__)

_LIKELY_ZONES: Final = (timezone(timedelta(hours=8)), UTC)
"""Time zones to try when the local one is rejected: the vendor's and UTC."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_TIME_UNAVAILABLE: Final = (CdpUnavailable, Intercepted, PermissionDenied, ServerError, UnreadableAnswer)


class _Time(Struct):
    milliseconds: int | None = field(name="MillionSeconds", default=None)
    """The field names are the vendor's."""
    seconds: int | None = field(name="Seconds", default=None)


class _TimeReply(Struct, rename="camel"):
    current_time: _Time


class ServerClock:
    """The clock of one server. Its time is fetched once, and again when the server rejects a date."""

    def __init__(self, http: HttpClient, clock: Clock, zone: tzinfo | None) -> None:
        """`zone` is the configured time zone; None uses the local one until the server reports its own."""
        self._http = http
        self._clock = clock
        self._configured_zone = zone
        self._zone = zone
        """None for the local time zone."""
        self._reference: tuple[float, float] | None = None
        """The server's time in epoch seconds, and the local monotonic time of that response."""
        self._is_synchronized = False

    async def synchronize(self, *, force: bool = False) -> None:
        """Fetch the server's time once, or again with `force`. Raises ApiError.

        A server that does not report it is assumed to have the time of its Date header, else the local time.
        """
        if self._is_synchronized and not force:
            return
        try:
            answer = await self._http.send("PUT", "/management-nodes/actions", json={"getCurrentTime": {}})
            reported = msgspec.json.decode(answer.body, type=_TimeReply).current_time
        except (*_TIME_UNAVAILABLE, *UNREADABLE) as error:
            log.warning("the server did not report its time: %s", error)
            seconds = None
        else:
            seconds = reported.seconds if reported.milliseconds is None else reported.milliseconds / 1000
        if seconds is None:
            seconds = _epoch_of(self._http.date)
        self._reference = None if seconds is None else (float(seconds), self._clock.monotonic())
        self._is_synchronized = True

    def use_zone(self, zone: tzinfo) -> None:
        """Set the time zone that the server reported."""
        if self._configured_zone is None:
            self._zone = zone

    async def candidate_dates(self) -> AsyncIterator[str]:
        """Yield dates to try after one was rejected: with the time fetched again, then in other time zones."""
        await self.synchronize(force=True)
        yield self.date_header()
        if self._configured_zone is not None:
            return
        tried = {self._offset()}
        for zone in (None, *_LIKELY_ZONES):
            before, self._zone = self._zone, zone
            if self._offset() in tried:
                self._zone = before
                continue
            tried.add(self._offset())
            log.info("the server rejected the date, trying %s", _gmt(self._offset()))
            yield self.date_header()
        # All were rejected: start with the local time zone next time.
        self._zone = None

    def date_header(self) -> str:
        """Format a time in the form that every server parses: English, with an offset instead of a zone name.

        Older servers do not parse `+0800`, and they parse `CST` as a time zone of another continent.
        """
        local = self._now().astimezone(self._zone)
        day, month = _DAYS[local.weekday()], MONTHS[local.month - 1]
        return f"{day}, {local.day:02} {month} {local.year:04} {local:%H:%M:%S} {_gmt(self._offset())}"

    def describe_attempt(self, date: str) -> str:
        """Describe the attempts in one line, for the user who must configure the time zone."""
        clock = "server clock" if self._reference is not None else "local clock"
        zone = "configured time zone" if self._configured_zone is not None else "no known time zone matches"
        return f"signed for {date[17:22]} {date[26:]} ({clock}, {zone})"

    def _now(self) -> datetime:
        if self._reference is None:
            return self._clock.now()
        epoch, at = self._reference
        try:
            return datetime.fromtimestamp(epoch + self._clock.monotonic() - at, UTC)
        except (ValueError, OverflowError, OSError):
            return self._clock.now()

    def _offset(self) -> timedelta:
        return self._now().astimezone(self._zone).utcoffset() or timedelta()


def _epoch_of(date: str) -> float | None:
    """Parse the Date header of a response.

    >>> _epoch_of("Tue, 14 Nov 2017 14:20:57 GMT"), _epoch_of("soon")
    (1510669257.0, None)
    """
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def _gmt(offset: timedelta) -> str:
    """Format an offset as Java does.

    >>> _gmt(timedelta(hours=8)), _gmt(timedelta(hours=-3, minutes=-30)), _gmt(timedelta())
    ('GMT+08:00', 'GMT-03:30', 'GMT')
    """
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
