"""What is different between two snapshots: lossless, for events and marks."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from msgspec import Struct

from cdptui.models.task import Task


class ChangeKind(Enum):
    """How a task differs from the poll before."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    CHANGED = "changed"


class Change(Struct, frozen=True):
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
    def is_notable(self) -> bool:
        """False when only fields differ that differ all the time."""
        return self.kind is not ChangeKind.CHANGED or not self.fields <= RESTLESS_FIELDS


RESTLESS_FIELDS: Final = frozenset({"used_bytes", "rpo_ms", "last_op_at"})
"""Fields that change on their own while all is well; a mark on them would blink all day."""

_COMPARED: Final = tuple(name for name in Task.__struct_fields__ if name not in {"raw", "bad_fields"})


def diff(before: Iterable[Task], after: Iterable[Task]) -> tuple[Change, ...]:
    """Return what changed from `before` to `after`, in the order of `after`, vanished tasks last.

    The same object on both sides is the same task: nothing is compared then.
    """
    old = {task.uuid: task for task in before}
    changes: list[Change] = []
    for task in after:
        was = old.pop(task.uuid, None)
        if was is None:
            changes.append(Change(ChangeKind.APPEARED, None, task))
        elif was is not task and was.raw != task.raw:
            fields = frozenset(name for name in _COMPARED if getattr(was, name) != getattr(task, name))
            changes.append(Change(ChangeKind.CHANGED, was, task, fields))
    changes.extend(Change(ChangeKind.VANISHED, task, None) for task in old.values())
    return tuple(changes)
