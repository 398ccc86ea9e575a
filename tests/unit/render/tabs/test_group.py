from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs.group import group_lines
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH
from tests.unit.render.rows import UNHEALTHY_GROUP

CONTEXT = CellContext(EPOCH, {"s-1": "backup-server-1"})


def test_group_pane_shows_health_and_totals() -> None:
    lines = group_lines(UNHEALTHY_GROUP, CONTEXT)
    assert [plain_text(line) for line in lines] == [
        "3 of 12 unhealthy",
        "",
        "used          50 GiB of 100 GiB planned",
        "plan used     50% ███░░░",
        "worst RPO     15m (target 10m)",
        "growth        +1 GiB/h",
        "",
        "UUID          s-1",
    ]
    assert lines[0][0].role is Role.BAD


def test_group_pane_names_unknown_values() -> None:
    text = [plain_text(line) for line in group_lines(GroupSummary("state", "Enabled", count=1), CONTEXT)]
    assert text[0] == "1 task, healthy"
    assert text[3:] == ["plan used     no plan set", "worst RPO     not known", "growth        not known yet"]
