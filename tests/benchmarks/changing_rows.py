"""Rows of a fleet from poll to poll, without a node. Imports nothing that only recording needs."""

from __future__ import annotations

import random
from datetime import UTC
from typing import Final

from cdptui.api.decode import decode_task
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow

USED_EVERY: Final = 30
RPO_EVERY: Final = 6
"""Polls of ten seconds between two changes: the server refreshes used capacity every five minutes, the RPO every
minute."""

_RECORD: Final = (
    b'{"uuid":"%032x","name":"cdp-%06d","status":"Running","state":"Enabled","maxLatency":600000,'
    b'"usedCapacity":%d,"lastLatency":%d}'
)


class Fleet:
    """Tasks whose values change as often as the server refreshes them."""

    def __init__(self, size: int, used_every: int = USED_EVERY, rpo_every: int = RPO_EVERY) -> None:
        self._chance = random.Random(1)
        self._used_every, self._rpo_every = used_every, rpo_every
        self._used = [self._chance.randrange(1 << 38) for _ in range(size)]
        self._rpo = [0] * size
        self._rows: list[TaskRow | None] = [None] * size
        self._poll = -1

    def next_rows(self, *, is_all_changed: bool = False) -> tuple[TaskRow, ...]:
        """Return the rows of the next poll."""
        self._poll += 1
        for number in range(len(self._rows)):
            is_used = is_all_changed or (self._poll + number) % self._used_every == 0
            is_rpo = is_all_changed or (self._poll + number) % self._rpo_every == 0
            if is_used:
                self._used[number] += self._chance.randrange(1 << 28)
            if is_rpo:
                self._rpo[number] = max(0, round(self._chance.gauss(4000, 500)))
            if is_used or is_rpo or self._rows[number] is None:
                record = _RECORD % (number, number, self._used[number], self._rpo[number])
                self._rows[number] = TaskRow(decode_task(record, UTC), Severity.HEALTHY)
        return tuple(row for row in self._rows if row is not None)
