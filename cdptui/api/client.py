"""The monitor's client of a management node: task query, inventory, time zone and session."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import tzinfo
from typing import Final, Self

import httpx
import msgspec
from msgspec import Struct

from cdptui.api.decode import UNREADABLE, Page, TaskDecoder, decode_page
from cdptui.api.errors import (
    ApiError,
    CdpUnavailable,
    Intercepted,
    NotAManagementNode,
    PermissionDenied,
    ServerError,
    TimedOut,
    UnreadableAnswer,
)
from cdptui.api.http import HttpClient, Timeouts
from cdptui.api.inventory_api import InventoryApi
from cdptui.api.pager import Pager, PageRequest
from cdptui.api.raw_task import json_line, pretty_json_lines, raw_fields
from cdptui.api.requester import create_requester
from cdptui.api.server_clock import ServerClock
from cdptui.api.timestamps import server_timezone
from cdptui.clock import Clock, yield_to_loop
from cdptui.models.auth import Credentials
from cdptui.models.proxy import Proxy
from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import FetchProgress
from cdptui.models.task import RawField, RawLines, Task
from cdptui.models.tls import TlsSettings

log = logging.getLogger(__name__)

_DECODE_BATCH: Final = 200
"""Records decoded between two yields to the event loop: less than 1 ms, 4 ms if all of them are new."""

_COMPRESS_ABOVE: Final = 5000
"""From this number of tasks on records are compressed: memory then matters more than time to the first list."""

_ZONE_TIMEOUT_S: Final = 1.0
"""Seconds that a received list waits for the time zone of its dates."""

_ZONE_RETRY_S: Final = 60.0
"""Seconds until the time zone is requested again after a time-out or a failed connection."""

_SINGLE_CALL_ERRORS: Final = (
    CdpUnavailable,
    Intercepted,
    NotAManagementNode,
    PermissionDenied,
    ServerError,
    UnreadableAnswer,
)
"""Errors that can affect one call while others succeed."""


class _ReadAhead:
    """Pages of a list, one request at a time: the server prepares the next page while one is decoded."""

    def __init__(self, query: Callable[[PageRequest], Awaitable[Page]]) -> None:
        self._query = query
        self._window: PageRequest | None = None
        self._request: asyncio.Future[Page] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._drop()

    def begin(self, window: PageRequest | None) -> None:
        """Request the page that is expected next, if any."""
        if window is not None:
            self._window, self._request = window, asyncio.ensure_future(self._query(window))

    async def get(self, window: PageRequest) -> Page:
        """Return a page. Raises ApiError, also that of the request that was begun."""
        if self._request is None or self._window != window:
            await self._drop()
            return await self._query(window)
        request, self._request = self._request, None
        try:
            return await request
        finally:
            request.cancel()

    async def _drop(self) -> None:
        """Cancel the request of a page that is not needed."""
        request, self._request = self._request, None
        if request is not None:
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)


class _Zone(Struct):
    timezone: str | None = None
    offset: str | None = None


class Client:
    """A task source over HTTP: one object per management node, one poll at a time."""

    def __init__(
        self,
        base_url: str,
        auth: Credentials,
        *,
        timeout_s: float,
        clock: Clock,
        zone: tzinfo | None = None,
        tls: TlsSettings | None = None,
        proxy: Proxy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`base_url` ends in `/zstack/v1`; `timeout_s` is the wait for the next byte of a response.

        `zone` is the server's time zone; None requests it from the server. Raises OSError when certificates cannot be
        read.
        """
        self._clock = clock
        self._timeouts = Timeouts.of(timeout_s)
        self._http = HttpClient(base_url, self._timeouts, clock, tls=tls, proxy=proxy, transport=transport)
        self._server_clock = ServerClock(self._http, clock, zone)
        self._access = create_requester(self._http, auth, clock, self._server_clock)
        self._decoder = TaskDecoder()
        self._decoder.zone = zone
        self._asked_zone = zone is not None
        self._zone_due_at = -math.inf
        self._resources = InventoryApi(self._access.get_background, self._http.base_url, lambda: self._decoder.zone)

    @property
    def zone(self) -> tzinfo | None:
        """The server's time zone; None until it is known, or if the server does not report it."""
        return self._decoder.zone

    def on_session_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever the node no longer accepts the session, and the client logs in again."""
        self._access.on_session_ended(callback)

    def use_password(self, password: str) -> None:
        """Use another password for the next login."""
        self._access.use_password(password)

    def use_otp(self, code: str) -> None:
        """Use a one-time code for the next login."""
        self._access.use_otp(code)

    async def read(self) -> AsyncIterator[FetchProgress]:
        """Read all tasks. Yield the progress after each page; the last one has `is_complete`. Raises ApiError.

        Logs in when there is no session yet. Requests the server's time zone together with the first page.
        """
        # Errors of the login must not be ignored like those of the time zone.
        await self._access.prepare_poll()
        paging = Pager[Task]()
        due, cached_s = self._clock.monotonic() + self._timeouts.list_s, 0.0
        async with _ReadAhead(self._query_page) as pages:
            while not paging.is_done:
                if self._clock.monotonic() > due:
                    detail = f"the list took longer than {self._timeouts.list_s:g} s, {paging.pages} pages were read"
                    raise TimedOut(detail, url=f"{self._http.base_url}/cdp-task")
                window = paging.next_window()
                page = await pages.get(window)
                pages.begin(paging.expected_window(window, len(page.rows), page.total))
                cached_s = max(cached_s, page.cached_s)
                paging.accept(
                    window, await self._decode(page.rows, is_compressed=(page.total or 0) > _COMPRESS_ABOVE), page.total
                )
                if paging.is_done:
                    self._decoder.set_known(paging.by_uuid)
                yield FetchProgress(
                    paging.by_uuid.values(),
                    paging.total,
                    paging.is_done,
                    paging.pages,
                    is_cut_short=paging.is_cut_short,
                    cached_s=cached_s,
                )

    @property
    def resources(self) -> InventoryApi:
        """The inventory: VMs, storages, policies and recovery points."""
        return self._resources

    def fields(self, task: Task) -> tuple[RawField, ...]:
        """Return every field of `task` that the server sent."""
        return raw_fields(task, self.zone)

    def raw_lines(self, task: Task) -> RawLines:
        """Return the record of `task` as the server sent it, indented."""
        return pretty_json_lines(task)

    def json_record(self, task: Task) -> str:
        """Return the record of `task` as JSON on one line, sanitized."""
        return json_line(task)

    async def aclose(self) -> bool:
        """Log out and close all connections within about a second. Return False when a session may still be open."""
        try:
            return await self._access.close()
        finally:
            await self._http.aclose()

    async def _query_page(self, window: PageRequest) -> Page:
        is_zone_due = not self._asked_zone and self._clock.monotonic() >= self._zone_due_at
        return await (self._query_with_zone(window) if is_zone_due else self._query_tasks(window))

    async def _query_with_zone(self, window: PageRequest) -> Page:
        """Request a page and the time zone of its dates concurrently, which saves a round trip on a slow network.

        If the time zone is not available, the page is returned without it, and it is requested again later.
        """
        zone = asyncio.create_task(self._fetch_timezone())
        try:
            page = await self._query_tasks(window)
            await asyncio.wait([zone], timeout=_ZONE_TIMEOUT_S)
            self._zone_due_at = self._clock.monotonic() + _ZONE_RETRY_S
            error = zone.exception() if zone.done() else None
            if isinstance(error, ApiError) and not error.as_failure().needs_user_action:
                log.warning("the server's time zone is not known yet: %s", error)
            elif error is not None:
                raise error
        finally:
            zone.cancel()
            # Its error was handled above, or the failure of the page takes precedence.
            await asyncio.gather(zone, return_exceptions=True)
        return page

    async def _query_tasks(self, window: PageRequest) -> Page:
        params = [
            ("limit", str(window.limit)),
            ("start", str(window.start)),
            ("replyWithCount", "true"),
            # Names are not unique and can change; only sorting by uuid gives all pages the same order.
            ("sort", "+uuid"),
        ]
        answer = await self._access.get("/cdp-task", params)
        try:
            return decode_page(answer.body, answer.cached_s)
        except UNREADABLE as error:
            raise UnreadableAnswer(sanitize(str(error), 200), url=f"{self._http.base_url}/cdp-task") from error

    async def _decode(self, rows: Sequence[bytes], *, is_compressed: bool) -> list[Task]:
        tasks: list[Task] = []
        for at in range(0, len(rows), _DECODE_BATCH):
            await yield_to_loop()
            tasks += self._decoder.decode(rows[at : at + _DECODE_BATCH], is_compressed=is_compressed)
        return tasks

    async def _fetch_timezone(self) -> None:
        """Fetch the time zone of the server's dates; without it, dates are unknown."""
        try:
            answer = await self._access.get("/management-nodes/platform-timezone", [])
            zone = msgspec.json.decode(answer.body, type=_Zone)
        except (*_SINGLE_CALL_ERRORS, *UNREADABLE) as error:
            log.warning("the server's time zone is unknown, dates are shown as received: %s", error)
        else:
            known = server_timezone(zone.timezone, zone.offset)
            self._decoder.zone = known
            if known is not None:
                self._server_clock.use_zone(known)
        self._asked_zone = True
