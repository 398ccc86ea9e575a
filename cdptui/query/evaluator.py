"""Tree to predicate: built once, then asked of every row."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from cdptui.models.task_row import TaskRow
from cdptui.query.context import Context
from cdptui.query.expression import (
    And,
    Clause,
    Comparison,
    Expression,
    Fuzzy,
    Level,
    Not,
    Operator,
    Or,
    Pattern,
    Quantity,
    Text,
    Unknown,
    Word,
    clauses,
)
from cdptui.query.fields import BY_NAME, Field, Measure, machines
from cdptui.query.regex import MatchBudget, compile_regex
from cdptui.query.units import unit_of

Predicate = Callable[[TaskRow], bool]

_COMPARE: Final[dict[Operator, Callable[[float, float], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.DIFFERENT: operator.ne,
    Operator.ABOVE: operator.gt,
    Operator.AT_LEAST: operator.ge,
    Operator.BELOW: operator.lt,
    Operator.AT_MOST: operator.le,
}


def predicate(expression: Expression, context: Context) -> Predicate:
    """Return what says whether a row is meant."""
    match expression:
        case Not(part):
            inner = predicate(part, context)
            return lambda row: not inner(row)
        case And(parts):
            all_of = [predicate(part, context) for part in parts]
            return lambda row: all(one(row) for one in all_of)
        case Or(parts):
            any_of = [predicate(part, context) for part in parts]
            return lambda row: any(one(row) for one in any_of)
        case _:
            return clause_predicate(expression, context)


def clause_predicate(clause: Clause, context: Context, budget: MatchBudget | None = None) -> Predicate:
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


def verdict(expression: Expression, is_so: Callable[[Clause], bool]) -> bool:
    """What comes of an expression when one knows of each clause whether it is so."""
    match expression:
        case Not(part):
            return not verdict(part, is_so)
        case And(parts):
            return all(verdict(part, is_so) for part in parts)
        case Or(parts):
            return any(verdict(part, is_so) for part in parts)
        case _:
            return is_so(expression)


def is_timed(expression: Expression) -> bool:
    """Whether time alone can change what is meant."""
    return any(isinstance(clause, Comparison) and BY_NAME[clause.field].is_timed for clause in clauses(expression))


def needs_names(expression: Expression) -> bool:
    """Whether names that become known can change what is meant."""
    return any(
        not isinstance(clause, Comparison) or BY_NAME[clause.field].uuids is not None for clause in clauses(expression)
    )


def needs_machines(expression: Expression) -> bool:
    """Whether the names of all machines are needed, of which there are as many as tasks."""
    return any(
        not isinstance(clause, Comparison) or BY_NAME[clause.field].uuids is machines for clause in clauses(expression)
    )


def _in_any(fits: Callable[[str], bool], context: Context) -> Predicate:
    """Whether name, uuid, status, or what the machines or the storage are called fits.

    A thing is called by its uuid only while its name is not known: part of a uuid that nobody sees must find nothing.
    Statuses and storages are few, so they are asked once each.
    """
    names = context.names
    few: dict[str | None, bool] = {None: False}

    def of_few(uuid: str | None, text: str | None) -> bool:
        is_so = few[uuid] = text is not None and fits(text)
        return is_so

    def is_meant(row: TaskRow) -> bool:
        task = row.task
        status, storage = task.status, task.backup_storage_uuid
        is_so = few.get(status)
        if is_so or (is_so is None and of_few(status, status)) or fits(task.name) or fits(task.uuid):
            return True
        for ref in task.resource_refs:
            if fits(names.get(ref.resource_uuid) or ref.resource_uuid):
                return True
        is_so = few.get(storage)
        return of_few(storage, names.get(storage or "") or storage) if is_so is None else is_so

    return is_meant


def _word(needle: str, context: Context) -> Predicate:
    """The same for a plain word. Typed letter by letter it is asked of whole fleets; this takes half the time."""
    names = context.names
    few: dict[str | None, bool] = {None: False}

    def of_few(uuid: str, text: str) -> bool:
        is_so = few[uuid] = needle in text.casefold()
        return is_so

    def is_meant(row: TaskRow) -> bool:
        task = row.task
        status, storage = task.status, task.backup_storage_uuid
        is_so = few.get(status)
        if is_so is None:
            is_so = of_few(status, status)
        if is_so or needle in task.name.casefold() or needle in task.uuid.casefold():
            return True
        for ref in task.resource_refs:
            if needle in (names.get(ref.resource_uuid) or ref.resource_uuid).casefold():
                return True
        is_so = few.get(storage)
        return of_few(storage, names.get(storage) or storage) if is_so is None and storage else bool(is_so)

    return is_meant


def _is_fuzzy(letters: str, candidate: str) -> bool:
    """Whether the letters come in this order."""
    at = 0
    for letter in letters:
        at = candidate.find(letter, at) + 1
        if not at:
            return False
    return True


def _comparison(field: Field, how: Operator, value: object, context: Context) -> Predicate:
    match value:
        case Level(severity):
            compare = _COMPARE[how]
            return lambda row: compare(row.severity, severity)
        case Quantity():
            return _number_comparison(field, how, value, context)
        case Text(text):
            return _text_comparison(field, how, text.casefold(), context)
        case Unknown():
            return _unknown_comparison(field, context, is_wanted=how is Operator.EQUAL)
        case _:
            message = f"no value: {value!r}"
            raise TypeError(message)


def measure_of(field: Field, quantity: Quantity) -> tuple[Measure, float]:
    """Which number of a field a quantity is compared with, and the quantity in its base unit."""
    unit = unit_of(quantity, field.dimensions)
    measure = (
        next(measure for measure in field.measures if measure.dimension is unit.dimension) if quantity.unit else None
    )
    return measure or field.measures[0], quantity.number * unit.factor


def _number_comparison(field: Field, how: Operator, quantity: Quantity, context: Context) -> Predicate:
    measure, bound = measure_of(field, quantity)
    read, compare = measure.read, _COMPARE[how]

    def is_meant(row: TaskRow) -> bool:
        number = read(row, context)
        return number is not None and compare(number, bound)

    return is_meant


def _text_comparison(field: Field, how: Operator, wanted: str, context: Context) -> Predicate:
    texts = field.texts
    if texts is None:
        return _name_comparison(field, how, wanted, context.names)
    is_whole, is_inverted = how in _WHOLE, how in _INVERTED

    def compare(found: tuple[str, ...]) -> bool:
        folded = [text.casefold() for text in found]
        is_so = wanted in folded if is_whole else any(wanted in text for text in folded)
        return bool(found) and is_so is not is_inverted

    known: dict[tuple[str, ...], bool] = {}

    def is_meant(row: TaskRow) -> bool:
        found = texts(row, context)
        is_so = known.get(found)
        if is_so is None:
            is_so = compare(found)
            if len(known) < _FEW_TEXTS:
                known[found] = is_so
        return is_so

    return is_meant


def _name_comparison(field: Field, how: Operator, wanted: str, names: Mapping[str, str]) -> Predicate:
    uuids = field.uuids
    assert uuids is not None, "the parser gives texts to texts only"  # noqa: S101 - an invariant, not input
    is_whole, is_inverted, is_uuid = how in _WHOLE, how in _INVERTED, _UUID.fullmatch(wanted) is not None

    def fits(uuid: str) -> bool:
        name = names.get(uuid)
        if is_whole or is_uuid:
            return wanted == uuid.casefold() or (name is not None and wanted == name.casefold())
        return wanted in (name or uuid).casefold()

    def is_meant(row: TaskRow) -> bool:
        return any(map(fits, uuids(row)))

    def is_other(row: TaskRow) -> bool:
        found = uuids(row)
        return bool(found) and (is_uuid or all(uuid in names for uuid in found)) and not any(map(fits, found))

    return is_other if is_inverted else is_meant


_WHOLE: Final = frozenset({Operator.EQUAL, Operator.DIFFERENT})
_INVERTED: Final = frozenset({Operator.DIFFERENT, Operator.LACKS})
_UUID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

_FEW_TEXTS: Final = 64
"""Statuses, policies and storages are asked once each; names are too many to keep."""


def _unknown_comparison(field: Field, context: Context, *, is_wanted: bool) -> Predicate:
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
