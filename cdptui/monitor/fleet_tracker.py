"""State of all tasks of a node from poll to poll: rows, changes, reasons, and duplicate tasks on one resource."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Final
from zlib import crc32

from msgspec import Struct

from cdptui.clock import TIME_SLICE_S, Clock, yield_to_loop
from cdptui.models.aggregates import FleetAccumulator, FleetSummary
from cdptui.models.capacity import CapacityHistory, GrowthRate, growth_rate
from cdptui.models.change import Change, diff_task
from cdptui.models.day_trend import DayTrend
from cdptui.models.estimate import best_rate, estimate_full_in
from cdptui.models.forecast import Basis
from cdptui.models.inventory import MAX_VMS_OF_STOP, DependencyState, needs_stop_cause
from cdptui.models.reasons import (
    RECENT_CHANGES,
    Evidence,
    ReasonKind,
    find_reasons,
    next_time_trigger_s,
    overall_severity,
    stalled_s,
)
from cdptui.models.recording import RecordedHistory, RecordedSeries
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.capacity_series import MAX_POINTS, CapacityRecorder
from cdptui.monitor.hourly_series import HourlyRecorder, hours_between


class ProtectionIndex:
    """Index from resource UUID to the tasks that protect it, optimised for the usual one task per resource.

    For each of several tasks on a resource only one other task is reported, so that thousands on one resource take no
    longer than two.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, str | dict[str, None]] = {}
        self._affected: set[str] = set()

    def add(self, task: Task) -> None:
        """Add the resources of a task."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known is None:
                self._tasks[ref.resource_uuid] = task.uuid
            elif isinstance(known, dict):
                known[task.uuid] = None
            elif known != task.uuid:
                self._tasks[ref.resource_uuid] = {known: None, task.uuid: None}
                self._affected.add(known)

    def remove(self, task: Task) -> None:
        """Remove the resources of a task."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if known == task.uuid:
                del self._tasks[ref.resource_uuid]
            elif isinstance(known, dict) and task.uuid in known:
                reported = list(islice(known, 2))
                del known[task.uuid]
                if task.uuid == reported[0]:
                    self._affected.update(known)
                elif task.uuid == reported[1]:
                    self._affected.add(reported[0])
                if len(known) == 1:
                    self._tasks[ref.resource_uuid] = next(iter(known))

    def other_task_on_same_resource(self, task: Task) -> str:
        """Return the UUID of another task on a resource of `task`; empty when there is none."""
        for ref in task.resource_refs:
            known = self._tasks.get(ref.resource_uuid)
            if isinstance(known, dict):
                for uuid in islice(known, 2):
                    if uuid != task.uuid:
                        return uuid
        return ""

    def pop_affected(self) -> set[str]:
        """Return the UUIDs of the tasks whose duplicate changed since the last call."""
        affected, self._affected = self._affected, set()
        return affected


GROWTH_RECHECK_S: Final = 300.0
"""The growth of a task is computed again after this many seconds without a change, as it decreases then."""

MAX_STOPPED_VMS: Final = 1500
"""VMs of stopped tasks that are looked up, in ten requests: more have one cause, which is not their VMs."""

_CLOCK_CHECK_INTERVAL: Final = 20
"""Tasks that are processed between two reads of the clock."""


class _TrackedTask(Struct, gc=False):
    """State of a task between polls."""

    row: TaskRow
    recheck_at: float
    """Monotonic seconds when growth and reasons are computed again even without a change."""
    unchanged_since: float
    """Monotonic seconds since when status and state were polled without a change."""
    is_change_seen: bool
    """True when another status or state was polled before."""


class _GrowthState(Struct, frozen=True, gc=False):
    """Growth of a task, as computed from its series."""

    growth: GrowthRate | None
    stalled_since: datetime | None
    recheck_at: float


class FleetTracker:
    """Tracks all tasks of one node, in the node's seconds.

    Snapshots are applied in time slices, between which the event loop runs.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._series = CapacityRecorder()
        self._hours = HourlyRecorder()
        self._tracked: dict[str, _TrackedTask] = {}
        self._totals = FleetAccumulator()
        self._protection = ProtectionIndex()
        self.changed_at: dict[str, datetime] = {}
        """Time of the last significant change by task UUID; most tasks have none."""
        self._stopped_vms: dict[str, tuple[str, ...]] = {}
        """UUIDs of the VMs of stopped tasks, by task; nearly always few."""
        self._dependencies = DependencyState()
        self._pending_dependencies = DependencyState()
        self._pending_history: RecordedHistory | None = None
        self._recorded: dict[str, RecordedSeries] = {}
        """What was recorded about tasks that are evaluated next."""

    def history(self, uuid: str) -> CapacityHistory:
        """Return the used capacity of a task over time."""
        return self._series.history(uuid)

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task in the last day; None when it is not known."""
        return self._hours.day_trend(uuid)

    def row(self, uuid: str) -> TaskRow | None:
        """Return the row of a task of the newest list; None when it has no such task."""
        tracked = self._tracked.get(uuid)
        return tracked.row if tracked is not None else None

    def summary(self) -> FleetSummary:
        """Return the totals of the newest list."""
        return self._totals.total()

    def stopped_vms(self) -> Sequence[str]:
        """Return the UUIDs of the VMs of the tasks that should run and are stopped, at most `MAX_STOPPED_VMS`."""
        return (
            list(islice(chain.from_iterable(self._stopped_vms.values()), MAX_STOPPED_VMS)) if self._stopped_vms else ()
        )

    def set_history(self, history: RecordedHistory) -> None:
        """Continue what an earlier monitor recorded, from the next snapshot on."""
        self._pending_history = history

    def set_dependencies(self, dependencies: DependencyState) -> None:
        """Set the state of storages and policies, which is used from the next snapshot on."""
        self._pending_dependencies = dependencies

    async def apply_snapshot(
        self, snapshot: Snapshot, longest_wait_s: float
    ) -> tuple[tuple[TaskRow, ...], list[Change]]:
        """Apply a snapshot. Return one row per task and the changes since the previous snapshot.

        If more than `longest_wait_s` passed since the previous snapshot, record an observation gap.
        """
        now = self._node_s(snapshot)
        self._hours.begin_poll(snapshot.taken_at.timestamp(), longest_wait_s * self._clock.speed, len(snapshot.tasks))
        is_hour_completed = bool(self._hours.completed)
        await self._apply_history(snapshot, longest_wait_s)
        self._series.begin_poll(now, longest_wait_s * self._clock.speed, len(snapshot.tasks))
        tracked = self._tracked
        rows: list[TaskRow] = []
        changes: list[Change] = []
        is_affected = self._apply_dependencies()
        turn_at = self._clock.monotonic() + TIME_SLICE_S
        for index, task in enumerate(snapshot.tasks):
            if index % _CLOCK_CHECK_INTERVAL == _CLOCK_CHECK_INTERVAL - 1 and self._clock.monotonic() >= turn_at:
                await yield_to_loop()
                turn_at = self._clock.monotonic() + TIME_SLICE_S
            before = tracked.get(task.uuid)
            if is_hour_completed and before is not None:
                self._hours.record(task.uuid, before.row.task.used_bytes)
            if (
                before is not None
                and before.row.task is task
                and now < before.recheck_at
                and (is_affected is None or not is_affected(task))
            ):
                rows.append(before.row)
                continue
            change = diff_task(before.row.task if before is not None else None, task)
            if change is not None:
                changes.append(change)
                if before is not None and change.is_significant:
                    self.changed_at[task.uuid] = snapshot.taken_at
            rows.append(self._evaluate(task, before, snapshot))
        changes += self._remove_missing(snapshot)
        self._reevaluate_affected(rows, snapshot)
        if self._recorded and snapshot.is_complete:
            # These were deleted while no monitor ran.
            self._series.forget(self._recorded.keys())
            self._hours.forget(self._recorded.keys())
            self._recorded.clear()
        return tuple(rows), changes

    def _node_s(self, snapshot: Snapshot) -> float:
        """Return the time of a snapshot in monotonic seconds of the node, in which its tasks grow and wait."""
        return snapshot.taken_monotonic * self._clock.speed

    async def _apply_history(self, snapshot: Snapshot, longest_wait_s: float) -> None:
        """Use the pending history: series, gaps, and the tasks that are evaluated again."""
        history, self._pending_history = self._pending_history, None
        if history is None:
            return
        begin_s = self._series.first_poll_at
        turn_at = self._clock.monotonic() + TIME_SLICE_S
        for recorded in history.tasks:
            if self._clock.monotonic() >= turn_at:
                await yield_to_loop()
                turn_at = self._clock.monotonic() + TIME_SLICE_S
            points = [(self._recorded_s(at, snapshot), used) for at, used in recorded.used]
            self._series.restore(recorded.uuid, points)
            self._hours.restore(
                recorded.uuid, [*recorded.hours, *self._hours_of_pause(recorded, history, longest_wait_s)]
            )
            self._recorded[recorded.uuid] = recorded
            tracked = self._tracked.get(recorded.uuid)
            if tracked is not None:
                tracked.recheck_at = -math.inf
            if recorded.changed_at is not None:
                self.changed_at.setdefault(recorded.uuid, recorded.changed_at)
        gaps = [(self._recorded_s(start, snapshot), self._recorded_s(end, snapshot)) for start, end in history.gaps]
        if history.last_poll_s is not None:
            pause = (self._recorded_s(history.last_poll_s, snapshot), begin_s or self._node_s(snapshot))
            gaps += [pause] if pause[1] - pause[0] > longest_wait_s * self._clock.speed else []
        self._series.restore_gaps(gaps)

    def _hours_of_pause(
        self, recorded: RecordedSeries, history: RecordedHistory, longest_wait_s: float
    ) -> list[tuple[int, int | None]]:
        """Return the hours between the last recorded poll and the first of this monitor, unless these are a gap."""
        first_s, last_s = self._hours.first_poll_s, history.last_poll_s
        if first_s is None or last_s is None or first_s - last_s > longest_wait_s * self._clock.speed:
            return []
        return [(hour, recorded.used[-1][1] if recorded.used else None) for hour in hours_between(last_s, first_s)]

    def _recorded_s(self, at_s: float, snapshot: Snapshot) -> float:
        """Return a time of a recording, in seconds since 1970, in monotonic seconds of the node."""
        return self._node_s(snapshot) - (snapshot.taken_at.timestamp() - at_s)

    def _apply_dependencies(self) -> Callable[[Task], bool] | None:
        """Use the pending dependencies. Return a predicate of the affected tasks, None when nothing changed."""
        before, after = self._dependencies, self._pending_dependencies
        self._dependencies = after
        if before == after:
            return None
        return lambda task: (
            before.is_storage_disconnected(task) != after.is_storage_disconnected(task)
            or before.is_policy_missing(task) != after.is_policy_missing(task)
            or before.stop_evidence(task) != after.stop_evidence(task)
        )

    def _remove_missing(self, snapshot: Snapshot) -> list[Change]:
        if len(self._tracked) == len(snapshot.tasks):
            return []
        deleted = self._tracked.keys() - {task.uuid for task in snapshot.tasks}
        self._series.forget(deleted)
        self._hours.forget(deleted)
        changes = []
        for uuid in sorted(deleted):
            row = self._tracked.pop(uuid).row
            self._totals.remove(row)
            self._protection.remove(row.task)
            self.changed_at.pop(uuid, None)
            self._stopped_vms.pop(uuid, None)
            change = diff_task(row.task, None)
            changes += [change] if change is not None else []
        return changes

    def _reevaluate_affected(self, rows: list[TaskRow], snapshot: Snapshot) -> None:
        """Update the rows of tasks whose duplicate was added or removed after they were evaluated."""
        affected = self._protection.pop_affected()
        if affected:
            for index, row in enumerate(rows):
                if row.task.uuid in affected:
                    rows[index] = self._evaluate(row.task, self._tracked[row.task.uuid], snapshot)

    def _evaluate(self, task: Task, before: _TrackedTask | None, snapshot: Snapshot) -> TaskRow:
        now = self._node_s(snapshot)
        growth = self._growth_state(task, before, snapshot)
        unchanged_since, is_change_seen = now, before is not None
        recorded = self._recorded.pop(task.uuid, None)
        known_reasons = before.row.reasons if before is not None else ()
        if before is not None and (before.row.task.status, before.row.task.state) == (task.status, task.state):
            unchanged_since, is_change_seen = before.unchanged_since, before.is_change_seen
        if recorded is not None:
            known_reasons = recorded.reasons
            if (recorded.status, recorded.state) == (task.status, task.state):
                unchanged_since = self._recorded_s(recorded.unchanged_since_s, snapshot)
                is_change_seen = recorded.is_change_seen
        self._update_index(task, before)
        stop = self._dependencies.stop_evidence(task)
        evidence = Evidence(
            now=snapshot.taken_at,
            unchanged_s=now - unchanged_since,
            is_change_seen=is_change_seen,
            growth=growth.growth,
            seconds_until_full=estimate_full_in(task, growth.growth),
            stalled_since=growth.stalled_since,
            duplicate_task_uuid=self._protection.other_task_on_same_resource(task),
            is_storage_disconnected=self._dependencies.is_storage_disconnected(task),
            is_policy_missing=self._dependencies.is_policy_missing(task),
            is_storage_missing=stop.is_storage_missing,
            is_storage_listed=stop.is_storage_listed,
            storage_free_percent=stop.storage_free_percent,
            vm=stop.vm,
        )
        reasons = find_reasons(task, evidence, known_reasons)
        row = TaskRow(task, overall_severity(task, reasons), evidence.growth, evidence.seconds_until_full, reasons)
        if before is not None:
            if task is before.row.task and row == before.row:
                row = before.row
            self._totals.replace(before.row, row)
        else:
            self._totals.add(row)
        trigger_s = next_time_trigger_s(task, now - unchanged_since)
        recheck_at = growth.recheck_at if trigger_s is None else min(growth.recheck_at, now + trigger_s)
        self._tracked[task.uuid] = _TrackedTask(row, recheck_at, unchanged_since, is_change_seen)
        return row

    def _growth_state(self, task: Task, before: _TrackedTask | None, snapshot: Snapshot) -> _GrowthState:
        now = self._node_s(snapshot)
        changed = self._series.record(task, now)
        if changed is None and before is not None and before.recheck_at > now - _since_recheck_s(task, snapshot):
            # Only the time that changes a reason has come, if any.
            return _GrowthState(before.row.growth, _stalled_since(before.row), now + _recheck_s(task, snapshot))
        series = changed or self._series.get(task.uuid)
        if changed is not None and len(changed) == 1:
            # A single sample gives no growth: this skips the computation for all tasks of a new fleet.
            return _GrowthState(None, None, now + _recheck_s(task, snapshot))
        forecast = self._hours.forecast(task.uuid)
        # The growth from change to change of a large fleet takes most of the time of a poll in which all tasks changed.
        is_measured = forecast is None or forecast.basis is not Basis.DAYS
        points = () if series is None else series.points(MAX_POINTS if is_measured else RECENT_CHANGES)
        seconds = stalled_s(points, now)
        stalled_since = snapshot.taken_at - timedelta(seconds=seconds) if seconds is not None else None
        measured = growth_rate(points, now) if is_measured else None
        rate = best_rate(measured, forecast, snapshot.taken_at.timestamp())
        return _GrowthState(rate, stalled_since, now + _recheck_s(task, snapshot))

    def _update_index(self, task: Task, before: _TrackedTask | None) -> None:
        if before is None:
            self._protection.add(task)
        elif before.row.task.resource_refs != task.resource_refs:
            self._protection.remove(before.row.task)
            self._protection.add(task)
        if needs_stop_cause(task):
            self._stopped_vms[task.uuid] = tuple([ref.resource_uuid for ref in task.resource_refs[:MAX_VMS_OF_STOP]])
        elif self._stopped_vms:
            self._stopped_vms.pop(task.uuid, None)


def _recheck_s(task: Task, snapshot: Snapshot) -> float:
    """Return the seconds until growth is computed again: at times of the wall clock that differ from task to task.

    So a monitor that was restarted computes it when the one before would have.
    """
    return GROWTH_RECHECK_S - _since_recheck_s(task, snapshot)


def _since_recheck_s(task: Task, snapshot: Snapshot) -> float:
    """Return the seconds since the last of the times at which growth is computed."""
    return recheck_phase_s(task.uuid, snapshot.taken_at.timestamp())


def recheck_phase_s(uuid: str, at_s: float) -> float:
    """Return the seconds from the last time at which the growth of a task is due until `at_s`, seconds since 1970."""
    return (at_s + crc32(uuid.encode())) % GROWTH_RECHECK_S


def _stalled_since(row: TaskRow) -> datetime | None:
    return next((reason.since for reason in row.reasons if reason.kind is ReasonKind.STALLED), None)
