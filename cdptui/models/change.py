"""Differences of tasks between two polls, for notices and highlights."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Final

from msgspec import Struct, structs

from cdptui.models.severity import Severity, status_severity
from cdptui.models.task import Task


class ChangeKind(Enum):
    """How a task differs from the previous poll."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    CHANGED = "changed"


class Change(Struct, frozen=True, gc=False):
    """A task that differs from the previous poll."""

    kind: ChangeKind
    before: Task | None
    after: Task | None
    fields: frozenset[str] = frozenset()
    """Attributes of `Task` that differ; empty unless CHANGED."""

    @property
    def task(self) -> Task:
        """The task as it is now, or as it last was."""
        task = self.after or self.before
        assert task is not None, "a change has at least one side"  # noqa: S101 - an invariant, not input
        return task

    @property
    def is_significant(self) -> bool:
        """False when only `VOLATILE_FIELDS` differ."""
        return self.kind is not ChangeKind.CHANGED or not self.fields <= VOLATILE_FIELDS

    @property
    def severity(self) -> Severity:
        """Severity of what changed, whatever else is wrong with the task.

        That of a new status or state, and of the status of a new task. An enabled task that vanished is a warning.
        """
        before, after = self.before, self.after
        if after is None:
            return Severity.NOTICE if self.task.state == "Disabled" else Severity.WARNING
        if before is not None and (before.status, before.state) == (after.status, after.state):
            return Severity.CALM
        return status_severity(after.status, after.state)


VOLATILE_FIELDS: Final = frozenset({"used_bytes", "rpo_ms", "last_op_at"})
"""Fields that change all the time on a healthy task; highlighting them would blink all day."""

_FIELDS: Final = Task.__struct_fields__
_NOT_COMPARED: Final = frozenset({"raw", "unreadable_fields"})


def diff_task(before: Task | None, after: Task | None) -> Change | None:
    """Return how a task differs between two polls, None when it does not.

    Fields are not compared when both are the same object or have equal raw bytes.
    """
    if before is after:
        return None
    if before is None:
        return Change(ChangeKind.APPEARED, None, after)
    if after is None:
        return Change(ChangeKind.VANISHED, before, None)
    if before.raw == after.raw:
        return None
    return Change(ChangeKind.CHANGED, before, after, _shared_fields(tuple(_differing(before, after))))


def _differing(before: Task, after: Task) -> Iterator[str]:
    # Decoding keeps the objects of equal fields, so that most are the same.
    pairs = zip(_FIELDS, structs.astuple(before), structs.astuple(after), strict=True)
    return (name for name, old, new in pairs if old is not new and old != new and name not in _NOT_COMPARED)


@lru_cache(maxsize=256)
def _shared_fields(names: tuple[str, ...]) -> frozenset[str]:
    """Return one shared object per combination of fields: all tasks of a fleet may change in one poll."""
    return frozenset(names)
