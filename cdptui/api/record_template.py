"""Split a task record into its text and the values that change at every refresh of the server, and join them again.

A recording stores the text only when it changes. Joined, text and values are the bytes that the server sent.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from cdptui.api.timestamps import MONTHS

VALUE_NAMES: Final = ("usedCapacity", "lastLatency", "currentLatency", "lastOpDate")
"""The values that are split off, in their order in `RecordValues`. The date changes with each of the numbers."""

USED, RPO, RPO_OLD, LAST_OP = range(len(VALUE_NAMES))

_INDEXES: Final = {name.encode(): index for index, name in enumerate(VALUE_NAMES)}

RecordValues = tuple[int | None, ...]
"""One value per name of `VALUE_NAMES`, None for a value that the text contains."""

_NUMBER: Final = re.compile(rb'"(usedCapacity|lastLatency|currentLatency)"\s*:\s*(0|[1-9]\d{0,17})(?=\s*[,}])')
"""Whole numbers below 10**18, written so that `str` of their value gives the same digits."""

_DATE: Final = re.compile(
    rb'"lastOpDate"\s*:\s*"(' + "|".join(MONTHS).encode() + rb") "
    rb'([1-9]|[12]\d|3[01]), ([12]\d{3}) ([1-9]|1[012]):([0-5]\d):([0-5]\d) (AM|PM)"'
)
_MONTH_NUMBERS: Final = {name.encode(): number for number, name in enumerate(MONTHS, 1)}


class _Template(msgspec.Struct, array_like=True):
    text: bytes
    """The record without the values."""
    places: list[tuple[int, int]]
    """Offset in `text` and index of the value that belongs there, in the order of the offsets."""


_decoder: Final = msgspec.msgpack.Decoder(_Template)


def split_record(record: bytes) -> tuple[bytes, RecordValues]:
    """Return the text of a record, to be stored as it is, and its values.

    A value whose name occurs more than once, or that is not written in the usual form, stays in the text. Of several
    dates, which resource refs have too, the latest is split off.

    >>> text, values = split_record(b'{"usedCapacity":7,"name":"db"}')
    >>> values, join_record(text, (8, *values[1:]))
    ((7, None, None, None), b'{"usedCapacity":8,"name":"db"}')
    """
    values: list[int | None] = [None] * len(VALUE_NAMES)
    spans: list[tuple[int, int, int]] = []
    repeated = set()
    for match in _NUMBER.finditer(record):
        index = _INDEXES[match[1]]
        if values[index] is not None:
            repeated.add(index)
        values[index] = int(match[2])
        spans.append((*match.span(2), index))
    if repeated:
        spans = [span for span in spans if span[2] not in repeated]
        for index in repeated:
            values[index] = None
    newest: re.Match[bytes] | None = None
    for match in _DATE.finditer(record):
        seconds, latest = _seconds(match), values[LAST_OP]
        if seconds is not None and (latest is None or seconds > latest):
            values[LAST_OP], newest = seconds, match
    if newest is not None:
        spans.append((newest.start(1), newest.end(7), LAST_OP))
    spans.sort()
    pieces, places, at, length = [], [], 0, 0
    for start, end, index in spans:
        pieces.append(record[at:start])
        length += start - at
        places.append((length, index))
        at = end
    pieces.append(record[at:])
    return msgspec.msgpack.encode(_Template(b"".join(pieces), places)), tuple(values)


def join_record(text: bytes, values: RecordValues) -> bytes:
    """Return the record that `split_record` split. Raises msgspec.MsgspecError when `text` is not one of its texts."""
    template = _decoder.decode(text)
    pieces, at = [], 0
    for offset, index in template.places:
        value = values[index]
        pieces.append(template.text[at:offset])
        if value is not None:
            pieces.append(_date_text(value) if index == LAST_OP else b"%d" % value)
        at = offset
    pieces.append(template.text[at:])
    return b"".join(pieces)


def _seconds(match: re.Match[bytes]) -> int | None:
    """Return a date of the server as seconds since 1970 in the server's zone; None for a day that does not exist."""
    month, day, year, hour, minute, second, half = match.groups()
    day_start = _day_start(month, day, year)
    if day_start is None:
        return None
    hours = int(hour) % 12 + (12 if half == b"PM" else 0)
    return day_start + 3600 * hours + 60 * int(minute) + int(second)


@lru_cache(maxsize=1024)
def _day_start(month: bytes, day: bytes, year: bytes) -> int | None:
    """Return the start of a day in seconds since 1970: records have few different days."""
    try:
        return int(datetime(int(year), _MONTH_NUMBERS[month], int(day), tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _date_text(seconds: int) -> bytes:
    at = datetime.fromtimestamp(seconds, UTC)
    half = "AM" if at.hour < 12 else "PM"
    text = f"{MONTHS[at.month - 1]} {at.day}, {at.year} {at.hour % 12 or 12}:{at.minute:02}:{at.second:02} {half}"
    return text.encode()


_NAMES: Final = re.compile(rb'("(?:name|description)"\s*:\s*)"((?:[^"\\]|\\.)*)"')


def mask_names(text: bytes, name: str) -> bytes:
    r"""Return the text of a record with `name` in place of the name and the description that the user gave.

    >>> text, values = split_record(b'{"name":"secret","usedCapacity":7,"description":"of \\"HR\\""}')
    >>> join_record(mask_names(text, "task-1"), values)
    b'{"name":"task-1","usedCapacity":7,"description":"task-1"}'
    """
    template = _decoder.decode(text)
    masked, at = bytearray(), 0
    shifts = [(0, 0)]
    for match in _NAMES.finditer(template.text):
        masked += template.text[at : match.start()] + match[1] + b'"' + name.encode() + b'"'
        at = match.end()
        shifts.append((at, len(masked) - at))
    masked += template.text[at:]
    places = [
        (offset + next(shift for end, shift in reversed(shifts) if end <= offset), index)
        for offset, index in template.places
    ]
    return msgspec.msgpack.encode(_Template(bytes(masked), places))
