"""Encode the values of a task over some hours into a blob, and decode them. Pure.

The numbers of a column are stored less the least of them, as the first bytes of all, the second bytes of all, and so
on: the high bytes are similar and the low ones of a measurement are noise, so each has a deflate block of its own, with
codes that fit it. No chunk depends on another one.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from typing import Annotated, Final, NamedTuple, cast

import msgspec
from msgspec import Meta, Struct

_LEVEL: Final = 6
"""A higher level takes twice the time for one percent."""

_SMALL_WINDOW_BITS: Final = 12
_SMALL_MEMORY_LEVEL: Final = 5
"""For data that fit into the window; they are not larger by it."""

_MAX_COUNT: Final = 1 << 24
"""More milliseconds than a chunk covers, and so more changes than it has."""

_WORD: Final = 8
"""Bytes of a number before its high bytes, which are zero, are left out."""

_pack: Final = msgspec.msgpack.Encoder().encode

_Width = Annotated[int, Meta(ge=0, le=_WORD)]
"""Bytes of a number."""


class _ColumnHeader(Struct, array_like=True, gc=False):
    count: Annotated[int, Meta(ge=0, le=_MAX_COUNT)]
    least_pause: int
    pause_width: _Width
    least: int
    width: _Width
    first: int | None
    """The first known value if differences are stored, as of a value that only grows."""
    has_unknown: bool
    """Whether 0 is an unknown value."""


class _EarlierChunk(Struct, array_like=True, gc=False):
    """A chunk of a recording before version 4."""

    polls: list[list[int]]
    values: list[list[int | None]]


_decode_headers: Final = msgspec.msgpack.Decoder(list[_ColumnHeader]).decode
_decode_earlier: Final = msgspec.msgpack.Decoder(_EarlierChunk).decode

_FORMAT: Final = 4
"""First byte of a chunk. No chunk of an earlier version begins with it, as those are MessagePack arrays."""

_HEADERS_SIZE: Final = struct.Struct("<H")

UNREADABLE: Final = (zlib.error, msgspec.MsgspecError, TypeError, OverflowError)
"""Exceptions of a damaged blob. In a damaged file it may also have a type that the schema forbids, or numbers that are
too large."""


class Column(NamedTuple):
    """The changes of one value: the polls that were the first to have it, counted from the start of the chunk."""

    polls: list[int]
    values: list[int | None]

    @classmethod
    def empty(cls) -> Column:
        """Return a column without changes."""
        return cls([], [])

    def append(self, poll: int, value: int | None) -> None:
        """Append a value."""
        self.polls.append(poll)
        self.values.append(value)


def array_header(count: int) -> bytes:
    """Return the header of a MessagePack array, to be followed by its items."""
    if count < 16:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big") if count < 2**16 else b"\xdd" + count.to_bytes(4, "big")


def encode_chunk(columns: Iterable[Column]) -> bytes:
    """Return the blob of one task. The values are less than 2**63."""
    headers, planes = [], []
    for column in columns:
        header, parts = _encode_column(column)
        headers.append(header)
        planes += parts
    packed = _pack(headers)
    return _compress(bytes((_FORMAT,)) + _HEADERS_SIZE.pack(len(packed)) + packed, *planes)


def _encode_column(column: Column) -> tuple[_ColumnHeader, list[bytes]]:
    pauses = _differences(column.polls, 0)
    least_pause = min(pauses, default=0)
    pause_planes = _split_planes([pause - least_pause for pause in pauses])
    known = [value for value in column.values if value is not None]
    has_unknown = len(known) < len(column.values)
    numbers, first = known, None
    if known:
        differences = _differences(known, known[0])
        if max(differences) - min(differences) < max(known) - min(known):
            numbers, first = differences, known[0]
    least = min(numbers, default=0) - has_unknown
    stored = [number - least for number in numbers]
    if has_unknown:
        following = iter(stored)
        stored = [0 if value is None else next(following) for value in column.values]
    planes = _split_planes(stored)
    header = _ColumnHeader(len(pauses), least_pause, len(pause_planes), least, len(planes), first, has_unknown)
    return header, pause_planes + planes


def _differences(numbers: Sequence[int], first: int) -> list[int]:
    """Return the differences from number to number, and from `first` to the first one."""
    return list(map(sub, numbers, (first, *numbers)))


def _split_planes(numbers: Sequence[int]) -> list[bytes]:
    """Return the lowest bytes of all numbers, the next ones, and so on, up to the highest one that is not zero."""
    packed = struct.pack(f"<{len(numbers)}Q", *numbers)
    return [packed[place::_WORD] for place in range((max(numbers, default=0).bit_length() + 7) // 8)]


def _join_planes(data: bytes, at: int, count: int, width: int) -> tuple[int, ...]:
    """Return the numbers whose planes begin at an offset."""
    if not width:
        return (0,) * count
    words = bytearray(count * _WORD)
    for place in range(width):
        words[place::_WORD] = data[at + place * count : at + (place + 1) * count]
    return struct.unpack(f"<{count}Q", words)


def _decode_columns(data: bytes) -> Iterator[Column]:
    size = int.from_bytes(data[1 : 1 + _HEADERS_SIZE.size], "little")
    at = 1 + _HEADERS_SIZE.size + size
    headers = _decode_headers(data[1 + _HEADERS_SIZE.size : at])
    if len(data) != at + sum(header.count * (header.pause_width + header.width) for header in headers):
        message = "the size of a chunk is not that of its values"
        raise msgspec.ValidationError(message)
    for header in headers:
        if not header.count:
            yield Column.empty()
            continue
        pauses = _join_planes(data, at, header.count, header.pause_width)
        at += header.count * header.pause_width
        numbers = _join_planes(data, at, header.count, header.width)
        at += header.count * header.width
        yield Column(_add_up(pauses, header.least_pause, 0), _decode_values(numbers, header))


def _decode_values(numbers: Sequence[int], header: _ColumnHeader) -> list[int | None]:
    known = [number for number in numbers if number] if header.has_unknown else numbers
    values = (
        _add_up(known, header.least, header.first)
        if header.first is not None
        else list(map(header.least.__add__, known))
    )
    if not header.has_unknown:
        return cast("list[int | None]", values)
    following = iter(values)
    return [next(following) if number else None for number in numbers]


def _add_up(differences: Sequence[int], least: int, first: int) -> list[int]:
    """Return the numbers that have these differences, which are stored less the least one."""
    return list(accumulate(map(least.__add__, differences), initial=first))[1:]


class Chunk:
    """The values of a task over some hours."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns = tuple(columns)

    @classmethod
    def decode(cls, blob: bytes) -> Chunk:
        """Decode a blob, also that of an earlier version. Raises one of `UNREADABLE`."""
        data = zlib.decompress(blob)
        if data[:1] == bytes((_FORMAT,)):
            return cls(_decode_columns(data))
        wire = _decode_earlier(data)
        columns = zip(wire.polls, wire.values, strict=False)
        return cls(Column(list(accumulate(polls)), list(sums(values))) for polls, values in columns)

    def values_at(self, poll: int) -> tuple[int | None, ...]:
        """Return all values as they were after a poll; None for those that were not known."""
        return tuple(
            values[count - 1] if (count := bisect_right(polls, poll)) else None for polls, values in self._columns
        )

    def changed_at(self, column: int, poll: int) -> int | None:
        """Return the poll, up to `poll`, in which a value changed last; None when it has none.

        The first poll of the chunk is no change if the value is that from before.
        """
        polls = self._columns[column].polls
        at = bisect_right(polls, poll)
        return polls[at - 1] if at else None

    def changes(self, column: int) -> Iterator[tuple[int, int | None]]:
        """Return the polls in which a value changed, and its values."""
        return zip(*self._columns[column], strict=False)

    def timed_column(self, column: int, times_ms: Sequence[int]) -> tuple[list[int], list[int | None]]:
        """Return the times at which a value changed, and its values; `times_ms` are those of the polls.

        A month has 50,000 of them: no loop of our own.
        """
        if column >= len(self._columns):
            return [], []
        polls, values = self._columns[column]
        if polls and polls[-1] >= len(times_ms):
            # A damaged chunk.
            polls = polls[: bisect_left(polls, len(times_ms))]
        return list(map(times_ms.__getitem__, polls)), values[: len(polls)]


def sums(differences: Iterable[int | None]) -> Iterator[int | None]:
    """Yield the values of which these are the differences, None for unknown ones.

    >>> list(sums([5, None, 2]))
    [5, None, 7]
    """
    total = 0
    for difference in differences:
        total += difference or 0
        yield None if difference is None else total


def compress_packed(data: object) -> bytes:
    """Return `data` as compressed MessagePack."""
    return _compress(_pack(data))


def _compress(*blocks: bytes) -> bytes:
    """Compress blocks that are not similar, with as much working memory as they need.

    That is mostly a tenth of the default, which is not given back to the system.
    """
    if sum(map(len, blocks)) > 1 << _SMALL_WINDOW_BITS:
        compressor = zlib.compressobj(_LEVEL)
    else:
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW_BITS, _SMALL_MEMORY_LEVEL)
    parts = [compressor.compress(block) + compressor.flush(zlib.Z_BLOCK) for block in blocks]
    return b"".join((*parts, compressor.flush()))
