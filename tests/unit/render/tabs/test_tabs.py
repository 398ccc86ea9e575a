"""Each tab with data, without data, and after a failure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any

import pytest
from msgspec import structs

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import pretty_json_lines, raw_fields
from cdptui.models.capacity import GrowthRate
from cdptui.models.inventory import BackupStorage, FetchState, Policy, VmInstance, Volume, worst_tasks
from cdptui.models.recovery_points import RecoveryPoint, RecoveryPoints
from cdptui.models.severity import Severity
from cdptui.models.storages import summarize_storage
from cdptui.models.task_row import TaskRow
from cdptui.render import formatting, storage_cells
from cdptui.render.spans import plain_text
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
def test_tab_without_any_data_is_rendered(tab: Tab, width: int, height: int) -> None:
    row = a_row(resource_refs=(), policy_uuid=None, backup_storage_uuid=None, last_op_at=None, rpo_ms=None)
    assert "● Running" in shown(tab, row, width, height)[0]
    assert shown(tab, a_row(), width, height)


PARTS = [
    pytest.param(RESOURCES, "machine", id="resources"),
    pytest.param(POLICY, "policies", id="policy"),
    pytest.param(STORAGE, "storages", id="storage"),
    pytest.param(POINTS, "points", id="points"),
]
VALUES: dict[str, Any] = {
    "machine": ERP,
    "policies": {"p-1": GOLD},
    "storages": {"bs-1": STORE},
    "points": RecoveryPoints(EPOCH - timedelta(days=1), EPOCH),
}


@pytest.mark.parametrize(("tab", "part"), PARTS)
def test_tab_shows_loading_missing_permission_and_failure(tab: Tab, part: str) -> None:
    row = a_row()
    assert "Loading" in text(tab, row)
    denied = text(tab, row, **{part: FetchState(failure=DENIED)})
    assert "no permission" in denied
    assert "administrator" in denied
    assert "Loading" not in denied
    failed = text(tab, row, **{part: FetchState(failure=AWAY)})
    assert "SYS.1006: Backup storage is not connected" in failed
    assert "r retries" in failed


def test_failed_reload_keeps_the_old_data_and_shows_its_age() -> None:
    part = FetchState({"bs-1": STORE}, fetched_at=-200.0, failure=AWAY)
    output = text(STORAGE, a_row(), storages=part)
    assert "backup-server-1" in output
    assert "updated 5 min ago" in output
    assert "from before this failure" in output


@pytest.mark.parametrize(
    ("cached_s", "mark"),
    [pytest.param(60.0, "", id="for a minute"), pytest.param(61.0, ", from a cache", id="longer")],
)
@pytest.mark.parametrize(("tab", "part"), PARTS)
def test_tab_marks_data_from_a_cache(tab: Tab, part: str, cached_s: float, mark: str) -> None:
    fetched = FetchState(VALUES[part], fetched_at=100.0 - 300.0, cached_s=cached_s)
    title = text(tab, a_row(), **{part: fetched}).splitlines()[0]
    assert title.rstrip().endswith(f"updated 5 min ago{mark}")


def test_uuids_are_shown_until_names_are_known() -> None:
    row = a_row()
    assert "vm-of-cdp-erp-db" in text(RESOURCES, row)
    assert "erp-db-01" in text(RESOURCES, row, names={"vm-of-cdp-erp-db": "erp-db-01"})
    assert "p-1" in text(POLICY, row)
    assert "gold" in text(POLICY, row, names={"p-1": "gold"})


def test_resources_show_the_vm_its_state_and_its_volumes() -> None:
    output = text(RESOURCES, a_row(), machine=read(ERP))
    assert "● Running" in output
    assert "Linux · 4 CPUs · 8 GiB" in output
    assert "ROOT-for-erp" in output
    assert "2.0× the VM's data" in output
    assert "updated 20 s ago" in output


def test_stopped_vm_explains_unchanged_capacity() -> None:
    assert "writes nothing" in text(RESOURCES, a_row(), machine=read(VmInstance(uuid="x", state="Stopped")))


def test_missing_vm_differs_from_one_that_is_not_loaded_yet() -> None:
    assert "VM not visible to this account" in text(RESOURCES, a_row(), machine=read(None))


def test_policy_shows_schedule_retention_and_rpo_target() -> None:
    output = text(POLICY, a_row(), policies=read({"p-1": GOLD}))
    assert "Recovery point every 3 s (28 800 per day)" in output
    assert "Every point is kept for 3 days, then one per hour until day 7, then one per day\n" in output
    assert "Retention time 7 days; how it combines" in output
    assert "Full backup every 1 day" in output
    assert "RPO target 10m is 200 times the interval" in output


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        pytest.param((7, 3, 7, 0), "3 days, then one per hour until day 7, then one per day", id="no end"),
        pytest.param(
            (7, 1, 7, 30),
            "1 day, then one per hour until day 7, then one per day until day 30; older points are deleted",
            id="all settings",
        ),
        pytest.param(
            (7, 3, 9, 7),
            "3 days, then one per hour until day 7; older points are deleted",
            id="data expires before one per day",
        ),
        pytest.param((7, None, None, None), "7 days; older points are deleted", id="not thinned"),
        pytest.param((7, 0, 0, 3), "3 days; older points are deleted", id="not thinned, data expires first"),
        pytest.param((7, 7, 9, 5), "5 days; older points are deleted", id="thinned after their end"),
        pytest.param((None, 7, 3, 0), "3 days, then one per day", id="days before hours"),
        pytest.param((None, 2, None, None), "2 days, then one per hour", id="hours without end"),
    ],
)
def test_retention_is_one_sentence_without_contradiction(days: tuple[int | None, ...], sentence: str) -> None:
    retention, hourly, daily, expire = days
    policy = Policy(
        uuid="p-1", retention_days=retention, hourly_since_day=hourly, daily_since_day=daily, expire_days=expire
    )
    assert f"· Every point is kept for {sentence}" in shown(POLICY, a_row(), 200, policies=read({"p-1": policy}))


def test_policy_without_settings_says_so() -> None:
    output = text(POLICY, a_row(), policies=read({"p-1": Policy(uuid="p-1", retention_days=0, hourly_since_day=0)}))
    assert "reports no settings" in output
    assert "kept" not in output


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8))])
def test_every_time_names_its_zone(zone: tzinfo) -> None:
    recovery = points(*range(600), *range(625, 1440), protected=(RecoveryPoint(7, "v-1", EPOCH, 5, "kept"),))
    lines = shown(POINTS, a_row(), points=read(recovery), zone=zone)
    lines += shown(RESOURCES, a_row(), machine=read(ERP), zone=zone)
    times = [line for line in lines if re.search(r"\d\d:\d\d:\d\d", line)]
    assert len(times) >= 4
    name = formatting.utc_offset(EPOCH, zone)
    assert all(re.search(rf"\d\d:\d\d:\d\d {re.escape(name)}", line) for line in times)


def test_raw_dates_are_in_the_time_of_the_server() -> None:
    task = decode_task(encoded(FULL_ROW), UTC)
    output = shown(RAW, TaskRow(task, Severity.HEALTHY), 120, raw=pretty_json_lines(task), fields=raw_fields(task, UTC))
    fields, record = output[: output.index(next(filter(is_record, output)))], next(filter(is_record, output))
    dates = [line for line in fields if re.search(r"\d:\d\d:\d\d", line)]
    assert dates
    assert all(line.endswith(" server time") for line in dates)
    assert "server time" in record


def is_record(line: str) -> bool:
    return line.startswith("Record")


def test_interval_longer_than_the_rpo_target_is_reported() -> None:
    slow = Policy(uuid="p-1", interval_s=900)
    assert "Interval of 15 min is longer than the RPO target of 10m" in text(
        POLICY, a_row(), policies=read({"p-1": slow})
    )


def test_policy_missing_in_a_complete_list_is_not_visible() -> None:
    assert "Policy not found among the policies visible to this account" in text(
        POLICY, a_row(), policies=read({"p-2": GOLD})
    )


@pytest.mark.parametrize(("tab", "part"), [(POLICY, "policies"), (STORAGE, "storages")])
def test_resource_missing_in_a_partial_list_may_be_visible_to_the_account(tab: Tab, part: str) -> None:
    partial = structs.replace(read({"other": GOLD}), is_partial=True)
    shown_text = text(tab, a_row(), **{part: partial})
    assert "that the server listed; the list may be incomplete" in shown_text
    assert "visible to this account" not in shown_text
    assert "the server's list is incomplete" in text(WHY, a_row(), **{part: partial})


def test_partial_list_of_volumes_or_points_is_reported() -> None:
    machine = structs.replace(ERP, has_more_volumes=True)
    assert "may have more volumes of this VM" in text(RESOURCES, a_row(), machine=read(machine))
    points = RecoveryPoints(EPOCH, EPOCH, daily=(RecoveryPoint(1, "v-1", EPOCH),), is_truncated=True)
    assert "may have more recovery points" in text(POINTS, a_row(), points=read(points))


def on_storage(*rows: TaskRow) -> dict[str, Any]:
    """What the Storage tab is given for tasks on one storage."""
    return {
        "storages": read({"bs-1": STORE}),
        "storage": summarize_storage("bs-1", rows, STORE),
        "storage_tasks": worst_tasks(rows),
    }


def test_storage_shows_capacity_and_that_the_plans_fit() -> None:
    rows = [a_row(), a_row("other", used_bytes=GIB, plan_bytes=2 * GIB)]
    output = text(STORAGE, rows[0], **on_storage(*rows))
    assert "● Connected" in output
    assert "1 TiB of 2 TiB" in output
    assert "plus 983 GiB other data" in output
    assert "✔ Plans fit, 963 GiB to spare" in output
    assert "1 other task, no problems" in output
    assert "other" in output


def test_rough_estimate_of_a_storage_says_why_it_is_rough() -> None:
    rows = [structs.replace(a_row(), growth=GrowthRate(TIB / 36000, 60.0))]
    output = text(STORAGE, rows[0], **on_storage(*rows))
    assert "full in       ~10 h" in output
    assert "~ not reliable: the growth of tasks is not known yet, or is changing" in output


def test_storage_shows_overcommitted_capacity() -> None:
    rows = [a_row(plan_bytes=3 * TIB), a_row("no-plan", plan_bytes=0)]
    output = text(STORAGE, rows[0], **on_storage(*rows))
    assert "▲ Overcommitted: plans exceed the free capacity by 2 TiB" in output
    assert "1 task without a plan" in output


def test_tasks_without_plans_give_no_sign_that_the_plans_fit() -> None:
    rows = [a_row(plan_bytes=0), a_row("no-plan", plan_bytes=0)]
    output = text(STORAGE, rows[0], **on_storage(*rows))
    assert "No plans to check" in output
    assert "✔" not in output


def test_use_of_a_storage_is_the_same_in_its_tab_and_in_the_list() -> None:
    rows = [a_row()]
    tab = text(STORAGE, rows[0], **on_storage(*rows))
    use = plain_text(storage_cells.use(on_storage(*rows)["storage"]))
    assert re.search(rf"^used +1 TiB of 2 TiB +{use} ", tab, re.MULTILINE)


def test_other_tasks_are_listed_worst_first_up_to_a_limit() -> None:
    rows = [a_row(f"t{n:03}") for n in range(300)] + [a_row("bad", status="Failed")]
    lines = shown(STORAGE, rows[0], **on_storage(*rows))
    first = next(index for index, line in enumerate(lines) if "other tasks" in line) + 2
    assert "bad" in lines[first]
    assert lines[-1] == "… 101 more not shown"


def test_other_tasks_have_the_sign_of_their_severity() -> None:
    rows = [a_row(), a_row("bad", status="Failed"), a_row("full", plan_bytes=100 * GIB, used_bytes=95 * GIB)]
    lines = text(STORAGE, rows[0], **on_storage(*rows)).splitlines()
    assert [line[:4] for line in lines if line.endswith(("bad", "full"))] == ["✖ ✖ ", "• ● "]


def test_storage_shows_the_growth_of_its_tasks_and_when_it_is_full() -> None:
    rows = [structs.replace(a_row(), growth=GrowthRate(TIB / 36000, 7200.0))]
    output = text(STORAGE, rows[0], **on_storage(*rows))
    assert "+102 GiB/h" in output
    assert next(line for line in output.splitlines() if line.startswith("full in")).split()[-2:] == ["10", "h"]


def points(*minutes: int, **changes: Any) -> RecoveryPoints:
    start = EPOCH - timedelta(hours=24)
    recent = tuple(RecoveryPoint(n, "v-1", start + timedelta(minutes=n), 1024 * 1024) for n in minutes)
    return RecoveryPoints(start, EPOCH, recent, **changes)


def test_recovery_points_show_newest_oldest_gaps_and_change_rate() -> None:
    minutes = [*range(600), *range(625, 1440)]
    day = RecoveryPoint(0, "v-1", EPOCH - timedelta(days=6), 5)
    locked = RecoveryPoint(7, "v-1", EPOCH - timedelta(days=3), 5, "before upgrade")
    output = text(
        POINTS,
        a_row(),
        points=read(points(*minutes, daily=(day,), protected=(locked,))),
        machine=read(ERP),
        policies=read({"p-1": GOLD}),
    )
    assert "Root ROOT-for-erp" in output
    assert "\n\n\n" not in output, "one empty line below the status"
    assert "locked        1 point\n" in output
    assert "1 min ago" in output
    assert "6 d ago" in output
    assert "1 gap, longest 26 min" in output
    assert "before upgrade" in output
    assert "MiB/h" in output
    assert "▄" in output
    assert "Policy interval 3 s; the server lists one point per minute" in output


def test_day_without_gaps_is_marked() -> None:
    output = text(POINTS, a_row(), points=read(points(*range(1440))))
    assert "✔ no gaps" in output
    assert "Policy interval not known; gaps over 2 min" in output


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(range(1320), "▲ no point for 2 h", id="stopped"),
        pytest.param([*range(600), *range(700, 1380)], "▲ 1 gap, no point for 1 h", id="gap and stopped"),
    ],
)
def test_missing_newest_points_are_reported(minutes: Sequence[int], expected: str) -> None:
    output = text(POINTS, a_row(), points=read(points(*minutes)))
    assert expected in output
    assert "✔" not in output


def test_vm_without_points_cannot_be_restored() -> None:
    assert "nothing can be restored" in text(POINTS, a_row(), points=read(points()))


def test_server_errors_show_names_instead_of_uuids() -> None:
    uuid = "ab" * 16
    failure = AWAY.__class__(AWAY.kind, f"Backup storage[uuid: {uuid}] is not connected", "", "SYS.1006")
    output = text(POINTS, a_row(), points=FetchState(failure=failure), names={uuid: "edge-1"})
    assert "Recovery points: " in output
    assert "storage[uuid: edge-1]" in output
    assert "Not retried automatically" in output


def test_raw_record_is_complete_at_every_width() -> None:
    task = decode_task(encoded({**FULL_ROW, "scene": "Normal", "description": "x" * 300}), None)
    row = TaskRow(task, Severity.HEALTHY)
    for width in (20, 46, 120):
        output = shown(RAW, row, width, raw=pretty_json_lines(task), fields=raw_fields(task, None))
        assert "x" * 300 in "".join(line.strip() for line in output)
        assert any('"scene": "Normal"' in line for line in output)
        assert any("not known to cdptui: " in line for line in output)


def test_why_shows_every_problem_with_evidence_and_next_step() -> None:
    row = a_row(evidence={"is_storage_disconnected": True}, status="Failed", rpo_ms=1_500_000)
    output = text(WHY, row, names={"bs-1": "backup-server-1"})
    assert "Enabled but not protecting" in output
    assert "Backup storage backup-server-1 is disconnected" in output
    assert "Check the backup server's power" in output
    assert "25m old (target 10m)" in output
    assert output.count("→") == 3
    assert "Also checked" in output
    assert "✔ 1 VM attached" in output
    assert "Status Failed" not in output


def test_why_of_a_healthy_task_lists_the_checks() -> None:
    row = a_row(evidence={"growth": GrowthRate(GIB / 3600, 7200.0), "seconds_until_full": 900_000.0})
    output = text(WHY, row, storages=read({"bs-1": STORE}), policies=read({"p-1": GOLD}), names={"p-1": "gold"})
    assert "No problems found" in output
    for check in (
        "Status Running",
        "RPO 1.8s",
        "40% of the 100 GiB plan",
        "Growing 1 GiB/h",
        "is Connected",
        "Policy gold found",
    ):
        assert check in output
    assert "?" not in output


def test_why_shows_the_state_of_the_vm_beside_a_stalled_capacity() -> None:
    row = a_row(evidence={"stalled_since": EPOCH - timedelta(hours=2)})
    output = text(WHY, row, machine=read(VmInstance(uuid="vm-1", name="erp", state="Stopped")))
    assert "not changed for 2 h" in output
    assert "VM erp is Stopped: it writes nothing" in output
    assert "VM erp is Running" in text(WHY, a_row(), machine=read(ERP))
    assert "State of the VM not known: permission denied" in text(WHY, a_row(), machine=FetchState(failure=DENIED))


def test_checks_without_data_differ_from_passed_checks() -> None:
    output = text(WHY, a_row(), storages=FetchState(failure=DENIED))
    assert "? Connection of backup storage bs-1 not known: permission denied" in output
    assert "? Growth not known yet" in output


@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_break_no_line(tab: Tab) -> None:
    row = a_row("[red]x[/]", description="[b]")
    vm = VmInstance(uuid="x", name="[/]", state="[x]", volumes=(Volume(uuid="v", name="[/b]"),))
    lines = shown(tab, row, machine=read(vm), storages=read({"bs-1": STORE}), policies=read({"p-1": GOLD}))
    assert not any("\n" in line or "\x1b" in line for line in lines)


def test_task_is_not_listed_as_another_task_on_its_storage() -> None:
    row = a_row()
    assert "No other tasks" in text(STORAGE, row, storage_tasks=(row,))
    assert a_task().uuid == row.task.uuid
