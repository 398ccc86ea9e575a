"""What is written into a recording is what is read from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdptui.history.reader import RecordingReader, find_gaps
from cdptui.history.recording_file import RecordingError
from cdptui.history.recordings import check
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.history.writer import Poll
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.recording import PollRecord, RecordedHistory, RecordingProblem
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from tests.unit.history.recorded import NOW, NOW_MS, integrity, open_writer, poll, record, records_at, task

HOUR_MS = 3_600_000


def history(path: Path) -> RecordedHistory:
    with closing(open_for_reading(path)) as connection:
        return RecordingReader(connection).history(0)


TASKS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 3) | st.none(),
        st.integers(0, 3) | st.none(),
        st.sampled_from(["Running", "Failed"]),
    ),
    max_size=3,
    unique_by=lambda row: row[0],
)
STEPS = st.lists(
    st.tuples(st.sampled_from([1, 10_000, HOUR_MS, 5 * HOUR_MS]), TASKS, st.booleans()), min_size=1, max_size=12
)


Steps = list[tuple[int, list[tuple[str, int | None, int | None, str]], bool]]


def write_steps(path: Path, steps: Steps) -> dict[int, list[Task]]:
    """Record polls, with restarts of the monitor, and return their tasks by their time."""
    at_ms, written = NOW_MS, {}
    writer = open_writer(path)
    for pause_ms, rows, is_restarted in steps:
        at_ms += pause_ms
        tasks: list[Task] = [task(uuid, used, rpo, status=status) for uuid, used, rpo, status in rows]
        if is_restarted:
            writer.close()
            writer = open_writer(path, datetime.fromtimestamp(at_ms / 1000, UTC))
        writer.write_poll(poll(at_ms, *tasks))
        written[at_ms] = tasks
    writer.close()
    return written


@given(STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_tasks_at_any_poll_are_the_bytes_that_the_server_sent(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    path = tmp_path_factory.mktemp("recording") / "node.sqlite"
    written = write_steps(path, steps)
    expected = {at_ms: {each.uuid: each.raw for each in tasks} for at_ms, tasks in written.items()}

    for moment, records in expected.items():
        assert records_at(path, moment) == records
    assert records_at(path, NOW_MS) == {}
    assert integrity(path) == "ok"


@given(STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_hours_that_are_stored_are_those_of_the_chunks(tmp_path_factory: pytest.TempPathFactory, steps: Steps) -> None:
    path = tmp_path_factory.mktemp("recording") / "node.sqlite"
    write_steps(path, steps)
    from_hours = history(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM hour")
    assert history(path) == from_hours


def test_damaged_hours_are_read_from_the_chunks(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS + HOUR_MS * hour, task(used=hour)) for hour in range(9)])
    intact = history(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE hour SET data = x'00'")
    assert history(path) == intact
    assert len(check(path)) == 2


def test_moment_between_two_polls_shows_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS, task(used=1)), poll(NOW_MS + 10_000, task(used=2))])

    assert b'"usedCapacity":1,' in records_at(path, NOW_MS + 9_999)["a1"]
    assert b'"usedCapacity":2,' in records_at(path, NOW_MS + BUCKET_MS * 9)["a1"]


def test_series_goes_over_buckets_and_restarts(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(
        path, [poll(NOW_MS, task(used=1)), poll(NOW_MS + 10_000, task(used=1)), poll(NOW_MS + BUCKET_MS, task(used=1))]
    )
    record(path, [poll(NOW_MS + BUCKET_MS + 1, task(used=5)), poll(NOW_MS + 3 * BUCKET_MS, task(used=4))])

    with closing(open_for_reading(path)) as connection:
        series = RecordingReader(connection).series("a1", 0)
    assert series == [(NOW_MS, 1), (NOW_MS + BUCKET_MS + 1, 5), (NOW_MS + 3 * BUCKET_MS, 4)]


def test_history_has_growth_status_and_gaps_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    times = [NOW_MS + 10_000 * index for index in range(5)] + [NOW_MS + HOUR_MS + 10_000 * index for index in range(3)]
    record(
        path,
        [
            poll(at_ms, task(used=index, status="Running" if index < 6 else "Failed"), task("b2"))
            for index, at_ms in enumerate(times)
        ],
    )

    found = history(path)

    first = next(each for each in found.tasks if each.uuid == "a1")
    assert list(first.used) == [(at_ms / 1000, index) for index, at_ms in enumerate(times)]
    assert (first.status, first.unchanged_since_s, first.is_change_seen) == ("Failed", times[6] / 1000, True)
    assert first.changed_at is not None
    second = next(each for each in found.tasks if each.uuid == "b2")
    assert (second.unchanged_since_s, second.is_change_seen, second.changed_at) == (times[0] / 1000, False, None)
    assert list(found.gaps) == [(times[4] / 1000, times[5] / 1000)]
    assert found.last_poll_s == times[-1] / 1000


def test_vanished_task_is_not_in_the_history(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS, task(), task("b2")), poll(NOW_MS + 10_000, task())])

    assert [each.uuid for each in history(path).tasks] == ["a1"]


def test_outage_has_its_times_its_kind_and_its_attempts(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    writer.write_poll(poll(NOW_MS, task()))
    for second in (10, 12, 16):
        writer.write_failure(NOW_MS + 1000 * second, "refused", "")
    writer.write_poll(poll(NOW_MS + 20_000, task()))
    writer.write_failure(NOW_MS + 30_000, "timeout", "")
    writer.close()

    with closing(open_for_reading(path)) as connection:
        outages = RecordingReader(connection).outages()
    assert [(each.started_ms, each.ended_ms, each.kind, each.attempts) for each in outages] == [
        (NOW_MS + 10_000, NOW_MS + 20_000, "refused", 3),
        (NOW_MS + 30_000, None, "timeout", 1),
    ]


def test_clock_that_is_set_back_keeps_the_order_of_the_polls(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS, task(used=1)), poll(NOW_MS - HOUR_MS, task(used=2))])

    with closing(open_for_reading(path)) as connection:
        assert [each.at_ms for each in RecordingReader(connection).polls()] == [NOW_MS, NOW_MS + 1]


def test_recording_that_ends_in_the_future_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS + 48 * HOUR_MS, task())], NOW)

    with pytest.raises(RecordingError) as caught:
        open_writer(path)
    assert caught.value.problem is RecordingProblem.FUTURE


def test_closed_recording_is_one_file_that_can_be_copied(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    record(path, [poll(NOW_MS, task(used=7))])

    copy = tmp_path / "elsewhere" / "copy.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    copy.parent.chmod(0o500)
    assert b'"usedCapacity":7,' in records_at(copy, NOW_MS)["a1"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["elsewhere", "node.sqlite"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_problems_and_their_start_are_in_the_history(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    problem = Reason(ReasonKind.RPO, Severity.WARNING, NOW, is_likely=True)
    row = TaskRow(task(), Severity.WARNING, reasons=(problem,))
    writer = open_writer(path)
    writer.write_poll(Poll(PollRecord(NOW_MS, 40, 1), [row]))
    writer.write_poll(Poll(PollRecord(NOW_MS + 10_000, 40, 1), [row]))
    writer.close()

    assert [each.reasons for each in history(path).tasks] == [(problem,)]

    record(path, [poll(NOW_MS + 20_000, task())])
    assert [each.reasons for each in history(path).tasks] == [()]


@pytest.mark.parametrize(
    ("pauses_s", "gaps"),
    [
        pytest.param([10] * 20, [], id="steady"),
        pytest.param([60] * 10 + [10] * 40, [], id="interval shortened"),
        pytest.param([10] * 40 + [60] * 10, [], id="interval lengthened"),
        pytest.param([3600] * 50 + [600] * 100 + [120] * 400, [], id="three intervals"),
        pytest.param([60] * 10 + [200] + [10] * 40, [200], id="gap between two intervals"),
        pytest.param([60] * 10 + [100] + [10] * 40, [], id="pause that is usual for the longer one"),
        pytest.param([10] * 6 + [70] + [10] * 2 + [80] + [10] * 6, [70, 80], id="two gaps"),
        pytest.param([10, 10, 40], [40], id="gap at the end"),
        pytest.param([40, 10, 10], [40], id="gap at the beginning"),
        pytest.param([40], [], id="a single pause"),
        pytest.param([1, 1, 4, 1], [], id="shorter than five seconds"),
    ],
)
def test_gap_is_a_pause_that_is_long_for_the_interval_around_it(pauses_s: list[int], gaps: list[int]) -> None:
    times = [0]
    for pause_s in pauses_s:
        times.append(times[-1] + 1000 * pause_s)
    assert [(end - start) // 1000 for start, end in find_gaps(times)] == gaps
