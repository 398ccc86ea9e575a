"""The inventory of a management node, read on demand: names, storages, policies, VMs, recovery points and metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple
from urllib.parse import quote

from cdptui.api.aged_calls import AgedCalls, Call
from cdptui.api.decode import UNREADABLE, Page, decode_page
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.json_record import JsonRecord
from cdptui.api.metrics import read_task_metrics
from cdptui.api.pager import Pager
from cdptui.api.recovery_points import RecoveryPointReader
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import BackupStorage, Policy, VmInstance, Volume
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.sanitize import sanitize
from cdptui.models.server_metrics import MetricsRequest, TaskMetrics

NAMES_PER_CALL: Final = 150
"""Maximum UUIDs in one query string: 34 bytes each, within the 8 KiB that Tomcat accepts by default."""

_IN_LIST: Final = re.compile(r"[0-9A-Za-z_-]+")

_RECENT: Final = timedelta(hours=24)
_RECENT_PER_PAGE: Final = 1500
"""A day has 1,440 minutes."""

_DAYS_PER_PAGE: Final = 400
_LOCKED_PER_PAGE: Final = 1000


class _Row(NamedTuple):
    """One record of a page."""

    uuid: str
    """Its UUID, or its position if that is unreadable: the row still counts for the start of the next page."""
    record: JsonRecord | None


class InventoryApi:
    """Inventory requests to one management node."""

    def __init__(self, call: Call, base_url: str, zone: Callable[[], tzinfo | None]) -> None:
        """`call` sends a GET request with parameters; `zone` is the server's, if known."""
        self._call = call
        self._base_url = base_url
        self._zone = zone

    async def names(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        """Return the names of those of `uuids` (at most `NAMES_PER_CALL`) that the server knows. Raises ApiError."""
        calls = AgedCalls(self._call)
        rows = await self._inventories(calls, "/resources/names", [("uuids", uuid) for uuid in uuids[:NAMES_PER_CALL]])
        named = ((row.text("uuid"), row.text("resourceName")) for row in rows)
        return calls.fetched({uuid: name for uuid, name in named if uuid and name})

    async def storages(self) -> Fetched[ResourceList[BackupStorage]]:
        """Return all backup storages visible to the account. Raises ApiError."""
        calls = AgedCalls(self._call)
        rows = await self._list(calls, "/backup-storage")
        storages = tuple(_storage(row, uuid) for row in rows.items if (uuid := row.text("uuid")))
        return calls.fetched(ResourceList(storages, rows.is_partial))

    async def policies(self) -> Fetched[ResourceList[Policy]]:
        """Return all CDP policies visible to the account. Raises ApiError."""
        calls = AgedCalls(self._call)
        rows = await self._list(calls, "/cdp-backup-storage/policy")
        policies = tuple(_policy(row, uuid) for row in rows.items if (uuid := row.text("uuid")))
        return calls.fetched(ResourceList(policies, rows.is_partial))

    async def vm(self, uuid: str) -> Fetched[VmInstance | None]:
        """Return a VM with its volumes; None if it is not visible to the account. Raises ApiError."""
        calls = AgedCalls(self._call)
        rows = await self._inventories(calls, "/vm-instances", [("q", f"uuid={uuid}")])
        found = next((row for row in rows if row.text("uuid") == uuid), None)
        if found is None:
            return calls.fetched(None)
        embedded = found.records("allVolumes")
        if embedded is None:
            volumes = await self._list(calls, "/volumes", [("q", f"vmInstanceUuid={uuid}")])
        else:
            volumes = ResourceList(tuple(embedded))
        return calls.fetched(_machine(found, uuid, volumes, self._zone()))

    async def vm_states(self, uuids: Sequence[str]) -> Fetched[dict[str, str]]:
        """Return the states of those of `uuids` (at most `NAMES_PER_CALL`) that the account sees. Raises ApiError."""
        # A comma or a blank would change the query. No UUID has one, but it comes from the server.
        asked = [uuid for uuid in uuids[:NAMES_PER_CALL] if _IN_LIST.fullmatch(uuid)]
        query = [("q", f"uuid?={','.join(asked)}"), ("fields", "uuid,state"), ("limit", str(NAMES_PER_CALL))]
        calls = AgedCalls(self._call)
        rows = await self._inventories(calls, "/vm-instances", query)
        states = ((row.text("uuid"), row.text("state")) for row in rows)
        return calls.fetched({uuid: state for uuid, state in states if uuid and state})

    async def recovery_points(self, vm_uuid: str, now: datetime) -> Fetched[RecoveryPoints]:
        """Return the recovery points of a VM: the last day by minute, all by day, and the protected ones.

        The server forwards these calls to the backup storage's agent, so they are slow, and fail when it is offline.
        Raises ApiError.
        """
        # A UUID comes from the server; quoting it keeps it from changing the path.
        machine, zone = f"/vm-instances/{quote(vm_uuid, safe='')}", self._zone() or UTC
        path = f"{machine}/recovery-points"
        start = now - _RECENT
        span = [("startTime", _iso(start, zone)), ("endTime", _iso(now, zone))]
        calls = AgedCalls(self._call)
        reader = RecoveryPointReader(calls, self._base_url, self._zone())
        recent = await reader.read(path, _RECENT_PER_PAGE, [*span, ("scale", "minute")])
        daily = await reader.read(path, _DAYS_PER_PAGE, [("scale", "day")])
        locked = await reader.read(f"{machine}/protected-recovery-points", _LOCKED_PER_PAGE)
        return calls.fetched(
            RecoveryPoints(
                start=start,
                end=now,
                recent=recent.items,
                daily=daily.items,
                protected=locked.items,
                is_truncated=recent.is_partial or daily.is_partial or locked.is_partial,
            )
        )

    async def task_metrics(self, request: MetricsRequest) -> Fetched[TaskMetrics]:
        """Return what the server's monitoring measured of a task over a time. Raises ApiError."""
        calls = AgedCalls(self._call)
        return calls.fetched(await read_task_metrics(calls, self._base_url, request))

    async def _list(
        self, calls: AgedCalls, path: str, params: Sequence[tuple[str, str]] = ()
    ) -> ResourceList[JsonRecord]:
        """Read a whole list page by page, sorted by uuid. Raises ApiError."""
        paging = Pager[_Row]()
        while not paging.is_done:
            window = paging.next_window()
            span = [("limit", str(window.limit)), ("start", str(window.start))]
            page = await self._page(calls, path, [*params, *span, ("replyWithCount", "true"), ("sort", "+uuid")])
            rows = [_row(raw, place) for place, raw in enumerate(page.rows, window.start)]
            paging.accept(window, rows, page.total)
        records = (row.record for row in paging.by_uuid.values())
        return ResourceList(tuple(record for record in records if record is not None), paging.is_partial)

    async def _inventories(self, calls: AgedCalls, path: str, params: Sequence[tuple[str, str]]) -> list[JsonRecord]:
        rows = (await self._page(calls, path, params)).rows
        return [record for row in rows if (record := JsonRecord.of(row)) is not None]

    async def _page(self, calls: AgedCalls, path: str, params: Sequence[tuple[str, str]]) -> Page:
        body = await calls.get(path, params)
        try:
            return decode_page(body)
        except UNREADABLE as error:
            raise UnreadableAnswer(sanitize(str(error), 200), url=self._base_url + path) from error


def _row(raw: bytes, place: int) -> _Row:
    record = JsonRecord.of(raw)
    uuid = record.text("uuid") if record is not None else None
    return _Row(uuid or f"row {place}", record)


def _iso(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _storage(row: JsonRecord, uuid: str) -> BackupStorage:
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


def _policy(row: JsonRecord, uuid: str) -> Policy:
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


def _machine(row: JsonRecord, uuid: str, volumes: ResourceList[JsonRecord], zone: tzinfo | None) -> VmInstance:
    disks = [_volume(volume) for volume in volumes.items]
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
        has_more_volumes=volumes.is_partial,
    )


def _volume(row: JsonRecord) -> Volume:
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
