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
PANES = [
    pytest.param(80, 8, id="of 80x24"),
    pytest.param(60, 9, id="of 60x24"),
    pytest.param(46, 33, id="of 120x40"),
    pytest.param(84, 43, id="of 200x50"),
    pytest.param(46, 17, id="low"),
    pytest.param(46, 18, id="hardly high"),
    pytest.param(46, 21, id="almost high enough"),
]


@pytest.mark.parametrize("tab", [OVERVIEW, WHY])
@pytest.mark.parametrize(("width", "height"), PANES)
@pytest.mark.parametrize("row", [row for row in CASES if row.reasons])
def test_next_step_is_visible_without_scrolling(tab: Tab, width: int, height: int, row: TaskRow) -> None:
    lines = wrap_lines(tab_renderer(tab)(row, CONTEXT, width, height), width)
    visible = " ".join(" ".join(plain_text(line).strip("▌ ") for line in lines[:height]).split())
    assert describe_reason(row.reasons[0], row, CONTEXT.reason_context).next_step in visible
