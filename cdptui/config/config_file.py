"""Read and validate configuration files, and find the line of a key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from cdptui.config.errors import InvalidConfigError
from cdptui.config.input_files import InputFileError, read_input_file
from cdptui.config.paths import display_path
from cdptui.config.schema import ConfigSchema
from cdptui.config.toml_scan import TooDeep, check_depth, statements
from cdptui.config.validation import ConfigProblem, KnownNames, split_keys, validate
from cdptui.config.validation import Path as Place
from cdptui.models.sanitize import sanitize

KeyPath = tuple[str, ...]

_KEY: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_KEYS: Final = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEYS})[ \t]*\]\]?")
_ASSIGNMENT: Final = re.compile(rf"[ \t]*({_KEYS})[ \t]*=")


def toml_key_lines(text: str) -> Mapping[KeyPath, int]:
    r"""Return the line of every table and key of a TOML text, counted from 1.

    >>> [*toml_key_lines('a = 1\n[t]\n"b c" = [\n  2,\n]\nd.e = 3\n').items()]
    [(('a',), 1), (('t',), 2), (('t', 'b c'), 3), (('t', 'd'), 6), (('t', 'd', 'e'), 6)]
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, start, end in statements(text):
        if header := _HEADER.match(text, start, end):
            table = path = _parts(header[1])
        elif assignment := _ASSIGNMENT.match(text, start, end):
            path = table + _parts(assignment[1])
        else:
            continue
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], number)
        # The line of a table is that of its own header, even if another table's name contained it before.
        lines[path] = min(number, lines[path]) if path != table else number
    return lines


def line_for(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of `path`, or of the nearest enclosing table; 1 if there is none."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 1)


def _parts(keys: str) -> KeyPath:
    return tuple(_plain(part) for part in re.findall(_KEY, keys))


def _plain(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key


_MAX_BYTES: Final = 1 << 20
_AT_LINE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file: its valid content and its problems."""

    path: Path
    text: str
    content: ConfigSchema
    """The valid content."""
    rejected: frozenset[Place] = frozenset()
    """Paths of invalid or unknown keys."""
    problems: tuple[ConfigProblem, ...] = ()

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return dict(toml_key_lines(self.text))

    def location(self, *path: str) -> str:
        """Return file and line of a key as `path:line`, which editors understand."""
        return f"{display_path(self.path)}:{line_for(self._lines, path)}"

    def is_rejected(self, *path: str) -> bool:
        """Return whether the key or an enclosing table was rejected."""
        return any(path[:length] in self.rejected for length in range(1, len(path) + 1))

    def format_problems(self, more: Iterable[ConfigProblem] = ()) -> list[str]:
        """Return the messages of all problems and of `more`, in the order of the file."""
        placed = [(line_for(self._lines, problem.path), problem.text) for problem in (*self.problems, *more)]
        return [
            f"{display_path(self.path)}:{line}: {sanitize(text)}" for line, text in sorted(placed, key=lambda at: at[0])
        ]


def read_config(path: Path, load_names: Callable[[], KnownNames]) -> ConfigFile:
    """Read and validate a file. Raises InvalidConfigError if it cannot be read or parsed."""
    try:
        text = _read_text(path)
    except InputFileError as error:
        raise InvalidConfigError([f"cannot read the configuration {display_path(path)}: {error.reason}"]) from error
    result = validate(_parse_toml(path, text), load_names)
    return ConfigFile(path, text, result.content, result.rejected, result.problems)


def read_config_files(
    paths: Sequence[Path], load_names: Callable[[], KnownNames]
) -> tuple[list[ConfigFile], list[str]]:
    """Read `paths`, lowest precedence first; return files, highest precedence first, and all read errors."""
    files: list[ConfigFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.insert(0, read_config(path, partial(_known_names_after, files, load_names)))
        except InvalidConfigError as error:
            problems += error.problems
    return files, problems


def _known_names_after(files: Sequence[ConfigFile], load_names: Callable[[], KnownNames]) -> KnownNames:
    """Return the names for a file that overrides `files`, whose key assignments are already in effect."""
    known = load_names()
    actions = dict(known.actions)
    for file in reversed(files):
        for action in known.actions:
            if action in file.content.keys:
                keys = split_keys(file.content.keys[action])
                actions[action] = tuple(known.canonical_key(name) or name for name in keys)
            elif file.is_rejected("keys", action):
                actions[action] = ()
    return known._replace(actions=actions)


def _read_text(path: Path) -> str:
    file = read_input_file(path, "configuration", max_bytes=_MAX_BYTES, accepts_pipe=True)
    if file.permissions & 0o002:
        # The file can name a command that is run.
        raise InvalidConfigError([f"{display_path(path)} is writable by others: chmod o-w {display_path(path)}"])
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise InvalidConfigError([f"{display_path(path)}:{line}: not UTF-8 text"]) from error


def _parse_toml(path: Path, text: str) -> dict[str, Any]:
    try:
        check_depth(text)
        return tomllib.loads(text)
    except TooDeep as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidConfigError([f"{display_path(path)}:{line}: {error}"]) from error
    except ValueError as error:
        # TOMLDecodeError, or the error for a number of more than 4,300 digits, which has no position.
        message = str(error)
        at = _AT_LINE.search(message)
        line = int(at[1]) if at is not None and at[1] else text.count("\n", 0, -1) + 1
        column = f" (column {at[2]})" if at is not None and at[2] else ""
        problem = _AT_LINE.sub("", message)
        raise InvalidConfigError([f"{display_path(path)}:{line}: invalid TOML: {sanitize(problem)}{column}"]) from error
