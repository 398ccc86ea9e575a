"""Where tasks come from, as the monitor sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from cdptui.models.failure import Failure
from cdptui.models.snapshot import Reading


class TaskSource(Protocol):
    """Gives the tasks of one moment: a management node, a recording, a test's list."""

    def read(self) -> AsyncIterator[Reading]:
        """Read all tasks once, yielding what is there after each page; the last reading is complete.

        Raises an error that has `as_failure()` when the source has no answer.
        """
        ...

    async def aclose(self) -> None:
        """Give back whatever the source holds."""
        ...


class SourceError(Protocol):
    """What an error of a source can say of itself."""

    def as_failure(self) -> Failure:
        """The error as a value."""
        ...
