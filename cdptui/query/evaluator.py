"""Tree to predicate: built once, then asked of every row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from cdptui.models.task_row import TaskRow
from cdptui.query.expression import (
    And,
    Clause,
    Comparison,
    Expression,
    Fuzzy,
    Not,
    Operator,
    Or,
    Pattern,
    Quantity,
    SeverityValue,
    TextValue,
    UnknownValue,
    Word,
    clauses,
)
from cdptui.query.fields import BY_NAME, Measure, QueryContext, QueryField, vm_uuids
from cdptui.query.regex import MatchBudget, compile_regex
from cdptui.query.units import get_unit

Predicate = Callable[[TaskRow], bool]

_COMPARE: Final[dict[Operator, Callable[[float, float], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
    Operator.BELOW: operator.lt,
    Operator.AT_MOST: operator.le,
}


def compile_predicate(expression: Expression, context: QueryContext) -> Predicate:
    """Return what says whether a row is meant."""
    match expression:
        case Not(part):
            inner = compile_predicate(part, context)
            return lambda row: not inner(row)
        case And(parts):
            all_of = [compile_predicate(part, context) for part in parts]
            return lambda row: all(one(row) for one in all_of)
        case Or(parts):
            any_of = [compile_predicate(part, context) for part in parts]
            return lambda row: any(one(row) for one in any_of)
        case _:
            return compile_clause(expression, context)


def compile_clause(clause: Clause, context: QueryContext, budget: MatchBudget | None = None) -> Predicate:
    """Return what says whether a row is meant by one clause.

    With a `budget` it raises RegexTimeoutError when regular expressions have used that up.
    """
    match clause:
        case Word(text):
            return _word(text.casefold(), context)
        case Fuzzy(text):
            letters = text.casefold()
            return _in_any(lambda candidate: _is_fuzzy(letters, candidate.casefold()), context)
        case Pattern(text):
            return _in_any(compile_regex(text) if budget is None else budget.guarded_search(text), context)
        case Comparison(name, how, value):
            return _comparison(BY_NAME[name], how, value, context)


def combine_clauses(expression: Expression, matches: Callable[[Clause], bool]) -> bool:
    """What comes of an expression when one knows of each clause whether it is so."""
    match expression:
        case Not(part):
            return not combine_clauses(part, matches)
        case And(parts):
            return all(combine_clauses(part, matches) for part in parts)
        case Or(parts):
            return any(combine_clauses(part, matches) for part in parts)
        case _:
            return matches(expression)


def depends_on_time(expression: Expression) -> bool:
    """Whether time alone can change what is meant."""
    return any(
        isinstance(clause, Comparison) and BY_NAME[clause.field].depends_on_time for clause in clauses(expression)
    )


def needs_names(expression: Expression) -> bool:
    """Whether names that become known can change what is meant."""
    return any(
        not isinstance(clause, Comparison) or BY_NAME[clause.field].uuids is not None for clause in clauses(expression)
    )


def needs_vm_names(expression: Expression) -> bool:
    """Whether the names of all machines are needed, of which there are as many as tasks."""
    return any(
        not isinstance(clause, Comparison) or BY_NAME[clause.field].uuids is vm_uuids for clause in clauses(expression)
    )


def _in_any(fits: Callable[[str], bool], context: QueryContext) -> Predicate:
    """Whether name, uuid, status, or what the machines or the storage are called fits.

    A thing is called by its uuid only while its name is not known: part of a uuid that nobody sees must find nothing.
    Statuses and storages are few, so they are asked once each.
    """
    names = context.names
    few: dict[str | None, bool] = {None: False}

    def of_few(uuid: str | None, text: str | None) -> bool:
        matches = few[uuid] = text is not None and fits(text)
        return matches

    def matches(row: TaskRow) -> bool:
        task = row.task
        status, storage = task.status, task.backup_storage_uuid
        matches = few.get(status)
        if matches or (matches is None and of_few(status, status)) or fits(task.name) or fits(task.uuid):
            return True
        for ref in task.resource_refs:
            if fits(names.get(ref.resource_uuid) or ref.resource_uuid):
                return True
        matches = few.get(storage)
        return of_few(storage, names.get(storage or "") or storage) if matches is None else matches

    return matches


def _word(needle: str, context: QueryContext) -> Predicate:
    """The same for a plain word. Typed letter by letter it is asked of whole fleets; this takes half the time."""
    names = context.names
    few: dict[str | None, bool] = {None: False}

    def of_few(uuid: str, text: str) -> bool:
        matches = few[uuid] = needle in text.casefold()
        return matches

    def matches(row: TaskRow) -> bool:
        task = row.task
        status, storage = task.status, task.backup_storage_uuid
        matches = few.get(status)
        if matches is None:
            matches = of_few(status, status)
        if matches or needle in task.name.casefold() or needle in task.uuid.casefold():
            return True
        for ref in task.resource_refs:
            if needle in (names.get(ref.resource_uuid) or ref.resource_uuid).casefold():
                return True
        matches = few.get(storage)
        return of_few(storage, names.get(storage) or storage) if matches is None and storage else bool(matches)

    return matches


def _is_fuzzy(letters: str, candidate: str) -> bool:
    """Whether the letters come in this order."""
    at = 0
    for letter in letters:
        at = candidate.find(letter, at) + 1
        if not at:
            return False
    return True


def _comparison(field: QueryField, how: Operator, value: object, context: QueryContext) -> Predicate:
    match value:
        case SeverityValue(severity):
            compare = _COMPARE[how]
            return lambda row: compare(row.severity, severity)
        case Quantity():
            return _number_comparison(field, how, value, context)
        case TextValue(text):
            return _text_comparison(field, how, text.casefold(), context)
        case UnknownValue():
            return _unknown_comparison(field, context, is_wanted=how is Operator.EQUAL)
        case _:
            message = f"no value: {value!r}"
            raise TypeError(message)


def measure_of(field: QueryField, quantity: Quantity) -> tuple[Measure, float]:
    """Which number of a field a quantity is compared with, and the quantity in its base unit."""
    unit = get_unit(quantity, field.dimensions)
    measure = (
        next(measure for measure in field.measures if measure.dimension is unit.dimension) if quantity.unit else None
    )
    return measure or field.measures[0], quantity.number * unit.factor


def _number_comparison(field: QueryField, how: Operator, quantity: Quantity, context: QueryContext) -> Predicate:
    measure, bound = measure_of(field, quantity)
    read, compare = measure.read, _COMPARE[how]

    def matches(row: TaskRow) -> bool:
        number = read(row, context)
        return number is not None and compare(number, bound)

    return matches


def _text_comparison(field: QueryField, how: Operator, wanted: str, context: QueryContext) -> Predicate:
    texts = field.texts
    if texts is None:
        return _name_comparison(field, how, wanted, context.names)
    is_whole, is_inverted = how in _WHOLE, how in _INVERTED

    def compare(found: tuple[str, ...]) -> bool:
        folded = [text.casefold() for text in found]
        matches = wanted in folded if is_whole else any(wanted in text for text in folded)
        return bool(found) and matches is not is_inverted

    known: dict[tuple[str, ...], bool] = {}

    def matches(row: TaskRow) -> bool:
        found = texts(row, context)
        matches = known.get(found)
        if matches is None:
            matches = compare(found)
            if len(known) < _FEW_TEXTS:
                known[found] = matches
        return matches

    return matches


def _name_comparison(field: QueryField, how: Operator, wanted: str, names: Mapping[str, str]) -> Predicate:
    uuids = field.uuids
    assert uuids is not None, "the parser gives texts to texts only"  # noqa: S101 - an invariant, not input
    is_whole, is_inverted, is_uuid = how in _WHOLE, how in _INVERTED, _UUID.fullmatch(wanted) is not None

    def fits(uuid: str) -> bool:
        name = names.get(uuid)
        if is_whole or is_uuid:
            return wanted == uuid.casefold() or (name is not None and wanted == name.casefold())
        return wanted in (name or uuid).casefold()

    def matches(row: TaskRow) -> bool:
        return any(map(fits, uuids(row)))

    def is_other(row: TaskRow) -> bool:
        found = uuids(row)
        return bool(found) and (is_uuid or all(uuid in names for uuid in found)) and not any(map(fits, found))

    return is_other if is_inverted else matches


_WHOLE: Final = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
_INVERTED: Final = frozenset({Operator.NOT_EQUAL, Operator.NOT_CONTAINS})
_UUID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

_FEW_TEXTS: Final = 64
"""Statuses, policies and storages are asked once each; names are too many to keep."""


def _unknown_comparison(field: QueryField, context: QueryContext, *, is_wanted: bool) -> Predicate:
    if field.is_level:
        return lambda _: not is_wanted
    if field.uuids is not None:
        uuids = field.uuids
        return lambda row: (not uuids(row)) is is_wanted
    if field.texts is not None:
        texts = field.texts
        return lambda row: (not any(texts(row, context))) is is_wanted
    read = field.measures[0].read
    return lambda row: (read(row, context) is None) is is_wanted
