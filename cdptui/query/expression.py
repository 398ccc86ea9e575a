"""The expression tree of a filter. `formatter.format_query` returns the canonical text of each tree."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from cdptui.models.severity import Severity


class Operator(StrEnum):
    """Comparison operators."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    CONTAINS = "~"
    NOT_CONTAINS = "!~"


class TextValue(Struct, frozen=True):
    """A text, compared without regard to case."""

    text: str


class Quantity(Struct, frozen=True):
    """A number with a unit."""

    number: float
    unit: str = ""
    """Canonical spelling of the unit, see `units`; empty for a plain count and for zero."""


class SeverityValue(Struct, frozen=True):
    """A severity."""

    severity: Severity


class UnknownValue(Struct, frozen=True):
    """The value `?`: unknown."""


Value = TextValue | Quantity | SeverityValue | UnknownValue


class Word(Struct, frozen=True):
    """Matches tasks whose name, UUID, status or resource names contain the text."""

    text: str


class Fuzzy(Struct, frozen=True):
    """Matches tasks whose names contain these characters in this order."""

    text: str


class Pattern(Struct, frozen=True):
    """Matches tasks whose name, UUID, status or resource names match a regular expression."""

    text: str


class Comparison(Struct, frozen=True):
    """Matches tasks by one field. Comparisons with an unknown value are false."""

    field: str
    """Name of the field, never an alias."""
    operator: Operator
    value: Value


class Not(Struct, frozen=True):
    """Matches all other tasks."""

    part: Expression


class And(Struct, frozen=True):
    """Matches tasks that match every part; has at least two parts."""

    parts: tuple[Expression, ...]


class Or(Struct, frozen=True):
    """Matches tasks that match any part; has at least two parts."""

    parts: tuple[Expression, ...]


Clause = Word | Fuzzy | Pattern | Comparison
"""A condition without and, or and not."""

Expression = Clause | Not | And | Or


def clauses(expression: Expression) -> tuple[Clause, ...]:
    """Return the clauses of an expression in text order, without duplicates."""
    return tuple(dict.fromkeys(_walk(expression)))


def _walk(expression: Expression) -> Iterator[Clause]:
    match expression:
        case Not(part):
            yield from _walk(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _walk(part)
        case _:
            yield expression


UNHEALTHY: Final[Expression] = Or(
    (
        Comparison("severity", Operator.AT_LEAST, SeverityValue(Severity.WARNING)),
        Comparison("reason", Operator.NOT_EQUAL, TextValue("none")),
    )
)


def unhealthy(expression: Expression | None) -> Expression:
    """Return an expression for the unhealthy tasks among those that match `expression`."""
    return UNHEALTHY if expression is None else And((UNHEALTHY, expression))
