"""The recorder's thread: what it records, what it says when it cannot, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdptui.api.record_template import VALUE_NAMES
from cdptui.clock import SystemClock
from cdptui.history.reader import RecordingReader
from cdptui.history.recorder import Recorder, RecordingFileSpec
from cdptui.history.recording_file import FileLock
from cdptui.history.schema import open_for_reading
from cdptui.models.event import EventKind
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import BackupStorage
from cdptui.models.recording import RecordedHistory, RecordingPhase, RecordingProblem
from cdptui.models.snapshot import Snapshot
from cdptui.models.task import Task
from tests.capabilities import run_as_ordinary_user
from tests.unit.history.recorded import integrity, rows_of, split, task

DEADLINE_S = 30.0


def snapshot(*tasks: Task, at: datetime | None = None) -> Snapshot:
    return Snapshot(tasks, len(tasks), True, at or datetime.now(UTC), 0.0, 0.04)


def record(recorder: Recorder, *tasks: Task, at: datetime | None = None) -> None:
    recorder.record(snapshot(*tasks, at=at), rows_of(*tasks))


def spec(path: Path, limit_bytes: int = 2**28) -> RecordingFileSpec:
    return RecordingFileSpec(lambda: path, limit_bytes, {"node": "10.0.0.5"}, split, len(VALUE_NAMES))


@contextmanager
def recording(path: Path, **settings: int) -> Iterator[Recorder]:
    recorder = Recorder(spec(path, **settings), SystemClock())
    recorder.start()
    try:
        yield recorder
    finally:
        recorder.close(DEADLINE_S)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "the condition did not become true"
        time.sleep(0.01)


def polls(path: Path) -> list[int]:
    with closing(open_for_reading(path)) as connection:
        return [each.at_ms for each in RecordingReader(connection).polls()]


def test_polls_are_recorded_and_the_file_is_closed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with recording(path) as recorder:
        record(recorder, task(used=1))
        recorder.record_failure(Failure(FailureKind.UNREACHABLE, "secret-host refused", url=""))
        record(recorder, task(used=2))
        wait_for(lambda: recorder.state.phase is RecordingPhase.RECORDING)

    assert len(polls(path)) == 2
    assert b"secret-host" not in path.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["node.sqlite", "node.sqlite.lock"]


def test_storages_the_end_of_a_session_and_the_stop_are_events(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with recording(path) as recorder:
        record(recorder, task(backupStorageUuid="bs-1"))
        for status in ("Connected", "Disconnected"):
            storage = BackupStorage(uuid="bs-1", name="backup-1", status=status)
            recorder.record_storages([storage], is_complete=True)
        recorder.record_session_end()
        recorder.record_failure(Failure(FailureKind.SESSION_CONTENDED, "", url=""))

    with closing(open_for_reading(path)) as connection:
        found = [event.kind for event in RecordingReader(connection).events()]
    assert found == [
        EventKind.MONITOR_STARTED,
        EventKind.STORAGE_DISCONNECTED,
        EventKind.SESSION_ENDED,
        EventKind.OUTAGE_BEGAN,
        EventKind.SESSION_TAKEN_OVER,
        EventKind.MONITOR_STOPPED,
    ]


def test_history_of_an_earlier_monitor_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with recording(path) as recorder:
        record(recorder, task(used=1))
    found: list[RecordedHistory] = []
    recorder = Recorder(spec(path), SystemClock())
    recorder.start(found.append)
    wait_for(lambda: bool(found))
    recorder.close(DEADLINE_S)

    assert [each.uuid for each in found[0].tasks] == ["a1"]
    assert len(found) == 1


def test_second_recorder_waits_and_takes_over_when_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with recording(path) as first:
        record(first, task(used=1))
        wait_for(lambda: first.state.phase is RecordingPhase.RECORDING)
        with recording(path) as second:
            wait_for(lambda: second.state.phase is RecordingPhase.ANOTHER_WRITES)
            record(second, task(used=2))
            first.close(DEADLINE_S)

            def has_taken_over() -> bool:
                record(second, task(used=3))
                return second.state.phase is RecordingPhase.RECORDING

            wait_for(has_taken_over)
    assert integrity(path) == "ok"


def test_file_that_cannot_be_written_is_reported_and_recording_resumes(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "node.sqlite"
    path.parent.mkdir(mode=0o500)

    def run() -> None:
        with recording(path) as recorder:
            wait_for(lambda: recorder.state.phase is RecordingPhase.FAILED)
            assert recorder.state.problem is RecordingProblem.PERMISSION
            path.parent.chmod(0o700)

            def is_recording() -> bool:
                record(recorder, task())
                return recorder.state.phase is RecordingPhase.RECORDING

            wait_for(is_recording)

    run_as_ordinary_user(run)
    assert polls(path)


@pytest.mark.parametrize(
    ("number", "problem"),
    [(28, RecordingProblem.DISK_FULL), (30, RecordingProblem.READ_ONLY), (122, RecordingProblem.DISK_FULL)],
)
def test_error_of_the_folder_is_reported(tmp_path: Path, number: int, problem: RecordingProblem) -> None:
    def prepare() -> Path:
        raise OSError(number, os.strerror(number), str(tmp_path))

    recorder = Recorder(RecordingFileSpec(prepare, 1, {}, split, len(VALUE_NAMES)), SystemClock())
    recorder.start()
    wait_for(lambda: recorder.state.phase is RecordingPhase.FAILED)
    recorder.close(DEADLINE_S)

    assert recorder.state.problem is problem
    assert str(tmp_path) in recorder.state.detail


def test_limit_that_is_too_small_is_reported(tmp_path: Path) -> None:
    with recording(tmp_path / "node.sqlite", limit_bytes=1000) as recorder:
        wait_for(lambda: recorder.state.phase is RecordingPhase.FAILED)
        assert recorder.state.problem is RecordingProblem.LIMIT


def test_damaged_file_is_replaced_and_its_new_name_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.write_bytes(b"x" * 5000)
    with recording(path) as recorder:
        record(recorder, task())
        wait_for(lambda: recorder.state.phase is RecordingPhase.RECORDING)
        assert recorder.state.replaced.startswith("node.damaged-")
        assert (tmp_path / recorder.state.replaced).read_bytes() == b"x" * 5000


_KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cdptui.clock import SystemClock
from cdptui.history.recorder import Recorder
from tests.unit.history.recorded import task
from tests.unit.history.test_recorder import polls, record, spec, wait_for
recorder = Recorder(spec(Path(sys.argv[1])), SystemClock())
recorder.start()
number = 0
while True:
    number += 1
    at = datetime.now(UTC)
    at_ms = int(at.timestamp() * 1000)
    record(recorder, *(task(f"{each:03}", used=number * each) for each in range(100)), at=at)
    print(at_ms, flush=True)
    wait_for(lambda: Path(sys.argv[1]).exists() and recorder.state.phase.value == "recording")
    wait_for(lambda: at_ms in polls(Path(sys.argv[1])))
"""


def test_killed_recorder_loses_at_most_the_poll_under_way(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    for seed in range(3):
        program = [sys.executable, "-c", _KILLED, str(path)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            announced = [int(process.stdout.readline()) for _ in range(5 + 7 * seed)]
            process.kill()
            announced += [int(line) for line in process.stdout.read().split()]

        assert integrity(path) == "ok"
        found = polls(path)
        # Each poll is announced when it begins to be written, after the one before was written.
        assert set(announced[:-1]) <= set(found)


def test_lock_ends_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    lock = FileLock(path)
    lock.acquire()
    lock.release()
