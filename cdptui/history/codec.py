"""Encode the values of a task over some hours into a blob, and decode them. Pure.

A chunk has one pair of MessagePack arrays per value, the polls in which it changed and the differences, all compressed
together with zlib. The first entry of an array is the full number, so that no chunk depends on another one.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

import msgspec
from msgspec import Struct

_LEVEL: Final = 6
"""A higher level takes twice the time for one percent."""

_SMALL_WINDOW_BITS: Final = 12
_SMALL_MEMORY_LEVEL: Final = 5
"""For data that fit into the window; they are not larger by it."""

_pack: Final = msgspec.msgpack.Encoder().encode
_NIL: Final = _pack(None)


class _WireChunk(Struct, array_like=True, gc=False):
    polls: list[list[int]]
    values: list[list[int | None]]


_decoder: Final = msgspec.msgpack.Decoder(_WireChunk)

UNREADABLE: Final = (zlib.error, msgspec.MsgspecError, TypeError, OverflowError)
"""Exceptions of a damaged blob. In a damaged file it may also have a type that the schema forbids, or numbers that are
too large."""


class ColumnBuilder:
    """The changes of one value, encoded as they come, so that a day of them takes some kilobytes."""

    __slots__ = ("_count", "_last", "_poll", "_polls", "_values")

    def __init__(self) -> None:
        self._count = 0
        self._poll = 0
        self._last = 0
        self._polls = bytearray()
        self._values = bytearray()

    def append(self, poll: int, value: int | None) -> None:
        """Append a value that a poll, counted from the start of the chunk, was the first to have."""
        self._polls += _pack(poll - self._poll)
        self._values += _NIL if value is None else _pack(value - self._last)
        self._poll = poll
        self._count += 1
        if value is not None:
            self._last = value

    def arrays(self) -> tuple[bytes, bytes]:
        """Return the polls and the differences as MessagePack arrays."""
        header = array_header(self._count)
        return header + self._polls, header + self._values


def array_header(count: int) -> bytes:
    """Return the header of a MessagePack array, to be followed by its items."""
    if count < 16:
        return bytes((0x90 | count,))
    return b"\xdc" + count.to_bytes(2, "big") if count < 2**16 else b"\xdd" + count.to_bytes(4, "big")


def encode_chunk(columns: Sequence[ColumnBuilder]) -> bytes:
    """Return the blob of one task."""
    arrays = [column.arrays() for column in columns]
    header = array_header(len(arrays))
    polls, values = (b"".join(parts) for parts in zip(*arrays, strict=True))
    return _compress(b"\x92" + header + polls + header + values)


class Chunk:
    """The values of a task over some hours."""

    __slots__ = ("_polls", "_values")

    def __init__(self, blob: bytes) -> None:
        """Decode a blob. Raises one of `UNREADABLE`."""
        wire = _decoder.decode(zlib.decompress(blob))
        self._polls = [list(accumulate(polls)) for polls in wire.polls]
        self._values = wire.values

    def values_at(self, poll: int) -> tuple[int | None, ...]:
        """Return all values as they were after a poll; None for those that were not known."""
        return tuple(
            _total(values, bisect_right(polls, poll)) for polls, values in zip(self._polls, self._values, strict=True)
        )

    def changed_at(self, column: int, poll: int) -> int | None:
        """Return the poll, up to `poll`, in which a value changed last; None when it has none.

        The first poll of the chunk is no change if the value is that from before.
        """
        polls = self._polls[column]
        at = bisect_right(polls, poll)
        return polls[at - 1] if at else None

    def changes(self, column: int) -> Iterator[tuple[int, int | None]]:
        """Return the polls in which a value changed, and its values."""
        return zip(self._polls[column], sums(self._values[column]), strict=False)

    def timed_column(self, column: int, times_ms: Sequence[int]) -> tuple[list[int], list[int | None]]:
        """Return the times at which a value changed, and its values; `times_ms` are those of the polls.

        A month has 50,000 of them: no loop of our own.
        """
        if column >= len(self._values):
            return [], []
        differences, polls = self._values[column], self._polls[column]
        values = list(sums(differences)) if None in differences else list(accumulate(differences))
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


def _total(differences: list[int | None], count: int) -> int | None:
    """Return the value after `count` differences, of which None is an unknown value."""
    if not count or differences[count - 1] is None:
        return None
    head = differences[:count]
    try:
        return sum(head)  # type: ignore[arg-type]  # None is rare, and raises
    except TypeError:
        return sum(difference for difference in head if difference is not None)


def compress_packed(data: object) -> bytes:
    """Return `data` as compressed MessagePack."""
    return _compress(_pack(data))


def _compress(data: bytes) -> bytes:
    """Compress with as much working memory as the data need: mostly a tenth of the default, which is not given back."""
    if len(data) > 1 << _SMALL_WINDOW_BITS:
        return zlib.compress(data, _LEVEL)
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW_BITS, _SMALL_MEMORY_LEVEL)
    return compressor.compress(data) + compressor.flush()
