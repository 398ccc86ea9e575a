"""Events in the filter language: their fields, and which of them match an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from cdptui.models.event import Event, EventKind
from cdptui.models.task_row import TaskRow
from cdptui.query.evaluator import combine_clauses, compile_comparison, compile_search
from cdptui.query.expression import Clause, Comparison, Expression, clauses
from cdptui.query.fields import FIELDS, LEVELS, Measure, QueryContext, QueryField, by_name, single_text
from cdptui.query.regex import MatchBudget
from cdptui.query.units import Dimension


class EventRow(Struct, frozen=True):
    """An event as it is listed."""

    event: Event
    text: str
    """Its time and what happened, as shown."""
    task: TaskRow | None = None
    """Its task as it is now; None when it has none, or the task no longer exists."""


def _age_s(row: EventRow, context: QueryContext) -> float:
    return max(0.0, context.now.timestamp() - row.event.at_ms / 1000)


_OWN_FIELDS: Final[tuple[QueryField[EventRow], ...]] = (
    QueryField(
        "event",
        ("kind",),
        f"What happened: {', '.join(EventKind)}",
        "event=status   event~outage",
        "event",
        lambda row, _: (row.event.kind.value,),
        allowed=tuple(kind.value for kind in EventKind),
    ),
    QueryField(
        "since",
        ("ago",),
        "Time since the event",
        "since<8h",
        measures=(Measure(Dimension.TIME, "time since the event", _age_s),),
        depends_on_time=True,
    ),
    QueryField(
        "severity",
        ("sev", "health"),
        f"Severity of the event: {', '.join(LEVELS)}",
        "severity>=warning",
        "severity",
        level=lambda row: row.event.severity,
    ),
    QueryField(
        "name",
        ("n",),
        "Task or storage, as it was called",
        "name~erp",
        "name",
        single_text(lambda row: row.event.name or None),
    ),
    QueryField(
        "uuid", ("id",), "Task UUID", "uuid~cfcb3c", "uuid", single_text(lambda row: row.event.task_uuid or None)
    ),
    QueryField("old", (), "Value before, in base units", "old=Running", "old", single_text(lambda row: row.event.old)),
    QueryField("new", (), "Value after, in base units", "new=Failed", "new", single_text(lambda row: row.event.new)),
    QueryField(
        "cause",
        (),
        "Cause of a stop",
        "cause=stopped-vm-off",
        "cause",
        single_text(lambda row: row.event.cause or None),
    ),
)


def _of_task(field: QueryField[TaskRow]) -> QueryField[EventRow]:
    """Return a field of tasks as one of events: of the task as it is now, unknown without a task."""
    texts, uuids = field.texts, field.uuids
    return QueryField(
        field.name,
        field.aliases,
        field.help,
        field.example,
        field.label,
        texts=None if texts is None else lambda row, context: () if row.task is None else texts(row.task, context),
        allowed=field.allowed,
        uuids=None if uuids is None else lambda row: () if row.task is None else uuids(row.task),
        measures=tuple(_measure_of_task(measure) for measure in field.measures),
        depends_on_time=field.depends_on_time,
    )


def _measure_of_task(measure: Measure[TaskRow]) -> Measure[EventRow]:
    read = measure.read
    return Measure(
        measure.dimension,
        measure.label,
        lambda row, context: None if row.task is None else read(row.task, context),
        measure.suffix,
    )


_OWN_NAMES: Final = by_name(_OWN_FIELDS)

TASK_FIELDS: Final = tuple(_of_task(field) for field in FIELDS if field.name not in _OWN_NAMES)
"""The fields of the task of an event, as the task is now."""

EVENT_FIELDS: Final = _OWN_FIELDS
EVENTS_BY_NAME: Final = by_name((*EVENT_FIELDS, *TASK_FIELDS))


def needs_task(expression: Expression) -> bool:
    """Return whether the tasks of events are compared."""
    return any(isinstance(clause, Comparison) and clause.field not in _OWN_NAMES for clause in clauses(expression))


class EventMatches(Struct, frozen=True):
    """The events that match an expression."""

    rows: Sequence[EventRow]
    counts: dict[Clause, int]
    """Events that each clause matches on its own."""


def match_events(rows: Sequence[EventRow], expression: Expression, context: QueryContext) -> EventMatches:
    """Return the events that match, in their order. Raises RegexTimeoutError."""
    with MatchBudget(len(rows)) as budget:
        predicates = {clause: _compile(clause, context, budget) for clause in clauses(expression)}
        counts = dict.fromkeys(predicates, 0)
        matching = []
        for row in rows:
            found = {clause: matches(row) for clause, matches in predicates.items()}
            for clause, is_match in found.items():
                counts[clause] += is_match
            if combine_clauses(expression, found.__getitem__):
                matching.append(row)
    return EventMatches(matching, counts)


def _compile(clause: Clause, context: QueryContext, budget: MatchBudget) -> Callable[[EventRow], bool]:
    if isinstance(clause, Comparison):
        return compile_comparison(EVENTS_BY_NAME[clause.field], clause.operator, clause.value, context)
    found = compile_search(clause, budget)
    return lambda row: found(row.text) or found(row.event.kind.value) or found(row.event.task_uuid)
