"""The value of a comparison, read as its field needs it."""

from __future__ import annotations

from difflib import get_close_matches

from cdptui.query.errors import QueryError
from cdptui.query.expression import Level, Operator, Text, Unknown, Value
from cdptui.query.fields import BY_NAME, LEVELS, Field
from cdptui.query.lexer import Kind, Token
from cdptui.query.units import is_number, is_unit, read_quantity, units_in_words

_FOR_TEXTS = frozenset({Operator.EQUAL, Operator.DIFFERENT, Operator.CONTAINS, Operator.LACKS})
_FOR_UNKNOWN = _WHOLE = frozenset({Operator.EQUAL, Operator.DIFFERENT})


def field_of(token: Token) -> Field:
    """The field that a word names. Raises QueryError."""
    field = BY_NAME.get(token.text.lower())
    if field is None:
        close = get_close_matches(token.text.lower(), list(BY_NAME), n=1)
        message = f"there is no field {token.text!r}"
        raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")
    return field


def operator_of(token: Token, field: Field) -> Operator:
    """The operator, if the field can be compared so. Raises QueryError."""
    operator = Operator(token.text)
    if field.is_text and operator not in _FOR_TEXTS:
        message = f"{field.name} is a text: compare it with = != ~ or !~"
        raise QueryError(message, token.position, token.length)
    if not field.is_text and operator in {Operator.CONTAINS, Operator.LACKS}:
        message = f"{field.name} is no text: compare it with = != > >= < or <="
        raise QueryError(message, token.position, token.length)
    return operator


def is_unit_of(word: Token, number: Token, field: Field) -> bool:
    """Whether a word behind a number is its unit, as in `used>1.5 TiB`."""
    are_words = number.kind is word.kind is Kind.WORD
    return are_words and is_number(number.text) and is_unit(word.text, field.dimensions)


def value_of(token: Token, field: Field, operator: Operator) -> Value:
    """The value of a comparison. Raises QueryError."""
    if token.kind is Kind.END:
        message = f"{field.name}{operator} needs a value, such as {_example(field)}"
        raise QueryError(message, token.position, 0, is_unfinished=True)
    if token.kind not in {Kind.WORD, Kind.QUOTED}:
        message = f"a value such as {_example(field)} must stand here"
        raise QueryError(message, token.position, token.length)
    if token.kind is Kind.WORD and token.text == "?":
        if operator not in _FOR_UNKNOWN:
            raise QueryError("? means unknown: compare it with = or !=", token.position, token.length)
        return Unknown()
    if field.is_text:
        return _text(token, field, operator)
    return _level(token) if field.is_level else _quantity(token, field)


def _text(token: Token, field: Field, operator: Operator) -> Value:
    word = token.text.casefold()
    if not field.words or word in field.words or operator not in _WHOLE:
        return Text(token.text)
    close = get_close_matches(word, field.words, n=1)
    suggestion = close[0] if close else ""
    message = f"a {field.name} is one of {', '.join(field.words)}"
    if close:
        # The whole list would push the one that was meant off the line.
        message = f"there is no {field.name} {token.text!r}"
    is_unfinished = any(known.startswith(word) for known in field.words)
    raise QueryError(message, token.position, token.length, suggestion=suggestion, is_unfinished=is_unfinished)


def _level(token: Token) -> Value:
    word = token.text.lower()
    found = [severity for name, severity in LEVELS.items() if word and name.startswith(word)]
    if len(found) == 1:
        return Level(found[0])
    close = get_close_matches(word, list(LEVELS), n=1)
    message = f"a severity is one of {', '.join(LEVELS)}"
    raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")


def _quantity(token: Token, field: Field) -> Value:
    quantity = read_quantity(token.text, field.dimensions)
    if quantity is None:
        units = units_in_words(field.dimensions)
        message = f"{field.name} is a number{f' in {units}' if units else ''}, such as {_example(field)}"
        is_unfinished = (
            is_number(token.text.rstrip(".")) or read_quantity(f"{token.text}s", field.dimensions) is not None
        )
        raise QueryError(message, token.position, token.length, is_unfinished=is_unfinished)
    return quantity


def _example(field: Field) -> str:
    if field.is_level:
        return "warning"
    if field.words:
        return field.words[0]
    return "a word" if field.is_text else field.dimensions[0].value
