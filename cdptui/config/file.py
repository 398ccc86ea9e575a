"""One configuration file: read, checked, and asked where something in it stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from cdptui.config import positions
from cdptui.config.check import Path as Place
from cdptui.config.check import Problem, Vocabulary, check_content, keys_in
from cdptui.config.errors import BadConfig
from cdptui.config.input_files import InputFileError, read_input_file
from cdptui.config.schema import File
from cdptui.config.toml_scan import TooDeep, check_depth
from cdptui.models.sanitize import sanitize

_MAX_BYTES: Final = 1 << 20
_AT_LINE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True)
class ConfigFile:
    """What one file says, where in it, and what is wrong with it."""

    path: Path
    text: str
    content: File
    """What is of the right type."""
    left_out: frozenset[Place] = frozenset()
    """Where anything else is."""
    problems: tuple[Problem, ...] = ()

    @cached_property
    def _lines(self) -> dict[positions.Path, int]:
        return dict(positions.lines_of(self.text))

    def place(self, *path: str) -> str:
        """The file and line of something in it, as editors understand it."""
        return f"{shown(self.path)}:{positions.line_of(self._lines, path)}"

    def leaves_out(self, *path: str) -> bool:
        """Whether something stands there, or around it, of which nobody knows what was meant."""
        return any(path[:length] in self.left_out for length in range(1, len(path) + 1))

    def told(self, more: Iterable[Problem] = ()) -> list[str]:
        """All problems, and `more` that others found, as lines for a person in the order of the file."""
        placed = [(positions.line_of(self._lines, problem.path), problem.text) for problem in (*self.problems, *more)]
        return [f"{shown(self.path)}:{line}: {sanitize(text)}" for line, text in sorted(placed, key=lambda at: at[0])]


def read_config(path: Path, words: Callable[[], Vocabulary]) -> ConfigFile:
    """Read and check a file. Raises BadConfig for one that is no configuration at all."""
    try:
        text = _text_of(path)
    except InputFileError as error:
        raise BadConfig([f"cannot read the configuration {shown(path)}: {error.reason}"]) from error
    found = check_content(_parsed(path, text), words)
    return ConfigFile(path, text, found.right, found.left_out, found.problems)


def read_all(paths: Sequence[Path], words: Callable[[], Vocabulary]) -> tuple[list[ConfigFile], list[str]]:
    """Read files, the weakest first; gives them the strongest first, and the problems of those that are none."""
    files: list[ConfigFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.insert(0, read_config(path, partial(_after, files, words)))
        except BadConfig as error:
            problems += error.problems
    return files, problems


def _after(files: Sequence[ConfigFile], words: Callable[[], Vocabulary]) -> Vocabulary:
    """The words for a file above `files`: a key that these give an action is that action's already."""
    known = words()
    actions = dict(known.actions)
    for file in reversed(files):
        for action in known.actions:
            if action in file.content.keys:
                keys = keys_in(file.content.keys[action])
                actions[action] = tuple(known.canonical_key(name) or name for name in keys)
            elif file.leaves_out("keys", action):
                actions[action] = ()
    return known._replace(actions=actions)


def shown(path: Path) -> str:
    """A path as people write it."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def _text_of(path: Path) -> str:
    file = read_input_file(path, "configuration", max_bytes=_MAX_BYTES, accepts_pipe=True)
    if file.permissions & 0o002:
        # It names a command that is run.
        raise BadConfig([f"{shown(path)} can be written by others: chmod o-w {shown(path)}"])
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise BadConfig([f"{shown(path)}:{line}: not UTF-8 text"]) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        check_depth(text)
        return tomllib.loads(text)
    except TooDeep as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadConfig([f"{shown(path)}:{line}: {error}"]) from error
    except ValueError as error:
        # TOMLDecodeError is one; another comes from a number of more than 4,300 digits, and has no position.
        message = str(error)
        at = _AT_LINE.search(message)
        line = int(at[1]) if at is not None and at[1] else text.count("\n", 0, -1) + 1
        column = f" (column {at[2]})" if at is not None and at[2] else ""
        problem = _AT_LINE.sub("", message)
        raise BadConfig([f"{shown(path)}:{line}: not TOML: {sanitize(problem)}{column}"]) from error
