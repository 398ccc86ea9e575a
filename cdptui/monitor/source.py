"""Where tasks come from, as the monitor sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo
from typing import Protocol

from cdptui.models.snapshot import Reading
from cdptui.models.task import Field, Task


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


class Node(TaskSource, Protocol):
    """A source that can be asked side questions as well."""

    @property
    def zone(self) -> tzinfo | None:
        """The zone in which the node writes dates; None when it is not known."""
        ...

    def fields(self, task: Task) -> Sequence[Field]:
        """Every field that the node sent of a task."""
        ...

    async def names(self, uuids: Sequence[str]) -> dict[str, str]:
        """The names of those uuids that the node knows. Raises like `read`."""
        ...

    def use_password(self, password: str) -> None:
        """Take another password for the next login."""
        ...

    def use_code(self, code: str) -> None:
        """Take a code of the second factor for the next login."""
        ...
