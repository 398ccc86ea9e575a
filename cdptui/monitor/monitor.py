"""Polls a source for ever and tells what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from msgspec import Struct, structs

from cdptui.clock import TURN_S, Clock, give_way
from cdptui.models.change import Change, change_of
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.fleet import FleetSum
from cdptui.models.growth import full_in_s, growth
from cdptui.models.severity import severity_of
from cdptui.models.snapshot import Reading, Snapshot
from cdptui.models.task import Task
from cdptui.models.text import inert
from cdptui.models.track import Track
from cdptui.models.vitals import Vitals
from cdptui.monitor.poller import Poller
from cdptui.monitor.series import SeriesBook
from cdptui.monitor.source import TaskSource
from cdptui.monitor.turns import Turns
from cdptui.monitor.update import Update

log = logging.getLogger(__name__)

GROWTH_RECHECK_S = 300.0
"""A task that stopped growing says nothing; its rate is worked out again after this long without a change."""

PARTIAL_S = 0.25
"""Seconds between two looks at a first list that is still coming in: a hundred pages need no hundred lists."""

_SLICE = 50
"""Tasks worked on before another look at the clock."""


class _Known(Struct, gc=False):
    """What is remembered of a task from poll to poll."""

    vitals: Vitals
    recheck_at: float
    """When its growth must be worked out again even if nothing changed."""


class Monitor:
    """One management node, watched. One poll in flight at a time, by construction: there is one loop."""

    def __init__(self, source: TaskSource, clock: Clock, poller: Poller) -> None:
        self._source = source
        self._clock = clock
        self._poller = poller
        self._series = SeriesBook()
        self._wake = asyncio.Event()
        self._update = Update(snapshot=None, interval_s=poller.interval_s)
        self._known: dict[str, _Known] = {}
        self._sum = FleetSum()
        self.turns = Turns(clock)

    @property
    def interval_s(self) -> float:
        """Seconds from the start of one poll to the next that somebody asked for."""
        return self._poller.interval_s

    def refresh(self) -> None:
        """Poll now, whatever the schedule says; no effect beside a poll that is under way."""
        self._wake.set()

    def set_interval(self, interval_s: float) -> None:
        """Change the rhythm, from the next poll on."""
        self._poller.interval_s = interval_s
        self._wake.set()

    def track(self, uuid: str) -> Track:
        """The history of a task's used capacity."""
        return self._series.track(uuid)

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Poll for ever. A failed poll is an update, never an exception and never an empty list."""
        while True:
            # A wish from before this poll is fulfilled by it.
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
                    yield await self._digest(reading, started)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in one poll must not end the feed
            failure = self._failure_of(error)
            is_overload = failure.kind is FailureKind.RATE_LIMITED
            retry_at = self._poller.after_failure(self._clock.monotonic(), is_overload=is_overload)
            self._log_transition(failure)
            yield Update(
                snapshot=self._update.snapshot,
                vitals=self._update.vitals,
                fleet=self._update.fleet,
                failure=failure,
                attempt=self._poller.failures,
                next_poll_at=None if failure.waits_for_person else retry_at,
                interval_s=self._poller.paced_s,
                is_paced=self._poller.is_paced,
            )

    async def _wait(self) -> AsyncIterator[Update]:
        """Wait for the next poll; a new interval is told at once and moves the schedule."""
        interval_s = self.interval_s
        while True:
            due, now = self._update.next_poll_at, self._clock.monotonic()
            woken = await self._clock.wait(self._wake, None if due is None else max(0.0, due - now))
            if not woken or self.interval_s == interval_s:
                return
            self._wake.clear()
            if due is not None and self._update.failure is None:
                due = max(self._clock.monotonic(), due + self.interval_s - interval_s)
            interval_s = self.interval_s
            yield Update(
                snapshot=self._update.snapshot,
                vitals=self._update.vitals,
                fleet=self._update.fleet,
                failure=self._update.failure,
                attempt=self._update.attempt,
                next_poll_at=due,
                interval_s=self._poller.paced_s,
                is_paced=self._poller.is_paced,
            )

    async def _digest(self, reading: Reading, started: float) -> Update:
        now = self._clock.monotonic()
        snapshot = Snapshot(
            tasks=reading.tasks,
            total=reading.total,
            is_complete=reading.is_complete,
            taken_at=self._clock.now(),
            taken_monotonic=now,
            duration_s=now - started,
            pages=reading.pages,
        )
        vitals, changes = await self._look_at(snapshot)
        next_at: float | None = None
        if reading.is_complete:
            if self._poller.failures:
                log.info("answers again after %d failed polls", self._poller.failures)
            next_at = self._poller.after_success(started, self._clock.monotonic())
        return Update(
            snapshot,
            vitals,
            self._sum.total(),
            changes,
            next_poll_at=next_at,
            interval_s=self._poller.paced_s,
            is_paced=self._poller.is_paced,
        )

    async def _look_at(self, snapshot: Snapshot) -> tuple[tuple[Vitals, ...], tuple[Change, ...]]:
        """The row of each task, and what is different from the poll before."""
        now = snapshot.taken_monotonic
        longest_wait_s = 2.5 * self._poller.paced_s + snapshot.duration_s
        self._series.look(now, longest_wait_s, len(snapshot.tasks))
        known, rows, changes = self._known, [], []
        turn_at = self._clock.monotonic() + TURN_S
        for index, task in enumerate(snapshot.tasks):
            if index % _SLICE == _SLICE - 1 and self._clock.monotonic() >= turn_at:
                await give_way()
                turn_at = self._clock.monotonic() + TURN_S
            was = known.get(task.uuid)
            if was is not None and was.vitals.task is task and now < was.recheck_at:
                rows.append(was.vitals)
                continue
            change = change_of(was.vitals.task if was is not None else None, task)
            if change is not None:
                changes.append(change)
            rows.append(self._vitals_of(task, was, now))
        changes += self._forget_the_gone(snapshot)
        before = self._update.snapshot
        # While the first list comes in, everything in it is new, and nothing of it is news.
        is_news = before is not None and before.is_complete
        return tuple(rows), tuple(changes) if is_news else ()

    def _forget_the_gone(self, snapshot: Snapshot) -> list[Change]:
        if len(self._known) == len(snapshot.tasks):
            return []
        gone = self._known.keys() - {task.uuid for task in snapshot.tasks}
        self._series.forget(gone)
        changes = []
        for uuid in sorted(gone):
            row = self._known.pop(uuid).vitals
            self._sum.remove(row)
            change = change_of(row.task, None)
            changes += [change] if change is not None else []
        return changes

    def _vitals_of(self, task: Task, was: _Known | None, now: float) -> Vitals:
        series = self._series.record(task, now)
        is_stale = was is None or now >= was.recheck_at
        rate = was.vitals.growth if was is not None else None
        recheck_at = was.recheck_at if was is not None else now
        if series is not None or is_stale:
            series = series or self._series.of(task.uuid)
            rate = growth(series.points(), now) if series is not None else None
            recheck_at = now + GROWTH_RECHECK_S
        row = Vitals(
            task=task,
            severity=severity_of(task.status, task.state),
            growth=rate,
            full_in_s=full_in_s(task.used_bytes, task.plan_bytes, rate),
        )
        if was is not None:
            if task is was.vitals.task and row == was.vitals:
                row = was.vitals
            self._sum.remove(was.vitals)
        self._sum.add(row)
        self._known[task.uuid] = _Known(row, recheck_at)
        return row

    def _failure_of(self, error: Exception) -> Failure:
        as_failure = getattr(error, "as_failure", None)
        if callable(as_failure):
            failure = as_failure()
            if isinstance(failure, Failure):
                return failure
        log.error("a poll failed in a way that is not foreseen", exc_info=error)
        return Failure(FailureKind.INTERNAL, inert(f"{type(error).__name__}: {error}", 300), url="")

    def _log_transition(self, failure: Failure) -> None:
        """The first failure of a kind is news; the hundredth is not."""
        last = self._update.failure
        if last is None or last.kind is not failure.kind:
            log.warning("poll failed: %s %s %s (%s)", failure.kind.value, failure.code, failure.detail, failure.url)
