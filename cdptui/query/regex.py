"""Regular expressions in linear time: RE2, so that no pattern can be found that takes for ever on some name.

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

_MOST_UNCHECKED: Final = 16

LEAST_BUDGET_S: Final = 0.07
BUDGET_PER_ROW_S: Final = 15e-6
r"""A task takes 3 µs with the usual pattern, 9 µs with `\pL+-\pL+`."""

_LOOK_AROUND: Final = "look-around is not available in filters; combine conditions with and, or, not"
_BACK_REFERENCE: Final = "back references are not available in filters"
_TOO_LARGE: Final = "the regular expression is too large; use fewer or smaller repeats"

_UNFINISHED: Final = frozenset({"missing )", "missing ]", "trailing \\"})
_UNFINISHED_AT_END: Final = frozenset({"invalid perl operator", "invalid named capture group"})
"""Errors that more typing can mend, where what is wrong reaches the end of the pattern."""

_MESSAGES: Final = {
    "missing )": "not a regular expression: the bracket is not closed",
    "unexpected )": "not a regular expression: no bracket was opened before this one",
    "missing ]": "not a regular expression: the set of characters is not closed",
    "trailing \\": "not a regular expression: a character must follow the backslash",
    "no argument for repetition operator": "not a regular expression: there is nothing before it to repeat",
    "bad repetition operator": "not a regular expression: a repeat directly behind a repeat",
    "invalid repetition size": "a regular expression repeats at most 1000 times, nested repeats multiplied",
    "invalid character class range": "not a regular expression: there is no such set of characters",
    "invalid escape sequence": "not a regular expression: there is no such escape sequence",
    "invalid named capture group": "not a regular expression: no group can have this name",
    "pattern too large - compile failed": _TOO_LARGE,
}
"""RE2's error codes in words."""

_GROUPS: Final = {
    "(?=": _LOOK_AROUND,
    "(?!": _LOOK_AROUND,
    "(?<": _LOOK_AROUND,
    "(?P=": _BACK_REFERENCE,
    "(?(": "conditional groups are not available in filters",
    "(?>": "atomic groups are not available in filters, and not needed: no regular expression takes long",
    "(?#": "comments are not available in filters",
}

_MOST_CANDIDATES: Final = 16
"""Places that are tried to find where an error is; each may take 1 ms."""


@lru_cache(maxsize=2 * MAX_PATTERNS)
def compile_regex(pattern: str) -> Matches:
    """Return the search for a pattern that `validate_regex` accepted. It takes texts from outside, of any length."""
    search = _compile(pattern).search

    def matches(text: str) -> bool:
        # As bytes: the library would count the characters before each match.
        return search(text[:MAX_SEARCHED].encode(errors="replace")) is not None

    return matches


def validate_regex(pattern: str, position: int, length: int, places: Sequence[int]) -> None:
    """Check that a pattern can be compiled and is small enough.

    `position` and `length` are those of the token, `places` the position of each character of the pattern, in the
    text of the whole filter. Raises QueryError.
    """
    if not pattern:
        raise QueryError("a regular expression must follow re:", position, length, is_unfinished=True)
    if len(pattern) > MAX_PATTERN:
        message = f"a regular expression of more than {MAX_PATTERN} characters"
        raise QueryError(message, position, length)
    code = _error_of(pattern)
    if code:
        at, length_of_error = _place_of_error(pattern, code)
        name, is_at_end = code.partition(": ")[0], at + length_of_error == len(pattern)
        is_unfinished = name in _UNFINISHED or (is_at_end and name in _UNFINISHED_AT_END)
        message = _message_of(pattern[at:], code)
        if message is _TOO_LARGE:
            raise QueryError(message, position, length)
        raise QueryError(message, places[min(at, len(places) - 1)], 1, is_unfinished=is_unfinished)


class _Compiled(Protocol):
    """What is used of RE2's compiled pattern; the library has no types."""

    @property
    def programsize(self) -> int:
        """Instructions."""
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
        interval = max(1, min(_MOST_UNCHECKED, _UNCHECKED_WORK // _program_size(pattern)))
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
    import re2  # noqa: PLC0415 - 6 ms and 3.4 MB, only with the first regular expression

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


def _error_of(pattern: str) -> str:
    """RE2's words for what is wrong with a pattern; empty when nothing is."""
    import re2  # noqa: PLC0415 - as above

    try:
        _compile(pattern)
    except UnicodeEncodeError as error:
        # Half of a surrogate pair, as a terminal in another encoding sends it.
        return f"invalid escape sequence: {pattern[error.start]}"
    except re2.error as error:
        code = error.args[0]
        return code.decode(errors="replace") if isinstance(code, bytes) else str(code)
    return ""


def _place_of_error(pattern: str, code: str) -> tuple[int, int]:
    """Where the error is in the pattern, and how long.

    RE2 names the piece that is wrong, not its place: the first such piece with which the error begins.
    """
    name, _, piece = code.partition(": ")
    if name == "missing )":
        return _unclosed_bracket(pattern), 1
    if not piece:
        return len(pattern) - 1, 1
    if name == "unexpected )":
        return max(0, _first_with_error(pattern, ")", name)), 1
    place = _first_with_error(pattern, piece, name)
    return (place, len(piece)) if place >= 0 else (max(0, pattern.find(piece)), len(piece))


def _first_with_error(pattern: str, piece: str, name: str) -> int:
    for at in _places_of(pattern, piece):
        if _error_of(pattern[: at + len(piece)]).startswith(name):
            return at
    return -1


def _unclosed_bracket(pattern: str) -> int:
    """The innermost bracket that is not closed."""
    at = len(pattern)
    for _ in range(_MOST_CANDIDATES):
        at = pattern.rfind("(", 0, at)
        if at < 0:
            break
        before = _error_of(pattern[:at])
        if (not before or before.startswith("missing )")) and _error_of(pattern[at:]).startswith("missing )"):
            return at
    return 0


def _places_of(pattern: str, piece: str) -> Iterator[int]:
    at = pattern.find(piece)
    for _ in range(_MOST_CANDIDATES):
        if at < 0:
            return
        yield at
        at = pattern.find(piece, at + 1)


def _message_of(rest: str, code: str) -> str:
    """The error in words; `rest` is the pattern from where it is wrong."""
    name, _, piece = code.partition(": ")
    if name == "invalid perl operator":
        known = next((message for group, message in _GROUPS.items() if rest.startswith(group)), "")
        return known or "not a regular expression: there is no such group"
    if name == "invalid escape sequence" and piece[1:2] and piece[1] in "123456789kg":
        return _BACK_REFERENCE
    return _MESSAGES.get(name, f"not a regular expression: {name}")
