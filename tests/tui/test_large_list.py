"""The cost of a key on a list of a hundred thousand tasks depends on the visible ones only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import overload

import pytest
from msgspec.structs import replace
from textual.app import App, ComposeResult

from cdptui.models.task_row import TaskRow
from cdptui.render import columns
from cdptui.render.spans import Line
from cdptui.render.task_cells import CellContext
from cdptui.tasklist.grouped_rows import GroupedRows
from cdptui.tasklist.sort_order import task_order
from cdptui.tasklist.sorted_rows import SortedRows
from cdptui.tui.themes import DARK
from cdptui.tui.widgets.task_table import TableContent, TaskTable
from tests.doubles import EPOCH
from tests.unit.render.rows import a_row

TASKS = 100_000
LINES = 40


class RecordingRows(SortedRows):
    """Records which rows are read, and passes over all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []
        self.walks = 0
        self.sorts = 0

    @overload
    def __getitem__(self, index: int) -> TaskRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRow]: ...
    def __getitem__(self, index: int | slice) -> TaskRow | list[TaskRow]:
        self.read += range(TASKS)[index] if isinstance(index, slice) else [index]
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[TaskRow]:
        self.walks += 1
        return super().__iter__()

    def update_steps(self, *arguments: object, **options: object) -> Iterator[None]:
        self.sorts += 1
        return super().update_steps(*arguments, **options)  # type: ignore[arg-type]  # passed on as it came


class TableApp(App[None]):
    """An app with only the table."""

    CSS = "TaskTable { background: black; }"

    def __init__(self, rows: SortedRows) -> None:
        super().__init__()
        self.rows = rows
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield TaskTable(GroupedRows(self.rows), set(), TableContent(CellContext(EPOCH, {})))


@pytest.fixture(scope="module")
def fleet() -> list[TaskRow]:
    return [a_row(f"task {number}", uuid=f"{number:06d}") for number in range(TASKS)]


@pytest.mark.parametrize("key", ["down", "pagedown", "end", "up", "pageup", "home"])
async def test_key_reads_formats_and_sorts_only_visible_rows(fleet: list[TaskRow], key: str) -> None:
    rows = RecordingRows()
    for _ in rows.update_steps(fleet, task_order("name")):
        pass
    formatted: list[str] = []

    def cell(row: TaskRow, context: CellContext) -> Line:
        formatted.append(row.task.uuid)
        return columns.NAME.cell(row, context)

    counted = replace(columns.NAME, cell=cell)
    app = TableApp(rows)
    async with app.run_test(size=(120, LINES)) as pilot:
        table = app.query_one(TaskTable)
        table.show(TableContent(CellContext(EPOCH, {})))
        table.focus()
        table.move_to(TASKS // 2)
        await pilot.pause()
        before = rows._sorted
        rows.read, rows.sorts = [], 0
        drawing = table._renderer
        placed = [p._replace(column=counted) if p.column is columns.NAME else p for p in drawing.placement.placed]
        drawing.placement = drawing.placement._replace(placed=tuple(placed))
        await pilot.press(key)
        await pilot.pause()
        top = table.scroll_offset.y
    seen = range(top, top + LINES)
    assert rows.read
    assert formatted
    # At most every line before and after the scroll.
    assert len(rows.read) <= 6 * LINES
    assert len(set(formatted)) <= 2 * LINES
    assert set(rows.read) - set(seen) <= set(range(TASKS // 2 - LINES, TASKS // 2 + LINES))
    assert rows.walks == 0
    assert rows.sorts == 0
    assert rows._sorted is before
