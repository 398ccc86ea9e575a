"""Limits of this machine that end a call or the program: which one an error comes from, and how to raise it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from enum import Enum


class SystemLimit(Enum):
    """What the system refused, and what to do about it."""

    MEMORY = ("not enough memory", "")
    THREADS = (
        "no thread can be started",
        "raise the limit of processes or of memory (ulimit -u, ulimit -v)",
    )
    OPEN_FILES = ("too many open files", "raise the limit of open files (ulimit -n)")

    @property
    def refusal(self) -> str:
        """What was refused."""
        return self.value[0]

    @property
    def message(self) -> str:
        """What was refused, and what to do."""
        return ": ".join(filter(None, self.value))


def find_system_limit(error: BaseException | None) -> SystemLimit | None:
    """Return the limit that an error comes from; None for any other error.

    Its causes and the members of groups are searched too: libraries raise errors of their own from such a one.
    """
    for one in _with_causes(error, set()):
        match one:
            case MemoryError() | OSError(errno=errno.ENOMEM):
                return SystemLimit.MEMORY
            case SystemError() if str(one).endswith(("without exception set", "without setting an exception")):
                # CPython's answer where even the MemoryError could not be made.
                return SystemLimit.MEMORY
            case RuntimeError() if "start new thread" in str(one):
                return SystemLimit.THREADS
            case OSError(errno=errno.EMFILE | errno.ENFILE):
                return SystemLimit.OPEN_FILES
    return None


def _with_causes(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _with_causes(member, seen)
        error = error.__cause__ or error.__context__
