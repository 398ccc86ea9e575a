"""On which line of a TOML file something stands. tomllib does not say; this looks for it, once something is to be told.

It reads as much of TOML as that takes: headers and keys. A key of an inline table is found at the key that the table
belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cdptui.config.toml_scan import statements

Path = tuple[str, ...]

_KEY: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_KEYS: Final = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEYS})[ \t]*\]\]?")
_ASSIGNMENT: Final = re.compile(rf"[ \t]*({_KEYS})[ \t]*=")


def lines_of(text: str) -> Mapping[Path, int]:
    r"""The line of every table and key of a TOML text, counted from 1.

    >>> [*lines_of('a = 1\n[t]\n"b c" = [\n  2,\n]\nd.e = 3\n').items()]
    [(('a',), 1), (('t',), 2), (('t', 'b c'), 3), (('t', 'd'), 6), (('t', 'd', 'e'), 6)]
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for number, start, end in statements(text):
        if header := _HEADER.match(text, start, end):
            table = path = _parts(header[1])
        elif assignment := _ASSIGNMENT.match(text, start, end):
            path = table + _parts(assignment[1])
        else:
            continue
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
        # A table that was first seen as part of another's name stands where its own header is.
        found[path] = min(number, found[path]) if path != table else number
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest thing around it that has one; 1 when nothing has."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 1)


def _parts(keys: str) -> Path:
    return tuple(_plain(part) for part in re.findall(_KEY, keys))


def _plain(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key
