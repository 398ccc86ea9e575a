"""What stands around the tasks: names, storages, policies, VMs, recovery points. Each call can fail by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from urllib.parse import quote

from cdptui.api.decode import UNREADABLE, decode_page
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.record import Record
from cdptui.models.backup_storage import BackupStorage
from cdptui.models.machine import VmInstance, Volume
from cdptui.models.policy import Policy
from cdptui.models.recovery import RecoveryPoint, RecoveryPoints
from cdptui.models.text import inert

NAMES_PER_CALL: Final = 150
"""Uuids in one query string: 34 bytes each stay inside the 8 KiB that a bare Tomcat takes."""

_ALL: Final = (("limit", "1000"), ("sort", "+uuid"))
"""Storages and policies are few; a node with more than a page of them loses the rest, and no more than names."""

_RECENT: Final = timedelta(hours=24)
_RECENT_LIMIT: Final = 1500
"""A day has 1,440 minutes."""

_DAYS_LIMIT: Final = 400
_LOCKED_LIMIT: Final = 1000

Call = Callable[[str, Sequence[tuple[str, str]]], Awaitable[bytes]]


class Resources:
    """Side questions to one management node."""

    def __init__(self, call: Call, base_url: str, zone: Callable[[], tzinfo | None]) -> None:
        """`call` asks for a path with parameters and returns the body; `zone` is the server's, if it is known."""
        self._call = call
        self._base_url = base_url
        self._zone = zone

    async def names(self, uuids: Sequence[str]) -> dict[str, str]:
        """The names of those of `uuids` (at most `NAMES_PER_CALL`) that the server knows. Raises ApiError."""
        rows = await self._inventories("/resources/names", [("uuids", uuid) for uuid in uuids[:NAMES_PER_CALL]])
        named = ((row.text("uuid"), row.text("resourceName")) for row in rows)
        return {uuid: name for uuid, name in named if uuid and name}

    async def storages(self) -> tuple[BackupStorage, ...]:
        """All backup storages that the account sees. Raises ApiError."""
        rows = await self._inventories("/backup-storage", _ALL)
        return tuple(_storage(row, uuid) for row in rows if (uuid := row.text("uuid")))

    async def policies(self) -> tuple[Policy, ...]:
        """All CDP policies that the account sees. Raises ApiError."""
        rows = await self._inventories("/cdp-backup-storage/policy", _ALL)
        return tuple(_policy(row, uuid) for row in rows if (uuid := row.text("uuid")))

    async def machine(self, uuid: str) -> VmInstance | None:
        """A VM with its volumes; None when the account sees no such VM. Raises ApiError."""
        rows = await self._inventories("/vm-instances", [("q", f"uuid={uuid}")])
        found = next((row for row in rows if row.text("uuid") == uuid), None)
        if found is None:
            return None
        volumes = found.records("allVolumes")
        if volumes is None:
            volumes = await self._inventories("/volumes", [("q", f"vmInstanceUuid={uuid}"), *_ALL])
        return _machine(found, uuid, volumes, self._zone())

    async def recovery_points(self, vm_uuid: str, now: datetime) -> RecoveryPoints:
        """What can be restored of a VM: the last day by the minute, everything by the day, and what is protected.

        The calls go down to the backup storage's agent, so they are slow, and fail when that is away. Raises ApiError.
        """
        # Even a uuid is somebody else's text, and must not lead to another path.
        machine, zone = f"/vm-instances/{quote(vm_uuid, safe='')}", self._zone() or UTC
        path = f"{machine}/recovery-points"
        start = now - _RECENT
        span = [("startTime", _iso(start, zone)), ("endTime", _iso(now, zone))]
        recent = await self._points(path, [*span, ("scale", "minute"), ("limit", str(_RECENT_LIMIT))])
        daily = await self._points(path, [("scale", "day"), ("limit", str(_DAYS_LIMIT))])
        locked = await self._points(f"{machine}/protected-recovery-points", [("limit", str(_LOCKED_LIMIT))])
        fullest = max((len(points) for points in recent.values()), default=0)
        return RecoveryPoints(
            start=start,
            end=now,
            recent=_joined(recent),
            daily=_joined(daily),
            locked=_joined(locked),
            is_cut=fullest >= _RECENT_LIMIT,
        )

    async def _inventories(self, path: str, params: Sequence[tuple[str, str]]) -> list[Record]:
        body = await self._call(path, params)
        try:
            rows = decode_page(body).rows
        except UNREADABLE as error:
            raise UnreadableAnswer(inert(str(error), 200), url=self._base_url + path) from error
        return [record for row in rows if (record := Record.of(row)) is not None]

    async def _points(self, path: str, params: Sequence[tuple[str, str]]) -> dict[str, list[RecoveryPoint]]:
        answer = Record.of(await self._call(path, params))
        if answer is None:
            raise UnreadableAnswer("it is no JSON object", url=self._base_url + path)
        volumes = Record.of_value(dict(answer.items()).get("recoveryPoints"))
        if volumes is None:
            raise UnreadableAnswer("there are no recoveryPoints in it", url=self._base_url + path)
        zone = self._zone()
        return {uuid: [_point(row, uuid, zone) for row in volumes.records(uuid) or []] for uuid, _ in volumes.items()}


def _joined(points: dict[str, list[RecoveryPoint]]) -> tuple[RecoveryPoint, ...]:
    return tuple(point for of_volume in points.values() for point in of_volume)


def _iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _storage(row: Record, uuid: str) -> BackupStorage:
    return BackupStorage(
        uuid=uuid,
        name=row.text("name") or "",
        kind=row.text("type"),
        state=row.text("state"),
        status=row.text("status"),
        url=row.text("url"),
        total_bytes=row.count("totalCapacity"),
        available_bytes=row.count("availableCapacity"),
    )


def _policy(row: Record, uuid: str) -> Policy:
    return Policy(
        uuid=uuid,
        name=row.text("name") or "",
        state=row.text("state"),
        description=row.text("description"),
        interval_s=row.count("recoveryPointPerSecond"),
        retention_days=row.count("retentionTimePerDay"),
        hourly_since_day=row.count("hourlyRpSinceDay"),
        daily_since_day=row.count("dailyRpSinceDay"),
        expire_days=row.count("expireTimeInDay"),
        full_backup_days=row.count("fullBackupIntervalInDay"),
    )


def _machine(row: Record, uuid: str, volumes: Sequence[Record], zone: tzinfo | None) -> VmInstance:
    disks = [_volume(volume) for volume in volumes]
    disks.sort(key=lambda volume: (volume.kind != "Root", volume.device_id or 0, volume.name))
    return VmInstance(
        uuid=uuid,
        name=row.text("name") or "",
        state=row.text("state"),
        kind=row.text("type"),
        platform=row.text("platform"),
        cpus=row.count("cpuNum"),
        memory_bytes=row.count("memorySize"),
        host_uuid=row.text("hostUuid"),
        created_at=row.moment("createDate", zone),
        volumes=tuple(disks),
    )


def _volume(row: Record) -> Volume:
    return Volume(
        uuid=row.text("uuid") or "?",
        name=row.text("name") or "",
        kind=row.text("type"),
        state=row.text("state"),
        status=row.text("status"),
        size_bytes=row.count("size"),
        actual_bytes=row.count("actualSize"),
        device_id=row.count("deviceId"),
    )


def _point(row: Record, volume: str, zone: tzinfo | None) -> RecoveryPoint:
    return RecoveryPoint(
        id=row.count("id") or 0,
        volume_uuid=row.text("volId") or volume,
        at=row.moment("ts", zone),
        size_bytes=row.count("size"),
        description=row.text("desc") or "",
    )
