"""Run the monitor of one target, from connecting to logging out."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs
from textual.message import Message

from cdptui import gc_tuning, heap
from cdptui.clock import Clock
from cdptui.config.errors import ConfigError
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.sanitize import sanitize
from cdptui.models.system_limits import find_system_limit
from cdptui.monitor.update import Update
from cdptui.tui.messages import MonitorUpdated, NamesUpdated
from cdptui.tui.target import Target

if TYPE_CHECKING:
    from cdptui.monitor.connection import NodeConnection

log = logging.getLogger(__name__)

_RESTART_DELAY_S: Final = 30.0
"""Delay of the reconnection after an internal error."""

_SAME_FAULT_LIMIT: Final = 3
"""Attempts that end with the same error and bring no list; after these the worker waits for the user to retry."""

_STEADY_LISTS: Final = 2
"""After this many lists in one attempt an error counts as the first of its kind again."""

_UNREDACTED_KINDS: Final = frozenset({FailureKind.INTERNAL, FailureKind.INTERNAL_AGAIN, FailureKind.CONFIGURATION})
"""Failures whose text may quote a setting; those of the API are redacted already."""


_IMPORT_DELAY_S: Final = 0.005
"""Imports start when the first requests are sent: before that they would delay them, later they run while the program
waits for the responses."""

_FIRST_LIST_MODULES: Final = (
    "humanize",
    "cdptui.tui.terminal.scroll_bar",
    "zoneinfo",
    "cdptui.render.reason_messages",
    "cdptui.render.filter_lines",
)
"""Needed for the first list, in order of use."""

_LATER_IMPORT_DELAY_S: Final = 0.5
"""A list that arrives quickly is on screen by then."""

_LATER_MODULES: Final = ("cdptui.render.tabs.overview", "cdptui.tui.widgets.filter_bar")

_FROZEN_LISTS: Final = 2

_TRIM_S: Final = 300.0
"""Time between two returns of freed memory to the system. The first is due with the second list, as the first one
leaves much free memory in a large fleet."""


class MonitorListener(Protocol):
    """The receiver of updates: a screen."""

    def post_message(self, message: Message) -> bool:
        """Queue a message; return False when the receiver is closed."""
        ...

    def set_connection(self, link: NodeConnection) -> None:
        """Set the connection for requests to the node."""
        ...


class MonitorWorker:
    """Posts the updates of one node to a screen. An internal error is shown, and the connection is opened again."""

    def __init__(self, target: Target, clock: Clock, listener: MonitorListener) -> None:
        self.target = target
        self.link: NodeConnection | None = None
        self._clock = clock
        self._listener = listener
        self._running: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._frozen_lists = 0
        self._trim_at = 0.0
        self._retry = asyncio.Event()
        self._last_error = ""
        self._attempts = 0
        """Consecutive attempts that ended with `_last_error`."""
        self._lists = 0
        """Complete lists in this attempt."""

    def retry(self) -> None:
        """Reconnect immediately if an error ended the connection; no effect while it works."""
        self._retry.set()

    async def run(self) -> None:
        """Run the monitor until cancelled."""
        self._running = asyncio.current_task()
        last_update = Update(snapshot=None, interval_s=self.target.interval_s)
        while not self._is_stopped:
            try:
                if self.link is None:
                    assert self.target.connect is not None  # noqa: S101 - only a recording has none
                    self.link = await self.target.connect()
                    self._listener.set_connection(self.link)
                gc_tuning.on_first_load()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.link.inventory.run(self._post_names))
                    group.create_task(_preload_modules())
                    async for unfiltered in self.link.monitor.updates():
                        update = self._redacted(unfiltered)
                        self._listener.post_message(MonitorUpdated(update))
                        self._tune_collector(update)
                        await self._trim_heap()
                        last_update = structs.replace(update, changes=())
                        del update, unfiltered
            except Exception as error:
                gc_tuning.on_steady()
                log.exception("the monitor ended with an error")
                failure = self._count_failure(error)
                wait_s = None if failure.needs_user_action else _RESTART_DELAY_S
                due = None if wait_s is None else self._clock.monotonic() + wait_s
                last_update = self._redacted(
                    structs.replace(last_update, failure=failure, attempt=self._attempts, next_poll_at=due)
                )
                self._listener.post_message(MonitorUpdated(last_update))
                self._retry.clear()
                await self._clock.wait(self._retry, wait_s)

    def _count_failure(self, error: Exception) -> Failure:
        """Return the failure to show for an error that ended the connection, and count its repetitions."""
        from cdptui.api.errors import ApiError

        summary, lists = summarize_exception(error), self._lists
        is_same = summary == self._last_error and lists < _STEADY_LISTS
        self._attempts = self._attempts + 1 if is_same else 1
        self._last_error, self._lists = summary, 0
        match error:
            case ApiError():
                return error.as_failure()
            case ConfigError():
                return Failure(FailureKind.CONFIGURATION, sanitize(str(error), 300), url="")
        if (limit := find_system_limit(error)) is not None:
            return Failure(FailureKind.MACHINE_LIMIT, limit.refusal, url="")
        is_repeated = self._attempts >= _SAME_FAULT_LIMIT and not lists
        kind = FailureKind.INTERNAL_AGAIN if is_repeated else FailureKind.INTERNAL
        return Failure(kind, sanitize(summary, 300), url="")

    def _redacted(self, update: Update) -> Update:
        failure, redact = update.failure, self.target.redact
        if failure is None or failure.kind not in _UNREDACTED_KINDS:
            return update
        return structs.replace(update, failure=structs.replace(failure, detail=redact(failure.detail)))

    def _tune_collector(self, update: Update) -> None:
        """Exclude permanent objects from garbage collection.

        Modules and data that were loaded for the first list stay, and so do the rows that exist by the second.
        """
        is_complete_list = update.snapshot is not None and update.snapshot.is_complete
        if update.failure is None and is_complete_list:
            self._lists += 1
        if update.failure is None and is_complete_list and self._frozen_lists < _FROZEN_LISTS:
            self._frozen_lists += 1
            gc_tuning.freeze_loaded()
        if update.failure is not None or is_complete_list:
            gc_tuning.on_steady()

    async def _trim_heap(self) -> None:
        now = self._clock.monotonic()
        if self._frozen_lists < _FROZEN_LISTS or now < self._trim_at:
            return
        self._trim_at = now + _TRIM_S
        with contextlib.suppress(OSError, RuntimeError):
            # Without a thread there is the next time.
            await asyncio.to_thread(heap.trim)

    def _post_names(self) -> None:
        self._listener.post_message(NamesUpdated(len(self.link.names) if self.link is not None else 0))

    async def stop(self) -> bool:
        """Stop, even while a request hangs, log out and close the connection within two seconds. Never raises.

        Return False when a session may still be open on the node.
        """
        self._is_stopped = True
        if self._running is not None and self._running is not asyncio.current_task():
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._running
        link, self.link = self.link, None
        if link is None:
            return True
        try:
            return await link.aclose()
        except Exception:
            log.exception("closing the connection failed")
            return False


async def _preload_modules() -> None:
    """Import modules that are needed soon after the first frame, while the program is idle."""
    for seconds, names in ((_IMPORT_DELAY_S, _FIRST_LIST_MODULES), (_LATER_IMPORT_DELAY_S, _LATER_MODULES)):
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(_import, names)
        except OSError as error:
            # For example no more threads; the modules are then imported when they are needed.
            log.warning("preloading modules failed: %s", error)


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def summarize_exception(error: BaseException) -> str:
    """Return type and message of an error in one line; of an exception group those of its first error."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
