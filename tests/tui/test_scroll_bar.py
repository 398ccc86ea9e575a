"""The thumb is where Textual draws it, and is drawn only when it moves."""

from __future__ import annotations

import pytest
from textual.geometry import Region, Size
from textual.scrollbar import ScrollBarRender

from cdptui.models.task_row import TaskRow
from cdptui.tasklist.sort_order import task_order
from cdptui.tasklist.sorted_rows import SortedRows
from cdptui.tui.terminal.virtual_size import set_virtual_size
from cdptui.tui.widgets.task_table import TaskTable
from tests.tui.test_large_list import TableApp
from tests.unit.render.rows import a_row

SIZE = (60, 21)


def app_of(tasks: int) -> TableApp:
    rows: SortedRows = SortedRows()
    fleet: list[TaskRow] = [a_row(f"task {number:05d}", uuid=f"{number:05d}") for number in range(tasks)]
    for _ in rows.update_steps(fleet, task_order("name")):
        pass
    return TableApp(rows)


@pytest.mark.parametrize("tasks", [21, 60, 999, 5000])
async def test_thumb_position_equals_that_of_textual(tasks: int) -> None:
    app = app_of(tasks)
    async with app.run_test(size=SIZE) as pilot:
        table = app.query_one(TaskTable)
        await pilot.pause()
        bar = table.vertical_scrollbar
        height = bar.size.height
        for top in [*range(0, table.max_scroll_y, max(1, table.max_scroll_y // 97)), table.max_scroll_y]:
            table.scroll_to(y=top, animate=False, force=True, immediate=True)
            whole = ScrollBarRender.render_bar(
                height, virtual_size=bar.window_virtual_size, window_size=bar.window_size, position=top
            )
            drawn = bar.render_lines(Region(0, 0, 1, height))
            assert [strip.text for strip in drawn] == [segment.text for segment in whole.segments], top
            grabs = [strip._segments[0].style.meta for strip in drawn if strip._segments[0].style]
            assert grabs == [segment.style.meta for segment in whole.segments if segment.style]


async def test_scroll_step_without_a_thumb_move_does_not_redraw_the_bar() -> None:
    app = app_of(5000)
    async with app.run_test(size=SIZE) as pilot:
        table = app.query_one(TaskTable)
        await pilot.pause()
        places = set()
        for top in range(500):
            table.scroll_to(y=top, animate=False, force=True, immediate=True)
            places.add(table.vertical_scrollbar.position)
        # An eighth of a cell is about thirty lines of the list.
        assert 10 < len(places) < 25


async def test_scroll_bar_can_be_dragged() -> None:
    app = app_of(500)
    async with app.run_test(size=SIZE) as pilot:
        table = app.query_one(TaskTable)
        await pilot.pause()
        await pilot.mouse_down(table, offset=(SIZE[0] - 1, 0))
        await pilot.hover(table, offset=(SIZE[0] - 1, SIZE[1] - 1))
        await pilot.mouse_up(table, offset=(SIZE[0] - 1, SIZE[1] - 1))
        await pilot.pause()
        # Proportional to the distance, as in Textual: the thumb moves by windows of the list, not by its own positions.
        assert table.scroll_offset.y == pytest.approx(20 * 501 / 21, abs=1)


async def test_view_that_was_removed_gets_no_scroll_bar() -> None:
    app = app_of(5)
    async with app.run_test(size=SIZE) as pilot:
        table = app.query_one(TaskTable)
        await pilot.pause()
        assert table._scroll_bar is None
        removed = table.remove()
        set_virtual_size(table, Size(60, 1000))
        await removed
        set_virtual_size(table, Size(60, 2000))
        await pilot.pause()
        assert table._scroll_bar is None, "nothing would end its message loop"
