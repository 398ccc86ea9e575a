"""The events of a recording: exactly those of the night, also when two monitors share it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdptui.api import record_template
from cdptui.history.reader import RecordingReader
from cdptui.history.recordings import export
from cdptui.history.schema import BUCKET_MS, open_for_reading
from cdptui.history.storage_writer import StorageList
from cdptui.history.writer import Poll, RecordingWriter
from cdptui.models.event import RENEWED, EventKind
from cdptui.models.failure import FailureKind
from cdptui.models.inventory import BackupStorage
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.recording import PollRecord
from cdptui.models.severity import Severity
from cdptui.models.task import Task
from cdptui.models.task_row import TaskRow
from tests.unit.history.recorded import NOW_MS, open_writer, poll, task

Seen = tuple[EventKind, str, str | None, str | None]

Step = list[Task] | FailureKind | BackupStorage | None


def storage(status: str) -> BackupStorage:
    return BackupStorage(uuid="bs-1", name="backup-1", status=status)


NIGHT: list[Step] = [
    [task("a1"), task("b2")],
    [task("a1"), task("b2")],
    [task("a1", status="Failed"), task("b2")],
    FailureKind.TIMED_OUT,
    FailureKind.TIMED_OUT,
    [task("a1", status="Failed"), task("b2"), task("c3")],
    [task("a1"), task("b2", state="Disabled"), task("c3")],
    [task("a1"), task("b2", state="Disabled")],
    [task("a1", rpo=700_000, maxLatency="600000"), task("b2", state="Disabled")],
    [task("a1", rpo=800_000, maxLatency="600000"), task("b2", state="Disabled")],
    [task("a1", rpo=100, maxLatency="600000"), task("b2", state="Disabled")],
    storage("Connected"),
    [task("a1", backupStorageUuid="bs-1"), task("b2", state="Disabled")],
    storage("Disconnected"),
    storage("Disconnected"),
    storage("Connecting"),
    storage("Connected"),
    None,
    FailureKind.SESSION_CONTENDED,
    FailureKind.SESSION_CONTENDED,
    [task("a1", backupStorageUuid="bs-1"), task("b2", state="Disabled")],
    FailureKind.SESSION_INVALID,
    [task("a1", backupStorageUuid="bs-1"), task("b2", state="Disabled")],
]
"""A poll, a failed one, a list of the storages, or a login because the session ended (None): one an hour, so that the
night is longer than a bucket."""

HOUR_MS = 3_600_000
STARTED: Seen = (EventKind.MONITOR_STARTED, "", None, None)
STOPPED: Seen = (EventKind.MONITOR_STOPPED, "", None, None)
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
    (12, (EventKind.STORAGE, "a1", None, "bs-1")),
    (12, (EventKind.RPO_TARGET, "a1", "600000", None)),
    (13, (EventKind.STORAGE_DISCONNECTED, "", None, "1")),
    (16, (EventKind.STORAGE_CONNECTED, "", str(3 * HOUR_MS), "1")),
    (17, (EventKind.SESSION_ENDED, "", None, RENEWED)),
    (18, (EventKind.OUTAGE_BEGAN, "", None, "session contended")),
    (18, (EventKind.SESSION_TAKEN_OVER, "", None, None)),
    (20, (EventKind.OUTAGE_ENDED, "", "session contended", str(2 * HOUR_MS))),
    (21, (EventKind.OUTAGE_BEGAN, "", None, "session invalid")),
    (21, (EventKind.SESSION_ENDED, "", None, None)),
    (22, (EventKind.OUTAGE_ENDED, "", "session invalid", str(HOUR_MS))),
]
"""What happens, and at which poll."""


def record_night(path: Path, restarts: set[int], skipped: frozenset[int] = frozenset()) -> None:
    writer = open_writer(path)
    written_ms = NOW_MS
    for number, step in enumerate(NIGHT):
        at_ms = NOW_MS + number * HOUR_MS
        if number in restarts:
            writer.write_stop(written_ms)
            writer.close()
            writer = open_writer(path, datetime.fromtimestamp(at_ms / 1000, UTC))
        if number in skipped:
            continue
        write(writer, at_ms, step)
        written_ms = at_ms
    writer.close()


def write(writer: RecordingWriter, at_ms: int, step: Step) -> None:
    match step:
        case FailureKind():
            writer.write_failure(at_ms, step.value, "")
        case BackupStorage():
            writer.write_storages(StorageList(at_ms, [step], is_complete=True))
        case None:
            writer.write_session_end(at_ms)
        case _:
            writer.write_poll(poll(at_ms, *step))


def events_of(path: Path) -> list[tuple[int, Seen]]:
    with closing(open_for_reading(path)) as connection:
        found = RecordingReader(connection).events()
    return [((event.at_ms - NOW_MS) // HOUR_MS, (event.kind, event.task_uuid, event.old, event.new)) for event in found]


def test_night_has_exactly_its_events_in_order(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, set())

    assert events_of(path) == [(0, STARTED), *EVENTS]
    assert len(NIGHT) * HOUR_MS > 2 * BUCKET_MS


@pytest.mark.parametrize("step", range(1, len(NIGHT)))
def test_night_of_two_monitors_has_the_same_events(tmp_path: Path, step: int) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, {step})

    found = events_of(path)
    assert [event for event in found if event[1] not in {STARTED, STOPPED}] == EVENTS
    assert [number for number, event in found if event == STOPPED] == [step - 1]
    first_poll = next((number for number, each in enumerate(NIGHT) if isinstance(each, list) and number >= step))
    assert [number for number, event in found if event == STARTED] == [0, first_poll]


def test_change_while_no_monitor_ran_is_an_event_after_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, {7}, skipped=frozenset({1, 2, 3, 4, 5, 6}))

    assert events_of(path)[1:] == [
        (0, STOPPED),
        (7, (EventKind.GAP, "", str(NOW_MS), str(NOW_MS + 7 * HOUR_MS))),
        (7, STARTED),
        (7, (EventKind.STATE, "b2", "Enabled", "Disabled")),
        *[event for event in EVENTS if event[0] > 7],
    ]


def test_storage_that_was_lost_while_no_monitor_ran_is_an_event_after_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    writer = open_writer(path)
    writer.write_poll(poll(NOW_MS, task("a1", backupStorageUuid="bs-1"), task("b2", backupStorageUuid="bs-2")))
    write(writer, NOW_MS, storage("Connected"))
    writer.write_stop(NOW_MS)
    writer.close()
    writer = open_writer(path)
    write(writer, NOW_MS + 10 * HOUR_MS, storage("Disconnected"))
    writer.write_stop(NOW_MS + 11 * HOUR_MS)
    writer.close()

    assert events_of(path) == [
        (0, STARTED),
        (0, STOPPED),
        (10, (EventKind.STORAGE_DISCONNECTED, "", None, "1")),
    ]


def test_storage_that_no_longer_exists_has_no_events_when_it_is_added_again(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    writer = open_writer(path)
    write(writer, NOW_MS, storage("Connected"))
    writer.write_storages(StorageList(NOW_MS, [], is_complete=False))
    write(writer, NOW_MS + HOUR_MS, storage("Disconnected"))
    writer.write_storages(StorageList(NOW_MS, [], is_complete=True))
    write(writer, NOW_MS + 2 * HOUR_MS, storage("Connected"))
    writer.close()

    assert [event[0] for _, event in events_of(path)] == [EventKind.STORAGE_DISCONNECTED]


def test_stop_gets_its_cause_when_that_is_read_after_it(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    stopped = task("a1", status="Stopped")
    unexplained = Reason(ReasonKind.STOPPED, Severity.CRITICAL)
    explained = Reason(ReasonKind.STOPPED_VM_OFF, Severity.NOTICE)
    polls = [
        TaskRow(task("a1"), Severity.HEALTHY),
        TaskRow(stopped, Severity.CRITICAL, reasons=(unexplained,)),
        TaskRow(stopped, Severity.NOTICE, reasons=(explained,)),
        TaskRow(stopped, Severity.CRITICAL, reasons=(unexplained,)),
    ]
    writer = open_writer(path)
    for number, row in enumerate(polls):
        if number == 2:
            writer.close()
            writer = open_writer(path)
        writer.write_poll(Poll(PollRecord(NOW_MS + 10_000 * number, 40, 1), [row]))
    writer.close()

    with closing(open_for_reading(path)) as connection:
        stops = [each for each in RecordingReader(connection).events() if each.kind is EventKind.STATUS]
    assert [(each.at_ms - NOW_MS, each.cause, each.severity) for each in stops] == [
        (10_000, "stopped-vm-off", Severity.NOTICE)
    ]


def test_masked_copy_has_no_name_of_a_storage(tmp_path: Path) -> None:
    path, copy = tmp_path / "night.sqlite", tmp_path / "copy.sqlite"
    record_night(path, set())
    export(path, copy, mask=record_template.mask_names)

    assert b"backup-1" in path.read_bytes()
    assert b"backup-1" not in copy.read_bytes()
    assert len(events_of(copy)) == len(events_of(path))


def test_recording_of_the_first_version_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "night.sqlite"
    record_night(path, set(), frozenset(range(2, len(NIGHT))))
    with closing(sqlite3.connect(path)) as connection:
        newer = "DROP TABLE storage; DROP INDEX event_of_task; DROP TABLE hour; DROP TABLE resource_name;"
        connection.executescript(f"{newer} PRAGMA user_version=1")
    with closing(open_for_reading(path)) as connection:
        assert RecordingReader(connection).history(0).tasks
    record_night(path, {0})

    assert {each.name for each in path.parent.iterdir()} == {path.name}, "nothing was damaged"
    assert events_of(path)[-len(EVENTS) :] == EVENTS


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
