"""The list for files: CSV from the columns, in base units, and JSON from the records as the server sent them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cdptui.models.task_row import TaskRow
from cdptui.render.columns import Column, DatumValue, ExportField
from cdptui.render.task_cells import CellContext

_STEP: Final = 200
"""Rows in one piece."""

_FORMULA: Final = ("=", "+", "-", "@")
"""What a spreadsheet takes for the beginning of a formula, which may do more than compute."""


def iter_csv(rows: Sequence[TaskRow], columns: Iterable[Column], context: CellContext) -> Iterator[str]:
    """Yield `rows` as CSV (RFC 4180) with a header: bytes, milliseconds, ratios and UTC times.

    Columns with the same values have them once. What is unknown is empty.
    """
    data = _data_of(columns)
    yield _lines([[datum.name for datum in data]])
    for at in range(0, len(rows), _STEP):
        yield _lines([_cell(datum.value(row, context)) for datum in data] for row in rows[at : at + _STEP])


def iter_json(about: Mapping[str, object], records: Iterable[str]) -> Iterator[str]:
    """Yield an object that says what it is about, with the `records`, each JSON already, under `tasks`."""
    head = "".join(f"  {json.dumps(name)}: {json.dumps(_plain(value))},\n" for name, value in about.items())
    yield f'{{\n{head}  "tasks": ['
    separator = "\n"
    for record in records:
        yield f"{separator}    {record}"
        separator = ",\n"
    yield "\n  ]\n}\n"


def _data_of(columns: Iterable[Column]) -> list[ExportField]:
    return list({datum.name: datum for column in columns for datum in column.data}.values())


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: DatumValue) -> str | int | float:
    """A value as it stands in a cell; text never begins like a formula.

    >>> _cell("=cmd()"), _cell(-1.5), _cell(None), _cell(("a", "b"))
    ("'=cmd()", -1.5, '', 'a; b')
    """
    if isinstance(value, int | float):
        return value
    text = "; ".join(value) if isinstance(value, tuple) else _plain(value)
    return f"'{text}" if str(text).startswith(_FORMULA) else str(text or "")


def _plain(value: object) -> object:
    """Moments as ISO 8601 in UTC, all else as it is.

    >>> _plain(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00Z'
    """
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
