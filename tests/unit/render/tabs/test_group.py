from __future__ import annotations

from cdptui.models.aggregates import GroupSummary
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs.group import group_lines
from cdptui.render.task_cells import CellContext
from tests.doubles import EPOCH
from tests.unit.render.rows import WORRYING_GROUP

CONTEXT = CellContext(EPOCH, {"s-1": "backup-server-1"})


def test_a_group_is_said_in_words() -> None:
    lines = group_lines(WORRYING_GROUP, CONTEXT)
    assert [plain_text(line) for line in lines] == [
        "backup-server-1",
        "12 tasks, 3 not as they should be",
        "",
        "used          50 GiB of 100 GiB planned",
        "of plans        50% ███░░░",
        "worst RPO     15m/10m",
        "growth        +1 GiB/h",
        "",
        "uuid          s-1",
    ]
    assert lines[1][1].role is Role.BAD


def test_what_is_not_known_is_said_to_be_so() -> None:
    text = [plain_text(line) for line in group_lines(GroupSummary("state", "Enabled", count=1), CONTEXT)]
    assert text[1] == "1 task, all as they should be"
    assert text[4:] == ["of plans      no plans", "worst RPO     not known", "growth        not known yet"]
