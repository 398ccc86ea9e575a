"""The history of one task as it is read from a recording."""

from __future__ import annotations

import random
from bisect import bisect_right
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdptui.config.recording import RecordSettings
from cdptui.history.fleet_rpo import read_fleet_rpo
from cdptui.history.recording_file import open_recording
from cdptui.history.retention import Retention
from cdptui.history.schema import BUCKET_MS, DAY_BUCKETS, open_for_reading
from cdptui.history.trend_reader import read_trend
from cdptui.models.rpo_history import rpo_statistics
from cdptui.models.trend import Gap, RecordedTrend, TaskTrend, TrendRequest, task_trend
from cdptui.monitor.recorded_answers import read_rpo_of_tasks, read_task_trend
from tests.unit.history.recorded import NOW, NOW_MS, open_writer, poll, task

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
DAY_MS = DAY_BUCKETS * BUCKET_MS
START_MS = NOW_MS - NOW_MS % DAY_MS


def read(path: Path, since_ms: int = 0, until_ms: int = 2**50, uuid: str = "a1") -> RecordedTrend:
    with closing(open_for_reading(path)) as connection:
        return read_trend(connection, uuid, since_ms, until_ms, 100)


def trend(path: Path, start_ms: int, end_ms: int, columns: int) -> TaskTrend:
    return task_trend(read(path, start_ms, end_ms), TrendRequest("a1", end_ms - start_ms, end_ms, columns))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([10 * SECOND_MS, 11 * SECOND_MS, BUCKET_MS - 1]),
            st.integers(0, 3) | st.none(),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_value_at_each_poll_is_the_recorded_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int | None, bool, bool]]
) -> None:
    path = tmp_path_factory.mktemp("trend") / "node.sqlite"
    now = NOW + timedelta(days=30)
    writer, at_ms, expected = open_writer(path, now), NOW_MS, {}
    for pause_ms, value, is_listed, is_restarted in steps:
        at_ms += pause_ms
        if is_restarted:
            writer.close()
            writer = open_writer(path, now)
        others = [task("b2", used=at_ms % 7, rpo=1)]
        writer.write_poll(poll(at_ms, *others, *([task(used=value, rpo=value)] if is_listed else [])))
        expected[at_ms] = value if is_listed else None
    writer.close()

    found = read(path, until_ms=at_ms)

    for series in (found.used, found.rpo):
        for each_ms, value in expected.items():
            if value is None:
                step = bisect_right(series.times_ms, each_ms) - 1
                assert step < 0 or series.means[step] is None, "no value is made up"
            else:
                around = series.values(each_ms - 1, each_ms + 1)
                assert around is not None
                assert value in (around.low, around.high)


def test_time_between_monitors_is_a_gap_without_values(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for minute in [*range(60), *range(300, 360)]:
        writer.write_poll(poll(START_MS + minute * MINUTE_MS, task(used=5, rpo=1000, maxLatency="600000")))
    writer.close()

    found = trend(path, START_MS, START_MS + 6 * 60 * MINUTE_MS, 6)

    assert [value is not None for value in found.used] == [True, False, False, False, False, True]
    assert [value is not None for value in found.rpo] == [True, False, False, False, False, True]
    assert found.gaps == [Gap(START_MS + 59 * MINUTE_MS, START_MS + 300 * MINUTE_MS)]
    assert found.statistics[0].covered_ms == (59 + 59) * MINUTE_MS
    assert found.since_ms == START_MS


def test_gap_reaches_from_an_older_recording_into_the_window(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for at_ms in (START_MS, START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS, START_MS + 2 * DAY_MS):
        writer.write_poll(poll(at_ms, task()))
    writer.close()
    start_ms, end_ms = START_MS + DAY_MS, START_MS + 3 * DAY_MS

    assert trend(path, start_ms, end_ms, 10).gaps[0] == Gap(start_ms, START_MS + 2 * DAY_MS)
    assert trend(path, start_ms, start_ms + MINUTE_MS, 10).gaps == [Gap(start_ms, start_ms + MINUTE_MS)]


def test_time_in_which_the_node_could_not_be_read_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for second in (0, 10, 20):
        writer.write_poll(poll(START_MS + second * SECOND_MS, task()))
    for second in (30, 60, 90):
        writer.write_failure(START_MS + second * SECOND_MS, "unreachable", "")
    for second in (120, 130, 140):
        writer.write_poll(poll(START_MS + second * SECOND_MS, task()))
    writer.close()

    end_ms = START_MS + 140 * SECOND_MS
    assert read(path, until_ms=end_ms).gaps == [
        Gap(START_MS + 20 * SECOND_MS, START_MS + 120 * SECOND_MS, is_outage=True)
    ]


def test_outage_goes_on_over_a_start_of_the_monitor_and_the_time_before_it_is_another_gap(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for second in (0, 10, 20):
        writer.write_poll(poll(START_MS + second * SECOND_MS, task()))
    writer.write_failure(START_MS + 200 * SECOND_MS, "unreachable", "")
    writer.close()
    writer = open_writer(path)
    for second in (500, 510, 520):
        writer.write_poll(poll(START_MS + second * SECOND_MS, task()))
    writer.close()

    end_ms = START_MS + 520 * SECOND_MS
    began_ms = START_MS + 200 * SECOND_MS
    assert read(path, until_ms=end_ms).gaps == [
        Gap(START_MS + 20 * SECOND_MS, began_ms),
        Gap(began_ms, START_MS + 500 * SECOND_MS, is_outage=True),
    ]


def test_outage_that_lasts_reaches_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for second in (0, 10, 20):
        writer.write_poll(poll(START_MS + second * SECOND_MS, task()))
    writer.write_failure(START_MS + 30 * SECOND_MS, "unreachable", "")
    writer.close()
    end_ms = START_MS + 300 * SECOND_MS

    assert read(path, until_ms=end_ms).gaps == [Gap(START_MS + 20 * SECOND_MS, end_ms, is_outage=True)]


def test_thinned_days_keep_the_range_and_the_time_over_the_target(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for at_ms in range(START_MS, START_MS + 3 * DAY_MS, 5 * MINUTE_MS):
        is_late = at_ms // MINUTE_MS % 60 == 30
        used = (at_ms - START_MS) // MINUTE_MS
        writer.write_poll(poll(at_ms, task(used=used, rpo=700_000 if is_late else 1000, maxLatency="600000")))
    writer.close()
    end_ms = START_MS + 3 * DAY_MS
    before = trend(path, START_MS, end_ms, 12)
    connection, _ = open_recording(path, NOW)
    with closing(connection):
        while connection.execute("SELECT count(*) FROM thin").fetchone()[0] < 2:
            Retention(connection, path, 0)._thin_oldest_day()

    found = trend(path, START_MS, end_ms, 12)

    assert found.is_thinned
    assert not before.is_thinned
    assert [(each.low, each.high) for each in found.rpo if each] == [
        (each.low, each.high) for each in before.rpo if each
    ]
    assert [each.high for each in found.used if each] == [each.high for each in before.used if each]
    assert found.used_ends is not None
    assert before.used_ends is not None
    assert found.used_ends[1] == before.used_ends[1]
    whole, thinned = before.statistics[2], found.statistics[2]
    assert thinned.breaches == whole.breaches == 72
    assert thinned.over_ms == whole.over_ms
    assert abs(thinned.covered_ms - whole.covered_ms) < 10 * MINUTE_MS


def test_restart_in_the_middle_of_the_day_changes_nothing_but_the_gap(tmp_path: Path) -> None:
    minutes = [minute for minute in range(24 * 60) if not 700 <= minute < 760]
    for name, restarts in (("one", ()), ("two", (760, 1000))):
        writer = open_writer(tmp_path / name)
        for minute in range(24 * 60):
            if minute in restarts:
                writer.close()
                writer = open_writer(tmp_path / name)
            if name == "one" or minute in minutes:
                each = task(used=minute // 5 * 977, rpo=(minute * 7919) % 800_000, maxLatency="600000")
                writer.write_poll(poll(START_MS + minute * MINUTE_MS, each))
        writer.close()
    end_ms = START_MS + DAY_MS
    whole, restarted = (trend(tmp_path / name, START_MS, end_ms, 96) for name in ("one", "two"))

    gap = Gap(START_MS + 699 * MINUTE_MS, START_MS + 760 * MINUTE_MS)
    assert (whole.gaps, restarted.gaps) == ([], [gap])
    edges = range(START_MS, end_ms, DAY_MS // 96)
    for edge, *pairs in zip(edges, whole.used, restarted.used, whole.rpo, restarted.rpo, strict=True):
        if edge + DAY_MS // 96 <= gap.start_ms or edge > gap.end_ms:
            assert pairs[0] == pairs[1]
            assert pairs[2] == pairs[3]
        elif edge > gap.start_ms and edge + DAY_MS // 96 < gap.end_ms:
            assert pairs[1] is None
    assert whole.used_ends == restarted.used_ends


def test_unknown_task_has_no_values(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    writer.write_poll(poll(START_MS, task()))
    writer.close()

    found = read(path, uuid="never seen")

    assert (found.used.times_ms, found.rpo.times_ms, found.events) == ([], [], [])
    assert found.first_ms == START_MS


@given(
    st.lists(
        st.tuples(
            st.sampled_from([10 * SECOND_MS, 60 * MINUTE_MS]),
            st.sampled_from([1000, 5000, 9000]),
            st.sampled_from(["Enabled", "Disabled"]),
            st.sampled_from(["Running", "Stopped"]),
            st.sampled_from(["4000", "8000"]),
        ),
        min_size=2,
        max_size=20,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_rpo_of_a_fleet_of_one_task_from_its_events_is_that_from_its_values(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("fleet") / "node.sqlite"
    writer, at_ms = open_writer(path, NOW + timedelta(days=3)), START_MS
    writer.write_poll(poll(at_ms - 10 * SECOND_MS, task(rpo=1000, maxLatency="8000")))
    for pause_ms, rpo, state, status, target in steps:
        writer.write_poll(poll(at_ms, task(rpo=rpo, state=state, status=status, maxLatency=target)))
        at_ms += pause_ms
    writer.write_poll(poll(at_ms, task(rpo=1000, maxLatency="8000")))
    writer.close()
    spans = (DAY_MS, 7 * DAY_MS)

    with closing(open_for_reading(path)) as connection:
        fleet = read_fleet_rpo(connection, None, at_ms, spans)
        assert read_fleet_rpo(connection, {"a1"}, at_ms, spans) == fleet
        assert read_fleet_rpo(connection, {"b2"}, at_ms, spans)[0].covered_ms == 0
    recorded = read(path, at_ms - 7 * DAY_MS, at_ms)

    for found, span_ms in zip(fleet, spans, strict=True):
        expected = rpo_statistics(recorded.rpo, recorded.periods, at_ms - span_ms, at_ms)
        assert (found.covered_ms, found.over_ms, found.breaches) == (
            expected.covered_ms,
            expected.over_ms,
            expected.breaches,
        )
        assert (found.longest is None) == (expected.longest is None)
        if found.longest is not None and expected.longest is not None:
            assert (found.longest.over_ms, found.longest.task_uuid) == (expected.longest.over_ms, "a1")


def test_history_of_a_damaged_recording_is_read_or_missing(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    writer = open_writer(path)
    for at_ms in range(START_MS, START_MS + DAY_MS, 10 * MINUTE_MS):
        writer.write_poll(poll(at_ms, task(used=at_ms % 997, rpo=at_ms % 800_000, maxLatency="600000")))
    writer.close()
    content, end_ms = path.read_bytes(), START_MS + DAY_MS
    settings_of_damaged = RecordSettings(tmp_path / "damaged.sqlite", 1 << 30, "node", "admin")
    for seed in range(150):
        chance, damaged = random.Random(seed), bytearray(content)
        for _ in range(chance.choice([1, 10, 100])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        settings_of_damaged.file.write_bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
        request = TrendRequest("a1", DAY_MS, end_ms, 20)
        found = read_task_trend(settings_of_damaged, request)
        assert found is None or found.request == request
        assert len(read_rpo_of_tasks(settings_of_damaged, None, end_ms)) in {0, 3}
