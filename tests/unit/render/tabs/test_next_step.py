"""The next step is on screen, without scrolling, for every problem and at every size of the pane."""

from __future__ import annotations

import pytest

from cdptui.models.capacity import CapacityHistory, CapacitySample
from cdptui.models.task_row import TaskRow
from cdptui.render.line_wrap import wrap_lines
from cdptui.render.reason_messages import describe_reason
from cdptui.render.spans import plain_text
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.registry import OVERVIEW, WHY, Tab, tab_renderer
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH, GIB
from tests.unit.render.test_reason_messages import CASES, NAMES

TRACK = CapacityHistory(tuple(CapacitySample(300.0 * n, n * GIB) for n in range(30)), until=8700.0)
CONTEXT = DetailContext((), TRACK, NAMES, "", EPOCH, None, DEFAULT_KEYMAP.labels)
PANES = [(78, 8), (46, 33), (84, 43), (46, 17), (46, 18), (46, 21)]
"""Cells of the pane in windows of 80x24, 120x40 and 200x50, and about the height from which on the chart is high."""


@pytest.mark.parametrize(
    ("tab", "width", "height"),
    [*(pytest.param(tab, *pane) for tab in (OVERVIEW, WHY) for pane in PANES), pytest.param(OVERVIEW, 58, 6)],
)
@pytest.mark.parametrize("row", [row for row in CASES if row.reasons])
def test_next_step_is_visible_without_scrolling(tab: Tab, width: int, height: int, row: TaskRow) -> None:
    lines = wrap_lines(tab_renderer(tab)(row, CONTEXT, width, height), width)
    visible = " ".join(" ".join(plain_text(line).strip("▌ ") for line in lines[:height]).split())
    assert describe_reason(row.reasons[0], row, CONTEXT.reason_context).next_step in visible
