"""The zone in which a node lives, by name or offset."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Final

from cdptui.config.errors import ConfigError

_OFFSET: Final = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?")
_WIDEST: Final = timedelta(hours=15)


def parse_timezone(text: str) -> tzinfo:
    """The zone that `text` names. Raises ConfigError.

    >>> zone_of("+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    >>> zone_of("Asia/Shanghai")
    zoneinfo.ZoneInfo(key='Asia/Shanghai')
    """
    name = text.strip()
    if name.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    match = _OFFSET.fullmatch(name.upper())
    if match is not None:
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset < _WIDEST and int(minutes or 0) < 60:
            return timezone(-offset if sign == "-" else offset)
    elif name and not name.startswith((".", "/", "+", "-")):
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - only for those who name a zone

        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    message = f"{text!r} is no zone: an offset such as +08:00, or a name such as Asia/Shanghai"
    raise ConfigError(message)
