"""What a text means while somebody is still typing it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cdptui.query.errors import QueryError
from cdptui.query.expression import Comparison, Expression, clauses
from cdptui.query.fields import BY_NAME
from cdptui.query.lexer import KEYWORDS, Kind, Token, tokens_of
from cdptui.query.parser import parse

_BETWEEN: Final = frozenset({Kind.AND, Kind.OR, Kind.NOT})


class Draft(Struct, frozen=True):
    """A text without an error, as far as it is typed."""

    expression: Expression | None
    """None for an empty text."""
    is_meant: bool
    """False while the last word may still become the name of a field: what it finds until then is a step on the way."""


def drafted(text: str) -> Draft:
    """Read a text whose end is being typed. Raises QueryError.

    Behind a comparison a word that begins like `and`, or like a field, is left out until it is clear what it becomes.

    >>> drafted("used>80% an") == Draft(parse("used>80%"), is_meant=False)
    True
    """
    if not text.strip():
        return Draft(None, is_meant=True)
    expression = parse(text)
    *tokens, end = tokens_of(text)
    word = tokens[-1]
    is_value = len(tokens) > 1 and tokens[-2].kind is Kind.COMPARISON
    if word.kind is not Kind.WORD or is_value or word.position + word.length < end.position:
        return Draft(expression, is_meant=True)
    return Draft(_without(word, tokens[:-1], text) or expression, is_meant=False)


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
