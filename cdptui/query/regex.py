"""Regular expressions with RE2, which matches in linear time, so that no pattern can block on a hostile name.

Python's `re` backtracks and cannot be interrupted. RE2 needs time in proportion to the text and to the compiled
program, whose size is limited here. Its price: no look-around, no back references, and classes such as "word character"
and "digit" are ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Final, Protocol, Self

from cdptui.clock import thread_cpu_s
from cdptui.query.errors import QueryError, RegexTimeoutError

Matches = Callable[[str], bool]

MAX_PATTERN: Final = 200
MAX_SEARCHED: Final = 255
"""Characters of a text that are searched: the server's longest names."""

MAX_PATTERNS: Final = 8
"""Regular expressions in one filter: compiling a large one takes 1 ms."""

_MAX_PROGRAM_MEMORY: Final = 64 << 10
r"""Bytes in which a pattern must compile: 2,700 instructions, of which `\pL` has 1,200. It takes 3 ms at most; with a
mebibyte 200 characters could take 30 ms."""

_MAX_MEMORY: Final = 256 << 10
"""Bytes for the search. A name of 255 characters takes 4 ms at worst, with a mebibyte 8 ms: states cost more than they
save. With less `[^\\pL]` takes three times as long."""

_UNCHECKED_WORK: Final = 2000
"""Instructions after which the processor time is read, which takes 0.5 µs: 16 texts at most for the usual pattern."""

_MAX_UNCHECKED: Final = 16

LEAST_BUDGET_S: Final = 0.07
BUDGET_PER_ROW_S: Final = 15e-6
r"""A task takes 3 µs with the usual pattern, 9 µs with `\pL+-\pL+`."""

_LOOK_AROUND: Final = "look-around is not available in filters; combine conditions with and, or, not"
_BACK_REFERENCE: Final = "back references are not available in filters"
_TOO_LARGE: Final = "regular expression is too large; use fewer or smaller repetitions"

_UNFINISHED: Final = frozenset({"missing )", "missing ]", "trailing \\"})
_UNFINISHED_AT_END: Final = frozenset({"invalid perl operator", "invalid named capture group"})
"""Errors that typing more characters can fix if they reach the end of the pattern."""

_MESSAGES: Final = {
    "missing )": "invalid regular expression: unclosed bracket",
    "unexpected )": "invalid regular expression: unmatched closing bracket",
    "missing ]": "invalid regular expression: unclosed character set",
    "trailing \\": "invalid regular expression: no character after the backslash",
    "no argument for repetition operator": "invalid regular expression: nothing to repeat",
    "bad repetition operator": "invalid regular expression: repetition of a repetition",
    "invalid repetition size": "repetitions are limited to 1000, nested ones multiplied",
    "invalid character class range": "invalid regular expression: unknown character set",
    "invalid escape sequence": "invalid regular expression: unknown escape sequence",
    "invalid named capture group": "invalid regular expression: invalid group name",
    "pattern too large - compile failed": _TOO_LARGE,
}
"""Messages by RE2 error code."""

_GROUPS: Final = {
    "(?=": _LOOK_AROUND,
    "(?!": _LOOK_AROUND,
    "(?<": _LOOK_AROUND,
    "(?P=": _BACK_REFERENCE,
    "(?(": "conditional groups are not available in filters",
    "(?>": "atomic groups are not available in filters; every regular expression runs in linear time",
    "(?#": "comments are not available in filters",
}

_MAX_CANDIDATES: Final = 16
"""Positions that are tried to locate an error; each may take 1 ms."""


@lru_cache(maxsize=2 * MAX_PATTERNS)
def compile_regex(pattern: str) -> Matches:
    """Return a search function for a pattern that `validate_regex` accepted. It searches texts of any length."""
    search = _compile(pattern).search

    def matches(text: str) -> bool:
        # Searched as bytes: for str the library counts the characters before each match.
        return search(text[:MAX_SEARCHED].encode(errors="replace")) is not None

    return matches


def validate_regex(pattern: str, position: int, length: int, places: Sequence[int]) -> None:
    """Check that a pattern can be compiled and is small enough.

    `position` and `length` are those of the token, `places` the position of each character of the pattern, in the
    text of the whole filter. Raises QueryError.
    """
    if not pattern:
        raise QueryError("expected a regular expression after re:", position, length, is_unfinished=True)
    if len(pattern) > MAX_PATTERN:
        message = f"regular expression is longer than {MAX_PATTERN} characters"
        raise QueryError(message, position, length)
    code = _compile_error(pattern)
    if code:
        at, length_of_error = _locate_error(pattern, code)
        name, is_at_end = code.partition(": ")[0], at + length_of_error == len(pattern)
        is_unfinished = name in _UNFINISHED or (is_at_end and name in _UNFINISHED_AT_END)
        message = _error_message(pattern[at:], code)
        if message is _TOO_LARGE:
            raise QueryError(message, position, length)
        raise QueryError(message, places[min(at, len(places) - 1)], 1, is_unfinished=is_unfinished)


class _Compiled(Protocol):
    """The part of RE2's compiled pattern that is used; the library has no type hints."""

    @property
    def programsize(self) -> int:
        """Number of instructions."""
        ...

    def search(self, text: bytes) -> object:
        """Return the first match or None."""
        ...


class MatchBudget:
    """The processor time that all regular expressions may take in one evaluation of a list.

    A context manager: only the time inside counts. A guarded search raises RegexTimeoutError once it is used up.
    """

    def __init__(self, rows: int, cpu_s: Callable[[], float] = thread_cpu_s) -> None:
        self._cpu_s = cpu_s
        self._left_s = max(LEAST_BUDGET_S, rows * BUDGET_PER_ROW_S)
        self._until_s = 0.0
        self.last_s = 0.0
        """Processor seconds of the last use."""

    def __enter__(self) -> Self:
        self._until_s = self._cpu_s() + self._left_s
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        left_s = self._until_s - self._cpu_s()
        self.last_s, self._left_s = self._left_s - left_s, left_s

    def guarded_search(self, pattern: str) -> Matches:
        """Return the search for a pattern, within this budget."""
        matches = compile_regex(pattern)
        interval = max(1, min(_MAX_UNCHECKED, _UNCHECKED_WORK // _program_size(pattern)))
        unchecked = 0

        def guarded(text: str) -> bool:
            nonlocal unchecked
            unchecked += 1
            if unchecked >= interval:
                unchecked = 0
                if self._cpu_s() > self._until_s:
                    raise RegexTimeoutError(pattern)
            return matches(text)

        return guarded


@lru_cache(maxsize=2 * MAX_PATTERNS)
def _compile(pattern: str) -> _Compiled:
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    for options.max_mem in (_MAX_PROGRAM_MEMORY, _MAX_MEMORY):
        compiled: _Compiled = re2.compile(pattern, options)
    # The library's own cache keeps 128 patterns, each with up to a mebibyte.
    re2.purge()
    return compiled


def _program_size(pattern: str) -> int:
    return _compile(pattern).programsize


def _compile_error(pattern: str) -> str:
    """Return RE2's error message for a pattern; empty if it compiles."""
    import re2

    try:
        _compile(pattern)
    except UnicodeEncodeError as error:
        # A lone surrogate, which a terminal in another encoding can send.
        return f"invalid escape sequence: {pattern[error.start]}"
    except re2.error as error:
        code = error.args[0]
        return code.decode(errors="replace") if isinstance(code, bytes) else str(code)
    return ""


def _locate_error(pattern: str, code: str) -> tuple[int, int]:
    """Return position and length of the error in the pattern.

    RE2 reports the wrong piece, not its position: this is the first occurrence of the piece that causes the error.
    """
    name, _, piece = code.partition(": ")
    if name == "missing )":
        return _unclosed_bracket(pattern), 1
    if not piece:
        return len(pattern) - 1, 1
    if name == "unexpected )":
        return max(0, _first_failing_occurrence(pattern, ")", name)), 1
    place = _first_failing_occurrence(pattern, piece, name)
    return (place, len(piece)) if place >= 0 else (max(0, pattern.find(piece)), len(piece))


def _first_failing_occurrence(pattern: str, piece: str, name: str) -> int:
    for at in _occurrences(pattern, piece):
        if _compile_error(pattern[: at + len(piece)]).startswith(name):
            return at
    return -1


def _unclosed_bracket(pattern: str) -> int:
    """Return the position of the innermost unclosed bracket."""
    at = len(pattern)
    for _ in range(_MAX_CANDIDATES):
        at = pattern.rfind("(", 0, at)
        if at < 0:
            break
        before = _compile_error(pattern[:at])
        if (not before or before.startswith("missing )")) and _compile_error(pattern[at:]).startswith("missing )"):
            return at
    return 0


def _occurrences(pattern: str, piece: str) -> Iterator[int]:
    at = pattern.find(piece)
    for _ in range(_MAX_CANDIDATES):
        if at < 0:
            return
        yield at
        at = pattern.find(piece, at + 1)


def _error_message(rest: str, code: str) -> str:
    """Return the message of an error; `rest` is the pattern from the position of the error."""
    name, _, piece = code.partition(": ")
    if name == "invalid perl operator":
        known = next((message for group, message in _GROUPS.items() if rest.startswith(group)), "")
        return known or "invalid regular expression: unknown kind of group"
    if name == "invalid escape sequence" and piece[1:2] and piece[1] in "123456789kg":
        return _BACK_REFERENCE
    return _MESSAGES.get(name, f"invalid regular expression: {name}")
