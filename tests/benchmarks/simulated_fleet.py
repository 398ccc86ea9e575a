"""A computed fleet for simulated hours: each page is encoded on request, and nothing is stored.

`FleetTransport` replaces the socket: everything from the HTTP client upwards is real.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx

_START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_TIB = 2**40
_CLASS = "org.zstack.header.storage.cdp.CdpTask"

_ROW = (
    b'{"backupBandwidth":104857600,"maxLatency":600000,"description":"nightly copy of a machine of the fleet",'
    b'"backupStorageUuid":"%032x","createDate":"Nov 14, 2025 10:20:57 PM","lastOpDate":"Nov 14, 2025 10:20:57 PM",'
    b'"resourceRefs":[{"taskUuid":"%032x","resourceUuid":"%032x","resourceType":"VmInstanceVO",'
    b'"createDate":"Nov 14, 2025 10:20:57 PM","lastOpDate":"Nov 14, 2025 10:20:57 PM"}],"state":"Enabled",'
    b'"policyUuid":"%032x","lastLatency":%d,"maxCapacity":%d,"uuid":"%032x","name":"cdp-%06d-database",'
    b'"taskType":"VM","status":"Running","usedCapacity":%d}'
)


def row(number: int, grown: int) -> bytes:
    """Return a task as the server sends it, whose capacity has changed `grown` times."""
    used = (number % 97) * 2**33 + grown * 2**24 + number
    latency = 1000 + (number * 7919 + grown * 104729) % 900_000
    vm, task = number + 2**64, number + 2**65
    return _ROW % (number % 7 + 1, task, vm, number % 3 + 1, latency, _TIB, task, number, used)


def schema(count: int) -> bytes:
    """Return the schema of `count` rows, which is half of a page although the client ignores it."""
    parts = {}
    for index in range(count):
        parts[f"inventories[{index}]"] = f"{_CLASS}Inventory"
        parts[f"inventories[{index}].resourceRefs[0]"] = f"{_CLASS}ResourceRefInventory"
        for name in ("State", "Status", "Type"):
            parts[f"inventories[{index}].{name}"] = f"{_CLASS}{name}"
    return json.dumps(parts, separators=(",", ":")).encode()


class FleetTransport(httpx.AsyncBaseTransport):
    """Answers login, zone, names and pages of `tasks` tasks, all of which change with every poll."""

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._polls = 0
        self._schema = schema(min(tasks, 1000))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if path.endswith("/cdp-task"):
            return httpx.Response(200, content=self._page(int(query["start"]), int(query["limit"])))
        if path.endswith("/login"):
            return httpx.Response(200, json={"inventory": {"uuid": "5e55" * 8}})
        if path.endswith("/platform-timezone"):
            return httpx.Response(200, json={"timezone": "Asia/Shanghai", "offset": "+08:00"})
        return httpx.Response(200, json={"inventories": []})

    def _page(self, start: int, limit: int) -> bytes:
        if start == 0:
            self._polls += 1
        rows = b",".join(row(number, self._polls) for number in range(start, min(start + limit, self._tasks)))
        return b'{"schema":%s,"total":%d,"inventories":[%s]}' % (self._schema, self._tasks, rows)


class SimulatedClock:
    """A clock that advances when the monitor waits for its next poll, after the screen shows the previous one."""

    speed = 1.0

    def __init__(self, show: Callable[[], AsyncIterator[None]], last_s: float) -> None:
        """`show` ends when everything is drawn; after `last_s` simulated seconds the clock stops."""
        self.seconds = 0.0
        self.is_over = asyncio.Event()
        self._show = show
        self._last_s = last_s

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        if timeout_s is not None and timeout_s < 0.3:
            return event.is_set()
        async for _ in self._show():
            await asyncio.sleep(0)
        if timeout_s is None or self.seconds >= self._last_s:
            self.is_over.set()
            return await event.wait()
        self.seconds += timeout_s
        return event.is_set()
