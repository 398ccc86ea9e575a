"""What each tab says, of what is known, of what is not, and of what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import pretty_json_lines, raw_fields
from cdptui.models.capacity import GrowthRate
from cdptui.models.inventory import BackupStorage, FetchState, Policy, VmInstance, Volume, storage_commitment
from cdptui.models.recovery_points import RecoveryPoint, RecoveryPoints
from cdptui.models.severity import Severity
from cdptui.models.task_row import TaskRow
from cdptui.render.tabs.registry import POINTS, POLICY, RAW, RESOURCES, STORAGE, TABS, WHY, Tab
from tests.doubles import EPOCH, GIB, a_task
from tests.unit.api.wire import FULL_ROW, encoded
from tests.unit.render.tabs.rows import AWAY, DENIED, a_row, read, shown

TIB = 1024 * GIB
ROOT = Volume(uuid="v-1", name="ROOT-for-erp", kind="Root", size_bytes=40 * GIB, actual_bytes=20 * GIB, status="Ready")
ERP = VmInstance(
    uuid="vm-of-cdp-erp-db",
    name="erp",
    state="Running",
    platform="Linux",
    cpus=4,
    memory_bytes=8 * GIB,
    volumes=(ROOT,),
)
GOLD = Policy(
    uuid="p-1",
    name="gold",
    state="Enabled",
    interval_s=3,
    retention_days=7,
    hourly_since_day=3,
    daily_since_day=7,
    full_backup_days=1,
)
STORE = BackupStorage(
    uuid="bs-1",
    name="backup-server-1",
    kind="ImageStoreBackupStorage",
    state="Enabled",
    status="Connected",
    total_bytes=2 * TIB,
    available_bytes=TIB,
)


def text(tab: Tab, row: TaskRow, **context: Any) -> str:
    return "\n".join(shown(tab, row, **context))


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("width", "height"), [(46, 37), (78, 9), (20, 3)])
def test_a_tab_with_nothing_known_is_shown_all_the_same(tab: Tab, width: int, height: int) -> None:
    row = a_row(resource_refs=(), policy_uuid=None, backup_storage_uuid=None, last_op_at=None, rpo_ms=None)
    assert "cdp-erp-db" in shown(tab, row, width, height)[0]
    assert shown(tab, a_row(), width, height)


PARTS = [
    pytest.param(RESOURCES, "machine", id="resources"),
    pytest.param(POLICY, "policies", id="policy"),
    pytest.param(STORAGE, "storages", id="storage"),
    pytest.param(POINTS, "points", id="points"),
]


@pytest.mark.parametrize(("tab", "part"), PARTS)
def test_a_tab_says_that_it_is_read_that_it_may_not_and_why_it_failed(tab: Tab, part: str) -> None:
    row = a_row()
    assert "reading" in text(tab, row)
    denied = text(tab, row, **{part: FetchState(failure=DENIED)})
    assert "no permission" in denied
    assert "administrator" in denied
    assert "reading" not in denied
    failed = text(tab, row, **{part: FetchState(failure=AWAY)})
    assert "SYS.1006: Backup storage is not connected" in failed
    assert "r tries" in failed


def test_a_part_that_failed_later_keeps_what_it_had_and_says_how_old_that_is() -> None:
    part = FetchState({"bs-1": STORE}, fetched_at=-200.0, failure=AWAY)
    said = text(STORAGE, a_row(), storages=part)
    assert "backup-server-1" in said
    assert "as of 5 min ago" in said
    assert "from before that" in said


def test_uuids_are_shown_until_names_are_known() -> None:
    row = a_row()
    assert "vm-of-cdp-erp-db" in text(RESOURCES, row)
    assert "erp-db-01" in text(RESOURCES, row, names={"vm-of-cdp-erp-db": "erp-db-01"})
    assert "p-1" in text(POLICY, row)
    assert "gold" in text(POLICY, row, names={"p-1": "gold"})


def test_resources_tell_the_vm_its_state_and_its_volumes() -> None:
    said = text(RESOURCES, a_row(), machine=read(ERP))
    assert "● Running" in said
    assert "Linux · 4 CPUs · 8 GiB" in said
    assert "ROOT-for-erp" in said
    assert "2.0 times that" in said
    assert "as of 20 s ago" in said


def test_a_vm_that_is_off_explains_why_nothing_moves() -> None:
    assert "writes nothing" in text(RESOURCES, a_row(), machine=read(VmInstance(uuid="x", state="Stopped")))


def test_a_vm_that_is_not_there_is_told_from_one_that_is_not_read_yet() -> None:
    assert "no such VM" in text(RESOURCES, a_row(), machine=read(None))


def test_a_policy_is_told_in_words() -> None:
    said = text(POLICY, a_row(), policies=read({"p-1": GOLD}))
    assert "a recovery point every 3 s, 28 800 a day" in said
    assert "all of them are kept for 7 days" in said
    assert "one an hour is kept for 3 days" in said
    assert "one a day is kept for 7 days" in said
    assert "a full backup every 1 day" in said
    assert "the target is 10m, 200 times the interval" in said


def test_a_policy_that_cannot_keep_the_target_says_so() -> None:
    slow = Policy(uuid="p-1", interval_s=900)
    assert "is rarer than the target of 10m asks for" in text(POLICY, a_row(), policies=read({"p-1": slow}))


def test_a_policy_that_is_not_among_those_seen_is_said() -> None:
    assert "not among the policies" in text(POLICY, a_row(), policies=read({"p-2": GOLD}))


@pytest.mark.parametrize(("tab", "part"), [(POLICY, "policies"), (STORAGE, "storages")])
def test_what_is_missing_in_a_partial_list_is_not_said_to_be_hidden_from_the_account(tab: Tab, part: str) -> None:
    partial = structs.replace(read({"other": GOLD}), is_partial=True)
    shown_text = text(tab, a_row(), **{part: partial})
    assert "that the server listed (1); it has, or may have, more" in shown_text
    assert "that this account sees" not in shown_text
    assert "the server did not list all of them" in text(WHY, a_row(), **{part: partial})


def test_a_partial_list_of_volumes_or_points_says_so() -> None:
    machine = structs.replace(ERP, has_more_volumes=True)
    assert "more volumes of this VM than it listed" in text(RESOURCES, a_row(), machine=read(machine))
    points = RecoveryPoints(EPOCH, EPOCH, daily=(RecoveryPoint(1, "v-1", EPOCH),), is_truncated=True)
    assert "more recovery points than it listed" in text(POINTS, a_row(), points=read(points))


def test_a_storage_tells_its_room_and_whether_the_plans_fit() -> None:
    rows = [a_row(), a_row("other", used_bytes=GIB, plan_bytes=2 * GIB)]
    said = text(STORAGE, rows[0], storages=read({"bs-1": STORE}), commitment=storage_commitment(rows))
    assert "● Connected" in said
    assert "1 TiB of 2 TiB" in said
    assert "983 GiB by other data" in said
    assert "✔ the plans fit: 963 GiB are left beyond them" in said
    assert "1 other task, 0 with a reason" in said
    assert "other" in said


def test_over_commitment_is_told_with_its_size() -> None:
    rows = [a_row(plan_bytes=3 * TIB), a_row("no-plan", plan_bytes=0)]
    said = text(STORAGE, rows[0], storages=read({"bs-1": STORE}), commitment=storage_commitment(rows))
    assert "▲ over-committed: the plans want 2 TiB more than is free" in said
    assert "1 task without a plan" in said


def test_the_other_tasks_stand_worst_first_and_are_not_endless() -> None:
    rows = [a_row(f"t{n:03}") for n in range(300)] + [a_row("bad", status="Failed")]
    lines = shown(STORAGE, rows[0], storages=read({"bs-1": STORE}), commitment=storage_commitment(rows))
    first = next(index for index, line in enumerate(lines) if "other tasks" in line) + 1
    assert "bad" in lines[first]
    assert lines[-1] == "… and 101 more"


def points(*minutes: int, **changes: Any) -> RecoveryPoints:
    start = EPOCH - timedelta(hours=24)
    recent = tuple(RecoveryPoint(n, "v-1", start + timedelta(minutes=n), 1024 * 1024) for n in minutes)
    return RecoveryPoints(start, EPOCH, recent, **changes)


def test_recovery_points_tell_newest_oldest_gaps_and_change() -> None:
    minutes = [*range(600), *range(625, 1440)]
    day = RecoveryPoint(0, "v-1", EPOCH - timedelta(days=6), 5)
    locked = RecoveryPoint(7, "v-1", EPOCH - timedelta(days=3), 5, "before upgrade")
    said = text(
        POINTS,
        a_row(),
        points=read(points(*minutes, daily=(day,), protected=(locked,))),
        machine=read(ERP),
        policies=read({"p-1": GOLD}),
    )
    assert "Root ROOT-for-erp" in said
    assert "1 min ago" in said
    assert "6 d ago" in said
    assert "1 gap, the longest 26 min" in said
    assert "before upgrade" in said
    assert "MiB/h" in said
    assert "▄" in said
    assert "every 3 s; the server lists one a minute" in said


def test_a_day_without_a_gap_says_so() -> None:
    said = text(POINTS, a_row(), points=read(points(*range(1440))))
    assert "✔ no gap" in said
    assert "the policy's interval is not known" in said


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(range(1320), "▲ none for 2 h", id="it ended"),
        pytest.param([*range(600), *range(700, 1380)], "▲ 1 gap, and none for 1 h", id="a gap, and an end"),
    ],
)
def test_points_that_stopped_coming_are_not_passed_over(minutes: Sequence[int], expected: str) -> None:
    said = text(POINTS, a_row(), points=read(points(*minutes)))
    assert expected in said
    assert "✔" not in said


def test_a_vm_without_a_point_cannot_be_restored_and_says_so() -> None:
    assert "nothing can be restored" in text(POINTS, a_row(), points=read(points()))


def test_the_servers_words_have_names_for_uuids() -> None:
    uuid = "ab" * 16
    failure = AWAY.__class__(AWAY.kind, f"Backup storage[uuid: {uuid}] is not connected", "", "SYS.1006")
    said = text(POINTS, a_row(), points=FetchState(failure=failure), names={uuid: "edge-1"})
    assert "storage[uuid: edge-1]" in said
    assert "not tried again by themselves" in said


def test_the_raw_record_is_whole_at_any_width() -> None:
    task = decode_task(encoded({**FULL_ROW, "scene": "Normal", "description": "x" * 300}), None)
    row = TaskRow(task, Severity.HEALTHY)
    for width in (20, 46, 120):
        said = shown(RAW, row, width, raw=pretty_json_lines(task), fields=raw_fields(task, None))
        assert "x" * 300 in "".join(line.strip() for line in said)
        assert any('"scene": "Normal"' in line for line in said)
        assert "not known to cdptui: " in said[-1]


def test_why_tells_every_reason_with_evidence_and_next_step() -> None:
    row = a_row(evidence={"is_storage_disconnected": True}, status="Failed", rpo_ms=1_500_000)
    said = text(WHY, row, names={"bs-1": "backup-server-1"})
    assert "switched on, but it does not protect" in said
    assert "Its backup storage backup-server-1 is disconnected." in said
    assert "bring the backup server back" in said
    assert "25m old, 10m are permitted" in said
    assert said.count("→") == 3
    assert "Checked as well" in said
    assert "✔ 1 VM is attached" in said
    assert "status Failed" not in said


def test_a_healthy_task_says_so_and_what_was_checked() -> None:
    row = a_row(evidence={"growth": GrowthRate(GIB / 3600, 7200.0), "full_in_s": 900_000.0})
    said = text(WHY, row, storages=read({"bs-1": STORE}), policies=read({"p-1": GOLD}), names={"p-1": "gold"})
    assert "nothing speaks against this task" in said
    for words in ("status Running", "RPO 1.8s", "40% of the plan", "+1 GiB/h", "is Connected", "policy gold exists"):
        assert f"✔ {words}" in said or words in said
    assert "?" not in said


def test_a_vm_that_is_off_explains_a_capacity_that_stands_still() -> None:
    row = a_row(evidence={"still_since": EPOCH - timedelta(hours=2)})
    said = text(WHY, row, machine=read(VmInstance(uuid="vm-1", name="erp", state="Stopped")))
    assert "not moved for 2 h" in said
    assert "the VM erp is Stopped, so nothing is written" in said
    assert "the VM erp is Running" in text(WHY, a_row(), machine=read(ERP))
    assert "what the VM does is not known" in text(WHY, a_row(), machine=FetchState(failure=DENIED))


def test_what_nobody_could_check_is_told_from_what_is_well() -> None:
    said = text(WHY, a_row(), storages=FetchState(failure=DENIED))
    assert "? whether bs-1 is connected is not known: permission denied" in said
    assert "? growth is not known yet" in said


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_break_no_line(tab: Tab) -> None:
    row = a_row("[red]x[/]", description="[b]")
    vm = VmInstance(uuid="x", name="[/]", state="[x]", volumes=(Volume(uuid="v", name="[/b]"),))
    lines = shown(tab, row, machine=read(vm), storages=read({"bs-1": STORE}), policies=read({"p-1": GOLD}))
    assert not any("\n" in line or "\x1b" in line for line in lines)


def test_a_task_is_no_neighbour_of_itself() -> None:
    row = a_row()
    assert "No other task lies on it" in text(STORAGE, row, commitment=storage_commitment([row]))
    assert a_task().uuid == row.task.uuid
