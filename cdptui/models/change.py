"""What is different between two snapshots: lossless, for events and marks."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from cdptui.models.task import Task


class ChangeKind(Enum):
    """How a task differs from the poll before."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    CHANGED = "changed"


class Change(Struct, frozen=True, gc=False):
    """One task that is different now."""

    kind: ChangeKind
    before: Task | None
    after: Task | None
    fields: frozenset[str] = frozenset()
    """Attributes of `Task` that differ, for CHANGED."""

    @property
    def task(self) -> Task:
        """The task as it is now, or as it last was."""
        task = self.after or self.before
        assert task is not None, "a change has at least one side"  # noqa: S101 - an invariant, not input
        return task

    @property
    def is_significant(self) -> bool:
        """False when only fields differ that differ all the time."""
        return self.kind is not ChangeKind.CHANGED or not self.fields <= VOLATILE_FIELDS


VOLATILE_FIELDS: Final = frozenset({"used_bytes", "rpo_ms", "last_op_at"})
"""Fields that change on their own while all is well; a mark on them would blink all day."""

_COMPARED: Final = tuple(name for name in Task.__struct_fields__ if name not in {"raw", "unreadable_fields"})


def diff_task(before: Task | None, after: Task | None) -> Change | None:
    """Return how a task differs between two polls, None when it does not.

    The same object or equal bytes on both sides are the same task: nothing is compared then.
    """
    if before is after:
        return None
    if before is None:
        return Change(ChangeKind.APPEARED, None, after)
    if after is None:
        return Change(ChangeKind.VANISHED, before, None)
    if before.raw == after.raw:
        return None
    return Change(ChangeKind.CHANGED, before, after, _set_of(tuple(_differing(before, after))))


def _differing(before: Task, after: Task) -> Iterator[str]:
    return (name for name in _COMPARED if getattr(before, name) != getattr(after, name))


@lru_cache(maxsize=256)
def _set_of(names: tuple[str, ...]) -> frozenset[str]:
    """One object for all changes of the same fields: a whole fleet's capacity may change in one poll."""
    return frozenset(names)
