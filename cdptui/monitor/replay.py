"""Replay a recording: the tasks of a node at any moment, with what was known about them then."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from msgspec import MsgspecError, Struct

from cdptui.api.decode import decode_task
from cdptui.api.record_template import join_record
from cdptui.history.fleet_reader import FleetReader, RecordedFleet, RecordedHours, RecordedMoment
from cdptui.models.aggregates import FleetAccumulator, FleetSummary
from cdptui.models.capacity import JUDGED_S, CapacityHistory, CapacitySample, GrowthRate, ObservationGap, growth_rate
from cdptui.models.change import ChangeKind
from cdptui.models.day_trend import DayTrend, find_day_trend
from cdptui.models.estimate import best_rate, estimate_full_in
from cdptui.models.forecast import Basis, forecast_growth
from cdptui.models.reasons import overall_severity
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.capacity_series import MAX_POINTS
from cdptui.monitor.fleet_tracker import GROWTH_RECHECK_S, recheck_phase_s

log = logging.getLogger(__name__)

_HISTORY_MS: Final = int(JUDGED_S * 1000)

_GROWTH_MS: Final = int(GROWTH_RECHECK_S * 1000)


class PastFleet(Struct, frozen=True):
    """All tasks of a poll, with what was known about them then."""

    at_ms: int
    """Time of the poll, in milliseconds since 1970."""
    snapshot: Snapshot
    """Its monotonic time is in seconds since 1970."""
    rows: tuple[TaskRow, ...]
    summary: FleetSummary
    changed_at: Mapping[str, datetime]
    """Time of the last significant change by task UUID."""
    changes: Mapping[str, ChangeKind]
    """The tasks that appeared in this poll, or changed significantly, by UUID."""
    recorded: Mapping[str, RecordedMoment]
    """What was read of each task, by UUID."""
    hours: RecordedHours
    names: Mapping[str, str]
    """What VMs, storages and policies were called, by UUID."""
    thinned: int
    """Number of tasks of which only values of 15 minutes are left."""
    next_ms: int | None
    """The poll after this one; None when there is none."""

    def day_trend(self, uuid: str) -> DayTrend | None:
        """Return the used capacity of a task over the day up to the last whole hour; None when it is not known."""
        recorded = self.recorded.get(uuid)
        if recorded is None:
            return None
        return find_day_trend(self.hours.of_task(recorded.number, recorded.appeared_ms, self.at_ms))


class _EvaluatedTask(Struct):
    """A task as it was evaluated last, to be used again while nothing of it changes."""

    recorded: RecordedMoment
    row: TaskRow
    computed_ms: int
    """The poll at which growth was computed."""


class Replay:
    """Evaluates the tasks of a recording. It blocks: it is used in a thread."""

    def __init__(self, reader: FleetReader, zone: tzinfo | None) -> None:
        """`zone` is the time zone of the server's dates."""
        self._reader = reader
        self._zone = zone
        self._known: dict[int, _EvaluatedTask] = {}

    def fleet_at(self, moment_ms: int) -> PastFleet | None:
        """Return the fleet as the last poll at or before a moment showed it; None before the first poll.

        Raises sqlite3.Error, and one of `codec.UNREADABLE` for a damaged recording.
        """
        fleet = self._reader.fleet_at(moment_ms)
        if fleet is None:
            return None
        at_ms = fleet.poll.at_ms
        previous_ms = self._reader.poll_before(at_ms)
        polls = self._reader.times_between(at_ms - _GROWTH_MS, at_ms)
        hours = self._reader.hours_until(at_ms)
        self._reader.load_texts([task.document for task in fleet.tasks])
        totals, rows = FleetAccumulator(), []
        for recorded in sorted(fleet.tasks, key=lambda task: task.uuid):
            evaluated = self._evaluate(recorded, at_ms, polls, hours)
            if evaluated is not None:
                self._known[recorded.number] = evaluated
                rows.append(evaluated.row)
                totals.add(evaluated.row)
        return PastFleet(
            at_ms,
            _snapshot(fleet, rows),
            tuple(rows),
            totals.total(),
            {task.uuid: _datetime(task.changed_ms) for task in fleet.tasks if task.changed_ms is not None},
            dict(_changes(fleet)) if previous_ms is not None else {},
            {task.uuid: task for task in fleet.tasks},
            hours,
            self._reader.names_at(at_ms),
            sum(task.is_thinned for task in fleet.tasks),
            self._reader.poll_after(at_ms),
        )

    def history(self, uuid: str, at_ms: int) -> CapacityHistory:
        """Return the used capacity of a task up to a poll; times are seconds since 1970."""
        number = self._reader.number_of(uuid)
        if number is None:
            return CapacityHistory(until=at_ms / 1000)
        points = self._points(number, at_ms)
        gaps = [
            ObservationGap(start_ms / 1000, end_ms / 1000)
            for start_ms, end_ms in self._reader.gaps()
            if at_ms - _HISTORY_MS < end_ms <= at_ms
        ]
        return CapacityHistory(points, tuple(gaps), at_ms / 1000)

    def _evaluate(
        self, recorded: RecordedMoment, at_ms: int, polls: Sequence[int], hours: RecordedHours
    ) -> _EvaluatedTask | None:
        known = self._known.get(recorded.number)
        computed_ms = self._computed_ms(recorded, at_ms, polls)
        if known is not None and known.recorded == recorded and known.computed_ms == computed_ms:
            return known
        if known is not None and (known.recorded.document, known.recorded.values) == (
            recorded.document,
            recorded.values,
        ):
            task: Task | None = known.row.task
        else:
            task = self._task(recorded)
        if task is None:
            return None
        if known is not None and known.computed_ms == computed_ms:
            growth = known.row.growth
        else:
            growth = self._growth(recorded, computed_ms, hours)
        reasons = self._reader.problems(recorded.problems) if recorded.problems else ()
        row = TaskRow(task, overall_severity(task, reasons), growth, estimate_full_in(task, growth), reasons)
        if known is not None and task is known.row.task and row == known.row:
            row = known.row
        return _EvaluatedTask(recorded, row, computed_ms)

    def _task(self, recorded: RecordedMoment) -> Task | None:
        text = self._reader.text(recorded.document)
        if text is None:
            return None
        try:
            record = join_record(text, recorded.values)
        except MsgspecError:
            log.warning("the text of task %s is damaged, and is skipped", recorded.uuid)
            return None
        return decode_task(record, self._zone)

    def _computed_ms(self, recorded: RecordedMoment, at_ms: int, polls: Sequence[int]) -> int:
        """Return the poll at which a monitor computed the growth that it showed at a poll.

        That is when the task appeared, when its used capacity changed, or when growth was due, every five minutes.
        `polls` are those of that time.
        """
        due_ms = at_ms - 1000 * recheck_phase_s(recorded.uuid, at_ms / 1000)
        computed_ms = next(poll for poll in polls if poll >= due_ms)
        changed_ms = self._reader.used_changed_ms(recorded.number, at_ms, computed_ms)
        return max(computed_ms, changed_ms or 0, recorded.appeared_ms)

    def _growth(self, recorded: RecordedMoment, at_ms: int, hours: RecordedHours) -> GrowthRate | None:
        """Compute the growth at a poll. `hours` may be those of a poll that is up to five minutes later."""
        forecast = forecast_growth(hours.of_task(recorded.number, recorded.appeared_ms, at_ms))
        at_s = at_ms / 1000
        if forecast is not None and forecast.basis is Basis.DAYS:
            return best_rate(None, forecast, at_s)
        return best_rate(growth_rate(self._points(recorded.number, at_ms), at_s), forecast, at_s)

    def _points(self, number: int, at_ms: int) -> tuple[CapacitySample, ...]:
        points = self._reader.used_points(number, at_ms - _HISTORY_MS, at_ms)
        return tuple(CapacitySample(*point) for point in points[-MAX_POINTS:])


def _changes(fleet: RecordedFleet) -> Iterator[tuple[str, ChangeKind]]:
    for task in fleet.tasks:
        if task.appeared_ms == fleet.poll.at_ms:
            yield task.uuid, ChangeKind.APPEARED
        elif task.changed_ms == fleet.poll.at_ms:
            yield task.uuid, ChangeKind.CHANGED


def _snapshot(fleet: RecordedFleet, rows: Sequence[TaskRow]) -> Snapshot:
    poll = fleet.poll
    return Snapshot(
        tasks=tuple(row.task for row in rows),
        total=poll.total,
        is_complete=True,
        taken_at=_datetime(poll.at_ms),
        taken_monotonic=poll.at_ms / 1000,
        duration_s=poll.duration_ms / 1000,
        is_cut_short=poll.is_cut_short,
    )


def _datetime(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
