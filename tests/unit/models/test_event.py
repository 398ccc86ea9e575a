"""Events of tasks, derived from what was known before."""

from __future__ import annotations

from typing import Any

import pytest

from cdptui.models.event import EventKind, StorageFacts, TaskFacts, advance, advance_storage, storage_event, vanished
from cdptui.models.inventory import BackupStorage
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from tests.doubles import GIB, a_task

Seen = tuple[EventKind, str | None, str | None]


def row(*reasons: Reason, **changes: Any) -> TaskRow:
    settings = {
        "used_bytes": 50 * GIB,
        "plan_bytes": 100 * GIB,
        "rpo_ms": 3000,
        "rpo_target_ms": 10_000,
        "name": "db",
        **changes,
    }
    return TaskRow(a_task(**settings), Severity.HEALTHY, reasons=reasons)


def watched(*rows: TaskRow, step_ms: int = 10_000) -> list[Seen]:
    """Return the events after the first poll."""
    facts: TaskFacts | None = None
    found: list[Seen] = []
    for number, each in enumerate(rows):
        facts, events = advance(facts, each, number * step_ms)
        found += [(event.kind, event.old, event.new) for event in events if number]
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "Failed"}, (EventKind.STATUS, "Running", "Failed")),
        ({"state": "Disabled"}, (EventKind.STATE, "Enabled", "Disabled")),
        ({"name": "db2"}, (EventKind.NAME, "db", "db2")),
        ({"description": "new"}, (EventKind.DESCRIPTION, None, "new")),
        ({"plan_bytes": 200 * GIB}, (EventKind.PLAN, str(100 * GIB), str(200 * GIB))),
        ({"bandwidth_limit_bps": 5}, (EventKind.LIMIT, "0", "5")),
        ({"policy_uuid": "gold"}, (EventKind.POLICY, "policy-1", "gold")),
        ({"backup_storage_uuid": "bs-2"}, (EventKind.STORAGE, "bs-1", "bs-2")),
        ({"rpo_target_ms": 60_000}, (EventKind.RPO_TARGET, "10000", "60000")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_change_of_a_field_is_one_event_with_old_and_new(change: dict[str, Any], expected: Seen) -> None:
    before = {"policy_uuid": "policy-1", "backup_storage_uuid": "bs-1", "bandwidth_limit_bps": 0, "description": None}
    first = row(**before)
    second = row(**{**before, **change})

    assert watched(first, second, second) == [expected]


def test_stop_has_its_severity_and_cause() -> None:
    facts, _ = advance(None, row(), 0)
    stop = Reason(ReasonKind.STOPPED_VM_OFF, Severity.NOTICE)

    _, events = advance(facts, row(stop, status="Stopped"), 10_000)

    assert [(event.kind, event.severity, event.cause) for event in events] == [
        (EventKind.STATUS, Severity.NOTICE, "stopped-vm-off")
    ]


def test_missed_target_and_its_end_have_worst_rpo_and_duration() -> None:
    found = watched(row(), row(rpo_ms=12_000), row(rpo_ms=22_000), row(rpo_ms=15_000), row(rpo_ms=100))

    # At the second poll the RPO had been over its target for two seconds.
    assert found == [(EventKind.RPO_MISSED, "10000", "12000"), (EventKind.RPO_MET, "22000", "32000")]


def test_each_level_of_the_plan_is_one_event() -> None:
    uses = [79, 81, 79, 81, 91, 96, 100, 100, 70, 85]

    found = watched(*(row(used_bytes=use * GIB) for use in uses))

    levels = [new for kind, _, new in found if kind is EventKind.PLAN_LEVEL]
    assert levels == ["80", "90", "95", "100", "80"]


@pytest.mark.parametrize(("freed", "is_event"), [(2 * GIB, True), (GIB - 1, False), (1000, False)])
def test_freed_space_is_an_event_when_it_is_large(freed: int, is_event: bool) -> None:
    found = watched(row(), row(used_bytes=50 * GIB - freed))

    assert found == ([(EventKind.FREED, str(50 * GIB), str(50 * GIB - freed))] if is_event else [])


def test_first_poll_and_the_end_of_a_task_are_events() -> None:
    facts, events = advance(None, row(), 5)
    assert [(event.kind, event.new) for event in events] == [(EventKind.APPEARED, "Running")]

    gone = vanished(facts, "uuid-1", 20)
    assert (gone.kind, gone.severity, gone.task_uuid, gone.name, gone.old) == (
        EventKind.VANISHED,
        Severity.WARNING,
        "uuid-1",
        "db",
        "Running",
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (
            ["Connected", "Disconnected", "Disconnected", "Connected"],
            [(1, "disconnected", None), (3, "connected", "20000")],
        ),
        (
            ["Connected", "Disconnected", "Connecting", "Connected"],
            [(1, "disconnected", None), (3, "connected", "20000")],
        ),
        (["Connected", "Connecting", "Connected"], []),
        (["Disconnected", "Disconnected"], []),
        (["Disconnected", "Connected"], [(1, "connected", "10000")]),
        (
            ["Connected", None, "Disconnected", None, "Connected"],
            [(2, "disconnected", None), (4, "connected", "20000")],
        ),
    ],
    ids=lambda value: ",".join(str(each) for each in value) if value and isinstance(value[0], str) else "",
)
def test_storage_is_an_event_when_it_is_lost_and_when_it_is_back(
    statuses: list[str | None], expected: list[tuple[int, str, str | None]]
) -> None:
    facts: StorageFacts | None = None
    found = []
    for number, status in enumerate(statuses):
        before = facts
        storage = BackupStorage(uuid="bs-1", name="backup-1", status=status)
        facts, kind = advance_storage(before, storage, 10_000 * number)
        if kind is not None:
            assert before is not None
            event = storage_event(kind, before, facts, 40, 10_000 * number)
            assert (event.name, event.new) == ("backup-1", "40")
            found.append((number, event.kind.value.removeprefix("storage-"), event.old))
    assert found == expected
