from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from cdptui.models.aggregates import SHARED_CAUSES, GroupSummary
from cdptui.models.reasons import Reason, ReasonKind
from cdptui.models.severity import Severity
from cdptui.render.columns import BY_KEY, COLUMNS
from cdptui.render.groups import BY_KEY as BY_GROUPING
from cdptui.render.groups import group_name
from cdptui.render.spans import plain_text
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH
from tests.unit.render.rows import UNHEALTHY_GROUP, a_row

CONTEXT = CellContext(EPOCH, {"s-1": "backup-server-1"})


@pytest.mark.parametrize(
    ("by", "key", "name"),
    [
        ("storage", "s-1", "backup-server-1"),
        ("storage", "s-2", "s-2"),
        ("storage", "", "no storage"),
        ("policy", "", "no policy"),
        ("status", "Failed", "✖ Failed"),
        ("status", "Levitating", "◇ Levitating"),
        ("state", "Enabled", "Enabled"),
        ("problem", "storage:s-1", "backup-server-1 disconnected"),
        ("problem", "storage:s-2", "backup storage disconnected"),
        ("problem", "full", "plan full"),
        ("problem", "", "no problem"),
    ],
)
def test_group_is_named_by_its_common_value(by: str, key: str, name: str) -> None:
    assert group_name(GroupSummary(by, key), CONTEXT) == name


@pytest.mark.parametrize("kind", ReasonKind)
def test_tasks_with_one_cause_are_one_group(kind: ReasonKind) -> None:
    rows = [
        replace(a_row(name), reasons=(Reason(kind, Severity.WARNING, other=f"{name[0]}"),))
        for name in ("a1", "a2", "b1")
    ]
    keys = [BY_GROUPING["problem"].value(row) for row in rows]
    assert keys[0] == keys[1]
    assert (keys[0] == keys[2]) is (kind not in SHARED_CAUSES)
    assert group_name(GroupSummary("problem", keys[0]), CONTEXT)


def cells_of(group: GroupSummary) -> dict[str, str]:
    return {
        column.key: plain_text(column.group_cell(group, CONTEXT)) for column in COLUMNS if column.group_cell is not None
    }


def test_group_totals_are_in_their_columns() -> None:
    assert cells_of(UNHEALTHY_GROUP) == {
        "name": "backup-server-1",
        "status": "✖ 3 of 12",
        "used": "50 GiB",
        "plan": "100 GiB",
        "use": "  50% ███░░░",
        "rpo": "15m/10m",
        "growth": "+1 GiB/h",
        "full-in": "",
        "protects": "",
        "problem": "",
    }


def test_healthy_group_with_unknown_totals() -> None:
    assert cells_of(GroupSummary("state", "Enabled", count=1)) == {
        "name": "Enabled",
        "status": "● all 1",
        "used": "–",
        "plan": "–",
        "use": "",
        "rpo": "",
        "growth": "",
        "full-in": "",
        "protects": "",
        "problem": "",
    }


@settings(max_examples=100)
@given(
    st.integers(1, 99_999),
    st.sampled_from(Severity),
    st.none() | st.integers(0, 2**70),
    st.none() | st.floats(0, 1e15),
)
def test_group_totals_fit_their_columns(count: int, worst: Severity, used: int | None, rate: float | None) -> None:
    group = GroupSummary("state", "x", count, count, worst, used, used, rate, growth_bytes_per_s=rate)
    for key in ("status", "used", "plan", "use", "growth"):
        total = BY_KEY[key].group_cell
        assert total is not None
        assert cell_len(plain_text(total(group, CONTEXT))) <= BY_KEY[key].width
