"""What is remembered of each task from poll to poll, and what follows from it: growth, reasons, changes, sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from cdptui.clock import TURN_S, Clock, give_way
from cdptui.models.aggregates import FleetAccumulator, FleetSummary
from cdptui.models.capacity import CapacityHistory, GrowthRate, growth_rate, seconds_until_full
from cdptui.models.change import Change, diff_task
from cdptui.models.inventory import DependencyState
from cdptui.models.reasons import Evidence, ReasonKind, find_reasons, next_time_trigger_s, overall_severity, stalled_s
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.guards import Guards
from cdptui.monitor.series import SeriesBook

GROWTH_RECHECK_S: Final = 300.0
"""A task that stopped growing says nothing; its rate is worked out again after this long without a change."""

_SLICE: Final = 50
"""Tasks worked on before another look at the clock."""


class _Known(Struct, gc=False):
    """What is remembered of a task from poll to poll."""

    vitals: TaskRow
    recheck_at: float
    """When its growth and its reasons must be worked out again even if nothing changed."""
    steady_since: float
    """Since when its status and its state were seen as they are."""


class _Pace(Struct, frozen=True, gc=False):
    """What the readings of used capacity say now."""

    growth: GrowthRate | None
    still_since: datetime | None
    recheck_at: float


class Ledger:
    """All tasks of one node. Fed with every snapshot, in pieces between which the event loop goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._series = SeriesBook()
        self._known: dict[str, _Known] = {}
        self._sum = FleetAccumulator()
        self._guards = Guards()
        self.changed_at: dict[str, datetime] = {}
        """When a notable change of a task was seen last, by uuid; most have none."""
        self._surroundings = DependencyState()
        self._heard = DependencyState()

    def track(self, uuid: str) -> CapacityHistory:
        """The history of a task's used capacity."""
        return self._series.track(uuid)

    def vitals(self, uuid: str) -> TaskRow | None:
        """A task of the newest list."""
        known = self._known.get(uuid)
        return known.vitals if known is not None else None

    def total(self) -> FleetSummary:
        """The sums of the newest list."""
        return self._sum.total()

    def hear(self, surroundings: DependencyState) -> None:
        """Take what became known about storages and policies; it counts from the next snapshot on."""
        self._heard = surroundings

    async def take(self, snapshot: Snapshot, longest_wait_s: float) -> tuple[tuple[TaskRow, ...], list[Change]]:
        """The row of each task, and what is different from the snapshot before.

        A longer wait than `longest_wait_s` since that one is a time in which nobody looked.
        """
        now = snapshot.taken_monotonic
        self._series.look(now, longest_wait_s, len(snapshot.tasks))
        known = self._known
        rows: list[TaskRow] = []
        changes: list[Change] = []
        concerns = self._take_surroundings()
        turn_at = self._clock.monotonic() + TURN_S
        for index, task in enumerate(snapshot.tasks):
            if index % _SLICE == _SLICE - 1 and self._clock.monotonic() >= turn_at:
                await give_way()
                turn_at = self._clock.monotonic() + TURN_S
            was = known.get(task.uuid)
            if (
                was is not None
                and was.vitals.task is task
                and now < was.recheck_at
                and (concerns is None or not concerns(task))
            ):
                rows.append(was.vitals)
                continue
            change = diff_task(was.vitals.task if was is not None else None, task)
            if change is not None:
                changes.append(change)
                if was is not None and change.is_significant:
                    self.changed_at[task.uuid] = snapshot.taken_at
            rows.append(self._enter(task, was, snapshot))
        changes += self._forget_the_gone(snapshot)
        self._look_again(rows, snapshot)
        return tuple(rows), changes

    def _take_surroundings(self) -> Callable[[Task], bool] | None:
        """Let what was heard count; what tells the tasks that it concerns, None when there is nothing new."""
        before, after = self._surroundings, self._heard
        self._surroundings = after
        if before == after:
            return None
        return lambda task: (
            before.is_storage_disconnected(task) != after.is_storage_disconnected(task)
            or before.is_policy_missing(task) != after.is_policy_missing(task)
        )

    def _forget_the_gone(self, snapshot: Snapshot) -> list[Change]:
        if len(self._known) == len(snapshot.tasks):
            return []
        gone = self._known.keys() - {task.uuid for task in snapshot.tasks}
        self._series.forget(gone)
        changes = []
        for uuid in sorted(gone):
            row = self._known.pop(uuid).vitals
            self._sum.remove(row)
            self._guards.remove(row.task)
            self.changed_at.pop(uuid, None)
            change = diff_task(row.task, None)
            changes += [change] if change is not None else []
        return changes

    def _look_again(self, rows: list[TaskRow], snapshot: Snapshot) -> None:
        """Work out the rows of tasks whose rivals came or went after they had their turn."""
        touched = self._guards.take_touched()
        if touched:
            for index, row in enumerate(rows):
                if row.task.uuid in touched:
                    rows[index] = self._enter(row.task, self._known[row.task.uuid], snapshot)

    def _enter(self, task: Task, was: _Known | None, snapshot: Snapshot) -> TaskRow:
        now = snapshot.taken_monotonic
        pace = self._pace_of(task, was, snapshot)
        is_steady = was is not None and (was.vitals.task.status, was.vitals.task.state) == (task.status, task.state)
        steady_since = was.steady_since if was is not None and is_steady else now
        self._note_guards(task, was)
        evidence = Evidence(
            now=snapshot.taken_at,
            unchanged_s=now - steady_since,
            growth=pace.growth,
            full_in_s=seconds_until_full(task.used_bytes, task.plan_bytes, pace.growth),
            still_since=pace.still_since,
            duplicate_task_uuid=self._guards.rival(task),
            is_storage_disconnected=self._surroundings.is_storage_disconnected(task),
            is_policy_missing=self._surroundings.is_policy_missing(task),
        )
        reasons = find_reasons(task, evidence, was.vitals.reasons if was is not None else ())
        row = TaskRow(task, overall_severity(task, reasons), evidence.growth, evidence.full_in_s, reasons)
        if was is not None:
            if task is was.vitals.task and row == was.vitals:
                row = was.vitals
            self._sum.remove(was.vitals)
        self._sum.add(row)
        left_s = next_time_trigger_s(task, now - steady_since)
        recheck_at = pace.recheck_at if left_s is None else min(pace.recheck_at, now + left_s)
        self._known[task.uuid] = _Known(row, recheck_at, steady_since)
        return row

    def _pace_of(self, task: Task, was: _Known | None, snapshot: Snapshot) -> _Pace:
        now = snapshot.taken_monotonic
        moved = self._series.record(task, now)
        if moved is None and was is not None and now < was.recheck_at:
            return _Pace(was.vitals.growth, _still_since(was.vitals), was.recheck_at)
        series = moved or self._series.of(task.uuid)
        if moved is not None and len(moved) == 1:
            # A first reading tells no pace, and a whole new fleet has nothing else.
            return _Pace(None, None, now + GROWTH_RECHECK_S)
        points = series.points() if series is not None else ()
        seconds = stalled_s(points, now)
        still_since = snapshot.taken_at - timedelta(seconds=seconds) if seconds is not None else None
        rate = growth_rate(points, now) if series is not None else None
        return _Pace(rate, still_since, now + GROWTH_RECHECK_S)

    def _note_guards(self, task: Task, was: _Known | None) -> None:
        if was is None:
            self._guards.add(task)
        elif was.vitals.task.resource_refs != task.resource_refs:
            self._guards.remove(was.vitals.task)
            self._guards.add(task)


def _still_since(row: TaskRow) -> datetime | None:
    return next((reason.since for reason in row.reasons if reason.kind is ReasonKind.STALLED), None)
