"""One configuration file: read, checked, and asked where something in it stands."""

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
    r"""The line of every table and key of a TOML text, counted from 1.

    >>> [*toml_key_lines('a = 1\n[t]\n"b c" = [\n  2,\n]\nd.e = 3\n').items()]
    [(('a',), 1), (('t',), 2), (('t', 'b c'), 3), (('t', 'd'), 6), (('t', 'd', 'e'), 6)]
    """
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
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


def line_for(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, or of the nearest thing around it that has one; 1 when nothing has."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 1)


def _parts(keys: str) -> KeyPath:
    return tuple(_plain(part) for part in re.findall(_KEY, keys))


def _plain(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key


_MAX_BYTES: Final = 1 << 20
_AT_LINE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True)
class ConfigFile:
    """What one file says, where in it, and what is wrong with it."""

    path: Path
    text: str
    content: ConfigSchema
    """What is of the right type."""
    left_out: frozenset[Place] = frozenset()
    """Where anything else is."""
    problems: tuple[ConfigProblem, ...] = ()

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return dict(toml_key_lines(self.text))

    def location(self, *path: str) -> str:
        """The file and line of something in it, as editors understand it."""
        return f"{display_path(self.path)}:{line_for(self._lines, path)}"

    def is_rejected(self, *path: str) -> bool:
        """Whether something stands there, or around it, of which nobody knows what was meant."""
        return any(path[:length] in self.left_out for length in range(1, len(path) + 1))

    def format_problems(self, more: Iterable[ConfigProblem] = ()) -> list[str]:
        """All problems, and `more` that others found, as lines for a person in the order of the file."""
        placed = [(line_for(self._lines, problem.path), problem.text) for problem in (*self.problems, *more)]
        return [
            f"{display_path(self.path)}:{line}: {sanitize(text)}" for line, text in sorted(placed, key=lambda at: at[0])
        ]


def read_config(path: Path, words: Callable[[], KnownNames]) -> ConfigFile:
    """Read and check a file. Raises BadConfig for one that is no configuration at all."""
    try:
        text = _text_of(path)
    except InputFileError as error:
        raise InvalidConfigError([f"cannot read the configuration {display_path(path)}: {error.reason}"]) from error
    found = validate(_parsed(path, text), words)
    return ConfigFile(path, text, found.content, found.rejected, found.problems)


def read_config_files(paths: Sequence[Path], words: Callable[[], KnownNames]) -> tuple[list[ConfigFile], list[str]]:
    """Read files, the weakest first; gives them the strongest first, and the problems of those that are none."""
    files: list[ConfigFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.insert(0, read_config(path, partial(_known_names_after, files, words)))
        except InvalidConfigError as error:
            problems += error.problems
    return files, problems


def _known_names_after(files: Sequence[ConfigFile], words: Callable[[], KnownNames]) -> KnownNames:
    """The words for a file above `files`: a key that these give an action is that action's already."""
    known = words()
    actions = dict(known.actions)
    for file in reversed(files):
        for action in known.actions:
            if action in file.content.keys:
                keys = split_keys(file.content.keys[action])
                actions[action] = tuple(known.canonical_key(name) or name for name in keys)
            elif file.is_rejected("keys", action):
                actions[action] = ()
    return known._replace(actions=actions)


def _text_of(path: Path) -> str:
    file = read_input_file(path, "configuration", max_bytes=_MAX_BYTES, accepts_pipe=True)
    if file.permissions & 0o002:
        # It names a command that is run.
        raise InvalidConfigError([f"{display_path(path)} can be written by others: chmod o-w {display_path(path)}"])
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise InvalidConfigError([f"{display_path(path)}:{line}: not UTF-8 text"]) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        check_depth(text)
        return tomllib.loads(text)
    except TooDeep as error:
        line = text.count("\n", 0, error.position) + 1
        raise InvalidConfigError([f"{display_path(path)}:{line}: {error}"]) from error
    except ValueError as error:
        # TOMLDecodeError is one; another comes from a number of more than 4,300 digits, and has no position.
        message = str(error)
        at = _AT_LINE.search(message)
        line = int(at[1]) if at is not None and at[1] else text.count("\n", 0, -1) + 1
        column = f" (column {at[2]})" if at is not None and at[2] else ""
        problem = _AT_LINE.sub("", message)
        raise InvalidConfigError([f"{display_path(path)}:{line}: not TOML: {sanitize(problem)}{column}"]) from error
