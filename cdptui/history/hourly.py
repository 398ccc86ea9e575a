"""Used capacity of recorded tasks at whole hours: one number an hour, however often a task changed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

_HOUR_MS: Final = 3_600_000
_UNKNOWN: Final = 2**64 - 1


class HourlyValues:
    """The last value of each hour, by the number of a task. Changes are added oldest first."""

    def __init__(self, first_ms: int, last_ms: int) -> None:
        self._first_hour = first_ms // _HOUR_MS + 1
        self._count = max(0, last_ms // _HOUR_MS + 1 - self._first_hour)
        self._tasks: dict[int, array[int]] = {}

    def add(self, number: int, at_ms: int, value: int) -> None:
        """Add a change, which is valid from the next whole hour on."""
        index = max(0, at_ms // _HOUR_MS + 1 - self._first_hour)
        if index < self._count:
            values = self._tasks.get(number)
            if values is None:
                values = self._tasks[number] = array("Q", (_UNKNOWN,)) * self._count
            values[index] = value

    def of_task(self, number: int, gaps_ms: Sequence[tuple[int, int]]) -> list[tuple[int, int | None]]:
        """Return hours, counted from 1970, and values, from the first known one on; None in gaps."""
        missing = {hour for start, end in gaps_ms for hour in range(start // _HOUR_MS + 1, end // _HOUR_MS + 1)}
        found: list[tuple[int, int | None]] = []
        current: int | None = None
        for hour, value in enumerate(self._tasks.get(number, ()), self._first_hour):
            current = current if value == _UNKNOWN else value
            if current is not None:
                found.append((hour, None if hour in missing else current))
        return found
