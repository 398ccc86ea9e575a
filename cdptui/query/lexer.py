"""The lexer of the filter language: text to tokens with positions."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

from cdptui.query.errors import QueryError

MAX_LENGTH: Final = 1000
"""Longest filter in characters."""

PATTERN_PREFIX: Final = "re:"

_QUOTES: Final = "\"'"
_ENDS_WORD: Final = frozenset('()=<>~"&|')
_COMPARISONS: Final = ("!=", "!~", ">=", "<=", "==", "=", ">", "<", "~")


class TokenKind(Enum):
    """The kind of a token."""

    WORD = "word"
    QUOTED = "quoted word"
    PATTERN = "regular expression"
    COMPARISON = "comparison"
    NOT = "!"
    FUZZY = "~"
    AND = "and"
    OR = "or"
    OPEN = "("
    CLOSE = ")"
    END = "end"


class Token(Struct, frozen=True):
    """A token and its position in the text."""

    kind: TokenKind
    text: str
    """The content, without quotes and prefixes."""
    position: int
    length: int
    places: tuple[int, ...] = ()
    """The position of each character of a regular expression; an escaped quote has two characters in the text."""


KEYWORDS: Final = {"and": TokenKind.AND, "or": TokenKind.OR, "not": TokenKind.NOT}
_SYMBOLS: Final = {"(": TokenKind.OPEN, ")": TokenKind.CLOSE, "!": TokenKind.NOT}
_DOUBLED: Final = {"&": TokenKind.AND, "|": TokenKind.OR}


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens; the last one is END. Raises QueryError."""
    if len(text) > MAX_LENGTH:
        message = f"filter is longer than {MAX_LENGTH} characters"
        raise QueryError(message, MAX_LENGTH, len(text) - MAX_LENGTH)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token_at(text, at, tokens[-1] if tokens else None)
        tokens.append(token)
        at = token.position + token.length
    return [*tokens, Token(TokenKind.END, "", len(text), 0)]


def pattern_token(text: str, pattern: str) -> Token | None:
    """Return the token of a regular expression in a filter; None if it is not in the text."""
    try:
        tokens = tokenize(text)
    except QueryError:
        return None
    return next((token for token in tokens if token.kind is TokenKind.PATTERN and token.text == pattern), None)


def needs_no_quotes(text: str) -> bool:
    """Return whether a word means the same without quotes."""
    if not text or text.lower() in KEYWORDS or text == "?" or text.startswith((PATTERN_PREFIX, "!", *_QUOTES)):
        return False
    return _word_end(text, 0) == len(text)


def _token_at(text: str, at: int, before: Token | None) -> Token:
    char = text[at]
    if char in _QUOTES:
        word, end, _ = _quoted(text, at)
        return Token(TokenKind.QUOTED, word, at, end - at)
    if char in _DOUBLED:
        return Token(_DOUBLED[char], char, at, 2 if text.startswith(char * 2, at) else 1)
    if text.startswith(PATTERN_PREFIX, at):
        return _pattern(text, at)
    if char in "!~" and _begins_term(text, at, before):
        return Token(TokenKind.NOT if char == "!" else TokenKind.FUZZY, char, at, 1)
    for symbol in _COMPARISONS:
        if text.startswith(symbol, at):
            return Token(TokenKind.COMPARISON, "=" if symbol == "==" else symbol, at, len(symbol))
    if char in _SYMBOLS:
        return Token(_SYMBOLS[char], char, at, 1)
    end = _word_end(text, at)
    word = text[at:end]
    is_value = before is not None and before.kind is TokenKind.COMPARISON
    kind = TokenKind.WORD if is_value else KEYWORDS.get(word.lower(), TokenKind.WORD)
    return Token(kind, word, at, end - at)


def _begins_term(text: str, at: int, before: Token | None) -> bool:
    """Return whether `!` or `~` starts a term, instead of being an operator between a field and a value.

    `erp ~web` are two terms, `name~web` and `name ~ web` are comparisons.
    """
    if text[at] == "!" and text.startswith("!=", at):
        return False
    if before is None or before.kind not in {TokenKind.WORD, TokenKind.QUOTED}:
        return True
    has_gap = at > before.position + before.length
    length = 2 if text.startswith("!~", at) else 1
    follows = text[at + length : at + length + 1]
    if text[at] == "!" and length == 1:
        return True
    return has_gap and bool(follows) and not follows.isspace()


def _quoted(text: str, at: int) -> tuple[str, int, tuple[int, ...]]:
    """Return a quoted word, its end, and the position of each of its characters.

    A backslash escapes a quote or another backslash.
    """
    quote, end = text[at], at + 1
    word: list[str] = []
    places: list[int] = []
    while end < len(text):
        char = text[end]
        if char == quote:
            return "".join(word), end + 1, tuple(places)
        places.append(end)
        if char == "\\" and text[end + 1 : end + 2] in {*_QUOTES, "\\"}:
            end += 1
            char = text[end]
        word.append(char)
        end += 1
    raise QueryError("unclosed quote", at, len(text) - at, is_unfinished=True)


def _pattern(text: str, at: int) -> Token:
    """Return the token of a regular expression, which ends at a blank or at a bracket that it did not open."""
    start = at + len(PATTERN_PREFIX)
    if text[start : start + 1] == '"':
        word, end, places = _quoted(text, start)
        return Token(TokenKind.PATTERN, word, at, end - at, places)
    end, depth = start, 0
    while end < len(text) and not text[end].isspace():
        if text[end] == "\\":
            end += 1
        elif text[end] == "(":
            depth += 1
        elif text[end] == ")":
            if not depth:
                break
            depth -= 1
        end += 1
    end = min(end, len(text))
    return Token(TokenKind.PATTERN, text[start:end], at, end - at, tuple(range(start, end)))


def _word_end(text: str, at: int) -> int:
    while at < len(text):
        char = text[at]
        if char in _ENDS_WORD or char.isspace() or (char == "!" and text[at + 1 : at + 2] in {"=", "~"}):
            break
        at += 1
    return at
