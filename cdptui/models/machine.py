"""A protected VM and its volumes."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Volume(Struct, frozen=True, kw_only=True):
    """One disk of a VM. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    kind: str | None = None
    """Root, Data, Memory, Cache."""
    state: str | None = None
    status: str | None = None
    size_bytes: int | None = None
    actual_bytes: int | None = None
    """What it really takes on primary storage."""
    device_id: int | None = None


class VmInstance(Struct, frozen=True, kw_only=True):
    """One VM. `None` is what the server did not say."""

    uuid: str
    name: str = ""
    state: str | None = None
    """Running, Stopped, Paused, Destroyed, … as the server writes it."""
    kind: str | None = None
    platform: str | None = None
    cpus: int | None = None
    memory_bytes: int | None = None
    host_uuid: str | None = None
    created_at: datetime | None = None
    volumes: tuple[Volume, ...] = ()
    """By device; the root volume first."""
    has_more_volumes: bool = False
    """Whether the server has, or may have, more volumes of it than these."""
