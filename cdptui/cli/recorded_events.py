"""The events of a recording for the command line, filtered as on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cdptui.api.decode import TaskDecoder
from cdptui.api.record_template import join_record
from cdptui.clock import Clock
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.reader import RecordingReader
from cdptui.history.recordings import opened
from cdptui.models.reasons import overall_severity
from cdptui.models.task_row import TaskRow
from cdptui.query.errors import QueryError
from cdptui.query.event_fields import EVENTS_BY_NAME, EventRow, match_events, needs_task
from cdptui.query.expression import Expression
from cdptui.query.fields import QueryContext
from cdptui.query.parser import parse
from cdptui.query.units import Dimension, get_unit, parse_quantity
from cdptui.render.event_text import event_line, event_text, event_time


def parse_since(text: str, clock: Clock) -> int:
    """Return the time before which nothing is meant, in milliseconds since 1970. Raises UsageError."""
    quantity = parse_quantity(text.strip(), [Dimension.TIME])
    if quantity is None:
        message = f"--since must be a time such as 30m, 8h or 1d12h, not '{text}'"
        raise click.UsageError(message)
    now_s = clock.now().timestamp()
    return int(1000 * (now_s - min(now_s, quantity.number * get_unit(quantity, [Dimension.TIME]).factor)))


def parse_event_filter(text: str) -> Expression:
    """Return a filter of events. Raises UsageError."""
    try:
        return parse(text, EVENTS_BY_NAME)
    except QueryError as error:
        message = f"--filter '{text}': {error}, at character {error.position + 1}"
        raise click.UsageError(message) from error


def event_lines(path: Path, since_ms: int, expression: Expression | None, clock: Clock) -> Iterator[str]:
    """Yield a line for each event of a recording, oldest first. Raises RecordingError and RegexTimeoutError.

    Fields of a task are those of its newest record; its growth is not known.
    """
    with opened(path) as connection:
        reader = RecordingReader(connection)
        found = reader.events(since_ms)
        needs_rows = expression is not None and needs_task(expression)
        rows = _newest_rows(reader, FleetReader(connection)) if needs_rows else {}
    events = [EventRow(event, event_line(event, None), rows.get(event.task_uuid)) for event in found]
    if expression is not None:
        events = list(match_events(events, expression, QueryContext(clock.now())).rows)
    for row in events:
        moment, text = event_time(row.event, None), event_text(row.event)
        yield f"{moment}  {row.event.severity.name.lower():<8}  {text}"


def _newest_rows(reader: RecordingReader, fleet: FleetReader) -> dict[str, TaskRow]:
    last, problems = reader.last_poll(), reader.newest_problems()
    if last is None:
        return {}
    records = [join_record(task.text, task.values) for task in fleet.records_at(last.at_ms)]
    rows = {}
    for task in TaskDecoder().decode(records):
        reasons = problems.get(task.uuid, ())
        rows[task.uuid] = TaskRow(task, overall_severity(task, reasons), reasons=reasons)
    return rows
