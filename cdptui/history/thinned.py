"""A day of a task in windows of 15 minutes. Finer ones save little, as the server measures the RPO once a minute."""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from cdptui.history.codec import compress_packed, sums

WINDOW_MS: Final = 15 * 60 * 1000
WINDOWS_PER_DAY: Final = 96


class ThinnedDay(msgspec.Struct, array_like=True):
    """One entry per window in which the task was polled."""

    windows: list[int]
    """Numbers of the windows, counted from the start of the day in UTC."""
    used: list[int | None]
    """The last value in the window."""
    rpo_min: list[int | None]
    rpo_mean: list[int | None]
    """Weighted by time."""
    rpo_max: list[int | None]
    over_target_ms: list[int]
    """Milliseconds in which the RPO was over its target."""


def encode_thinned(day: ThinnedDay) -> bytes:
    """Return a day as a blob, with the differences of the used capacity."""
    return compress_packed(msgspec.structs.replace(day, used=_differences(day.used)))


def _differences(values: list[int | None]) -> list[int | None]:
    last, found = 0, []
    for value in values:
        found.append(None if value is None else value - last)
        last = last if value is None else value
    return found


_decoder: Final = msgspec.msgpack.Decoder(ThinnedDay)


def decode_thinned(blob: bytes) -> ThinnedDay:
    """Return a stored day. Raises one of `codec.UNREADABLE`."""
    day = _decoder.decode(zlib.decompress(blob))
    day.used = list(sums(day.used))
    return day
