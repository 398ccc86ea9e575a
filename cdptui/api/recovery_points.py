"""Read lists of recovery points page by page.

Points are grouped by volume, without a total. They come from the backup storage's agent, so each request is slow.
`limit` and `start` count the points of each volume. A proxy may cap pages at fewer points than requested, so the next
page starts where the last one ended, and a page without new points ends the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from cdptui.api.aged_calls import AgedCalls
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.json_record import JsonRecord
from cdptui.models.recovery_points import RecoveryPoint
from cdptui.models.resource_list import ResourceList

_MAX_PAGES: Final = 60
_MAX_POINTS: Final = 5000
"""Maximum points of a volume in one list; a day has 1,440 minutes, ten years have 3,650 days."""


class RecoveryPointReader:
    """Reads the recovery points of one VM."""

    def __init__(self, calls: AgedCalls, base_url: str, zone: tzinfo | None) -> None:
        """`zone` is the server's time zone, if it is known."""
        self._calls = calls
        self._base_url = base_url
        self._zone = zone
        self._largest_page = 0
        """Points of a volume in the largest page so far. A cap allows that many, so a shorter page is the last one."""

    async def read(self, path: str, limit: int, params: Sequence[tuple[str, str]] = ()) -> ResourceList[RecoveryPoint]:
        """Read a list in pages of `limit` points of each volume. Raises ApiError."""
        points: dict[str, list[RecoveryPoint]] = {}
        position = pages = 0
        while True:
            page = await self._page(path, [*params, ("limit", str(limit)), *_start(position)])
            pages += 1
            rows = max((len(of_volume) for of_volume in page.values()), default=0)
            if not _add(points, page):
                # An empty page, or the same page again from a server that ignores `start`.
                return _joined(points, is_partial=rows >= limit)
            position += rows
            self._largest_page, largest_before = max(self._largest_page, rows), self._largest_page
            if rows < min(limit, largest_before):
                return _joined(points, is_partial=False)
            if pages >= _MAX_PAGES or position >= _MAX_POINTS:
                return _joined(points, is_partial=True)

    async def _page(self, path: str, params: Sequence[tuple[str, str]]) -> dict[str, list[RecoveryPoint]]:
        answer = JsonRecord.of(await self._calls.get(path, params))
        if answer is None:
            raise UnreadableAnswer("not a JSON object", url=self._base_url + path)
        volumes = answer.record("recoveryPoints")
        if volumes is None:
            raise UnreadableAnswer("no recoveryPoints", url=self._base_url + path)
        return {uuid: [self._point(row, uuid) for row in volumes.records(uuid) or []] for uuid, _ in volumes.items()}

    def _point(self, row: JsonRecord, volume: str) -> RecoveryPoint:
        return RecoveryPoint(
            id=row.count("id") or 0,
            volume_uuid=row.text("volId") or volume,
            at=row.moment("ts", self._zone),
            size_bytes=row.count("size"),
            description=row.text("desc") or "",
        )


def _start(position: int) -> list[tuple[str, str]]:
    return [("start", str(position))] if position else []


def _add(points: dict[str, list[RecoveryPoint]], page: dict[str, list[RecoveryPoint]]) -> bool:
    """Add the new points of `page`, by volume; return whether there were any."""
    is_any_new = False
    for uuid, of_volume in page.items():
        known = set(points.get(uuid, ()))
        new = [point for point in of_volume if point not in known]
        points.setdefault(uuid, []).extend(new)
        is_any_new = is_any_new or bool(new)
    return is_any_new


def _joined(points: dict[str, list[RecoveryPoint]], *, is_partial: bool) -> ResourceList[RecoveryPoint]:
    return ResourceList(tuple(point for of_volume in points.values() for point in of_volume), is_partial)
