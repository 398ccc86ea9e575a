"""How the lines of the list look: heading, tasks and groups, as strips."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from rich.segment import Segment
from textual.strip import Strip

from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.column_layout import GAP, ColumnLayout, ColumnPlacement, place_columns
from cdptui.render.spans import Line, Role, Span
from cdptui.render.task_cells import CellContext
from cdptui.tasklist.sort_order import SortOrder
from cdptui.tui.widgets.painter import Painter

GUTTER: Final = 2
"""Cells before the names: signs of what changed and what is marked, and whether a group is folded."""

FOLDED: Final = "▸"
UNFOLDED: Final = "▾"


class RowAppearance(Struct, frozen=True):
    """What a line shows; equal means that there is nothing to draw, as long as the columns stand where they do."""

    cells: tuple[Line, ...]
    sign: str
    background: str


class RowRenderer:
    """Draws the lines of one list, for the columns that fit."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self.placement = ColumnPlacement()
        """The columns, where they stand now."""
        self._placed_for: tuple[int, ColumnLayout, int] | None = None

    def place(self, width: int, layout: ColumnLayout, first: int) -> bool:
        """Place the columns on `width` cells, without the `first` ones; whether they stand elsewhere now."""
        asked = (width, layout, first)
        if asked == self._placed_for:
            return False
        self._placed_for = asked
        before, self.placement = self.placement, place_columns(max(1, width - GUTTER), layout, first)
        return self.placement != before

    def column_at(self, x: int) -> str | None:
        """Key of the column at a cell of the line, a gap being its left neighbour's; None before all of them."""
        return next((placed.column.key for placed in reversed(self.placement.placed) if x >= placed.x + GUTTER), None)

    def task_appearance(self, row: TaskRow, context: CellContext, sign: str, background: str) -> RowAppearance:
        """The look of a task."""
        return RowAppearance(
            tuple(placed.column.cell(row, context) for placed in self.placement.placed), sign, background
        )

    def group_appearance(
        self, group: GroupSummary, context: CellContext, background: str, *, is_folded: bool
    ) -> RowAppearance:
        """The look of a group."""
        totals = [placed.column.group_cell for placed in self.placement.placed]
        cells = tuple(total(group, context) if total is not None else () for total in totals)
        return RowAppearance(cells, FOLDED if is_folded else UNFOLDED, background or "panel")

    def render(self, look: RowAppearance, width: int) -> Strip:
        """A task or group as a strip."""
        segments = [Segment(f"{look.sign:<{GUTTER}}", self._painter.style(Role.NEW, look.background))]
        gap = Segment(" " * GAP, self._painter.style(Role.TEXT, look.background))
        for placed, cell in zip(self.placement.placed, look.cells, strict=True):
            if placed.x:
                segments.append(gap)
            segments += self._painter.segments(cell, placed.width, placed.column.align, look.background)
        strip = Strip(segments)
        return strip.adjust_cell_length(width, self._painter.style(Role.TEXT, look.background))

    def render_heading(self, order: SortOrder, width: int) -> Strip:
        """The headings: what the list is sorted by, and whether there are more columns to either side."""
        arrow = "▼" if order.is_descending else "▲"
        # The default order belongs to no column, so its sign stands before all of them.
        corner = arrow if order.column is None else ""
        segments = [Segment(f"{corner:<{GUTTER}}", self._painter.style(Role.ACCENT, "panel"))]
        for index, placed in enumerate(self.placement.placed):
            if placed.x:
                is_more_left = index == 1 and self.placement.first > 0
                segments.append(Segment("‹" if is_more_left else " ", self._painter.style(Role.ACCENT, "panel")))
            is_sorted = placed.column.key == order.key
            text = placed.column.heading + (arrow if is_sorted else "")
            role = Role.ACCENT if is_sorted else Role.DIM
            segments += self._painter.segments((Span(text, role),), placed.width, placed.column.align, "panel")
        strip = Strip(segments)
        if not self.placement.is_more_right:
            return strip.adjust_cell_length(width, self._painter.style(Role.DIM, "panel"))
        body = strip.adjust_cell_length(width - 1, self._painter.style(Role.DIM, "panel"))
        return Strip([*body, Segment("›", self._painter.style(Role.ACCENT, "panel"))])
