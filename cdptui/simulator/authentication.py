"""Authentication: the two kinds of Authorization header and their errors."""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from hashlib import sha1
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cdptui.simulator.http_types import PlainTextError, Request
from cdptui.simulator.sessions import Sessions
from cdptui.simulator.settings import SimulatorSettings

_SKEW = timedelta(minutes=15)
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2}) (\S+)")
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{2}):?(\d{2})")
_REGION = re.compile(r"[A-Z][A-Za-z_]*(?:/[A-Za-z0-9_+-]+)+")
"""A region ID such as `Asia/Shanghai`, which the vendor's Java SDK sends (pattern letters `VV`)."""
_ABBREVIATIONS = {
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST"), "Europe/Paris"),
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
}
"""Regions of the zone names that `SimpleDateFormat` prints for the pattern letter `z`.

Java resolves `CST` to US Central, not to China Standard Time.
"""
_DATE_ERROR = "'Date' format error, correct format is 'EEE, dd MMM yyyy HH:mm:ss z'"


def authenticate(request: Request, sessions: Sessions, settings: SimulatorSettings, wall: float) -> bool:
    """Authenticate a request and renew its session. `wall` is the server's wall-clock time.

    Return False for an access key of a normal account, which has no permissions on this node.
    Raises PlainTextError 400 or 403 from the REST layer, ApiErrorResponse ID.1001 for an invalid session.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise PlainTextError(400, "missing header 'Authorization'")
    header = header.strip()
    if header.startswith("OAuth"):
        sessions.renew(header.removeprefix("OAuth").strip())
    elif header.startswith("ZStack"):
        _check_access_key(header.removeprefix("ZStack").strip(), request, settings, wall)
        return settings.access_key_owner in (None, settings.account)
    else:
        raise PlainTextError(400, "Authorization type must be 'OAuth'")
    return True


def sign(secret: str, method: str, date: str, uri: str) -> str:
    r"""Sign a request: HMAC-SHA1 over the method, the text of the Date header and the decoded path without context.

    >>> sign("secret0123456789", "GET", "Tue, 14 Nov 2017 22:20:57 GMT+08:00", "/v1/cdp-task")
    'MnIaWqH2X2xTPiSc4qmNMSGufg4='
    """
    text = f"{method}\n{date}\n{uri}".encode()
    return b64encode(hmac.new(secret.encode(), text, sha1).digest()).decode()


def _check_access_key(text: str, request: Request, settings: SimulatorSettings, wall: float) -> None:
    date = request.headers.get("date")
    if date is None:
        # The typing error is the vendor's.
        raise PlainTextError(400, "'Date' must be incuded in request header")
    _check_time(date, settings, wall)
    parts = text.split(":")
    if len(parts) != 2:
        raise PlainTextError(400, "accessKey format is 'ZStack AccessKeyId:Signature'")
    if parts[0] != settings.access_key_id:
        raise PlainTextError(403, f"the accessKey[{parts[0]}] is not existed or disabled")
    expected = sign(settings.access_key_secret, request.method, date, request.api_path)
    if not hmac.compare_digest(expected.encode(), parts[1].encode()):
        raise PlainTextError(403, "wrong accessKey signature")


def _check_time(text: str, settings: SimulatorSettings, wall: float) -> None:
    zone = ZoneInfo(settings.zone)
    signed = _parse_date(text, accept_offsets=settings.dialect.newer_errors)
    now = datetime.fromtimestamp(wall, zone)
    if not settings.dialect.check_time_zone:
        # The vendor's default ignores the zone, so a client in another zone is refused although its clock is right.
        signed, now = signed.replace(tzinfo=None), now.replace(tzinfo=None)
    skew = signed - now
    if abs(skew) > _SKEW:
        raise PlainTextError(403, "requestTimeTooSkewed")


def _parse_date(text: str, *, accept_offsets: bool) -> datetime:
    found = _DATE.fullmatch(text)
    if found is None:
        raise PlainTextError(400, _DATE_ERROR)
    zone = _parse_zone(found[2], accept_offsets=accept_offsets)
    if zone is None:
        raise PlainTextError(400, _DATE_ERROR)
    try:
        return datetime.strptime(found[1], "%d %b %Y %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        raise PlainTextError(400, _DATE_ERROR) from None


def _parse_zone(name: str, *, accept_offsets: bool) -> tzinfo | None:
    """Parse a zone as the server's `DateTimeFormatter` does for the pattern letter `z`; None for an invalid zone.

    `accept_offsets` allows `+0800` too, as newer servers do.
    """
    if name in ("GMT", "UTC", "Z"):
        return UTC
    if name in _ABBREVIATIONS or _REGION.fullmatch(name):
        return _load_region(_ABBREVIATIONS.get(name, name))
    offset = _OFFSET.fullmatch(name)
    if offset is None or not (accept_offsets or name.startswith(("GMT", "UTC"))):
        return None
    minutes = int(offset[2]) * 60 + int(offset[3])
    return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)) if minutes < 1440 else None


def _load_region(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):  # OSError: a directory of regions, such as America/Indiana
        return None
