from __future__ import annotations

from cdptui.models.group import Group
from cdptui.models.severity import Severity
from cdptui.render.cells import CellContext
from cdptui.render.group_lines import group_lines
from cdptui.render.span import Role, text_of
from tests.doubles import EPOCH, GIB

CONTEXT = CellContext(EPOCH, {"s-1": "backup-server-1"})


def test_a_group_is_said_in_words() -> None:
    group = Group(
        "storage",
        "s-1",
        count=12,
        unhealthy=3,
        worst=Severity.CRITICAL,
        used_bytes=50 * GIB,
        plan_bytes=100 * GIB,
        used_ratio=0.5,
        rpo_ratio=1.5,
        rpo_ms=900_000,
        rpo_target_ms=600_000,
        growth_bytes_per_s=GIB / 3600,
    )
    lines = group_lines(group, CONTEXT)
    assert [text_of(line) for line in lines] == [
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
    text = [text_of(line) for line in group_lines(Group("state", "Enabled", count=1), CONTEXT)]
    assert text[1] == "1 task, all as they should be"
    assert text[4:] == ["of plans      no plans", "worst RPO     not known", "growth        not known yet"]
