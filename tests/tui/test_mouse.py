"""The mouse: cursor, sorting, details and scrolling."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp

from cdptui.tui.widgets.detail_pane import DetailPane
from cdptui.tui.widgets.task_table import TaskTable
from tests.doubles import a_task
from tests.tui.running import Running, showing


def fleet(count: int = 60) -> list[object]:
    return [a_task(f"cdp-{index:03d}") for index in range(count)]


def heading_at(run: Running, heading: str) -> tuple[int, int]:
    line = next(line for line in run.screen_lines if "NAME" in line)
    return line.index(heading), 0


async def test_click_moves_the_cursor() -> None:
    async with showing(fleet()) as run:
        await run.click(TaskTable, offset=(5, 4))
        assert run.cursor == run.rows[3].task.uuid


async def test_click_below_the_last_task_does_nothing() -> None:
    async with showing(fleet(3)) as run:
        await run.click(TaskTable, offset=(5, 20))
        assert run.cursor == run.rows[0].task.uuid


async def test_click_on_a_heading_sorts_and_a_second_click_reverses() -> None:
    async with showing(fleet()) as run:
        await run.click(TaskTable, offset=heading_at(run, "NAME"))
        await run.until(lambda: "Sorted by name" in run.notice)
        assert run.names[0] == "cdp-000"
        await run.click(TaskTable, offset=heading_at(run, "NAME"))
        await run.until(lambda: run.names[0] == "cdp-059")
        await run.until(lambda: ", reversed" in run.notice)


async def test_click_on_the_corner_restores_the_default_order() -> None:
    async with showing(fleet()) as run:
        await run.press("greater_than_sign")
        await run.click(TaskTable, offset=(0, 0))
        await run.until(lambda: "worst first" in run.notice)


async def test_double_click_opens_the_details() -> None:
    async with showing(fleet(), size=(80, 24)) as run:
        assert not run.detail.display
        await run.click(TaskTable, offset=(5, 3), times=2)
        await run.until(lambda: run.detail.display and run.detail.has_focus)
        assert run.cursor == run.rows[2].task.uuid


async def test_wheel_scrolls_the_list_with_the_cursor() -> None:
    async with showing(fleet()) as run:
        await run.pilot._post_mouse_events([MouseScrollDown], TaskTable, offset=(5, 5), button=0)
        await run.until(lambda: run.table.scroll_offset.y == 3)
        assert run.cursor == run.rows[0].task.uuid
        await run.poll()
        assert run.table.scroll_offset.y == 3, "a poll must not scroll"
        await run.pilot._post_mouse_events([MouseScrollUp], TaskTable, offset=(5, 5), button=0)
        await run.until(lambda: run.table.scroll_offset.y == 0)


async def test_wheel_scrolls_the_detail_pane() -> None:
    async with showing(fleet(), size=(120, 12)) as run:
        await run.until(lambda: run.detail.max_scroll_y > 1)
        await run.pilot._post_mouse_events([MouseScrollDown], DetailPane, offset=(5, 5), button=0)
        await run.until(lambda: run.detail.scroll_offset.y > 0)
