"""Polls a source forever and yields an update after each step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

from msgspec import structs

from cdptui.clock import Clock
from cdptui.models.capacity import CapacityHistory
from cdptui.models.change import ChangeKind
from cdptui.models.day_trend import DayTrend
from cdptui.models.failure import RETRIED_RARELY, Failure, FailureKind
from cdptui.models.inventory import DependencyState
from cdptui.models.recording import RecordedHistory
from cdptui.models.sanitize import sanitize
from cdptui.models.snapshot import FetchProgress, Snapshot
from cdptui.models.system_limits import find_system_limit
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.monitor.request_gate import RequestGate
from cdptui.monitor.schedule import PollSchedule
from cdptui.monitor.sources import PollRecorder, TaskSource
from cdptui.monitor.update import Update

log = logging.getLogger(__name__)

PARTIAL_S = 0.25
"""Seconds between two updates while the first list is read, so that 100 pages do not make 100 updates."""


class Monitor:
    """Monitors one management node. A single loop runs the polls, so that they never overlap."""

    def __init__(
        self, source: TaskSource, clock: Clock, schedule: PollSchedule, recorder: PollRecorder | None = None
    ) -> None:
        """`recorder` records each complete list, and each failed poll."""
        self._source = source
        self._clock = clock
        self._schedule = schedule
        self._wake = asyncio.Event()
        self._refresh_requested = self._resumed = False
        self._update = Update(snapshot=None, interval_s=schedule.interval_s)
        self._tracker = FleetTracker(clock)
        self._recorder = recorder
        self.gate = RequestGate(clock)
        self._on_tasks_removed: Callable[[Sequence[Task]], None] | None = None

    @property
    def interval_s(self) -> float:
        """The configured seconds from the start of one poll to the next."""
        return self._schedule.interval_s

    def refresh(self) -> None:
        """Poll now, regardless of the schedule. Has no effect during a poll."""
        self._refresh_requested = True
        self._wake.set()

    def on_resume(self) -> None:
        """Poll now because the machine or the process was suspended, unless the last failure needs the user."""
        self._resumed = True
        self._wake.set()

    def set_interval(self, interval_s: float) -> None:
        """Change the interval; the time of the next poll moves with it."""
        self._schedule.interval_s = interval_s
        self._wake.set()

    @property
    def _is_due(self) -> bool:
        """Whether a poll is due before its scheduled time. A failure that needs the user is retried only on refresh."""
        failure = self._update.failure
        may_retry = failure is None or not failure.needs_user_action
        return self._refresh_requested or (self._resumed and may_retry)

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task over time."""
        return self._tracker.history(uuid)

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task in the last day; None when it is not known."""
        return self._tracker.day_trend(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task of the newest list; None when it has no such task."""
        return self._tracker.row(uuid)

    def on_tasks_removed(self, callback: Callable[[Sequence[Task]], None]) -> None:
        """Call `callback` with the tasks that were removed from the list."""
        self._on_tasks_removed = callback

    def set_history(self, history: RecordedHistory) -> None:
        """Continue what an earlier monitor recorded, from the next poll on."""
        self._tracker.set_history(history)

    def set_dependencies(self, dependencies: DependencyState) -> None:
        """Set the state of storages and policies, which is used from the next poll on."""
        self._tracker.set_dependencies(dependencies)

    def stopped_vms(self) -> Sequence[str]:
        """Return the UUIDs of the VMs of the tasks of the newest list that should run and are stopped."""
        return self._tracker.stopped_vms()

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """Time of the last significant change by task UUID; grows in place."""
        return self._tracker.changed_at

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Poll forever. A failed poll yields an update with a failure and the last data, and raises nothing."""
        while True:
            # This poll fulfils all requests that were made before it.
            self._refresh_requested = self._resumed = False
            self._wake.clear()
            async with self.gate.poll():
                async for update in self._poll():
                    # Changes hold the tasks from before: keeping them could hold the whole fleet twice.
                    self._update = structs.replace(update, changes=())
                    yield update
                    del update
            async for update in self._wait():
                self._update = update
                yield update

    async def _poll(self) -> AsyncIterator[Update]:
        started = self._clock.monotonic()
        shown_at = -PARTIAL_S
        try:
            async for reading in self._source.read():
                # A partial list would hide tasks that are on screen, so only the first list is shown page by page.
                is_first = self._update.snapshot is None or not self._update.snapshot.is_complete
                now = self._clock.monotonic()
                if reading.is_complete or (is_first and now - shown_at >= PARTIAL_S):
                    shown_at = now
                    yield await self._build_update(reading, started)
        except Exception as error:  # noqa: BLE001 - no error of a poll may end the updates
            failure = self._to_failure(error)
            is_retried_rarely = failure.kind in RETRIED_RARELY
            retry_at = self._schedule.after_failure(self._clock.monotonic(), is_retried_rarely=is_retried_rarely)
            self._log_transition(failure)
            if self._recorder is not None:
                self._recorder.record_failure(failure)
            yield Update(
                snapshot=self._update.snapshot,
                rows=self._update.rows,
                fleet=self._update.fleet,
                failure=failure,
                attempt=self._schedule.failures,
                next_poll_at=None if failure.needs_user_action else retry_at,
                interval_s=self._schedule.effective_interval_s,
                is_slowed_down=self._schedule.is_slowed_down,
            )

    async def _wait(self) -> AsyncIterator[Update]:
        """Wait for the next poll. A new interval yields an update at once, and moves the next poll."""
        while not self._is_due:
            due, now = self._update.next_poll_at, self._clock.monotonic()
            if not await self._clock.wait(self._wake, None if due is None else max(0.0, due - now)):
                return
            self._wake.clear()
            longer_s = self._schedule.effective_interval_s - self._update.interval_s
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
                interval_s=self._schedule.effective_interval_s,
                is_slowed_down=self._schedule.is_slowed_down,
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
            cached_s=reading.cached_s,
        )
        longest_wait_s = 2.5 * self._schedule.effective_interval_s + snapshot.duration_s
        rows, changes = await self._tracker.apply_snapshot(snapshot, longest_wait_s)
        removed = [change.task for change in changes if change.kind is ChangeKind.VANISHED]
        if removed and self._on_tasks_removed is not None:
            self._on_tasks_removed(removed)
        before = self._update.snapshot
        # While the first list is read, all of its tasks are new, which are no changes to report.
        has_changes = before is not None and before.is_complete
        next_at: float | None = None
        if reading.is_complete:
            if self._schedule.failures:
                log.info("polls succeed again after %d failures", self._schedule.failures)
            next_at = self._schedule.after_success(started, self._clock.monotonic())
            if self._recorder is not None:
                self._recorder.record(snapshot, rows)
        return Update(
            snapshot,
            rows,
            self._tracker.summary(),
            tuple(changes) if has_changes else (),
            next_poll_at=next_at,
            interval_s=self._schedule.effective_interval_s,
            is_slowed_down=self._schedule.is_slowed_down,
        )

    def _to_failure(self, error: Exception) -> Failure:
        as_failure = getattr(error, "as_failure", None)
        if callable(as_failure):
            failure = as_failure()
            if isinstance(failure, Failure):
                return failure
        if (limit := find_system_limit(error)) is not None:
            return Failure(FailureKind.MACHINE_LIMIT, limit.refusal, url="")
        log.error("a poll failed with an unexpected error", exc_info=error)
        return Failure(FailureKind.INTERNAL, sanitize(f"{type(error).__name__}: {error}", 300), url="")

    def _log_transition(self, failure: Failure) -> None:
        """Log a failure when its kind differs from the previous one, so that an outage is one line."""
        last = self._update.failure
        if last is None or last.kind is not failure.kind:
            log.warning("poll failed: %s %s %s (%s)", failure.kind.value, failure.code, failure.detail, failure.url)
