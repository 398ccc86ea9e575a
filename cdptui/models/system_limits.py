"""Limits of this machine: which limit an error comes from, and how to raise it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from enum import Enum


class SystemLimit(Enum):
    """What the system refused, and how to raise the limit."""

    MEMORY = ("not enough memory", "")
    THREADS = (
        "no thread can be started",
        "raise the limit of processes or of memory (ulimit -u, ulimit -v)",
    )
    OPEN_FILES = ("too many open files", "raise the limit of open files (ulimit -n)")

    @property
    def refusal(self) -> str:
        """What the system refused."""
        return self.value[0]

    @property
    def message(self) -> str:
        """What the system refused, and how to raise the limit."""
        return ": ".join(filter(None, self.value))


def find_system_limit(error: BaseException | None) -> SystemLimit | None:
    """Return the limit that an error comes from; None for any other error.

    Causes, contexts and members of exception groups are searched too, as libraries raise their own errors from it.
    """
    for candidate in _with_causes(error, set()):
        match candidate:
            case MemoryError() | OSError(errno=errno.ENOMEM):
                return SystemLimit.MEMORY
            case SystemError() if str(candidate).endswith(("without exception set", "without setting an exception")):
                # CPython raises this when there is no memory even for the MemoryError.
                return SystemLimit.MEMORY
            case RuntimeError() if "start new thread" in str(candidate):
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
