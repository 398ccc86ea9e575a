"""The recording with which the demo begins: three days of its simulated node, written as a monitor would have."""

from __future__ import annotations

import contextlib
import errno
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Event, Lock
from typing import Final

from msgspec import structs

from cdptui.api.decode import decode_task
from cdptui.api.record_template import VALUE_NAMES, RecordValues, split_record
from cdptui.history.recording_file import open_recording
from cdptui.history.storage_writer import StorageList
from cdptui.history.writer import Poll, RecordingWriter
from cdptui.models.capacity import DAY_S, HOUR_S, GrowthRate
from cdptui.models.estimate import estimate_full_in
from cdptui.models.failure import FailureKind
from cdptui.models.inventory import VM_CONDITIONS, BackupStorage, DependencyState
from cdptui.models.reasons import NONE, Evidence, Reason, VmCondition, find_reasons, overall_severity
from cdptui.models.recording import PollRecord
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.settings import SimulatorSettings

_DURATION_MS: Final = 40
"""Of each recorded poll."""

_COARSE_S: Final = HOUR_S
_FINE_S: Final = 600.0
_FINEST_S: Final = 120.0
"""Seconds between two polls, in the first two days, in the last day, and in the last hour: as often as the demo polls.
A poll each minute would take ten times as long to write."""

_MOST_FINE: Final = 150
"""Larger fleets are recorded each hour only."""

_RESTART: Final = (10.5 * HOUR_S, 9.75 * HOUR_S)
"""Seconds before the start in which no monitor ran."""

_LAST_EXIT_S: Final = 2400.0
"""Seconds before the start at which the last monitor ended: what happened since then is what the demo says first."""

_STOPPED_MS: Final = 1000
"""From the last poll of a monitor to its end."""

_OUTAGE: Final = (14.1 * HOUR_S, 13.7 * HOUR_S)
"""Seconds before the start in which polls failed."""


class DemoHistory:
    """Writes the recording of the time before the start, in the thread of the recorder."""

    def __init__(self, settings: SimulatorSettings, start: datetime, path: Path) -> None:
        """`settings` are those of the node of the demo, whose past is recorded; `start` is the time at which it ends.

        Nothing is written yet.
        """
        self._settings = settings
        self._start_s = start.timestamp()
        self._path = path
        self._is_stopped = Event()
        self._lock = Lock()
        self._is_written = False

    def prepare(self) -> None:
        """Write the recording, unless it was written before. Raises OSError, also after `stop`."""
        with self._lock:
            if not self._is_written and not self._is_stopped.is_set():
                self._write()
                self._is_written = True
        if self._is_stopped.is_set():
            raise OSError(errno.ECANCELED, "the demo has ended")

    def stop(self) -> None:
        """Stop writing, and return when nothing is written any more."""
        self._is_stopped.set()
        with self._lock:
            pass

    def _write(self) -> None:
        """Move a second world, which has the life of that of the demo, through its past, and record what it shows."""
        past = _PastFleet(self._settings, self._start_s)
        with contextlib.ExitStack() as stack:
            writer = self._open(stack, past)
            for at_s in poll_times(self._start_s, self._settings):
                before_s = self._start_s - at_s
                if self._is_stopped.is_set():
                    return
                at_ms = int(at_s * 1000)
                if _RESTART[1] < before_s <= _RESTART[0]:
                    stack.close()
                    continue
                past.advance(at_s)
                if _OUTAGE[1] < before_s <= _OUTAGE[0]:
                    writer.write_failure(at_ms, FailureKind.UNREACHABLE.value, "")
                    continue
                if past.is_closed:
                    writer = self._open(stack, past)
                rows = past.rows()
                writer.write_poll(Poll(PollRecord(at_ms, _DURATION_MS, len(rows)), rows))
                writer.write_storages(StorageList(at_ms, past.storages(), is_complete=True))

    def _open(self, stack: contextlib.ExitStack, past: _PastFleet) -> RecordingWriter:
        """Open the recording as a monitor that starts."""
        connection, _ = open_recording(self._path, datetime.fromtimestamp(self._start_s, UTC))
        writer = RecordingWriter(connection, past.split, len(VALUE_NAMES), int(self._start_s * 1000))
        past.is_closed = False
        stack.callback(past.close)
        stack.callback(writer.close)
        stack.callback(lambda: writer.write_stop(past.at_ms + _STOPPED_MS))
        return writer


def poll_times(start_s: float, settings: SimulatorSettings) -> Iterator[float]:
    """Yield the times of the polls of the past, in seconds since 1970, oldest first; the last is that of the exit."""
    is_fine = settings.tasks <= _MOST_FINE
    before_s = settings.past_minutes * 60 - HOUR_S
    while before_s > _LAST_EXIT_S:
        yield start_s - before_s
        step_s = _COARSE_S
        if is_fine and before_s <= DAY_S:
            step_s = _FINEST_S if before_s <= _LAST_EXIT_S + HOUR_S else _FINE_S
        before_s -= step_s
    yield start_s - _LAST_EXIT_S


class _PastFleet:
    """A copy of the fleet of the demo at a time of its past, and what a monitor knows about it then."""

    def __init__(self, settings: SimulatorSettings, start_s: float) -> None:
        self._at_s = start_s
        node = NodeState(replace(settings), lambda: self._at_s)
        self._world = node.world
        self._tables = node.task_table
        self._zone: tzinfo = node.zone
        self._decoded: dict[str, tuple[tuple[int, int], Task]] = {}
        self._texts: dict[bytes, tuple[bytes, RecordValues]] = {}
        self._reasons: dict[str, tuple[Reason, ...]] = {}
        self._since: dict[str, tuple[str, str, float, bool]] = {}
        """Status, state, the time since when both were seen, and whether others were seen before."""
        self._day: deque[tuple[float, dict[str, int | None]]] = deque()
        """Used capacity at each poll of the last day."""
        self.is_closed = True

    def close(self) -> None:
        """Note that the recording was closed."""
        self.is_closed = True

    def advance(self, at_s: float) -> None:
        """Let the fleet live until a time."""
        self._at_s = at_s
        self._world.advance()

    @property
    def at_ms(self) -> int:
        """The time until which the fleet has lived, in milliseconds since 1970."""
        return int(self._at_s * 1000)

    def storages(self) -> Sequence[BackupStorage]:
        """Return the backup storages as they are now."""
        return [
            BackupStorage(
                uuid=storage.uuid, name=storage.name, status="Connected" if storage.connected else "Disconnected"
            )
            for storage in self._world.storages.values()
        ]

    def rows(self) -> Sequence[TaskRow]:
        """Return what a poll shows now."""
        tasks = [self._task(uuid) for uuid in self._world.tasks]
        self._day.append((self._at_s, {task.uuid: task.used_bytes for task in tasks}))
        while self._at_s - self._day[0][0] > DAY_S:
            self._day.popleft()
        dependencies = self._dependencies()
        now = datetime.fromtimestamp(self._at_s, UTC)
        return [self._row(task, now, dependencies) for task in tasks]

    def split(self, task: Task) -> tuple[bytes, RecordValues]:
        """Return the text of a record and its values, which are newer than those in its text."""
        found = self._texts.get(task.raw)
        if found is None:
            found = self._texts[task.raw] = split_record(task.raw)
        text, values = found
        return text, (task.used_bytes, task.rpo_ms, *values[2:])

    def _task(self, uuid: str) -> Task:
        """Return a task as the node would send it: its record is decoded only when more than two numbers changed."""
        simulated = self._world.tasks[uuid]
        version = (simulated.event_version, self._world.version)
        known = self._decoded.get(uuid)
        if known is None or known[0] != version:
            known = self._decoded[uuid] = (version, decode_task(self._tables.encode(simulated), self._zone))
        used_bytes, rpo_ms = self._world.current_metrics(simulated)
        return structs.replace(known[1], used_bytes=used_bytes, rpo_ms=rpo_ms)

    def _row(self, task: Task, now: datetime, dependencies: DependencyState) -> TaskRow:
        before = self._since.get(task.uuid)
        if before is None or before[:2] != (task.status, task.state):
            before = self._since[task.uuid] = (task.status, task.state, self._at_s, before is not None)
        growth = self._growth(task)
        stop = dependencies.stop_evidence(task)
        evidence = Evidence(
            now=now,
            unchanged_s=self._at_s - before[2],
            is_change_seen=before[3],
            growth=growth,
            seconds_until_full=estimate_full_in(task, growth),
            is_storage_disconnected=dependencies.is_storage_disconnected(task),
            is_storage_listed=stop.is_storage_listed,
            vm=stop.vm,
        )
        reasons = self._reasons[task.uuid] = find_reasons(task, evidence, self._reasons.get(task.uuid, NONE))
        return TaskRow(task, overall_severity(task, reasons), growth, evidence.seconds_until_full, reasons)

    def _growth(self, task: Task) -> GrowthRate | None:
        """Return the growth over the last day, on which the problem "full soon" depends."""
        oldest_s, oldest = self._day[0]
        before, span_s = oldest.get(task.uuid), self._at_s - oldest_s
        if before is None or task.used_bytes is None or span_s <= 0:
            return None
        return GrowthRate(max(0, task.used_bytes - before) / span_s, span_s)

    def _dependencies(self) -> DependencyState:
        storages = self._world.storages
        machines = self._world.machines
        return DependencyState(
            disconnected_storages=frozenset(uuid for uuid, storage in storages.items() if not storage.connected),
            storages=frozenset(storages),
            vms={uuid: VM_CONDITIONS.get(machine.state, VmCondition.ON) for uuid, machine in machines.items()},
        )
