"""All tasks at any moment, step by step, while the recording is written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdptui.api.record_template import join_record
from cdptui.history.fleet_reader import FleetReader
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.history.writer import Poll
from tests.unit.history.recorded import NOW_MS, open_writer, poll, record, task

STEP_MS = BUCKET_MS // 5


def polls_of(uses: list[dict[str, int]]) -> list[Poll]:
    """Return a poll for each entry, five of them in a bucket."""
    return [
        poll(NOW_MS + number * STEP_MS, *(task(uuid, used) for uuid, used in used_by_task.items()))
        for number, used_by_task in enumerate(uses)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.sqlite"


def shown(reader: FleetReader, moment_ms: int) -> dict[str, bytes]:
    """Return the records that the reader has for a moment, by UUID."""
    return {each.uuid: join_record(each.text, each.values) for each in reader.records_at(moment_ms)}


def sent(polls: list[Poll], moment_ms: int) -> dict[str, bytes]:
    """Return the records of the last poll at a moment, by UUID."""
    last = [each for each in polls if each.record.at_ms <= moment_ms][-1:]
    return {row.task.uuid: row.task.raw for each in last for row in each.rows}


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3), min_size=1, max_size=14),
    st.lists(st.integers(-1, 15), min_size=1, max_size=10),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tasks_are_those_of_the_poll_in_any_order_of_moments(
    tmp_path_factory: pytest.TempPathFactory, uses: list[dict[str, int]], moments: list[int]
) -> None:
    path = tmp_path_factory.mktemp("fleet") / "one.sqlite"
    polls = polls_of(uses)
    record(path, polls)

    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        for moment in moments:
            moment_ms = NOW_MS + moment * STEP_MS + 17
            assert shown(reader, moment_ms) == sent(polls, moment_ms)


def test_moments_around_a_poll_cross_buckets(path: Path) -> None:
    record(path, polls_of([{"a": number} for number in range(12)]))
    times = [NOW_MS + number * STEP_MS for number in range(12)]

    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        assert reader.span() == (times[0], times[-1])
        assert [reader.poll_before(at_ms) for at_ms in times] == [None, *times[:-1]]
        assert [reader.poll_after(at_ms) for at_ms in times] == [*times[1:], None]
        assert reader.poll_before(times[3] + 1) == reader.poll_after(times[3] - 1) == times[3]
        assert reader.times_between(times[2], times[7]) == times[2:8]


def test_what_is_recorded_meanwhile_is_read(path: Path) -> None:
    writer = open_writer(path)
    polls = polls_of([{"a": number, "b": 7} for number in range(12)])
    writer.write_poll(polls[0])

    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        for number, each in enumerate(polls[1:], 1):
            writer.write_poll(each)
            reader.refresh()
            assert reader.span() == (NOW_MS, each.record.at_ms)
            for earlier in range(number + 1):
                moment_ms = NOW_MS + earlier * STEP_MS
                assert shown(reader, moment_ms) == sent(polls, moment_ms)
    writer.close()


def test_task_that_came_back_begins_again(path: Path) -> None:
    record(path, polls_of([{"a": 1}, {"a": 2}, {}, {"a": 2}, {"a": 5}]))

    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        number = reader.number_of("a")
        assert number is not None
        end_ms = NOW_MS + 4 * STEP_MS
        assert reader.used_points(number, 0, NOW_MS + STEP_MS) == [(NOW_MS / 1000, 1), ((NOW_MS + STEP_MS) / 1000, 2)]
        assert reader.used_points(number, 0, end_ms) == [((end_ms - STEP_MS) / 1000, 2), (end_ms / 1000, 5)]
        assert reader.appeared_ms(number, end_ms) == end_ms - STEP_MS
    assert reader_without_task(path) is None


def reader_without_task(path: Path) -> int | None:
    with closing(open_for_reading(path)) as connection:
        return FleetReader(connection).number_of("none")


def test_empty_recording_has_no_moment(path: Path) -> None:
    record(path, [])
    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        assert reader.span() is None
        assert reader.fleet_at(NOW_MS) is None


def test_names_are_those_of_the_moment(path: Path) -> None:
    writer = open_writer(path)
    for number, each in enumerate(polls_of([{"a": 1}, {"a": 2}, {"a": 3}])):
        writer.write_poll(each)
        if number:
            writer.write_names(each.record.at_ms, {"vm-1": f"vm-{number}", "vm-2": "same"})
    writer.close()

    with closing(open_for_reading(path)) as connection:
        reader = FleetReader(connection)
        # Names are read after the first poll, and a VM has its first one from the start.
        shown = [dict(reader.names_at(NOW_MS + number * STEP_MS)) for number in range(3)]
        assert shown == [{"vm-1": f"vm-{number}", "vm-2": "same"} for number in (1, 1, 2)]
        assert connection.execute("SELECT count(*) FROM resource_name").fetchone() == (3,)
