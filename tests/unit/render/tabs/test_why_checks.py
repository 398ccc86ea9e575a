"""The checks of tab Why: a tick is only for what is known to be well."""

from __future__ import annotations

import pytest

from cdptui.models.capacity import Doubt, GrowthRate
from cdptui.render.tabs.registry import OVERVIEW, WHY
from tests.doubles import GIB
from tests.unit.render.tabs.rows import a_row, shown


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
    text = shown(WHY, a_row(evidence={"full_in_s": 23.0, "growth": rate}), width=200)
    assert line in text
    assert not [line for line in text if line.startswith("✔") and "full in" in line]


@pytest.mark.parametrize("status", ["Stopped", "Failed", "Unknown", "Starting"])
def test_task_that_does_not_protect_has_its_rpo_as_last_measured(status: str) -> None:
    text = shown(WHY, a_row(status=status, rpo_ms=300_000))
    assert "? RPO 5m as last measured (target 10m); the task is not protecting" in text
    overview = shown(OVERVIEW, a_row(status=status, rpo_ms=300_000))
    assert any("5m as last measured (target 10m)" in line for line in overview)
