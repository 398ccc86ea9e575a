"""Text to tree. `not` binds closer than `and`, `and` closer than `or`; terms side by side mean `and`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

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
from cdptui.query.fields import BY_NAME, LEVELS, QueryField
from cdptui.query.lexer import KEYWORDS, Token, TokenKind, tokenize
from cdptui.query.regex import MAX_PATTERNS, validate_regex
from cdptui.query.units import describe_units, is_number, is_unit, parse_quantity

_FOR_TEXTS = frozenset({Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS, Operator.NOT_CONTAINS})
_FOR_UNKNOWN = _WHOLE = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})


def _parse_field(token: Token) -> QueryField:
    """The field that a word names. Raises QueryError."""
    field = BY_NAME.get(token.text.lower())
    if field is None:
        close = get_close_matches(token.text.lower(), list(BY_NAME), n=1)
        message = f"there is no field {token.text!r}"
        raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")
    return field


def _parse_operator(token: Token, field: QueryField) -> Operator:
    """The operator, if the field can be compared so. Raises QueryError."""
    operator = Operator(token.text)
    if field.is_text and operator not in _FOR_TEXTS:
        message = f"{field.name} is a text: compare it with = != ~ or !~"
        raise QueryError(message, token.position, token.length)
    if not field.is_text and operator in {Operator.CONTAINS, Operator.NOT_CONTAINS}:
        message = f"{field.name} is no text: compare it with = != > >= < or <="
        raise QueryError(message, token.position, token.length)
    return operator


def is_unit_of(word: Token, number: Token, field: QueryField) -> bool:
    """Whether a word behind a number is its unit, as in `used>1.5 TiB`."""
    are_words = number.kind is word.kind is TokenKind.WORD
    return are_words and is_number(number.text) and is_unit(word.text, field.dimensions)


def _parse_value(token: Token, field: QueryField, operator: Operator) -> Value:
    """The value of a comparison. Raises QueryError."""
    if token.kind is TokenKind.END:
        message = f"{field.name}{operator} needs a value, such as {_example(field)}"
        raise QueryError(message, token.position, 0, is_unfinished=True)
    if token.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        message = f"a value such as {_example(field)} must stand here"
        raise QueryError(message, token.position, token.length)
    if token.kind is TokenKind.WORD and token.text == "?":
        if operator not in _FOR_UNKNOWN:
            raise QueryError("? means unknown: compare it with = or !=", token.position, token.length)
        return UnknownValue()
    if field.is_text:
        return _text(token, field, operator)
    return _level(token) if field.is_level else _quantity(token, field)


def _text(token: Token, field: QueryField, operator: Operator) -> Value:
    word = token.text.casefold()
    if not field.words or word in field.words or operator not in _WHOLE:
        return TextValue(token.text)
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
        return SeverityValue(found[0])
    close = get_close_matches(word, list(LEVELS), n=1)
    message = f"a severity is one of {', '.join(LEVELS)}"
    raise QueryError(message, token.position, token.length, suggestion=close[0] if close else "")


def _quantity(token: Token, field: QueryField) -> Value:
    quantity = parse_quantity(token.text, field.dimensions)
    if quantity is None:
        units = describe_units(field.dimensions)
        message = f"{field.name} is a number{f' in {units}' if units else ''}, such as {_example(field)}"
        is_unfinished = (
            is_number(token.text.rstrip(".")) or parse_quantity(f"{token.text}s", field.dimensions) is not None
        )
        raise QueryError(message, token.position, token.length, is_unfinished=is_unfinished)
    return quantity


def _example(field: QueryField) -> str:
    if field.is_level:
        return "warning"
    if field.words:
        return field.words[0]
    return "a word" if field.is_text else field.dimensions[0].value


MAX_DEPTH: Final = 40
"""Brackets and negations inside each other."""

_BEGINS_TERM: Final = frozenset(
    {TokenKind.WORD, TokenKind.QUOTED, TokenKind.PATTERN, TokenKind.NOT, TokenKind.FUZZY, TokenKind.OPEN}
)


def parse(text: str) -> Expression:
    """Read an expression. Raises QueryError, and nothing else.

    >>> parse("used>80% and status!=Running")  # doctest: +ELLIPSIS
    And(parts=(Comparison(field='used', ...), Comparison(field='status', ...)))
    """
    parser = _Parser(tokenize(text))
    expression = parser.either()
    parser.end()
    return expression


class _Parser:
    """One reading of one text, from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._patterns = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        if token.kind is not TokenKind.END:
            self._at += 1
        return token

    def either(self) -> Expression:
        """Parts with `or` between them."""
        parts = [self._both()]
        while self._next.kind is TokenKind.OR:
            self._take()
            parts.append(self._both())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def end(self) -> None:
        """There must be nothing left."""
        token = self._next
        if token.kind is TokenKind.CLOSE:
            raise QueryError("no bracket was opened before this one", token.position, token.length)
        if token.kind is not TokenKind.END:
            raise QueryError("a condition must stand before this", token.position, token.length)

    def _both(self) -> Expression:
        parts = [self._negated()]
        while self._next.kind is TokenKind.AND or self._next.kind in _BEGINS_TERM:
            if self._next.kind is TokenKind.AND:
                self._take()
            parts.append(self._negated())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _negated(self) -> Expression:
        if self._next.kind is not TokenKind.NOT:
            return self._term()
        self._enter(self._take())
        part = self._negated()
        self._depth -= 1
        return Not(part)

    def _term(self) -> Expression:
        token = self._take()
        match token.kind:
            case TokenKind.OPEN:
                return self._bracketed(token)
            case TokenKind.PATTERN:
                return self._pattern(token)
            case TokenKind.FUZZY:
                return self._fuzzy(token)
            case TokenKind.WORD | TokenKind.QUOTED:
                return self._word_or_comparison(token)
            case TokenKind.END:
                raise QueryError("a condition must follow", token.position, 0, is_unfinished=True)
            case _:
                raise QueryError("a condition must stand before this", token.position, token.length)

    def _pattern(self, token: Token) -> Expression:
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            message = f"more than {MAX_PATTERNS} regular expressions in one filter"
            raise QueryError(message, token.position, token.length)
        validate_regex(token.text, token.position, token.length, token.places)
        return Pattern(token.text)

    def _bracketed(self, opening: Token) -> Expression:
        self._enter(opening)
        expression = self.either()
        self._depth -= 1
        if self._next.kind is TokenKind.END:
            raise QueryError("the bracket is not closed", opening.position, 1, is_unfinished=True)
        if self._next.kind is not TokenKind.CLOSE:
            raise QueryError("a condition must stand before this", self._next.position, self._next.length)
        self._take()
        return expression

    def _fuzzy(self, sign: Token) -> Expression:
        word = self._next
        if word.kind not in {TokenKind.WORD, TokenKind.QUOTED} or not word.text:
            is_end = word.kind is TokenKind.END
            raise QueryError("a word must follow ~", sign.position, sign.length, is_unfinished=is_end)
        return Fuzzy(self._take().text)

    def _word_or_comparison(self, word: Token) -> Expression:
        if self._next.kind is not TokenKind.COMPARISON:
            if not word.text:
                raise QueryError("there is nothing between the quotes", word.position, word.length, is_unfinished=True)
            return Word(word.text)
        field = _parse_field(word)
        operator = _parse_operator(self._take(), field)
        return Comparison(field.name, operator, _parse_value(self._value(field), field, operator))

    def _value(self, field: QueryField) -> Token:
        """What stands where a value must; a number and its unit behind a blank are one."""
        value = self._take()
        unit = self._next
        if not is_unit_of(unit, value, field):
            return value
        self._take()
        if self._next.kind is TokenKind.COMPARISON:
            # `plan=0 b=gold`: here it is the name of a field.
            self._at -= 1
            return value
        end = unit.position + unit.length
        return Token(TokenKind.WORD, value.text + unit.text, value.position, end - value.position)

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} brackets and negations inside each other"
            raise QueryError(message, token.position, token.length)


_BETWEEN: Final = frozenset({TokenKind.AND, TokenKind.OR, TokenKind.NOT})


class PartialQuery(Struct, frozen=True):
    """A text without an error, as far as it is typed."""

    expression: Expression | None
    """None for an empty text."""
    is_final: bool
    """False while the last word may still become the name of a field: what it finds until then is a step on the way."""


def parse_partial(text: str) -> PartialQuery:
    """Read a text whose end is being typed. Raises QueryError.

    Behind a comparison a word that begins like `and`, or like a field, is left out until it is clear what it becomes.

    >>> parse_partial("used>80% an") == PartialQuery(parse("used>80%"), is_final=False)
    True
    """
    if not text.strip():
        return PartialQuery(None, is_final=True)
    expression = parse(text)
    *tokens, end = tokenize(text)
    word = tokens[-1]
    is_value = len(tokens) > 1 and tokens[-2].kind is TokenKind.COMPARISON
    if word.kind is not TokenKind.WORD or is_value or word.position + word.length < end.position:
        return PartialQuery(expression, is_final=True)
    return PartialQuery(_without(word, tokens[:-1], text) or expression, is_final=False)


def _without(word: Token, tokens: list[Token], text: str) -> Expression | None:
    """The expression before a word that may become more; None where the word is to be taken as it is."""
    while tokens and tokens[-1].kind in _BETWEEN:
        tokens.pop()
    if not tokens or not any(name.startswith(word.text.lower()) for name in (*KEYWORDS, *BY_NAME)):
        return None
    try:
        before = parse(text[: tokens[-1].position + tokens[-1].length])
    except QueryError:
        # The word is a unit, as in `changed<5 m`: without it there is no value.
        return None
    return before if isinstance(clauses(before)[-1], Comparison) else None
