"""What the list can be grouped by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from cdptui.models.task_row import TaskRow


class Grouping(Struct, frozen=True):
    """Something that tasks have in common."""

    key: str
    """For saved views; never changes once released."""
    letter: str
    """Chooses it in a menu."""
    label: str
    value: Callable[[TaskRow], str]
    """What a task has of it; empty when it has none."""
    is_named: bool = False
    """Whether the value is a uuid that may have a name."""


GROUPINGS: Final = (
    Grouping("storage", "b", "Backup storage", lambda row: row.task.backup_storage_uuid or "", is_named=True),
    Grouping("policy", "p", "Policy", lambda row: row.task.policy_uuid or "", is_named=True),
    Grouping("status", "s", "Status", lambda row: row.task.status),
    Grouping("state", "t", "State", lambda row: row.task.state),
)

BY_KEY: Final = {grouping.key: grouping for grouping in GROUPINGS}
