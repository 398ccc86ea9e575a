"""Format expressions: as an explanation for the user, and as canonical filter text."""

from __future__ import annotations

from cdptui.query.evaluator import measure_of
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
    Value,
    Word,
)
from cdptui.query.fields import BY_NAME, AnyVocabulary
from cdptui.query.lexer import PATTERN_PREFIX, needs_no_quotes
from cdptui.query.units import format_number

_OPERATOR_TEXT = {
    Operator.EQUAL: "is",
    Operator.NOT_EQUAL: "is not",
    Operator.GREATER: "over",
    Operator.AT_LEAST: "at least",
    Operator.BELOW: "under",
    Operator.AT_MOST: "at most",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "does not contain",
}


def explain_clause(clause: Clause, fields: AnyVocabulary = BY_NAME) -> str:
    """Explain one clause.

    >>> from cdptui.query.parser import parse
    >>> explain_clause(parse("used>80%")), explain_clause(parse("state!=disabled")), explain_clause(parse("erp"))
    ('used over 80% of plan', 'state is not disabled', '“erp” anywhere')
    """
    match clause:
        case Word(text):
            return f"“{text}” anywhere"
        case Fuzzy(text):
            return f"{'…'.join(text)} anywhere"
        case Pattern(text):
            return f"/{text}/ anywhere"
        case Comparison(name, how, value):
            field = fields[name]
            if isinstance(value, Quantity):
                measure, _ = measure_of(field, value)
                return f"{measure.label} {_OPERATOR_TEXT[how]} {_explain_value(value)}{measure.suffix}"
            return f"{field.label or field.measures[0].label} {_OPERATOR_TEXT[how]} {_explain_value(value)}"


def explain(expression: Expression, fields: AnyVocabulary = BY_NAME) -> list[tuple[str, Clause | None]]:
    """Explain an expression as parts in reading order: each clause, and the connectives and brackets between them.

    >>> from cdptui.query.parser import parse
    >>> [text for text, _ in explain(parse("!erp (used>80% or plan=0)"))]
    ['NOT ', '“erp” anywhere', ' AND ', '(', 'used over 80% of plan', ' OR ', 'plan is 0', ')']
    """
    match expression:
        case Not(part):
            return [("NOT ", None), *_explain_part(part, fields, is_bracketed=isinstance(part, And | Or))]
        case And(parts):
            return _joined(parts, " AND ", And | Or, fields)
        case Or(parts):
            return _joined(parts, " OR ", Or, fields)
        case _:
            return [(explain_clause(expression, fields), expression)]


def _joined(
    parts: tuple[Expression, ...], connective: str, bracketed: object, fields: AnyVocabulary
) -> list[tuple[str, Clause | None]]:
    texts: list[tuple[str, Clause | None]] = []
    for part in parts:
        if texts:
            texts.append((connective, None))
        texts += _explain_part(part, fields, is_bracketed=isinstance(part, bracketed))  # type: ignore[arg-type]  # a union of classes
    return texts


def _explain_part(part: Expression, fields: AnyVocabulary, *, is_bracketed: bool) -> list[tuple[str, Clause | None]]:
    return [("(", None), *explain(part, fields), (")", None)] if is_bracketed else explain(part, fields)


def _explain_value(value: Value) -> str:
    match value:
        case TextValue(text):
            return text or "empty"
        case Quantity(number, "x"):
            return f"{format_number(number)} times"
        case Quantity(number, unit):
            return f"{format_number(number)}{'' if unit in {'', '%'} else ' '}{unit}"
        case SeverityValue(severity):
            return severity.name.lower()
        case UnknownValue():
            return "unknown"


def format_query(expression: Expression) -> str:
    """Return the canonical text of an expression.

    >>> from cdptui.query.parser import parse
    >>> format_query(parse("u>80% !st=running (a|b)"))
    'used>80% and not status=running and (a or b)'
    """
    match expression:
        case Or(parts):
            return " or ".join(_bracketed(part) if isinstance(part, Or) else format_query(part) for part in parts)
        case And(parts):
            return " and ".join(
                _bracketed(part) if isinstance(part, And | Or) else format_query(part) for part in parts
            )
        case Not(part):
            return f"not {_bracketed(part) if isinstance(part, And | Or) else format_query(part)}"
        case Comparison(field, operator, value):
            return f"{field}{operator}{_value_text(value)}"
        case Word(text):
            return _quoted(text)
        case Fuzzy(text):
            return f"~{_quoted(text)}"
        case Pattern(text):
            return f"{PATTERN_PREFIX}{text if text.isalnum() else _in_quotes(text)}"


def _bracketed(expression: Expression) -> str:
    return f"({format_query(expression)})"


def _value_text(value: Value) -> str:
    match value:
        case TextValue(text):
            return _quoted(text)
        case Quantity(number, unit):
            return f"{format_number(number)}{unit}"
        case SeverityValue(severity):
            return severity.name.lower()
        case UnknownValue():
            return "?"


def _quoted(text: str) -> str:
    return text if needs_no_quotes(text) else _in_quotes(text)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
