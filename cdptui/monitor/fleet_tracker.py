"""Which tasks protect which resource: the node wants one each, and somebody should know where it is not so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
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
from cdptui.monitor.capacity_series import CapacityRecorder


class ProtectionIndex:
    """A book of resources and their tasks. The many with one task cost no more than their place in it.

    Each of several tasks is told of one other, so that thousands on one resource, which no node should have, take no
    longer than two.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, str | dict[str, None]] = {}
        self._touched: set[str] = set()

    def add(self, task: Task) -> None:
        """Note what a task protects."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known is None:
                self._tasks[ref.resource_uuid] = task.uuid
            elif isinstance(known, dict):
                known[task.uuid] = None
            elif known != task.uuid:
                self._tasks[ref.resource_uuid] = {known: None, task.uuid: None}
                self._touched.add(known)

    def remove(self, task: Task) -> None:
        """Strike out what a task protected."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known == task.uuid:
                del self._tasks[ref.resource_uuid]
            elif isinstance(known, dict) and task.uuid in known:
                told_of = list(islice(known, 2))
                del known[task.uuid]
                if task.uuid == told_of[0]:
                    self._touched.update(known)
                elif task.uuid == told_of[1]:
                    self._touched.add(told_of[0])
                if len(known) == 1:
                    self._tasks[ref.resource_uuid] = next(iter(known))

    def other_task_on_same_resource(self, task: Task) -> str:
        """Uuid of another task on what `task` protects; empty when there is none."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if isinstance(known, dict):
                for uuid in islice(known, 2):
                    if uuid != task.uuid:
                        return uuid
        return ""

    def pop_affected(self) -> set[str]:
        """Uuids of the tasks whose rival came, went or changed since this was asked last."""
        touched, self._touched = self._touched, set()
        return touched


GROWTH_RECHECK_S: Final = 300.0
"""A task that stopped growing says nothing; its rate is worked out again after this long without a change."""

_SLICE: Final = 50
"""Tasks worked on before another look at the clock."""


class _TrackedTask(Struct, gc=False):
    """What is remembered of a task from poll to poll."""

    row: TaskRow
    recheck_at: float
    """When its growth and its reasons must be worked out again even if nothing changed."""
    steady_since: float
    """Since when its status and its state were seen as they are."""


class _GrowthState(Struct, frozen=True, gc=False):
    """What the readings of used capacity say now."""

    growth: GrowthRate | None
    stalled_since: datetime | None
    recheck_at: float


class FleetTracker:
    """All tasks of one node. Fed with every snapshot, in pieces between which the event loop goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._series = CapacityRecorder()
        self._known: dict[str, _TrackedTask] = {}
        self._sum = FleetAccumulator()
        self._guards = ProtectionIndex()
        self.changed_at: dict[str, datetime] = {}
        """When a notable change of a task was seen last, by uuid; most have none."""
        self._surroundings = DependencyState()
        self._heard = DependencyState()

    def history(self, uuid: str) -> CapacityHistory:
        """The history of a task's used capacity."""
        return self._series.history(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """A task of the newest list."""
        known = self._known.get(uuid)
        return known.row if known is not None else None

    def summary(self) -> FleetSummary:
        """The sums of the newest list."""
        return self._sum.total()

    def set_dependencies(self, surroundings: DependencyState) -> None:
        """Take what became known about storages and policies; it counts from the next snapshot on."""
        self._heard = surroundings

    async def apply_snapshot(
        self, snapshot: Snapshot, longest_wait_s: float
    ) -> tuple[tuple[TaskRow, ...], list[Change]]:
        """The row of each task, and what is different from the snapshot before.

        A longer wait than `longest_wait_s` since that one is a time in which nobody looked.
        """
        now = snapshot.taken_monotonic
        self._series.begin_poll(now, longest_wait_s, len(snapshot.tasks))
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
                and was.row.task is task
                and now < was.recheck_at
                and (concerns is None or not concerns(task))
            ):
                rows.append(was.row)
                continue
            change = diff_task(was.row.task if was is not None else None, task)
            if change is not None:
                changes.append(change)
                if was is not None and change.is_significant:
                    self.changed_at[task.uuid] = snapshot.taken_at
            rows.append(self._evaluate(task, was, snapshot))
        changes += self._remove_missing(snapshot)
        self._reevaluate_affected(rows, snapshot)
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

    def _remove_missing(self, snapshot: Snapshot) -> list[Change]:
        if len(self._known) == len(snapshot.tasks):
            return []
        gone = self._known.keys() - {task.uuid for task in snapshot.tasks}
        self._series.forget(gone)
        changes = []
        for uuid in sorted(gone):
            row = self._known.pop(uuid).row
            self._sum.remove(row)
            self._guards.remove(row.task)
            self.changed_at.pop(uuid, None)
            change = diff_task(row.task, None)
            changes += [change] if change is not None else []
        return changes

    def _reevaluate_affected(self, rows: list[TaskRow], snapshot: Snapshot) -> None:
        """Work out the rows of tasks whose rivals came or went after they had their turn."""
        touched = self._guards.pop_affected()
        if touched:
            for index, row in enumerate(rows):
                if row.task.uuid in touched:
                    rows[index] = self._evaluate(row.task, self._known[row.task.uuid], snapshot)

    def _evaluate(self, task: Task, was: _TrackedTask | None, snapshot: Snapshot) -> TaskRow:
        now = snapshot.taken_monotonic
        pace = self._pace_of(task, was, snapshot)
        is_steady = was is not None and (was.row.task.status, was.row.task.state) == (task.status, task.state)
        steady_since = was.steady_since if was is not None and is_steady else now
        self._update_index(task, was)
        evidence = Evidence(
            now=snapshot.taken_at,
            unchanged_s=now - steady_since,
            growth=pace.growth,
            full_in_s=seconds_until_full(task.used_bytes, task.plan_bytes, pace.growth),
            stalled_since=pace.stalled_since,
            duplicate_task_uuid=self._guards.other_task_on_same_resource(task),
            is_storage_disconnected=self._surroundings.is_storage_disconnected(task),
            is_policy_missing=self._surroundings.is_policy_missing(task),
        )
        reasons = find_reasons(task, evidence, was.row.reasons if was is not None else ())
        row = TaskRow(task, overall_severity(task, reasons), evidence.growth, evidence.full_in_s, reasons)
        if was is not None:
            if task is was.row.task and row == was.row:
                row = was.row
            self._sum.remove(was.row)
        self._sum.add(row)
        left_s = next_time_trigger_s(task, now - steady_since)
        recheck_at = pace.recheck_at if left_s is None else min(pace.recheck_at, now + left_s)
        self._known[task.uuid] = _TrackedTask(row, recheck_at, steady_since)
        return row

    def _pace_of(self, task: Task, was: _TrackedTask | None, snapshot: Snapshot) -> _GrowthState:
        now = snapshot.taken_monotonic
        moved = self._series.record(task, now)
        if moved is None and was is not None and now < was.recheck_at:
            return _GrowthState(was.row.growth, _still_since(was.row), was.recheck_at)
        series = moved or self._series.get(task.uuid)
        if moved is not None and len(moved) == 1:
            # A first reading tells no pace, and a whole new fleet has nothing else.
            return _GrowthState(None, None, now + GROWTH_RECHECK_S)
        points = series.points() if series is not None else ()
        seconds = stalled_s(points, now)
        stalled_since = snapshot.taken_at - timedelta(seconds=seconds) if seconds is not None else None
        rate = growth_rate(points, now) if series is not None else None
        return _GrowthState(rate, stalled_since, now + GROWTH_RECHECK_S)

    def _update_index(self, task: Task, was: _TrackedTask | None) -> None:
        if was is None:
            self._guards.add(task)
        elif was.row.task.resource_refs != task.resource_refs:
            self._guards.remove(was.row.task)
            self._guards.add(task)


def _still_since(row: TaskRow) -> datetime | None:
    return next((reason.since for reason in row.reasons if reason.kind is ReasonKind.STALLED), None)
