"""What stands around the tasks, as far as it bears on all of them."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.task import Task


class Surroundings(Struct, frozen=True):
    """Facts about storages and policies that make reasons. What nobody could read is no fact."""

    lost_storages: frozenset[str] = frozenset()
    """Uuids of the backup storages that are disconnected."""
    policies: frozenset[str] | None = None
    """Uuids of all policies; None when they are not known, or this account sees none."""

    def is_storage_lost(self, task: Task) -> bool:
        """Whether the task's backup storage is disconnected."""
        return task.backup_storage_uuid in self.lost_storages

    def is_policy_gone(self, task: Task) -> bool:
        """Whether the task's policy is none of those that there are."""
        return self.policies is not None and task.policy_uuid is not None and task.policy_uuid not in self.policies
