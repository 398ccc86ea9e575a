"""The server's wall clock: its time, from the server, in its time zone, which is configured or guessed.

The server ignores the zone of a signed date and compares wall clocks: a client that signs in another zone is hours off,
though both clocks are right. It answers requests for its time without a login, but those for its zone only with one.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

import msgspec
from msgspec import Struct, field

from cdptui.api.decode import UNREADABLE
from cdptui.api.errors import CdpUnavailable, PermissionDenied, ServerError, UnreadableAnswer
from cdptui.api.http import HttpClient
from cdptui.clock import Clock

log = logging.getLogger(__name__)

_USUAL: Final = (timezone(timedelta(hours=8)), UTC)
"""Time zones to try when that of this machine is wrong: the vendor's and UTC."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_NOT_TOLD: Final = (CdpUnavailable, PermissionDenied, ServerError, UnreadableAnswer)


class _Time(Struct):
    milliseconds: int | None = field(name="MillionSeconds", default=None)
    """The field names are the vendor's."""
    seconds: int | None = field(name="Seconds", default=None)


class _TimeReply(Struct, rename="camel"):
    current_time: _Time


class ServerClock:
    """The clock of one server. Its time is fetched once, and again when the server rejects a date."""

    def __init__(self, http: HttpClient, clock: Clock, zone: tzinfo | None) -> None:
        """`zone` is the configured one; without it, the local one is used until the server reports another."""
        self._http = http
        self._clock = clock
        self._given = zone
        self._zone = zone
        """None for the current time zone of this machine."""
        self._reference: tuple[float, float] | None = None
        """The server's time in epoch seconds, and the local monotonic time of that response."""
        self._is_asked = False

    async def synchronize(self, *, is_anew: bool = False) -> None:
        """Learn the server's time, at least from the date of its answer; else it is taken to have ours.

        Raises ApiError.
        """
        if self._is_asked and not is_anew:
            return
        try:
            body = await self._http.send("PUT", "/management-nodes/actions", json={"getCurrentTime": {}})
            told = msgspec.json.decode(body, type=_TimeReply).current_time
        except (*_NOT_TOLD, *UNREADABLE) as error:
            log.warning("the server does not tell its time: %s", error)
            seconds = None
        else:
            seconds = told.seconds if told.milliseconds is None else told.milliseconds / 1000
        if seconds is None:
            seconds = _epoch_of(self._http.date)
        self._reference = None if seconds is None else (float(seconds), self._clock.monotonic())
        self._is_asked = True

    def use_zone(self, zone: tzinfo) -> None:
        """Set the time zone that the server reported."""
        if self._given is None:
            self._zone = zone

    async def candidate_dates(self) -> AsyncIterator[str]:
        """Yield other dates to try after one was rejected: by the time fetched again, then in other time zones."""
        await self.synchronize(is_anew=True)
        yield self.date_header()
        if self._given is not None:
            return
        tried = {self._offset()}
        for zone in (None, *_USUAL):
            before, self._zone = self._zone, zone
            if self._offset() in tried:
                self._zone = before
                continue
            tried.add(self._offset())
            log.info("the server finds the time wrong, trying %s", self._zone_in_words())
            yield self.date_header()
        # Ours is as good as any to begin with next time.
        self._zone = None

    def date_header(self) -> str:
        """Format a time in the form that every server parses: English, with an offset instead of a zone name.

        `+0800` is not read by older servers, and `CST` is read as another continent's.
        """
        local = self._now().astimezone(self._zone)
        day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
        return f"{day}, {local.day:02} {month} {local.year:04} {local:%H:%M:%S} {_gmt(self._offset())}"

    def describe_attempt(self, date: str) -> str:
        """Describe the attempts in one line, for the user who must configure the time zone."""
        clock = "its clock" if self._reference is not None else "our clock"
        zone = "zone as given" if self._given is not None else "no usual zone"
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

    def _zone_in_words(self) -> str:
        return _gmt(self._offset())


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
