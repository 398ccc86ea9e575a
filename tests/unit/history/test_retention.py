"""The permitted size of a recording."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from cdptui.history.fleet_reader import FleetReader, RecordedTask
from cdptui.history.recording_file import RecordingError, open_recording
from cdptui.history.retention import Retention
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS
from cdptui.history.thinned import WINDOW_MS, decode_thinned
from cdptui.models.recording import RecordingProblem
from tests.unit.history.recorded import NOW, NOW_MS, integrity, open_writer, poll, task

DAY_MS = DAY_BUCKETS * BUCKET_MS
START_MS = NOW_MS - NOW_MS % DAY_MS
TASKS = 40


def fill(path: Path, days: int, step_ms: int = 120_000) -> None:
    """Record tasks whose values change at every poll, and cannot be compressed well."""
    writer, chance, used = open_writer(path), random.Random(3), [0] * TASKS
    for at_ms in range(START_MS, START_MS + days * DAY_MS, step_ms):
        used = [each + chance.randrange(1 << 30) for each in used]
        tasks = [task(f"{number:03}", used=each, rpo=chance.randrange(700_000)) for number, each in enumerate(used)]
        writer.write_poll(poll(at_ms, *tasks))
    writer.close()


def shrink(path: Path, limit_bytes: int) -> int:
    """Apply the limit, and return the size. Other readers may read between any two steps."""
    connection, _ = open_recording(path, NOW)
    with closing(connection):
        retention = Retention(connection, path, limit_bytes)
        while retention.step():
            pass
        return retention.size()


def at(path: Path, moment_ms: int) -> list[RecordedTask]:
    connection, _ = open_recording(path, NOW)
    with closing(connection):
        return FleetReader(connection).records_at(moment_ms)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("filled") / "node.sqlite"
    fill(path, days=3)
    return path.read_bytes()


def test_recording_within_its_limit_is_unchanged(tmp_path: Path, filled: bytes) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(filled)

    assert shrink(path, len(filled)) == len(filled)


def test_oldest_days_are_thinned_first(tmp_path: Path, filled: bytes) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(filled)
    limit = int(0.8 * len(filled))

    assert shrink(path, limit) <= limit

    assert path.stat().st_size <= limit
    assert integrity(path) == "ok"
    old, new = at(path, START_MS + DAY_MS // 2), at(path, START_MS + 3 * DAY_MS)
    assert [len(old), len(new)] == [TASKS, TASKS]
    assert {each.is_thinned for each in old} == {True}
    assert {each.is_thinned for each in new} == {False}


def test_thinned_window_has_last_used_and_range_of_rpo(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    minute = 60_000
    for index, rpo in enumerate((100, 700_000, 300, 300)):
        writer.write_poll(poll(START_MS + 3 * minute * index, task(used=index, rpo=rpo, maxLatency="600000")))
    writer.write_poll(poll(START_MS + DAY_MS, task()))
    writer.write_poll(poll(START_MS + 2 * DAY_MS, task()))
    writer.close()
    connection, _ = open_recording(path, NOW)
    with closing(connection):
        retention = Retention(connection, path, 0)
        while not connection.execute("SELECT count(*) FROM thin").fetchone()[0]:
            retention.step()
        (blob,) = connection.execute("SELECT data FROM thin ORDER BY id LIMIT 1").fetchone()

    day = decode_thinned(blob)

    assert (day.windows, day.used) == ([0], [3])
    assert (day.rpo_min, day.rpo_max, day.over_target_ms) == ([100], [700_000], [3 * minute])
    assert day.rpo_mean == [round((100 + 700_000 + 300) / 3)]


def test_thinned_days_are_deleted_when_they_are_too_large_too(tmp_path: Path, filled: bytes) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(filled)

    assert shrink(path, len(filled) // 2) <= len(filled) // 2

    assert at(path, START_MS + DAY_MS // 2) == []
    assert len(at(path, START_MS + 3 * DAY_MS)) == TASKS
    assert integrity(path) == "ok"


def test_limit_that_is_too_small_for_the_newest_hours_is_reported(tmp_path: Path, filled: bytes) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(filled)

    with pytest.raises(RecordingError) as caught:
        shrink(path, 8192)

    assert caught.value.problem is RecordingProblem.LIMIT
    assert integrity(path) == "ok"


def test_window_is_a_quarter_of_an_hour() -> None:
    assert DAY_MS % WINDOW_MS == 0
