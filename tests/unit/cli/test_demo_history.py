"""The history of the demo: it is what a monitor would have recorded, it tells a story, and its figures agree."""

from __future__ import annotations

import asyncio
import json
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from cdptui.api.decode import decode_task
from cdptui.cli.demo_history import DemoHistory
from cdptui.history.reader import RecordingReader
from cdptui.history.recordings import check, describe, opened
from cdptui.history.writer import USED_COLUMN
from cdptui.models.capacity import HOUR_S
from cdptui.models.event import EventKind
from cdptui.models.snapshot import Snapshot
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.settings import SimulatorSettings
from tests.unit.history.recorded import records_at
from tests.unit.simulator.clocks import START, ManualClock

_SETTINGS = SimulatorSettings(past_minutes=76 * 60)
_EXIT_S = 40 * 60
_STARTED_AT = datetime.fromtimestamp(START, UTC)


class _SimulatedTime:
    """The clock of a monitor of the demo."""

    speed = 60.0

    def now(self) -> datetime:
        return _STARTED_AT

    def monotonic(self) -> float:
        return 0.0

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return event.is_set()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite"
    DemoHistory(_SETTINGS, _STARTED_AT, path).prepare()
    return path


@contextmanager
def read(path: Path) -> Iterator[RecordingReader]:
    with opened(path) as connection:
        yield RecordingReader(connection)


def node(before_s: float = 0.0) -> NodeState:
    """Return the node of the demo as it was some seconds before its start."""
    clock = ManualClock()
    state = NodeState(_SETTINGS, clock)
    clock.advance(-before_s)
    state.world.advance()
    return state


def test_recording_ends_with_what_the_node_of_the_demo_would_have_sent_then(recording: Path) -> None:
    state = node(_EXIT_S)
    sent = {uuid: json.loads(state.task_table.encode(task)) for uuid, task in state.world.tasks.items()}
    recorded = {uuid: json.loads(record) for uuid, record in records_at(recording, int(START * 1000)).items()}
    assert recorded == sent
    assert len(node().world.tasks) == _SETTINGS.tasks


def test_recording_is_a_private_undamaged_file_of_three_days_with_one_restart_and_one_outage(recording: Path) -> None:
    info = describe(recording)
    assert check(recording) == []
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600
    assert info.first_ms is not None
    assert info.last_ms == int((START - _EXIT_S) * 1000)
    assert (info.last_ms - info.first_ms) / 1000 == 75 * HOUR_S - _EXIT_S
    assert [round((end - start) / 60_000) for start, end in info.gaps] == [30, 60]
    assert info.outages == 1


def test_events_have_failures_and_recoveries_breaches_levels_outages_and_a_restart(recording: Path) -> None:
    with read(recording) as reader:
        events = reader.events()
    kinds = Counter(event.kind for event in events)
    assert kinds[EventKind.MONITOR_STARTED] == kinds[EventKind.MONITOR_STOPPED] == 2
    assert kinds[EventKind.STORAGE_DISCONNECTED] == kinds[EventKind.STORAGE_CONNECTED] == 2
    assert kinds[EventKind.GAP] == kinds[EventKind.OUTAGE_BEGAN] == kinds[EventKind.OUTAGE_ENDED] == 1
    assert kinds[EventKind.VANISHED] == 1
    assert kinds[EventKind.RPO_MISSED] >= kinds[EventKind.RPO_MET] > 3
    levels = {event.new for event in events if event.kind is EventKind.PLAN_LEVEL}
    assert {"80", "90", "100"} <= levels
    steps = {(event.old, event.new) for event in events if event.kind is EventKind.STATUS}
    expected = {("Running", "Failed"), ("Running", "Unknown"), ("Unknown", "Starting"), ("Stopped", "Starting")}
    assert expected <= steps


def test_same_seed_gives_the_same_history_and_another_seed_does_not(recording: Path, tmp_path: Path) -> None:
    def events(path: Path) -> list[object]:
        with read(path) as reader:
            return list(reader.events())

    again, other = tmp_path / "again.sqlite", tmp_path / "other.sqlite"
    DemoHistory(_SETTINGS, _STARTED_AT, again).prepare()
    DemoHistory(SimulatorSettings(past_minutes=76 * 60, seed=2, tasks=20), _STARTED_AT, other).prepare()
    assert events(again) == events(recording)
    assert events(other) != events(recording)


def test_growth_in_the_list_is_that_of_the_recorded_series(recording: Path) -> None:
    """The rate is the median of the last three whole days, as far as the recorded values show them."""
    state, clock = node(), _SimulatedTime()
    tracker = FleetTracker(clock)
    tasks = tuple(decode_task(state.task_table.encode(task), state.zone) for task in state.world.tasks.values())
    with read(recording) as reader:
        history = reader.history(int((START - 48 * HOUR_S) * 1000))
        series = {task.uuid: reader.series(task.uuid, USED_COLUMN) for task in tasks}
    tracker.set_history(history)
    snapshot = Snapshot(tasks, len(tasks), True, _STARTED_AT + timedelta(seconds=40), 40 / clock.speed, 0.04)
    rows, _ = asyncio.run(tracker.apply_snapshot(snapshot, longest_wait_s=5.0))
    hour_ms = int((START - _EXIT_S) // HOUR_S * HOUR_S * 1000)
    compared = 0
    for row in rows:
        if row.growth is None or row.growth.days != 3:
            continue
        known = [_value_at(series[row.task.uuid], hour_ms - day * 86_400_000) for day in range(4)]
        days = [after - before for after, before in pairwise(known)]
        assert row.growth.bytes_per_s == pytest.approx(max(0.0, median(days)) / 86_400)
        compared += 1
    assert compared > 50


def test_recovery_points_have_the_size_by_which_used_capacity_grows(recording: Path) -> None:
    state = node()
    with read(recording) as reader:
        compared = 0
        for task in state.world.tasks.values():
            if task.status != "Running" or task.since > _SETTINGS.past_minutes - 400 or not task.machine:
                continue
            series = reader.series(task.uuid, USED_COLUMN)
            before, after = (_value_at(series, int((START - hours * HOUR_S) * 1000)) for hours in (4, 2))
            # Capacity is measured every five minutes, the rate is one for each hour.
            sizes = sum(60 * state.world.write_rate(task, START - 60 * minute) for minute in range(120, 240))
            assert after - before == pytest.approx(sizes, rel=0.25)
            compared += 1
    assert compared > 20


def test_history_that_is_stopped_writes_nothing_more(tmp_path: Path) -> None:
    history = DemoHistory(_SETTINGS, _STARTED_AT, tmp_path / "demo.sqlite")
    history.stop()
    with pytest.raises(OSError, match="the demo has ended"):
        history.prepare()
    assert list(tmp_path.iterdir()) == []


def test_large_fleet_is_recorded_hourly(tmp_path: Path) -> None:
    path = tmp_path / "demo.sqlite"
    DemoHistory(SimulatorSettings(past_minutes=76 * 60, tasks=151), _STARTED_AT, path).prepare()
    assert describe(path).polls < 80


def _value_at(series: list[tuple[int, int | None]], at_ms: int) -> int:
    """Return the value that was last recorded before a time."""
    found = [value for changed_ms, value in series if changed_ms <= at_ms and value is not None]
    return found[-1] if found else 0
