"""Time zones by IANA name or UTC offset, from the setting `server_zone` or from a management node."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Final

_OFFSET: Final = r"(?i:\s*(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?\s*)"
_MAX_NAME: Final = 64


def parse_timezone(text: str) -> tzinfo:
    """Return the zone that `text` names.

    Raises:
        ValueError: The text is neither an offset of less than a day nor a zone that this machine knows.

    >>> parse_timezone("+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    >>> parse_timezone("Asia/Shanghai")
    zoneinfo.ZoneInfo(key='Asia/Shanghai')

    """
    name = text.strip()
    zone = UTC if name.upper() in {"UTC", "GMT", "Z"} else parse_offset(name) or find_timezone(name)
    if zone is None:
        message = f"{text!r} is not a time zone: use an offset such as +08:00, or a name such as Asia/Shanghai"
        raise ValueError(message)
    return zone


def parse_offset(text: str) -> timezone | None:
    """Return the fixed zone of an offset such as `+8:00`, `-0330` or `GMT+08:00`; None for any other text."""
    match = re.fullmatch(_OFFSET, text)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if int(minutes or 0) >= 60 or offset >= timedelta(hours=24):
        return None
    return timezone(-offset if sign == "-" else offset)


def find_timezone(name: str) -> tzinfo | None:
    """Return the zone with an IANA name; None when this machine does not know it."""
    if not name or len(name) > _MAX_NAME or name.startswith((".", "/", "+", "-")):
        return None
    # zoneinfo takes 2 ms to import, and most runs need none.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
