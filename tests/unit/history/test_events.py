"""The events of a recording: exactly those of the night, also when two monitors share it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cdptui.history.reader import RecordingReader
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.models.event import EventKind
from cdptui.models.task import Task
from tests.unit.history.recorded import NOW_MS, open_writer, poll, task

Seen = tuple[EventKind, str, str | None, str | None]

NIGHT: list[list[Task] | str] = [
    [task("a1"), task("b2")],
    [task("a1"), task("b2")],
    [task("a1", status="Failed"), task("b2")],
    "outage",
    "outage",
    [task("a1", status="Failed"), task("b2"), task("c3")],
    [task("a1"), task("b2", state="Disabled"), task("c3")],
    [task("a1"), task("b2", state="Disabled")],
    [task("a1", rpo=700_000, maxLatency="600000"), task("b2", state="Disabled")],
    [task("a1", rpo=800_000, maxLatency="600000"), task("b2", state="Disabled")],
    [task("a1", rpo=100, maxLatency="600000"), task("b2", state="Disabled")],
]
"""One poll an hour, so that the night is longer than a bucket."""

HOUR_MS = 3_600_000
STARTED: Seen = (EventKind.MONITOR_STARTED, "", None, None)
EVENTS: list[tuple[int, Seen]] = [
    (2, (EventKind.STATUS, "a1", "Running", "Failed")),
    (3, (EventKind.OUTAGE_BEGAN, "", None, "timed out")),
    (5, (EventKind.OUTAGE_ENDED, "", "timed out", str(2 * HOUR_MS))),
    (5, (EventKind.APPEARED, "c3", None, "Running")),
    (6, (EventKind.STATUS, "a1", "Failed", "Running")),
    (6, (EventKind.STATE, "b2", "Enabled", "Disabled")),
    (7, (EventKind.VANISHED, "c3", "Running", None)),
    (8, (EventKind.RPO_TARGET, "a1", None, "600000")),
    (8, (EventKind.RPO_MISSED, "a1", "600000", "700000")),
    (10, (EventKind.RPO_MET, "a1", "800000", str(2 * HOUR_MS + 100_000))),
]
"""What happens, and at which poll."""


def record_night(path: Path, restarts: set[int], skipped: frozenset[int] = frozenset()) -> None:
    writer = open_writer(path)
    for number, step in enumerate(NIGHT):
        at_ms = NOW_MS + number * HOUR_MS
        if number in restarts:
            writer.close()
            writer = open_writer(path, datetime.fromtimestamp(at_ms / 1000, UTC))
        if number in skipped:
            continue
        if isinstance(step, str):
            writer.write_failure(at_ms, "timed out", "")
        else:
            writer.write_poll(poll(at_ms, *step))
    writer.close()


def events_of(path: Path) -> list[tuple[int, Seen]]:
    with closing(open_for_reading(path)) as connection:
        found = RecordingReader(connection).events()
    return [((event.at_ms - NOW_MS) // HOUR_MS, (event.kind, event.task_uuid, event.old, event.new)) for event in found]


def test_night_has_exactly_its_events_in_order(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, set())

    assert events_of(path) == [(0, STARTED), *EVENTS]
    assert len(NIGHT) * HOUR_MS > 2 * BUCKET_MS


def test_night_of_two_monitors_has_the_same_events(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, {6, 9})

    found = events_of(path)
    assert [event for event in found if event[1] != STARTED] == EVENTS
    assert [number for number, event in found if event == STARTED] == [0, 6, 9]


def test_change_while_no_monitor_ran_is_an_event_after_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, {7}, skipped=frozenset({1, 2, 3, 4, 5, 6}))

    assert events_of(path)[1:] == [
        (7, (EventKind.GAP, "", str(NOW_MS), str(NOW_MS + 7 * HOUR_MS))),
        (7, STARTED),
        (7, (EventKind.STATE, "b2", "Enabled", "Disabled")),
        *[event for event in EVENTS if event[0] > 7],
    ]


def test_gap_within_the_hours_of_one_bucket_is_an_event(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    writer = open_writer(path)
    for number in range(6):
        writer.write_poll(poll(NOW_MS + 10_000 * number, task("a1")))
    writer.close()
    resumed_ms = NOW_MS + HOUR_MS
    writer = open_writer(path, datetime.fromtimestamp(resumed_ms / 1000, UTC))
    writer.write_poll(poll(resumed_ms, task("a1")))
    writer.close()

    assert resumed_ms // BUCKET_MS == NOW_MS // BUCKET_MS
    assert events_of(path) == [
        (0, STARTED),
        (1, (EventKind.GAP, "", str(NOW_MS + 50_000), str(resumed_ms))),
        (1, STARTED),
    ]
