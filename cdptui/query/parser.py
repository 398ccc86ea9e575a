"""Text to tree. `not` binds closer than `and`, `and` closer than `or`; terms side by side mean `and`."""

from __future__ import annotations

from typing import Final

from cdptui.query.errors import QueryError
from cdptui.query.expression import And, Comparison, Expression, Fuzzy, Not, Or, Pattern, Word
from cdptui.query.fields import Field
from cdptui.query.lexer import Kind, Token, tokens_of
from cdptui.query.regex import MAX_PATTERNS, validate_regex
from cdptui.query.values import field_of, is_unit_of, operator_of, value_of

MAX_DEPTH: Final = 40
"""Brackets and negations inside each other."""

_BEGINS_TERM: Final = frozenset({Kind.WORD, Kind.QUOTED, Kind.PATTERN, Kind.NOT, Kind.FUZZY, Kind.OPEN})


def parse(text: str) -> Expression:
    """Read an expression. Raises QueryError, and nothing else.

    >>> parse("used>80% and status!=Running")  # doctest: +ELLIPSIS
    And(parts=(Comparison(field='used', ...), Comparison(field='status', ...)))
    """
    parser = _Parser(tokens_of(text))
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
        if token.kind is not Kind.END:
            self._at += 1
        return token

    def either(self) -> Expression:
        """Parts with `or` between them."""
        parts = [self._both()]
        while self._next.kind is Kind.OR:
            self._take()
            parts.append(self._both())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def end(self) -> None:
        """There must be nothing left."""
        token = self._next
        if token.kind is Kind.CLOSE:
            raise QueryError("no bracket was opened before this one", token.position, token.length)
        if token.kind is not Kind.END:
            raise QueryError("a condition must stand before this", token.position, token.length)

    def _both(self) -> Expression:
        parts = [self._negated()]
        while self._next.kind is Kind.AND or self._next.kind in _BEGINS_TERM:
            if self._next.kind is Kind.AND:
                self._take()
            parts.append(self._negated())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _negated(self) -> Expression:
        if self._next.kind is not Kind.NOT:
            return self._term()
        self._go_down(self._take())
        part = self._negated()
        self._depth -= 1
        return Not(part)

    def _term(self) -> Expression:
        token = self._take()
        match token.kind:
            case Kind.OPEN:
                return self._bracketed(token)
            case Kind.PATTERN:
                return self._pattern(token)
            case Kind.FUZZY:
                return self._fuzzy(token)
            case Kind.WORD | Kind.QUOTED:
                return self._word_or_comparison(token)
            case Kind.END:
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
        self._go_down(opening)
        expression = self.either()
        self._depth -= 1
        if self._next.kind is Kind.END:
            raise QueryError("the bracket is not closed", opening.position, 1, is_unfinished=True)
        if self._next.kind is not Kind.CLOSE:
            raise QueryError("a condition must stand before this", self._next.position, self._next.length)
        self._take()
        return expression

    def _fuzzy(self, sign: Token) -> Expression:
        word = self._next
        if word.kind not in {Kind.WORD, Kind.QUOTED} or not word.text:
            is_end = word.kind is Kind.END
            raise QueryError("a word must follow ~", sign.position, sign.length, is_unfinished=is_end)
        return Fuzzy(self._take().text)

    def _word_or_comparison(self, word: Token) -> Expression:
        if self._next.kind is not Kind.COMPARISON:
            if not word.text:
                raise QueryError("there is nothing between the quotes", word.position, word.length, is_unfinished=True)
            return Word(word.text)
        field = field_of(word)
        operator = operator_of(self._take(), field)
        return Comparison(field.name, operator, value_of(self._value(field), field, operator))

    def _value(self, field: Field) -> Token:
        """What stands where a value must; a number and its unit behind a blank are one."""
        value = self._take()
        unit = self._next
        if not is_unit_of(unit, value, field):
            return value
        self._take()
        if self._next.kind is Kind.COMPARISON:
            # `plan=0 b=gold`: here it is the name of a field.
            self._at -= 1
            return value
        end = unit.position + unit.length
        return Token(Kind.WORD, value.text + unit.text, value.position, end - value.position)

    def _go_down(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} brackets and negations inside each other"
            raise QueryError(message, token.position, token.length)
