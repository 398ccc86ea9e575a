"""A CDP task and what hangs on it, as the management node described them at one moment.

Everything is in base units (bytes, milliseconds, aware UTC times). `None` is unknown, 0 is zero.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class ResourceRef(Struct, frozen=True, gc=False):
    """One resource (in practice: the one VM) that a task protects."""

    resource_uuid: str
    resource_type: str
    """As the server writes it, a class name such as `VmInstanceVO`."""
    task_uuid: str = ""
    created_at: datetime | None = None
    last_op_at: datetime | None = None


class Task(Struct, frozen=True, gc=False):
    """One CDP task.

    `status` and `state` are the server's words, kept as they came: newer servers have more of them than any list.
    """

    uuid: str
    """Opaque: some of the vendor's fixed ids are not hexadecimal."""
    name: str
    status: str
    """What it does: Created, Starting, Running, Stopped, Unknown, Failed, DataMerging, Stopping, …"""
    state: str
    """The switch: Enabled or Disabled."""
    description: str | None = None
    task_type: str | None = None
    policy_uuid: str | None = None
    backup_storage_uuid: str | None = None
    bandwidth_limit_bps: int | None = None
    """Limit for each volume in bytes per second, not a throughput; 0 is no limit."""
    plan_bytes: int | None = None
    """Planned capacity (maxCapacity); a task that reaches it stops protecting. 0 means that none was set."""
    used_bytes: int | None = None
    rpo_target_ms: int | None = None
    """Permitted recovery point offset; servers before 4.4.24 have none."""
    rpo_ms: int | None = None
    """Recovery point offset as last measured, about once a minute."""
    created_at: datetime | None = None
    last_op_at: datetime | None = None
    resource_refs: tuple[ResourceRef, ...] = ()
    unreadable_fields: frozenset[str] = frozenset()
    """Names on the wire of the fields that could not be read; their values here are unknown."""
    raw: bytes = b""
    """The JSON as the server sent it, as its source keeps it. Equal bytes are the same task."""

    @property
    def used_ratio(self) -> float | None:
        """Used of plan, 1.0 is full; None when either is unknown or no plan was set."""
        if self.used_bytes is None or not self.plan_bytes:
            return None
        return self.used_bytes / self.plan_bytes

    @property
    def rpo_ratio(self) -> float | None:
        """RPO of its target, above 1.0 is a breach; None when either is unknown or no target was set."""
        if self.rpo_ms is None or not self.rpo_target_ms:
            return None
        return self.rpo_ms / self.rpo_target_ms


class FieldUnit(Enum):
    """What the number or text of a field means."""

    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes/s"
    MILLISECONDS = "ms"
    MOMENT = "moment"
    UUID = "uuid"
    TEXT = "text"
    OTHER = "other"


class RawField(Struct, frozen=True):
    """One field of a task as the server sent it, for people who want to see everything."""

    name: str
    """Name on the wire."""
    text: str
    """The value as it was written, made inert."""
    unit: FieldUnit = FieldUnit.OTHER
    quantity: int | None = None
    """The number in `unit`, where the field is one."""
    at: datetime | None = None
    is_known: bool = True
    """False for a field that this version has no name for."""
    is_bad: bool = False
    """True when the value is not of the kind that the field must have."""


class RawLines(Struct, frozen=True):
    """A record as the server sent it, indented, line by line."""

    lines: tuple[str, ...] = ()
    omitted: int = 0
    """Lines below these; 0 when these are all."""
