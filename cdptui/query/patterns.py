"""Regular expressions that cannot take for ever: Python has no way to stop one that has begun."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from cdptui.query.errors import QueryError

MAX_PATTERN: Final = 200
MAX_SEARCHED: Final = 255
"""Characters of a text that are looked at: the server's longest names."""

_MAX_ENDLESS: Final = 2
_MAX_VARIABLE: Final = 4
_LONG: Final = 16
"""A repeat that may go on longer than this costs like an endless one."""

_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_REFUSED: Final = frozenset({"GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"})


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that `check_pattern` has let through, ready to search."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern, re.IGNORECASE)


def check_pattern(pattern: str, position: int, length: int) -> None:
    """Refuse what is no regular expression, and what could hold the program up. Raises QueryError.

    A repeat in a repeat and long rows of repeats are tried in so many ways that a name can be found on which they
    take years; nobody needs them to find a task.
    """
    if not pattern:
        raise QueryError("a regular expression must follow re:", position, length, is_unfinished=True)
    if len(pattern) > MAX_PATTERN:
        message = f"a regular expression of more than {MAX_PATTERN} characters"
        raise QueryError(message, position, length)
    try:
        compiled(pattern)
    except re.error as error:
        at = min(position + 3 + (error.pos or 0), position + length - 1)
        message = f"not a regular expression: {error.msg}"
        raise QueryError(message, at, 1) from error
    except (OverflowError, RecursionError, ValueError) as error:
        raise QueryError("not a usable regular expression", position, length) from error
    problem = _problem(pattern)
    if problem:
        raise QueryError(problem, position, length)


def _problem(pattern: str) -> str:
    # The library's own reader of patterns; it has no public name, and reading them again by hand would err.
    reader = importlib.import_module("re._parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = list(_parts(reader.parse(pattern, re.IGNORECASE), is_repeated=False))
    if any(name in _REFUSED for name, _, _ in parts):
        return "look-around and back references are not for filters"
    variable = [most for name, most, _ in parts if name in _REPEATS and most]
    if any(is_repeated for _, _, is_repeated in parts) or len(variable) > _MAX_VARIABLE:
        return "repeats in repeats could take for ever"
    if sum(most > _LONG for most in variable) > _MAX_ENDLESS:
        return f"more than {_MAX_ENDLESS} endless repeats could take for ever"
    return ""


def _parts(tree: Any, *, is_repeated: bool) -> Iterator[tuple[str, int, bool]]:  # noqa: ANN401 - it has no types
    """Each part's name, for a repeat of changing length the most it may be, and whether it repeats inside a repeat."""
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS:
            least, most, inner = argument
            varies = int(most) if least != most else 0
            yield name, varies, is_repeated and bool(varies)
            yield from _parts(inner, is_repeated=is_repeated or int(most) > 1)
        elif name == "BRANCH":
            yield name, 0, is_repeated
            for branch in argument[1]:
                yield from _parts(branch, is_repeated=is_repeated)
        elif name == "SUBPATTERN":
            yield from _parts(argument[-1], is_repeated=is_repeated)
        elif name == "ATOMIC_GROUP":
            yield from _parts(argument, is_repeated=is_repeated)
        else:
            yield name, 0, False
