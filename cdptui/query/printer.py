"""Tree to text: the one canonical text of an expression, which reads back as the same tree."""

from __future__ import annotations

from cdptui.query.expression import (
    And,
    Comparison,
    Expression,
    Fuzzy,
    Level,
    Not,
    Or,
    Pattern,
    Quantity,
    Text,
    Unknown,
    Value,
    Word,
)
from cdptui.query.lexer import PATTERN_PREFIX, is_plain
from cdptui.query.units import number_text


def text_of_query(expression: Expression) -> str:
    """Return the canonical text of an expression.

    >>> from cdptui.query.parser import parse
    >>> text_of_query(parse("u>80% !st=running (a|b)"))
    'used>80% and not status=running and (a or b)'
    """
    match expression:
        case Or(parts):
            return " or ".join(_bracketed(part) if isinstance(part, Or) else text_of_query(part) for part in parts)
        case And(parts):
            return " and ".join(
                _bracketed(part) if isinstance(part, And | Or) else text_of_query(part) for part in parts
            )
        case Not(part):
            return f"not {_bracketed(part) if isinstance(part, And | Or) else text_of_query(part)}"
        case Comparison(field, operator, value):
            return f"{field}{operator}{_value_text(value)}"
        case Word(text):
            return _quoted(text)
        case Fuzzy(text):
            return f"~{_quoted(text)}"
        case Pattern(text):
            return f"{PATTERN_PREFIX}{text if text.isalnum() else _in_quotes(text)}"


def _bracketed(expression: Expression) -> str:
    return f"({text_of_query(expression)})"


def _value_text(value: Value) -> str:
    match value:
        case Text(text):
            return _quoted(text)
        case Quantity(number, unit):
            return f"{number_text(number)}{unit}"
        case Level(severity):
            return severity.name.lower()
        case Unknown():
            return "?"


def _quoted(text: str) -> str:
    return text if is_plain(text) else _in_quotes(text)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
