"""A linear-time scanner for the structure of TOML.

tomllib recurses into brackets and takes quadratic time for dotted keys, so both are limited before it parses a text. It
does not report positions; `config.config_file` finds them with this scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_DEPTH: Final = 16
"""Levels of brackets, and parts of one dotted key; a configuration needs four."""

_TOKEN: Final = re.compile(r"\"\"\"|'''|[\"'#\[\]{}.,=]|\n+")
_REST_OF_STRING: Final = {
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+"{3,5}', re.DOTALL),
    "'''": re.compile(r"(?:[^']++|'(?!''))*+'{3,5}"),
    '"': re.compile(r'(?:[^"\\\n]++|\\[^\n])*+"'),
    "'": re.compile(r"[^'\n]*+'"),
}
"""The rest of a string after its opening quotes."""


class TooDeep(ValueError):
    """Brackets or a key of more than `MAX_DEPTH` levels."""

    def __init__(self, position: int) -> None:
        super().__init__(f"nested deeper than {MAX_DEPTH} levels")
        self.position = position


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Find brackets, dots, commas, equals signs and runs of newlines, outside strings and comments.

    The tokens end at the first unclosed string.
    """
    position = 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        match token[0]:
            case "#":
                end = text.find("\n", position)
                position = end if end >= 0 else len(text)
            case '"""' | "'''" | '"' | "'" as quotes:
                rest = _REST_OF_STRING[quotes].match(text, position)
                if rest is None:
                    return
                position = rest.end()
            case _:
                yield token


def check_depth(text: str) -> None:
    """Raise TooDeep for brackets or dotted keys of more than `MAX_DEPTH` levels."""
    depth = dots = 0
    for token in tokens(text):
        match token[0]:
            case "[" | "{":
                depth, dots = depth + 1, 0
            case "]" | "}":
                depth, dots = max(0, depth - 1), 0
            case ".":
                dots += 1
            case _:
                dots = 0
        if depth > MAX_DEPTH or dots >= MAX_DEPTH:
            raise TooDeep(token.start())


def statements(text: str) -> Iterator[tuple[int, int, int]]:
    r"""Yield the line, counted from 1, the start and the end of each statement; its value may span several lines.

    >>> [*statements('a = [\n1]\nb = 2\n')]
    [(1, 0, 8), (3, 9, 14), (4, 15, 15)]
    """
    start = depth = 0
    line = 1
    for token in tokens(text):
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth = max(0, depth - 1)
            case newlines if newlines[0] == "\n" and not depth:
                yield line, start, token.start()
                line += text.count("\n", start, token.end())
                start = token.end()
    yield line, start, len(text)
