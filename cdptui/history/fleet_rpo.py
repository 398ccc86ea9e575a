"""Read the RPO of many tasks against their targets: from the events, as the values of all would take too long."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from cdptui.history.trend_reader import GapFinder, read_polls
from cdptui.models.event import EventKind, event_number
from cdptui.models.rpo_history import (
    Coverage,
    RpoPeriod,
    RpoStatistics,
    TaskBreaches,
    fleet_rpo_statistics,
    merge_periods,
    period_of,
)


def read_fleet_rpo(
    connection: sqlite3.Connection, uuids: Container[str] | None, end_ms: int, spans_ms: Sequence[int]
) -> list[RpoStatistics]:
    """Return the RPO over the last of each of `spans_ms`, of some tasks or of all. Raises sqlite3.Error."""
    since_ms = end_ms - max(spans_ms)
    finder = GapFinder()
    read_polls(connection, finder, since_ms, end_ms)
    first_ms, last_ms = finder.first_ms, finder.last_ms
    if first_ms is None or last_ms is None:
        return [RpoStatistics() for _ in spans_ms]
    coverage = Coverage(first_ms, last_ms, finder.gaps(last_ms))
    breaches = _breaches(connection, since_ms, end_ms)
    tasks = [
        TaskBreaches(uuid, periods, breaches.get(uuid, ()))
        for uuid, periods in _periods(connection, end_ms)
        if uuids is None or uuid in uuids
    ]
    return [fleet_rpo_statistics(tasks, coverage, end_ms - span_ms, end_ms) for span_ms in spans_ms]


def _periods(connection: sqlite3.Connection, until_ms: int) -> Iterator[tuple[str, list[RpoPeriod]]]:
    statement = (
        "SELECT uuid, t, status, state, rpo_target_ms FROM document JOIN task ON task.id = document.task "
        "WHERE t <= ? ORDER BY document.task, t, document.id"
    )
    for uuid, records in groupby(connection.execute(statement, (until_ms,)), itemgetter(0)):
        yield uuid, merge_periods([period_of(*record[1:]) for record in records])


def _breaches(connection: sqlite3.Connection, since_ms: int, until_ms: int) -> dict[str, list[tuple[int, int, int]]]:
    """Return start, end and highest RPO of the breaches of each task. One that began earlier begins at `since_ms`."""
    statement = "SELECT task, t, kind, old, new FROM event WHERE kind IN (?, ?) AND t BETWEEN ? AND ? ORDER BY t, id"
    found: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
    begun: dict[str, tuple[int, int]] = {}
    kinds = (EventKind.RPO_MISSED.value, EventKind.RPO_MET.value)
    for uuid, at_ms, kind, old, new in connection.execute(statement, (*kinds, since_ms, until_ms)):
        if kind == EventKind.RPO_MISSED.value:
            begun[uuid] = (at_ms, event_number(new))
        else:
            start_ms, first_rpo_ms = begun.pop(uuid, (since_ms, 0))
            found[uuid].append((start_ms, at_ms, max(first_rpo_ms, event_number(old))))
    for uuid, (start_ms, rpo_ms) in begun.items():
        found[uuid].append((start_ms, until_ms, rpo_ms))
    return found
