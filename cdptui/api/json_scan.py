"""Split JSON into the texts of its parts without parsing them, for responses that a JSON parser rejects as a whole.

A record that is nested too deeply or contains invalid JSON must not hide the others. Only the outermost level is
parsed; nested values are skipped by counting brackets, without recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

_MAX_TOKENS: Final = 500_000
"""Strings and brackets in one text, about 0.2 s of work. A page of 1,000 tasks has about 60,000."""

_ITEM_COST: Final = 10
"""An item of the outermost level takes as long as this many nested tokens."""

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb'[^\s,:"\[\]{}]+')
_NESTED: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]+|[\]}]+', re.DOTALL)
_QUOTE: Final = ord('"')


class ScanError(ValueError):
    """The text is not the expected JSON, or has too many parts."""


def split_object(text: bytes) -> dict[str, bytes]:
    """Return the texts of the values in a JSON object by name; the last one of equal names. Raises ScanError.

    >>> split_object(b'{"a": [1, [2]], "b": NaN}')
    {'a': b'[1, [2]]', 'b': b'NaN'}
    """
    scan = _Scan(text)
    values: dict[str, bytes] = {}
    for _ in scan.items(b"{", b"}"):
        name = _name(scan.string())
        scan.expect(b":")
        values[name] = scan.value()
    return values


def split_array(text: bytes) -> list[bytes]:
    """Return the texts of the values in a JSON array. Raises ScanError.

    >>> split_array(b'[1, {"a": [2]}, "x"]')
    [b'1', b'{"a": [2]}', b'"x"']
    """
    scan = _Scan(text)
    return [scan.value() for _ in scan.items(b"[", b"]")]


def _name(quoted: bytes) -> str:
    try:
        return str(json.loads(quoted.decode("utf-8", errors="replace"), strict=False))
    except ValueError as error:
        raise ScanError(str(error)) from error


class _Scan:
    """A position in a text."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._tokens = 0

    def items(self, opening: bytes, closing: bytes) -> Iterator[None]:
        """Step through the items between brackets up to the end of the text; the caller reads each."""
        self.expect(opening)
        if not self._skips(closing):
            self._count(_ITEM_COST)
            yield
            while self._skips(b","):
                self._count(_ITEM_COST)
                yield
            self.expect(closing)
        self._skip_space()
        if self._at < len(self._text):
            raise self._error("trailing characters")

    def expect(self, mark: bytes) -> None:
        """Skip a punctuation mark."""
        if not self._skips(mark):
            missing = f"expected {mark.decode()!r}"
            raise self._error(missing)

    def string(self) -> bytes:
        """Skip a string and return it with its quotes."""
        self._skip_space()
        return self._matched(_STRING)

    def value(self) -> bytes:
        """Skip a value of any kind and return its text."""
        self._skip_space()
        start = self._at
        first = self._text[start : start + 1]
        if first == b'"':
            return self._matched(_STRING)
        if first not in (b"[", b"{"):
            return self._matched(_SCALAR)
        depth = 0
        for token in _NESTED.finditer(self._text, start):
            self._count()
            mark = self._text[token.start()]
            if mark == _QUOTE:
                continue
            length = token.end() - token.start()
            if mark in b"[{":
                depth += length
            elif length < depth:
                depth -= length
            else:
                self._at = token.start() + depth
                return self._text[start : self._at]
        raise self._error("cut off")

    def _matched(self, pattern: re.Pattern[bytes]) -> bytes:
        self._count()
        match = pattern.match(self._text, self._at)
        if match is None:
            raise self._error("expected a value")
        self._at = match.end()
        return match[0]

    def _skips(self, mark: bytes) -> bool:
        self._skip_space()
        is_there = self._text.startswith(mark, self._at)
        self._at += len(mark) * is_there
        return is_there

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _count(self, cost: int = 1) -> None:
        self._tokens += cost
        if self._tokens > _MAX_TOKENS:
            raise self._error("too many values")

    def _error(self, what: str) -> ScanError:
        return ScanError(f"JSON is malformed: {what} (byte {self._at})")
