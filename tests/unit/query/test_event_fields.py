"""The filter language on events: against a reference implementation, and its errors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.models.event import Event, EventKind
from cdptui.models.severity import Severity
from cdptui.query.errors import QueryError
from cdptui.query.event_fields import EVENT_FIELDS, EVENTS_BY_NAME, TASK_FIELDS, EventRow, match_events
from cdptui.query.expression import (
    And,
    Comparison,
    Expression,
    Not,
    Or,
    Quantity,
    SeverityValue,
    TextValue,
    UnknownValue,
    clauses,
)
from cdptui.query.fields import FIELDS
from cdptui.query.formatter import explain, format_query
from cdptui.query.parser import parse
from tests.doubles import EPOCH
from tests.unit.query import oracle
from tests.unit.query.expressions import CONTEXT, expressions_of, pieces, rows

NOW_MS = int(EPOCH.timestamp() * 1000)

OWN_TEXTS = {"event", "name", "uuid", "old", "new", "cause"}

expressions = expressions_of((*EVENT_FIELDS, *TASK_FIELDS))


@st.composite
def event_rows(draw: st.DrawFn) -> EventRow:
    values = st.one_of(st.none(), pieces)
    event = Event(
        NOW_MS - draw(st.integers(-5000, 10**9)),
        draw(st.sampled_from(EventKind)),
        draw(st.sampled_from(Severity)),
        draw(st.sampled_from(["", "task-1"])),
        draw(st.one_of(st.just(""), pieces)),
        draw(values),
        draw(values),
        draw(st.sampled_from(["", "stopped-vm-off"])),
    )
    return EventRow(event, f"18:02 {event.name}: {event.new}", draw(st.one_of(st.none(), rows())))


def expected(expression: Expression, row: EventRow) -> bool:
    match expression:
        case And(parts):
            return all(expected(part, row) for part in parts)
        case Or(parts):
            return any(expected(part, row) for part in parts)
        case Not(part):
            return not expected(part, row)
        case Comparison():
            return compares(expression, row)
        case _:
            return oracle.finds(expression, [row.text, row.event.kind.value, row.event.task_uuid])


def compares(clause: Comparison, row: EventRow) -> bool:
    event, how = row.event, clause.operator.value
    own: dict[str, str | None] = {
        "event": event.kind.value,
        "name": event.name,
        "uuid": event.task_uuid,
        "old": event.old,
        "new": event.new,
        "cause": event.cause,
    }
    match clause.field, clause.value:
        case "severity", SeverityValue(severity):
            return oracle.ordered(int(event.severity), how, int(severity))
        case "severity" | "since", UnknownValue():
            return how == "!="
        case "since", Quantity(number, unit):
            age_s = max(0.0, (NOW_MS - event.at_ms) / 1000)
            return oracle.ordered(age_s, how, number * oracle.factor(unit))
        case name, UnknownValue() if name in OWN_TEXTS:
            return bool(own[name]) is (how == "!=")
        case name, TextValue(text) if name in OWN_TEXTS:
            found = own[name]
            if found is None or (not found and name in {"name", "uuid", "cause"}):
                return False
            value, found = text.casefold(), found.casefold()
            is_match = value == found if how in {"=", "!="} else value in found
            return is_match is not how.startswith("!")
        case _, UnknownValue() if row.task is None:
            return how == "="
        case _:
            return row.task is not None and oracle.compares(clause, row.task, CONTEXT)


@settings(max_examples=300)
@given(expressions, st.lists(event_rows(), max_size=8))
def test_matching_events_agree_with_the_reference_implementation(expression: Expression, log: list[EventRow]) -> None:
    found = match_events(log, expression, CONTEXT)

    assert list(found.rows) == [row for row in log if expected(expression, row)]
    assert found.counts == {clause: sum(expected(clause, row) for row in log) for clause in clauses(expression)}


@settings(max_examples=200)
@given(expressions)
def test_expression_is_read_again_from_its_text_and_explained(expression: Expression) -> None:
    assert parse(format_query(expression), EVENTS_BY_NAME) == expression
    assert {clause for _, clause in explain(expression, EVENTS_BY_NAME) if clause} == set(clauses(expression))


@pytest.mark.parametrize("field", [*EVENT_FIELDS, *TASK_FIELDS], ids=lambda field: field.name)
def test_examples_of_every_field_are_valid(field: object) -> None:
    examples = field.example.split("   ")  # type: ignore[attr-defined]  # a field
    assert all(parse(text, EVENTS_BY_NAME) for text in examples)


def test_field_names_and_aliases_are_unique() -> None:
    names = [name for field in (*EVENT_FIELDS, *TASK_FIELDS) for name in (field.name, *field.aliases)]
    assert len(set(names)) == len(names)
    assert {field.name for field in FIELDS} <= set(names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("event=stat", "unknown event 'stat'; did you mean state?"),
        ("sinec<8h", "unknown field 'sinec'; did you mean since?"),
        ("since<8", "since needs a number in ms s min h d w y, such as 3d"),
        ("severity>=loud", "severity must be one of calm, healthy, busy, notice, warning, critical"),
    ],
)
def test_error_names_the_fields_and_values_of_events(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, EVENTS_BY_NAME)
    assert str(caught.value).startswith(message)


def test_fields_of_events_are_unknown_in_the_filter_of_the_list() -> None:
    with pytest.raises(QueryError, match="unknown field 'since'"):
        parse("since<8h")
