"""The tree of an expression. Equal trees mean the same; there is one text for each, see printer."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from cdptui.models.severity import Severity


class Operator(StrEnum):
    """How a field is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    CONTAINS = "~"
    NOT_CONTAINS = "!~"


class TextValue(Struct, frozen=True):
    """A value that is a text; letter case does not count."""

    text: str


class Quantity(Struct, frozen=True):
    """A value that is a number."""

    number: float
    unit: str = ""
    """In its canonical spelling, see units; empty for a plain count and for zero."""


class SeverityValue(Struct, frozen=True):
    """A value that is a severity."""

    severity: Severity


class UnknownValue(Struct, frozen=True):
    """The value `?`: nobody knows."""


Value = TextValue | Quantity | SeverityValue | UnknownValue


class Word(Struct, frozen=True):
    """Tasks of which a name, the uuid or the status holds this text."""

    text: str


class Fuzzy(Struct, frozen=True):
    """Tasks of which a name has these characters in this order."""

    text: str


class Pattern(Struct, frozen=True):
    """Tasks of which a name, the uuid or the status fits a regular expression."""

    text: str


class Comparison(Struct, frozen=True):
    """Tasks whose field compares so. What nobody knows compares with nothing."""

    field: str
    """Name in the registry of fields, never an alias."""
    operator: Operator
    value: Value


class Not(Struct, frozen=True):
    """All other tasks."""

    part: Expression


class And(Struct, frozen=True):
    """Tasks that every part means; two parts at least."""

    parts: tuple[Expression, ...]


class Or(Struct, frozen=True):
    """Tasks that any part means; two parts at least."""

    parts: tuple[Expression, ...]


Clause = Word | Fuzzy | Pattern | Comparison
"""What is asked of one task, without and, or and not."""

Expression = Clause | Not | And | Or


def clauses(expression: Expression) -> tuple[Clause, ...]:
    """The clauses of an expression as they stand in the text, each once."""
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
    """What is not as it should be, of what an expression means."""
    return UNHEALTHY if expression is None else And((UNHEALTHY, expression))
