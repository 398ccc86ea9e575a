from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdptui.models.change import VOLATILE_FIELDS, Change, diff_task
from cdptui.models.task import ResourceRef, Task
from cdptui.render.notices import summarize_changes
from tests.doubles import EPOCH, GIB, a_task

NAMES = {"policy-1": "gold", "policy-2": "silver", "vm-1": "erp", "storage-2": "wenzhou"}


def changed(before: Task | None, after: Task | None) -> Change:
    change = diff_task(before, after)
    assert change is not None
    return change


def from_one_to(name: str = "cdp-plm-web", /, **fields: object) -> Change:
    """Return a change of some fields of a running task; a pair is the value before and after."""
    pairs = {field: value if isinstance(value, tuple) else (None, value) for field, value in fields.items()}
    before = structs.replace(
        a_task(name), raw=b"before", **{field: old for field, (old, _) in pairs.items() if old is not None}
    )
    return changed(before, structs.replace(before, raw=b"after", **{field: new for field, (_, new) in pairs.items()}))


DIFFERENCES: dict[str, tuple[dict[str, object], str]] = {
    "status": ({"status": "DataMerging"}, "Running → DataMerging"),
    "state": ({"state": "Disabled"}, "Enabled → Disabled"),
    "name": ({"name": "cdp-plm"}, "renamed to cdp-plm"),
    "plan_bytes": ({"plan_bytes": (100 * GIB, 200 * GIB)}, "plan 100 GiB → 200 GiB"),
    "rpo_target_ms": ({"rpo_target_ms": (600_000, 300_000)}, "RPO target 10m → 5m"),
    "policy_uuid": ({"policy_uuid": ("policy-1", "policy-2")}, "policy gold → silver"),
    "backup_storage_uuid": (
        {"backup_storage_uuid": ("storage-1", "storage-2")},
        "backup storage storage-1 → wenzhou",
    ),
    "bandwidth_limit_bps": ({"bandwidth_limit_bps": (0, 10 << 20)}, "limit none → 10 MiB/s"),
    "task_type": ({"task_type": ("VM", "Volume")}, "type VM → Volume"),
    "description": (
        {"description": ("old", "a description with more characters")},
        "description old → a description with more…",
    ),
    "created_at": ({"created_at": EPOCH}, "creation date updated"),
    "resource_refs": (
        {"resource_refs": ((ResourceRef("vm-1", "VmInstanceVO"),), (ResourceRef("vm-2", "VmInstanceVO"),))},
        "now protects vm-2, no longer protects erp",
    ),
}


def test_every_field_that_can_change_is_described() -> None:
    identity = {"uuid", "raw", "unreadable_fields"}
    assert DIFFERENCES.keys() == set(Task.__struct_fields__) - identity - VOLATILE_FIELDS


@pytest.mark.parametrize(("fields", "difference"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_notice_says_what_changed(fields: dict[str, object], difference: str) -> None:
    assert summarize_changes([from_one_to(**fields)], NAMES) == f"cdp-plm-web: {difference}"


def test_all_differences_of_a_task_are_listed_the_status_first() -> None:
    change = from_one_to(plan_bytes=(0, GIB), state="Disabled", status="Stopped", rpo_ms=7)
    notice = summarize_changes([change], NAMES)
    assert notice == "cdp-plm-web: Running → Stopped, Enabled → Disabled, plan none → 1 GiB"


def test_removed_value_is_called_none() -> None:
    assert summarize_changes([from_one_to(policy_uuid=("policy-1", ""))], NAMES) == "cdp-plm-web: policy gold → none"


def test_resources_whose_dates_changed_are_still_the_same() -> None:
    refs = tuple((ResourceRef("vm-1", "VmInstanceVO", last_op_at=at),) for at in (None, EPOCH))
    assert summarize_changes([from_one_to(resource_refs=refs)], NAMES) == "cdp-plm-web: protected resources updated"


def test_new_and_deleted_tasks_are_named() -> None:
    assert summarize_changes([changed(None, a_task("new", status="Created"))], NAMES) == "new appeared: Created"
    assert summarize_changes([changed(a_task("old"), None)], NAMES) == "old vanished"


MOST_SEVERE_FIRST = [
    (from_one_to("fails", status="Failed"), "fails: Running → Failed"),
    (changed(a_task("enabled"), None), "enabled vanished"),
    (from_one_to("starts", status=("Stopped", "Starting")), "starts: Stopped → Starting"),
    (from_one_to("recovers", status=("Failed", "Running")), "recovers: Failed → Running"),
    (changed(None, a_task("new")), "new appeared: Running"),
    (from_one_to("failed long ago", status=("Failed", "Failed"), plan_bytes=(GIB, 2 * GIB)), ""),
]


@pytest.mark.parametrize("first", range(len(MOST_SEVERE_FIRST) - 1))
def test_most_severe_change_is_told_in_full_with_the_number_of_the_others(first: int) -> None:
    rest = MOST_SEVERE_FIRST[first:]
    for changes in permutations([change for change, _ in rest[:3]]):
        others = [change for change, _ in rest[3:]]
        assert summarize_changes([*others, *changes], NAMES) == f"{rest[0][1]} · {len(rest) - 1} more"


@given(st.lists(st.sampled_from([change for change, _ in MOST_SEVERE_FIRST]), max_size=8))
def test_notice_counts_every_change(changes: list[Change]) -> None:
    notice = summarize_changes(changes, NAMES)
    assert bool(notice) == bool(changes)
    assert notice.endswith(f" · {len(changes) - 1} more") == (len(changes) > 1)
