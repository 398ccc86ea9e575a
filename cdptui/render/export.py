"""Export of the list (CSV of the columns in base units, JSON of the records as the server sent them), and of events."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from cdptui.models.event import Event
from cdptui.models.reasons import Reason
from cdptui.models.task_row import TaskRow
from cdptui.render.columns import Column, DatumValue, ExportField
from cdptui.render.event_text import EventContext, event_text
from cdptui.render.task_cells import CellContext

_CHUNK: Final = 200
"""Rows in one yielded string."""

_FORMULA_PREFIXES: Final = ("=", "+", "-", "@")
"""A spreadsheet runs text that begins with these as a formula, which can execute commands."""


def iter_csv(rows: Sequence[TaskRow], columns: Iterable[Column], context: CellContext) -> Iterator[str]:
    """Yield `rows` as CSV (RFC 4180) with a header: bytes, milliseconds, ratios and times in the zone of `context`.

    A field that several columns share is written once. Unknown values are empty.
    """
    fields = _unique_fields(columns)
    yield _csv_text([[field.name for field in fields]])
    for at in range(0, len(rows), _CHUNK):
        yield _csv_text(
            [_cell(field.value(row, context), context.zone) for field in fields] for row in rows[at : at + _CHUNK]
        )


def iter_json(
    about: Mapping[str, object], records: Iterable[str], rows: Iterable[TaskRow], zone: tzinfo | None = UTC
) -> Iterator[str]:
    """Yield a JSON object with the metadata of `about`, and with `records`, which are JSON already, under `tasks`.

    Under `problems` are those of `rows` by the UUID of the task, worst first; tasks without problems are left out.
    Times are in `zone`, None for that of this machine.
    """
    yield f'{_json_head(about, zone)}  "tasks": ['
    separator = "\n"
    for record in records:
        yield f"{separator}    {record}"
        separator = ",\n"
    yield '\n  ],\n  "problems": {'
    separator = "\n"
    for row in rows:
        if row.reasons:
            problems = json.dumps([_problem(reason, zone) for reason in row.reasons])
            yield f"{separator}    {json.dumps(row.task.uuid)}: {problems}"
            separator = ",\n"
    yield "\n  }\n}\n"


_EVENT_FIELDS: Final = ("time", "event", "severity", "name", "uuid", "old", "new", "cause", "text")


def iter_events_csv(events: Sequence[Event], context: EventContext) -> Iterator[str]:
    """Yield events as CSV (RFC 4180) with a header, values in base units. Unknown values are empty."""
    yield _csv_text([_EVENT_FIELDS])
    for at in range(0, len(events), _CHUNK):
        yield _csv_text(
            [_cell(value, context.zone) for value in _event_values(event, context)]
            for event in events[at : at + _CHUNK]
        )


def iter_events_json(about: Mapping[str, object], events: Iterable[Event], context: EventContext) -> Iterator[str]:
    """Yield a JSON object with the metadata of `about`, and with the events under `events`."""
    yield _json_head(about, context.zone)
    yield '  "events": ['
    separator = "\n"
    for event in events:
        yield f"{separator}    {event_json(event, context)}"
        separator = ",\n"
    yield "\n  ]\n}\n"


def event_json(event: Event, context: EventContext) -> str:
    """Return an event as JSON on one line."""
    values = [_json_value(value, context.zone) for value in _event_values(event, context)]
    return json.dumps(dict(zip(_EVENT_FIELDS, values, strict=True)))


def _event_values(event: Event, context: EventContext) -> tuple[datetime | str | None, ...]:
    """Return the values of `_EVENT_FIELDS`."""
    return (
        datetime.fromtimestamp(event.at_ms / 1000, UTC),
        event.kind.value,
        event.severity.name.lower(),
        event.name or None,
        event.task_uuid or None,
        event.old,
        event.new,
        event.cause or None,
        event_text(event, context.names),
    )


def _json_head(about: Mapping[str, object], zone: tzinfo | None) -> str:
    return "{\n" + "".join(
        f"  {json.dumps(name)}: {json.dumps(_json_value(value, zone))},\n" for name, value in about.items()
    )


def _problem(reason: Reason, zone: tzinfo | None) -> dict[str, object]:
    return {
        "problem": reason.kind.value,
        "severity": reason.severity.name.lower(),
        "since": _json_value(reason.since, zone),
    }


def _unique_fields(columns: Iterable[Column]) -> list[ExportField]:
    return list({field.name: field for column in columns for field in column.data}.values())


def _csv_text(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: DatumValue, zone: tzinfo | None = UTC) -> str | int | float:
    """Return a value for a CSV cell; text that begins like a formula is quoted with an apostrophe.

    >>> _cell("=cmd()"), _cell(-1.5), _cell(None), _cell(("a", "b"))
    ("'=cmd()", -1.5, '', 'a; b')
    """
    if isinstance(value, int | float):
        return value
    text = "; ".join(value) if isinstance(value, tuple) else _json_value(value, zone)
    return f"'{text}" if str(text).startswith(_FORMULA_PREFIXES) else str(text or "")


def _json_value(value: object, zone: tzinfo | None) -> object:
    """Return times as ISO 8601 in `zone` with its offset, other values unchanged.

    >>> _json_value(datetime(2026, 1, 1, tzinfo=UTC), UTC)
    '2026-01-01T00:00:00Z'
    """
    return value.astimezone(zone).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
