"""One target, watched from the first wish to the farewell."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs
from textual.message import Message

from cdptui import gc_tuning
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
"""Seconds until watching begins anew after a fault of ours."""

_SAME_FAULT_LIMIT: Final = 3
"""Attempts that end with the same fault and bring no list: the next one would too, and it waits for the user."""

_STEADY_LISTS: Final = 2
"""After so many lists in one attempt a fault counts as the first of its kind again."""

_OF_OURS: Final = frozenset({FailureKind.INTERNAL, FailureKind.INTERNAL_AGAIN, FailureKind.CONFIGURATION})
"""Failures whose text is that of an error of ours, which may quote a setting; those of the API are clean already."""


_HEAD_START_S: Final = 0.005
"""For the first requests: what is imported beside them holds them up, beside the wait for their answers it does not."""

_NEEDED_NEXT: Final = ("humanize", "cdptui.tui.widgets.scrolling", "zoneinfo")
"""By the first list, what is drawn first in front."""

_AT_LEISURE_S: Final = 0.5
"""A list that comes quickly is on screen by then."""

_NEEDED_SOON: Final = ("cdptui.render.tabs.overview", "cdptui.tui.widgets.filter_bar")

_LISTS_SET_ASIDE: Final = 2


class MonitorListener(Protocol):
    """Who is told what happens: a screen."""

    def post_message(self, message: Message) -> bool:
        """Take a message; whether there was still somebody to take it."""
        ...

    def set_connection(self, link: NodeConnection) -> None:
        """Take the node to pass wishes to."""
        ...


class MonitorWorker:
    """Tells a screen what happens on one node. A fault of ours is said, and watching begins anew."""

    def __init__(self, target: Target, clock: Clock, audience: MonitorListener) -> None:
        self.target = target
        self.link: NodeConnection | None = None
        self._clock = clock
        self._audience = audience
        self._running: asyncio.Task[None] | None = None
        self._is_over = False
        self._lists_set_aside = 0
        self._retry = asyncio.Event()
        self._last_fault = ""
        self._attempts = 0
        """In a row that ended with `_last_fault`."""
        self._lists = 0
        """Whole lists that this attempt has brought."""

    def retry(self) -> None:
        """Connect at once, if a fault ended the connection; no effect while it works."""
        self._retry.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        self._running = asyncio.current_task()
        last = Update(snapshot=None, interval_s=self.target.interval_s)
        while not self._is_over:
            try:
                if self.link is None:
                    self.link = await self.target.connect()
                    self._audience.set_connection(self.link)
                gc_tuning.on_first_load()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.link.directory.run(self._tell_names))
                    group.create_task(_preload_modules())
                    async for unfiltered in self.link.monitor.updates():
                        update = self._without_secrets(unfiltered)
                        self._audience.post_message(MonitorUpdated(update))
                        self._set_aside(update)
                        last = structs.replace(update, changes=())
                        del update, unfiltered
            except Exception as error:
                gc_tuning.on_steady()
                log.exception("the monitor ended")
                failure = self._failure_of(error)
                wait_s = None if failure.needs_user_action else _RESTART_DELAY_S
                due = None if wait_s is None else self._clock.monotonic() + wait_s
                last = self._without_secrets(
                    structs.replace(last, failure=failure, attempt=self._attempts, next_poll_at=due)
                )
                self._audience.post_message(MonitorUpdated(last))
                self._retry.clear()
                await self._clock.wait(self._retry, wait_s)

    def _failure_of(self, error: Exception) -> Failure:
        """Return what the screen shows of an error that ended the connection, and count its repetitions."""
        from cdptui.api.errors import ApiError  # noqa: PLC0415 - only when something is wrong

        fault, lists = summarize_exception(error), self._lists
        is_same = fault == self._last_fault and lists < _STEADY_LISTS
        self._attempts = self._attempts + 1 if is_same else 1
        self._last_fault, self._lists = fault, 0
        match error:
            case ApiError():
                return error.as_failure()
            case ConfigError():
                return Failure(FailureKind.CONFIGURATION, sanitize(str(error), 300), url="")
        if (limit := find_system_limit(error)) is not None:
            return Failure(FailureKind.MACHINE_LIMIT, limit.refusal, url="")
        is_certain = self._attempts >= _SAME_FAULT_LIMIT and not lists
        kind = FailureKind.INTERNAL_AGAIN if is_certain else FailureKind.INTERNAL
        return Failure(kind, sanitize(fault, 300), url="")

    def _without_secrets(self, update: Update) -> Update:
        failure, redact = update.failure, self.target.redact
        if failure is None or failure.kind not in _OF_OURS:
            return update
        return structs.replace(update, failure=structs.replace(failure, detail=redact(failure.detail)))

    def _set_aside(self, update: Update) -> None:
        """Keep the collector from what stays.

        What was imported and read for the first list is there for good, and so is what the list made of it by the
        second.
        """
        is_whole = update.snapshot is not None and update.snapshot.is_complete
        if update.failure is None and is_whole:
            self._lists += 1
        if update.failure is None and is_whole and self._lists_set_aside < _LISTS_SET_ASIDE:
            self._lists_set_aside += 1
            gc_tuning.freeze_loaded()
        if update.failure is not None or is_whole:
            gc_tuning.on_steady()

    def _tell_names(self) -> None:
        self._audience.post_message(NamesUpdated(len(self.link.names) if self.link is not None else 0))

    async def stop(self) -> bool:
        """Stop, even while a request hangs, log out and hang up; takes two seconds at most. Never raises.

        False when a session may be left on the node.
        """
        self._is_over = True
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
            log.exception("not hung up in good order")
            return False


async def _preload_modules() -> None:
    """Load what is not needed for the first frame, but soon, at times when there is nothing else to do."""
    for seconds, names in ((_HEAD_START_S, _NEEDED_NEXT), (_AT_LEISURE_S, _NEEDED_SOON)):
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(_import, names)
        except OSError as error:
            # Such as a thread that the system refuses; they are imported when they are needed.
            log.warning("not imported in advance: %s", error)


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)


def summarize_exception(error: BaseException) -> str:
    """What really went wrong, for one line: groups say only that something did."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
