"""The checks of tab Why: a tick is only for what is known to be well."""

from __future__ import annotations

from typing import Any

import pytest

from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.models.inventory import BackupStorage, VmInstance
from cdptui.render.tabs.registry import OVERVIEW, WHY
from tests.doubles import GIB
from tests.unit.render.tabs.rows import a_row, read, shown


@pytest.mark.parametrize(
    ("rate", "line"),
    [
        pytest.param(
            GrowthRate(GIB, 90.0),
            "? 40% of the 100 GiB plan is used, full in ~23 s; not reliable: measured over a short time",
            id="short",
        ),
        pytest.param(
            GrowthRate(GIB, 9e4, Doubt.FREED),
            "? 40% of the 100 GiB plan is used, full in ~23 s; not reliable: used capacity also fell",
            id="freed",
        ),
    ],
)
def test_estimate_in_doubt_has_no_tick_and_says_why(rate: GrowthRate, line: str) -> None:
    text = shown(WHY, a_row(evidence={"seconds_until_full": 23.0, "growth": rate}), width=200)
    assert line in text
    assert not [line for line in text if line.startswith("✔") and "full in" in line]


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        ("Stopped", "while stopped"),
        ("Failed", "while failed"),
        ("Unknown", "while the status is Unknown"),
        ("Starting", "while starting"),
        ("Created", "before the first start"),
    ],
)
def test_task_that_does_not_protect_has_its_rpo_as_last_measured(status: str, phrase: str) -> None:
    text = shown(WHY, a_row(status=status, rpo_ms=300_000))
    assert f"? RPO not measured {phrase}: last 5m (target 10m)" in text
    overview = shown(OVERVIEW, a_row(status=status, rpo_ms=300_000))
    assert any("last measured 5m (target 10m)" in line for line in overview)


@pytest.mark.parametrize(
    ("changes", "context", "line", "word"),
    [
        pytest.param({"resource_refs": ()}, {}, None, "same VM", id="no VM has no other task"),
        pytest.param({"resource_refs": ()}, {}, None, "attached", id="no VM is attached"),
        pytest.param(
            {"resource_refs": (), "unreadable_fields": frozenset({"resourceRefs"})},
            {},
            "? Attached VM not known: the field is unreadable",
            "VM",
            id="unreadable VM",
        ),
        pytest.param(
            {},
            {"machine": read(VmInstance(uuid="x", name="erp", state="Crashed"))},
            "· VM erp is Crashed: it writes nothing, so used capacity may not change",
            "erp",
            id="VM crashed",
        ),
        pytest.param(
            {},
            {"machine": read(VmInstance(uuid="x", name="erp", state="Unknown"))},
            "· State of VM erp is Unknown",
            "erp",
            id="VM out of contact",
        ),
        pytest.param(
            {}, {"machine": read(None)}, "? State of the VM not known: not visible to this account", "State", id="no VM"
        ),
        pytest.param(
            {"backup_storage_uuid": None},
            {},
            "? The server reports no backup storage for this task",
            "storage",
            id="no storage",
        ),
        pytest.param(
            {},
            {"storages": read({"bs-1": BackupStorage(uuid="bs-1", status="Connecting", state="Enabled")})},
            "· Backup storage bs-1 is Connecting",
            "storage",
            id="storage not connected yet",
        ),
        pytest.param(
            {},
            {"storages": read({"bs-1": BackupStorage(uuid="bs-1", status="Connected", state="Disabled")})},
            "· Backup storage bs-1 is Connected, its state is Disabled",
            "storage",
            id="storage disabled",
        ),
        pytest.param(
            {"policy_uuid": None}, {}, "? The server reports no policy for this task", "olicy", id="no policy"
        ),
        pytest.param({"used_bytes": None}, {}, "? Used capacity not known", "plan", id="used not known"),
        pytest.param({"plan_bytes": None}, {}, "? Plan not known", "lan", id="plan not known"),
        pytest.param({"plan_bytes": 0}, {}, "· No plan set, so it cannot fill up", "lan", id="no plan"),
        pytest.param(
            {"state": "Disabled", "status": "Stopped", "used_bytes": 100 * GIB},
            {},
            "? 100% of the 100 GiB plan is used; not checked while the task is disabled",
            "plan",
            id="full while disabled",
        ),
        pytest.param(
            {"status": "Failed"}, {}, "? Growth not checked while failed", "row", id="growth of a failed task"
        ),
        pytest.param({"rpo_ms": None}, {}, "? RPO not measured", "RPO", id="no RPO"),
        pytest.param(
            {"rpo_ms": 0, "state": "Disabled", "status": "Stopped"},
            {},
            "? RPO not measured while disabled",
            "RPO",
            id="RPO of a disabled task",
        ),
        pytest.param(
            {"last_op_at": None}, {}, "? Time of the last operation not known", "operation", id="no last operation"
        ),
    ],
)
def test_tick_is_only_for_data_that_exists(
    changes: dict[str, Any], context: dict[str, Any], line: str | None, word: str
) -> None:
    text = shown(WHY, a_row(**changes), 200, **context)
    assert line is None or line in text
    assert not [found for found in text if found.startswith("✔") and word in found]


def test_task_that_does_not_grow_has_no_tick_for_it() -> None:
    text = shown(WHY, a_row(evidence={"growth": GrowthRate(0.0, 7200.0)}))
    assert "· Not growing over 2 h" in text
