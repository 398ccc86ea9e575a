"""JSON and dates in the Java server's format: compact, HTML-safe, in hash order, dates in the server's time zone.

This module knows no inventories, only the byte format.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

_HTML_SAFE = ((b"=", b"\\u003d"), (b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"), (b"'", b"\\u0027"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_JAVA_PLAIN_LIMIT = 1e7

_encode = msgspec.json.Encoder().encode


def encode(value: object) -> bytes:
    r"""Encode compact JSON, HTML-safe as Gson's default: five characters as `\\u00XX`, all others as UTF-8.

    >>> encode({"a": "x='1' & <b>"})
    b'{"a":"x\\u003d\\u00271\\u0027 \\u0026 \\u003cb\\u003e"}'
    """
    return html_safe(_encode(value))


def encode_plain(value: object) -> bytes:
    """Encode compact JSON without HTML escapes, as the other writer does that older servers use for errors.

    >>> encode_plain({"a": "x=1"})
    b'{"a":"x=1"}'
    """
    return _encode(value)


def html_safe(encoded: bytes) -> bytes:
    """Apply the escapes of `encode` to JSON bytes; these characters occur only inside strings."""
    for char, escape in _HTML_SAFE:
        if char in encoded:
            encoded = encoded.replace(char, escape)
    return encoded


def java_hash(text: str) -> int:
    """Compute Java's `String.hashCode` as an unsigned 32-bit number.

    >>> java_hash("uuid")
    3601339
    """
    value = 0
    units = text.encode("utf-16-be")
    for i in range(0, len(units), 2):
        value = (31 * value + (units[i] << 8 | units[i + 1])) & 0xFFFFFFFF
    return value


def hash_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the keys in the iteration order of a Java HashMap.

    >>> hash_order(["uuid", "name", "status"])
    ('name', 'uuid', 'status')
    """
    keys = list(names)
    size = 16
    while len(keys) > size * 3 // 4:
        size *= 2

    def bucket(key: str) -> int:
        value = java_hash(key)
        return (value ^ value >> 16) & (size - 1)

    return tuple(sorted(keys, key=bucket))


def in_hash_order(values: dict[str, object]) -> dict[str, object]:
    """Return the values in the order of a Java HashMap, without nulls: the server never writes null."""
    return {key: values[key] for key in _cached_order(tuple(values)) if values[key] is not None}


@lru_cache(maxsize=256)
def _cached_order(names: tuple[str, ...]) -> tuple[str, ...]:
    return hash_order(names)


def java_double(value: float) -> str:
    """Format a number as Java's `Double.toString` does.

    >>> java_double(104857600), java_double(1830), java_double(0), java_double(2.5)
    ('1.048576E8', '1830.0', '0.0', '2.5')
    """
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < _JAVA_PLAIN_LIMIT:
        return repr(number)
    digits, exponent = f"{number:.17e}".split("e")
    for precision in range(1, 18):
        candidate = f"{number:.{precision}e}"
        if float(candidate) == number:
            digits, exponent = candidate.split("e")
            break
    digits = digits.rstrip("0")
    return f"{digits}0E{int(exponent)}" if digits.endswith(".") else f"{digits}E{int(exponent)}"


@lru_cache(maxsize=250_000)
def java_date(moment: float, zone: ZoneInfo, *, java9: bool = False) -> str:
    """Format a `java.sql.Timestamp` as Gson does: US English, server-local, no zone, no fraction.

    >>> java_date(1510669257, ZoneInfo("Asia/Shanghai"))
    'Nov 14, 2017 10:20:57 PM'
    >>> java_date(1510669257, ZoneInfo("Asia/Shanghai"), java9=True)
    'Nov 14, 2017, 10:20:57 PM'
    """
    at = datetime.fromtimestamp(moment, zone)
    hour = at.hour % 12 or 12
    comma = "," if java9 else ""
    half = "AM" if at.hour < 12 else "PM"
    return f"{_MONTHS[at.month - 1]} {at.day}, {at.year}{comma} {hour}:{at.minute:02d}:{at.second:02d} {half}"


def iso_date(moment: float, zone: ZoneInfo) -> str:
    """Format a moment in ISO 8601 with its offset, as recovery points have it.

    >>> iso_date(1624967387, ZoneInfo("Asia/Shanghai"))
    '2021-06-29T19:49:47+08:00'
    """
    return datetime.fromtimestamp(int(moment), zone).isoformat()


def zone_offset(moment: float, zone: ZoneInfo) -> str:
    """Return the zone's offset at that moment, such as `+08:00`."""
    text = datetime.fromtimestamp(moment, UTC).astimezone(zone).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
