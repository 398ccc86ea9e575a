"""A replayed poll has the rows that the monitor had at that poll."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from cdptui.api.record_template import VALUE_NAMES, split_record
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.recording_file import open_recording
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.history.writer import Poll, RecordingWriter
from cdptui.models.recording import PollRecord
from cdptui.models.task_row import TaskRow
from cdptui.monitor.fleet_tracker import FleetTracker
from cdptui.monitor.replay import Replay
from tests.doubles import EPOCH, FakeClock
from tests.unit.history.recorded import NOW_MS, poll, record, task
from tests.unit.monitor.test_restart import POLLS, fleet, snapshot


async def recorded(seed: int, path: Path, poll_s: float) -> dict[int, list[TaskRow]]:
    """Record a fleet; return the rows of each poll by its time in milliseconds."""
    tracker, found = FleetTracker(FakeClock()), {}
    connection, _ = open_recording(path, EPOCH)
    writer = RecordingWriter(connection, lambda task: split_record(task.raw), len(VALUE_NAMES), 0)
    for number, tasks in zip(range(POLLS), fleet(seed), strict=False):
        taken = snapshot(number, tasks, poll_s)
        rows, _ = await tracker.apply_snapshot(taken, 2.5 * poll_s)
        at_ms = int(taken.taken_at.timestamp() * 1000)
        writer.write_poll(Poll(PollRecord(at_ms, 40, len(tasks)), rows))
        found[at_ms] = sorted(rows, key=lambda row: row.task.uuid)
    writer.close()
    return found


@pytest.mark.parametrize("poll_s", [60.0, 700.0, 2500.0])
@pytest.mark.parametrize("seed", range(3))
async def test_replayed_poll_has_the_rows_of_the_live_one(tmp_path: Path, seed: int, poll_s: float) -> None:
    path = tmp_path / "one.sqlite"
    live = await recorded(seed, path, poll_s)

    with closing(open_for_reading(path)) as connection:
        replay = Replay(FleetReader(connection), None)
        for at_ms in [*live, *reversed(live)]:
            past = replay.fleet_at(at_ms + 1)
            assert past is not None
            assert past.at_ms == at_ms
            for row, shown in zip(live[at_ms], past.rows, strict=True):
                assert shown == row, f"poll {list(live).index(at_ms)}"


def test_hours_of_each_bucket_are_read_once_though_growth_is_due_before_and_after_its_end(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    end_ms, step_ms = NOW_MS + BUCKET_MS, 30_000
    tasks = [task(f"task-{number}", 1 << 40) for number in range(20)]
    record(path, [poll(at_ms, *tasks) for at_ms in range(end_ms - 20 * step_ms, end_ms + 5 * step_ms, step_ms)])

    with closing(open_for_reading(path)) as connection:
        replay, statements = Replay(FleetReader(connection), None), list[str]()
        connection.set_trace_callback(statements.append)
        past = replay.fleet_at(end_ms + 4 * step_ms)

    assert past is not None
    assert len(past.rows) == len(tasks)
    read = [statement for statement in statements if "FROM hour" in statement]
    assert read
    assert len(read) == len(set(read))
