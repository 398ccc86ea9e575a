"""A CDP task as the management node reported it.

All values are in base units (bytes, milliseconds, aware UTC times). `None` is unknown, 0 is zero.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class ResourceRef(Struct, frozen=True, gc=False):
    """A resource that a task protects; in practice its one VM."""

    resource_uuid: str
    resource_type: str
    """Class name of the server, such as `VmInstanceVO`."""
    task_uuid: str = ""
    created_at: datetime | None = None
    last_op_at: datetime | None = None


class Task(Struct, frozen=True, gc=False):
    """A CDP task.

    `status` and `state` are kept as the server sends them, as newer servers have more values.
    """

    uuid: str
    """Opaque: some of the vendor's fixed ids are not hexadecimal."""
    name: str
    status: str
    """Created, Starting, Running, Stopped, Unknown, Failed, DataMerging, Stopping, …"""
    state: str
    """Enabled or Disabled."""
    description: str | None = None
    task_type: str | None = None
    policy_uuid: str | None = None
    backup_storage_uuid: str | None = None
    bandwidth_limit_bps: int | None = None
    """Limit for each volume in bytes per second, not a throughput; 0 is no limit."""
    plan_bytes: int | None = None
    """Planned capacity (maxCapacity), at which a task stops protecting; 0 means that none is set."""
    used_bytes: int | None = None
    rpo_target_ms: int | None = None
    """Target of the recovery point offset; servers before 4.4.24 have none."""
    rpo_ms: int | None = None
    """Last measured recovery point offset; the server measures about once a minute."""
    created_at: datetime | None = None
    last_op_at: datetime | None = None
    resource_refs: tuple[ResourceRef, ...] = ()
    unreadable_fields: frozenset[str] = frozenset()
    """JSON names of the fields that could not be read; their values here are None or empty."""
    raw: bytes = b""
    """The JSON as the server sent it, in the form that the source stores. Equal bytes mean equal tasks."""

    @property
    def used_ratio(self) -> float | None:
        """Used share of the plan, 1.0 is full; None when either is unknown or no plan is set."""
        if self.used_bytes is None or not self.plan_bytes:
            return None
        return self.used_bytes / self.plan_bytes

    @property
    def rpo_ratio(self) -> float | None:
        """RPO divided by its target, above 1.0 is a breach; None when either is unknown or no target is set."""
        if self.rpo_ms is None or not self.rpo_target_ms:
            return None
        return self.rpo_ms / self.rpo_target_ms


class FieldUnit(Enum):
    """The unit of a field."""

    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes/s"
    MILLISECONDS = "ms"
    MOMENT = "moment"
    UUID = "uuid"
    TEXT = "text"
    OTHER = "other"


class RawField(Struct, frozen=True):
    """A field of a task as the server sent it."""

    name: str
    """Name in the JSON."""
    text: str
    """The value as the server wrote it, sanitized."""
    unit: FieldUnit = FieldUnit.OTHER
    quantity: int | None = None
    """The number in `unit`; None when the value is not a number."""
    at: datetime | None = None
    is_known: bool = True
    """False for a field that this version does not know."""
    is_bad: bool = False
    """True when the value does not have the type of the field."""


class RawLines(Struct, frozen=True):
    """A record as the server sent it, as indented lines."""

    lines: tuple[str, ...] = ()
    omitted: int = 0
    """Number of lines that are left out at the end."""
