"""Polls a source for ever and tells what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import structs

from cdptui.clock import Clock
from cdptui.models.capacity import CapacityHistory
from cdptui.models.change import ChangeKind
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import DependencyState
from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import FetchProgress, Snapshot
from cdptui.models.system_limits import find_system_limit
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.monitor.request_gate import RequestGate
from cdptui.monitor.schedule import PollSchedule
from cdptui.monitor.sources import TaskSource
from cdptui.monitor.update import Update

log = logging.getLogger(__name__)

PARTIAL_S = 0.25
"""Seconds between two looks at a first list that is still coming in: a hundred pages need no hundred lists."""


class Monitor:
    """One management node, watched. One poll in flight at a time, by construction: there is one loop."""

    def __init__(self, source: TaskSource, clock: Clock, poller: PollSchedule) -> None:
        self._source = source
        self._clock = clock
        self._poller = poller
        self._wake = asyncio.Event()
        self._refresh_requested = self._resumed = False
        self._update = Update(snapshot=None, interval_s=poller.interval_s)
        self._ledger = FleetTracker(clock)
        self.turns = RequestGate(clock)
        self._tell_gone: Callable[[Sequence[Task]], None] | None = None

    @property
    def interval_s(self) -> float:
        """Seconds from the start of one poll to the next that somebody asked for."""
        return self._poller.interval_s

    def refresh(self) -> None:
        """Poll now, whatever the schedule says; no effect beside a poll that is under way."""
        self._refresh_requested = True
        self._wake.set()

    def on_resume(self) -> None:
        """The machine or the process stood still: poll now, except what a person must decide to try again."""
        self._resumed = True
        self._wake.set()

    def set_interval(self, interval_s: float) -> None:
        """Change the rhythm, from the next poll on."""
        self._poller.interval_s = interval_s
        self._wake.set()

    @property
    def _is_due(self) -> bool:
        """Whether what happened meanwhile makes a poll due; a failure that waits for a person lets nothing else."""
        failure = self._update.failure
        may_try = failure is None or not failure.needs_user_action
        return self._refresh_requested or (self._resumed and may_try)

    def history(self, uuid: str) -> CapacityHistory:
        """The history of a task's used capacity."""
        return self._ledger.history(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """A task of the newest list; None when it has no such."""
        return self._ledger.row(uuid)

    def on_tasks_removed(self, tell: Callable[[Sequence[Task]], None]) -> None:
        """Have `tell` called with the tasks that a list no longer has."""
        self._tell_gone = tell

    def set_dependencies(self, surroundings: DependencyState) -> None:
        """Take what became known about storages and policies; it counts from the next poll on."""
        self._ledger.set_dependencies(surroundings)

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """When a notable change of a task was seen last, by uuid; grows in place."""
        return self._ledger.changed_at

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Poll for ever. A failed poll is an update, never an exception and never an empty list."""
        while True:
            # A wish from before this poll is fulfilled by it.
            self._refresh_requested = self._resumed = False
            self._wake.clear()
            try:
                await self.turns.begin_poll()
                async for update in self._poll():
                    # Changes hold the tasks as they were: a whole fleet twice, if they were kept.
                    self._update = structs.replace(update, changes=())
                    yield update
                    del update
            finally:
                self.turns.end_poll()
            async for update in self._wait():
                self._update = update
                yield update

    async def _poll(self) -> AsyncIterator[Update]:
        started = self._clock.monotonic()
        shown_at = -PARTIAL_S
        try:
            async for reading in self._source.read():
                # Half a list would hide tasks that were on screen; only the very first one fills page by page.
                is_first = self._update.snapshot is None or not self._update.snapshot.is_complete
                now = self._clock.monotonic()
                if reading.is_complete or (is_first and now - shown_at >= PARTIAL_S):
                    shown_at = now
                    yield await self._build_update(reading, started)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in one poll must not end the feed
            failure = self._failure_of(error)
            is_overload = failure.kind is FailureKind.RATE_LIMITED
            retry_at = self._poller.after_failure(self._clock.monotonic(), is_overload=is_overload)
            self._log_transition(failure)
            yield Update(
                snapshot=self._update.snapshot,
                rows=self._update.rows,
                fleet=self._update.fleet,
                failure=failure,
                attempt=self._poller.failures,
                next_poll_at=None if failure.needs_user_action else retry_at,
                interval_s=self._poller.effective_interval_s,
                is_slowed_down=self._poller.is_slowed_down,
            )

    async def _wait(self) -> AsyncIterator[Update]:
        """Wait for the next poll; a new interval is told at once and moves the schedule."""
        while not self._is_due:
            due, now = self._update.next_poll_at, self._clock.monotonic()
            if not await self._clock.wait(self._wake, None if due is None else max(0.0, due - now)):
                return
            self._wake.clear()
            longer_s = self._poller.effective_interval_s - self._update.interval_s
            if not longer_s:
                continue
            if due is not None and self._update.failure is None:
                due = max(self._clock.monotonic(), due + longer_s)
            yield Update(
                snapshot=self._update.snapshot,
                rows=self._update.rows,
                fleet=self._update.fleet,
                failure=self._update.failure,
                attempt=self._update.attempt,
                next_poll_at=due,
                interval_s=self._poller.effective_interval_s,
                is_slowed_down=self._poller.is_slowed_down,
            )

    async def _build_update(self, reading: FetchProgress, started: float) -> Update:
        now = self._clock.monotonic()
        snapshot = Snapshot(
            tasks=reading.tasks,
            total=reading.total,
            is_complete=reading.is_complete,
            taken_at=self._clock.now(),
            taken_monotonic=now,
            duration_s=now - started,
            pages=reading.pages,
            is_cut_short=reading.is_cut_short,
        )
        longest_wait_s = 2.5 * self._poller.effective_interval_s + snapshot.duration_s
        rows, changes = await self._ledger.apply_snapshot(snapshot, longest_wait_s)
        gone = [change.task for change in changes if change.kind is ChangeKind.VANISHED]
        if gone and self._tell_gone is not None:
            self._tell_gone(gone)
        before = self._update.snapshot
        # While the first list comes in, everything in it is new, and nothing of it is news.
        is_news = before is not None and before.is_complete
        next_at: float | None = None
        if reading.is_complete:
            if self._poller.failures:
                log.info("answers again after %d failed polls", self._poller.failures)
            next_at = self._poller.after_success(started, self._clock.monotonic())
        return Update(
            snapshot,
            rows,
            self._ledger.summary(),
            tuple(changes) if is_news else (),
            next_poll_at=next_at,
            interval_s=self._poller.effective_interval_s,
            is_slowed_down=self._poller.is_slowed_down,
        )

    def _failure_of(self, error: Exception) -> Failure:
        as_failure = getattr(error, "as_failure", None)
        if callable(as_failure):
            failure = as_failure()
            if isinstance(failure, Failure):
                return failure
        if (limit := find_system_limit(error)) is not None:
            return Failure(FailureKind.MACHINE_LIMIT, limit.refusal, url="")
        log.error("a poll failed in a way that is not foreseen", exc_info=error)
        return Failure(FailureKind.INTERNAL, sanitize(f"{type(error).__name__}: {error}", 300), url="")

    def _log_transition(self, failure: Failure) -> None:
        """The first failure of a kind is news; the hundredth is not."""
        last = self._update.failure
        if last is None or last.kind is not failure.kind:
            log.warning("poll failed: %s %s %s (%s)", failure.kind.value, failure.code, failure.detail, failure.url)
