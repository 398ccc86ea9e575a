"""What a clause means, in words: so that one sees how a text was understood."""

from __future__ import annotations

from cdptui.query.evaluator import measure_of
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
    Value,
    Word,
)
from cdptui.query.fields import BY_NAME
from cdptui.query.units import number_text

_WORDS = {
    Operator.EQUAL: "is",
    Operator.DIFFERENT: "is not",
    Operator.ABOVE: "over",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "under",
    Operator.AT_MOST: "at most",
    Operator.CONTAINS: "contains",
    Operator.LACKS: "lacks",
}


def meaning(clause: Clause) -> str:
    """One clause in words.

    >>> from cdptui.query.parser import parse
    >>> meaning(parse("used>80%")), meaning(parse("state!=disabled")), meaning(parse("erp"))
    ('used of plan over 80%', 'state is not disabled', '“erp” anywhere')
    """
    match clause:
        case Word(text):
            return f"“{text}” anywhere"
        case Fuzzy(text):
            return f"{'…'.join(text)} anywhere"
        case Pattern(text):
            return f"/{text}/ anywhere"
        case Comparison(name, how, value):
            field = BY_NAME[name]
            if isinstance(value, Quantity):
                measure, _ = measure_of(field, value)
                return f"{measure.noun} {_WORDS[how]} {_value(value)}{measure.of}"
            return f"{field.noun or field.measures[0].noun} {_WORDS[how]} {_value(value)}"


def joints(expression: Expression) -> list[tuple[str, Clause | None]]:
    """An expression as pieces in reading order: each clause, and the words and brackets between them.

    >>> from cdptui.query.parser import parse
    >>> [text for text, _ in joints(parse("!erp (used>80% or plan=0)"))]
    ['not ', '“erp” anywhere', ' and ', '(', 'used of plan over 80%', ' or ', 'plan is 0', ')']
    """
    match expression:
        case Not(part):
            return [("not ", None), *_inner(part, is_bracketed=isinstance(part, And | Or))]
        case And(parts):
            return _joined(parts, " and ", And | Or)
        case Or(parts):
            return _joined(parts, " or ", Or)
        case _:
            return [(meaning(expression), expression)]


def _joined(parts: tuple[Expression, ...], word: str, bracketed: object) -> list[tuple[str, Clause | None]]:
    pieces: list[tuple[str, Clause | None]] = []
    for part in parts:
        if pieces:
            pieces.append((word, None))
        pieces += _inner(part, is_bracketed=isinstance(part, bracketed))  # type: ignore[arg-type]  # a union of classes
    return pieces


def _inner(part: Expression, *, is_bracketed: bool) -> list[tuple[str, Clause | None]]:
    return [("(", None), *joints(part), (")", None)] if is_bracketed else joints(part)


def _value(value: Value) -> str:
    match value:
        case Text(text):
            return text or "empty"
        case Quantity(number, "x"):
            return f"{number_text(number)} times"
        case Quantity(number, unit):
            return f"{number_text(number)}{'' if unit in {'', '%'} else ' '}{unit}"
        case Level(severity):
            return severity.name.lower()
        case Unknown():
            return "unknown"
