"""Where tasks come from, as the monitor sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from cdptui.models.inventory import BackupStorage, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.snapshot import FetchProgress
from cdptui.models.task import RawField, RawLines, Task


class TaskSource(Protocol):
    """Gives the tasks of one moment: a management node, a recording, a test's list."""

    def read(self) -> AsyncIterator[FetchProgress]:
        """Read all tasks once, yielding what is there after each page; the last reading is complete.

        Raises an error that has `as_failure()` when the source has no answer.
        """
        ...

    async def aclose(self) -> bool:
        """Give back whatever the source holds; whether that was done."""
        ...


class InventorySource(Protocol):
    """Answers side questions about what stands around the tasks. All calls raise like `TaskSource.read`."""

    async def names(self, uuids: Sequence[str]) -> dict[str, str]:
        """The names of those uuids that the node knows; a front may have left some of them out."""
        ...

    async def storages(self) -> ResourceList[BackupStorage]:
        """All backup storages that the account sees."""
        ...

    async def policies(self) -> ResourceList[Policy]:
        """All policies that the account sees."""
        ...

    async def vm(self, uuid: str) -> VmInstance | None:
        """A VM with its volumes; None when the account sees no such VM."""
        ...

    async def recovery_points(self, vm_uuid: str, now: datetime) -> RecoveryPoints:
        """What can be restored of a VM. Slow."""
        ...


class NodeClient(TaskSource, Protocol):
    """A source that can be asked side questions as well."""

    @property
    def zone(self) -> tzinfo | None:
        """The zone in which the node writes dates; None when it is not known."""
        ...

    @property
    def resources(self) -> InventorySource:
        """Who answers side questions."""
        ...

    def fields(self, task: Task) -> Sequence[RawField]:
        """Every field that the node sent of a task."""
        ...

    def raw_lines(self, task: Task) -> RawLines:
        """The record of a task as the node sent it, indented."""
        ...

    def json_record(self, task: Task) -> str:
        """A task as the node sent it: JSON on one line, inert."""
        ...

    def use_password(self, password: str) -> None:
        """Take another password for the next login."""
        ...

    def use_otp(self, code: str) -> None:
        """Take a code of the second factor for the next login."""
        ...
