"""The parser of the filter language. Precedence: `not`, `and`, `or`; adjacent terms are joined by `and`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from msgspec import Struct

from cdptui.query.errors import QueryError
from cdptui.query.expression import (
    And,
    Comparison,
    Expression,
    Fuzzy,
    Not,
    Operator,
    Or,
    Pattern,
    SeverityValue,
    TextValue,
    UnknownValue,
    Value,
    Word,
    clauses,
)
from cdptui.query.fields import BY_NAME, LEVELS, AnyVocabulary, QueryField
from cdptui.query.lexer import KEYWORDS, Token, TokenKind, tokenize
from cdptui.query.regex import MAX_PATTERNS, validate_regex
from cdptui.query.units import describe_units, is_number, is_unit, parse_quantity

_TEXT_OPERATORS = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS, Operator.NOT_CONTAINS})
_EQUALITY_OPERATORS = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})


def _parse_field(token: Token, fields: AnyVocabulary) -> QueryField[Any]:
    """Return the field that a word names. Raises QueryError."""
    field = fields.get(token.text.lower())
    if field is None:
        close = get_close_matches(token.text.lower(), list(fields), n=1)
        message = f"unknown field {token.text!r}"
        raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")
    return field


def _parse_operator(token: Token, field: QueryField[Any]) -> Operator:
    """Return the operator if the field supports it. Raises QueryError."""
    operator = Operator(token.text)
    if field.is_text and operator not in _TEXT_OPERATORS:
        message = f"{field.name} is text; use = != ~ or !~"
        raise QueryError(message, token.position, token.length)
    if not field.is_text and operator in {Operator.CONTAINS, Operator.NOT_CONTAINS}:
        message = f"{field.name} is not text; use = != > >= < or <="
        raise QueryError(message, token.position, token.length)
    return operator


def is_unit_of(word: Token, number: Token, field: QueryField[Any]) -> bool:
    """Return whether a word after a number is its unit, as in `used>1.5 TiB`."""
    are_words = number.kind is word.kind is TokenKind.WORD
    return are_words and is_number(number.text) and is_unit(word.text, field.dimensions)


def _parse_value(token: Token, field: QueryField[Any], operator: Operator) -> Value:
    """Return the value of a comparison. Raises QueryError."""
    if token.kind is TokenKind.END:
        message = f"{field.name}{operator} needs a value such as {_example(field)}"
        raise QueryError(message, token.position, 0, is_unfinished=True)
    if token.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        message = f"expected a value such as {_example(field)}"
        raise QueryError(message, token.position, token.length)
    if token.kind is TokenKind.WORD and token.text == "?":
        if operator not in _EQUALITY_OPERATORS:
            raise QueryError("? means unknown; use = or !=", token.position, token.length)
        return UnknownValue()
    if field.is_text:
        return _parse_text(token, field, operator)
    return _parse_severity(token) if field.is_level else _parse_number(token, field)


def _parse_text(token: Token, field: QueryField[Any], operator: Operator) -> Value:
    word = token.text.casefold()
    if not field.allowed or word in field.allowed or operator not in _EQUALITY_OPERATORS:
        return TextValue(token.text)
    close = get_close_matches(word, field.allowed, n=1)
    suggestion = close[0] if close else ""
    message = f"{field.name} must be one of {', '.join(field.allowed)}"
    if close:
        # The whole list would leave no room for the suggestion on the line.
        message = f"unknown {field.name} {token.text!r}"
    is_unfinished = any(known.startswith(word) for known in field.allowed)
    raise QueryError(message, token.position, token.length, suggestion=suggestion, is_unfinished=is_unfinished)


def _parse_severity(token: Token) -> Value:
    word = token.text.lower()
    matches = [severity for name, severity in LEVELS.items() if word and name.startswith(word)]
    if len(matches) == 1:
        return SeverityValue(matches[0])
    close = get_close_matches(word, list(LEVELS), n=1)
    message = f"severity must be one of {', '.join(LEVELS)}"
    raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")


def _parse_number(token: Token, field: QueryField[Any]) -> Value:
    quantity = parse_quantity(token.text, field.dimensions)
    if quantity is None:
        units = describe_units(field.dimensions)
        message = f"{field.name} needs a number{f' in {units}' if units else ''}, such as {_example(field)}"
        is_unfinished = (
            is_number(token.text.rstrip(".")) or parse_quantity(f"{token.text}s", field.dimensions) is not None
        )
        raise QueryError(message, token.position, token.length, is_unfinished=is_unfinished)
    return quantity


def _example(field: QueryField[Any]) -> str:
    if field.is_level:
        return "warning"
    if field.allowed:
        return field.allowed[0]
    return "a word" if field.is_text else field.dimensions[0].value


MAX_DEPTH: Final = 40
"""Deepest nesting of brackets and negations."""

_TERM_STARTS: Final = frozenset(
    {TokenKind.WORD, TokenKind.QUOTED, TokenKind.PATTERN, TokenKind.NOT, TokenKind.FUZZY, TokenKind.OPEN}
)


def parse(text: str, fields: AnyVocabulary = BY_NAME) -> Expression:
    """Parse a filter with fields of tasks, or with others. Raises QueryError and no other exception.

    >>> parse("used>80% and status!=Running")  # doctest: +ELLIPSIS
    And(parts=(Comparison(field='used', ...), Comparison(field='status', ...)))
    """
    parser = _Parser(tokenize(text), fields)
    expression = parser.parse_or()
    parser.expect_end()
    return expression


class _Parser:
    """A recursive-descent parser over the tokens of one filter."""

    def __init__(self, tokens: list[Token], fields: AnyVocabulary) -> None:
        self._tokens = tokens
        self._fields = fields
        self._at = 0
        self._depth = 0
        self._patterns = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._next
        if token.kind is not TokenKind.END:
            self._at += 1
        return token

    def parse_or(self) -> Expression:
        """Parse terms joined by `or`."""
        parts = [self._parse_and()]
        while self._next.kind is TokenKind.OR:
            self._advance()
            parts.append(self._parse_and())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def expect_end(self) -> None:
        """Raise QueryError unless all tokens were parsed."""
        token = self._next
        if token.kind is TokenKind.CLOSE:
            raise QueryError("unmatched closing bracket", token.position, token.length)
        if token.kind is not TokenKind.END:
            raise QueryError("expected a condition before this", token.position, token.length)

    def _parse_and(self) -> Expression:
        parts = [self._parse_not()]
        while self._next.kind is TokenKind.AND or self._next.kind in _TERM_STARTS:
            if self._next.kind is TokenKind.AND:
                self._advance()
            parts.append(self._parse_not())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _parse_not(self) -> Expression:
        if self._next.kind is not TokenKind.NOT:
            return self._parse_term()
        self._enter(self._advance())
        part = self._parse_not()
        self._depth -= 1
        return Not(part)

    def _parse_term(self) -> Expression:
        token = self._advance()
        match token.kind:
            case TokenKind.OPEN:
                return self._parse_bracketed(token)
            case TokenKind.PATTERN:
                return self._parse_pattern(token)
            case TokenKind.FUZZY:
                return self._parse_fuzzy(token)
            case TokenKind.WORD | TokenKind.QUOTED:
                return self._parse_word_or_comparison(token)
            case TokenKind.END:
                raise QueryError("expected a condition", token.position, 0, is_unfinished=True)
            case _:
                raise QueryError("expected a condition before this", token.position, token.length)

    def _parse_pattern(self, token: Token) -> Expression:
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            message = f"more than {MAX_PATTERNS} regular expressions in one filter"
            raise QueryError(message, token.position, token.length)
        validate_regex(token.text, token.position, token.length, token.places)
        return Pattern(token.text)

    def _parse_bracketed(self, opening: Token) -> Expression:
        self._enter(opening)
        expression = self.parse_or()
        self._depth -= 1
        if self._next.kind is TokenKind.END:
            raise QueryError("unclosed bracket", opening.position, 1, is_unfinished=True)
        if self._next.kind is not TokenKind.CLOSE:
            raise QueryError("expected a condition before this", self._next.position, self._next.length)
        self._advance()
        return expression

    def _parse_fuzzy(self, symbol: Token) -> Expression:
        word = self._next
        if word.kind not in {TokenKind.WORD, TokenKind.QUOTED} or not word.text:
            is_end = word.kind is TokenKind.END
            raise QueryError("expected a word after ~", symbol.position, symbol.length, is_unfinished=is_end)
        return Fuzzy(self._advance().text)

    def _parse_word_or_comparison(self, word: Token) -> Expression:
        if self._next.kind is not TokenKind.COMPARISON:
            if not word.text:
                raise QueryError("no text between the quotes", word.position, word.length, is_unfinished=True)
            return Word(word.text)
        field = _parse_field(word, self._fields)
        operator = _parse_operator(self._advance(), field)
        return Comparison(field.name, operator, _parse_value(self._value_token(field), field, operator))

    def _value_token(self, field: QueryField[Any]) -> Token:
        """Return the token of a value; a number and its unit after a blank become one token."""
        value = self._advance()
        unit = self._next
        if not is_unit_of(unit, value, field):
            return value
        self._advance()
        if self._next.kind is TokenKind.COMPARISON:
            # In `plan=0 b=gold` the word is a field name, not a unit.
            self._at -= 1
            return value
        end = unit.position + unit.length
        return Token(TokenKind.WORD, value.text + unit.text, value.position, end - value.position)

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} nested brackets and negations"
            raise QueryError(message, token.position, token.length)


_CONNECTIVES: Final = frozenset({TokenKind.AND, TokenKind.OR, TokenKind.NOT})


class PartialQuery(Struct, frozen=True):
    """The meaning of a filter that the user is typing."""

    expression: Expression | None
    """None for an empty filter."""
    is_final: bool
    """False while the last word may still become a field name, so that its results are temporary."""


def parse_partial(text: str, fields: AnyVocabulary = BY_NAME) -> PartialQuery:
    """Parse a filter that the user is typing. Raises QueryError.

    After a comparison, a last word that is a prefix of a keyword or a field name is ignored until it is complete.

    >>> parse_partial("used>80% an") == PartialQuery(parse("used>80%"), is_final=False)
    True
    """
    if not text.strip():
        return PartialQuery(None, is_final=True)
    expression = parse(text, fields)
    *tokens, end = tokenize(text)
    word = tokens[-1]
    is_value = len(tokens) > 1 and tokens[-2].kind is TokenKind.COMPARISON
    if word.kind is not TokenKind.WORD or is_value or word.position + word.length < end.position:
        return PartialQuery(expression, is_final=True)
    return PartialQuery(_without(word, tokens[:-1], text, fields) or expression, is_final=False)


def _without(word: Token, tokens: list[Token], text: str, fields: AnyVocabulary) -> Expression | None:
    """Return the expression before an unfinished word; None if the word is complete."""
    while tokens and tokens[-1].kind in _CONNECTIVES:
        tokens.pop()
    if not tokens or not any(name.startswith(word.text.lower()) for name in (*KEYWORDS, *fields)):
        return None
    try:
        before = parse(text[: tokens[-1].position + tokens[-1].length], fields)
    except QueryError:
        # The word is a unit, as in `changed<5 m`; without it the value is missing.
        return None
    return before if isinstance(clauses(before)[-1], Comparison) else None
