"""A monitor that continues a recording shows what one that was never interrupted shows."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from cdptui.api.decode import TaskDecoder
from cdptui.api.record_template import VALUE_NAMES, split_record
from cdptui.history.reader import RecordingReader
from cdptui.history.recording_file import open_recording
from cdptui.history.schema import open_for_reading
from cdptui.history.writer import Poll, RecordingWriter
from cdptui.models.recording import PollRecord, RecordedHistory
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import GROWTH_RECHECK_S, FleetTracker
from tests.doubles import EPOCH, GIB, FakeClock

POLL_S = 60.0
POLLS = 240


def fleet(seed: int) -> Iterator[list[Task]]:
    """Yield the tasks of one poll after the other: growing, stopping, failing, missing their RPO, appearing."""
    chance, decoder = random.Random(seed), TaskDecoder()
    used = {f"task-{number}": chance.randrange(50 * GIB) for number in range(12)}
    status = dict.fromkeys(used, "Running")
    rpo = dict.fromkeys(used, 3000)
    while True:
        for name, value in used.items():
            if chance.random() < 0.2:
                used[name] = max(0, value + chance.randrange(-1 * GIB, 4 * GIB))
            if chance.random() < 0.02:
                status[name] = chance.choice(["Running", "Stopped", "Failed", "Starting", "Running"])
            rpo[name] = rpo[name] + 60_000 if chance.random() < 0.3 else 3000
        records = [
            {
                "uuid": name,
                "name": name,
                "status": status[name],
                "state": "Enabled",
                "usedCapacity": used[name],
                "maxCapacity": 600 * GIB,
                "lastLatency": rpo[name],
                "maxLatency": 90_000,
                "resourceRefs": [{"resourceUuid": f"vm-{name}", "resourceType": "VmInstanceVO"}],
            }
            for name in used
            if chance.random() < 0.995
        ]
        yield decoder.decode([json.dumps(record).encode() for record in records])


def snapshot(number: int, tasks: list[Task], poll_s: float) -> Snapshot:
    at_s = poll_s * number
    return Snapshot(tuple(tasks), len(tasks), True, EPOCH + timedelta(seconds=at_s), at_s, 0.04)


async def watched(seed: int, path: Path, restart_at: int | None, poll_s: float = POLL_S) -> list[list[TaskRow]]:
    """Return the rows of every poll from the middle of the run on; record all polls, and restart at one of them."""
    tracker, found = FleetTracker(FakeClock()), []
    connection, _ = open_recording(path, EPOCH)
    writer = RecordingWriter(connection, lambda task: split_record(task.raw), len(VALUE_NAMES), 0)
    for number, tasks in zip(range(POLLS), fleet(seed), strict=False):
        if number == restart_at:
            writer.close()
            tracker = FleetTracker(FakeClock())
            tracker.set_history(history(path))
            connection, _ = open_recording(path, EPOCH)
            writer = RecordingWriter(connection, lambda task: split_record(task.raw), len(VALUE_NAMES), 10**15)
        taken = snapshot(number, tasks, poll_s)
        rows, _ = await tracker.apply_snapshot(taken, 2.5 * poll_s)
        writer.write_poll(Poll(PollRecord(int(taken.taken_at.timestamp() * 1000), 40, len(tasks)), rows))
        if number >= POLLS // 2:
            found.append(list(rows))
    writer.close()
    return found


def history(path: Path) -> RecordedHistory:
    with closing(open_for_reading(path)) as connection:
        return RecordingReader(connection).history(0)


@pytest.mark.parametrize("seed", range(5))
async def test_restarted_monitor_shows_what_an_uninterrupted_one_shows(tmp_path: Path, seed: int) -> None:
    uninterrupted = await watched(seed, tmp_path / "one.sqlite", None)
    restarted = await watched(seed, tmp_path / "two.sqlite", POLLS // 2)

    # Growth is computed every five minutes, and at the restart.
    settled = int(GROWTH_RECHECK_S / POLL_S)
    for one, two in zip(uninterrupted[settled:], restarted[settled:], strict=True):
        for before, after in zip(one, two, strict=True):
            assert after == before


async def test_restarted_monitor_has_the_forecast_of_whole_days(tmp_path: Path) -> None:
    poll_s = 2500.0
    uninterrupted = await watched(1, tmp_path / "one.sqlite", None, poll_s)
    restarted = await watched(1, tmp_path / "two.sqlite", POLLS // 2, poll_s)

    for one, two in zip(uninterrupted, restarted, strict=True):
        assert [row.growth for row in two] == [row.growth for row in one]
    assert any(row.growth and row.growth.days >= 3 for row in uninterrupted[-1])
    assert any(row.growth and row.growth.days >= 3 for row in restarted[0])
