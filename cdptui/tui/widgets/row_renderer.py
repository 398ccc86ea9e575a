"""Render the lines of the task list (headings, tasks and groups) as strips."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from rich.segment import Segment
from textual.strip import Strip

from cdptui.models.aggregates import GroupSummary
from cdptui.models.task_row import TaskRow
from cdptui.render.column_layout import GAP, ColumnLayout, ColumnPlacement, place_columns
from cdptui.render.columns import Column
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import sign
from cdptui.render.task_cells import CellContext
from cdptui.tasklist.sort_order import TaskOrder
from cdptui.tui.widgets.cached_painter import CURSOR_BACKGROUNDS, Painter

GUTTER: Final = 2
"""Cells before the names: the sign of the severity, or of a folded group, and the symbol of a mark or a change."""

FOLDED: Final = "▸"
UNFOLDED: Final = "▾"


class RowAppearance(Struct, frozen=True):
    """The content of a line. Equal appearances look the same while the columns keep their places."""

    cells: tuple[Line, ...]
    sign: Span
    """At the left edge: the severity of a task, or whether a group is folded."""
    symbol: str
    """The mark or the change of a task, one cell wide."""
    background: str


class RowRenderer:
    """Renders the lines of one list with the columns that fit."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self.placement = ColumnPlacement()
        """The columns and their places."""
        self._placed_for: tuple[int, ColumnLayout, int, Column | None] | None = None

    def place(self, width: int, layout: ColumnLayout, first: int, sort_column: Column | None) -> bool:
        """Place the columns on `width` cells, without the `first` ones; return whether any place changed."""
        key = (width, layout, first, sort_column)
        if key == self._placed_for:
            return False
        self._placed_for = key
        before, self.placement = self.placement, place_columns(max(1, width - GUTTER), layout, first, sort_column)
        return self.placement != before

    def column_at(self, x: int) -> str | None:
        """Return the column key at cell `x`, None before the first column; a gap belongs to the column at its left."""
        return next((placed.column.key for placed in reversed(self.placement.placed) if x >= placed.x + GUTTER), None)

    def task_appearance(self, row: TaskRow, context: CellContext, symbol: str, background: str) -> RowAppearance:
        """Return the appearance of a task."""
        cells = tuple(placed.column.cell(row, context) for placed in self.placement.placed)
        return RowAppearance(cells, sign(row.severity), symbol, background)

    def group_appearance(
        self, group: GroupSummary, context: CellContext, background: str, *, is_folded: bool
    ) -> RowAppearance:
        """Return the appearance of a group."""
        totals = [placed.column.group_cell for placed in self.placement.placed]
        cells = tuple(total(group, context) if total is not None else () for total in totals)
        return RowAppearance(cells, Span(FOLDED if is_folded else UNFOLDED, Role.NEW), "", background or "panel")

    def render(self, row: RowAppearance, width: int) -> Strip:
        """Render a task or group as a strip."""
        sign, symbol = row.sign, f"{row.symbol:<{GUTTER - 1}}"
        segments = [
            Segment(sign.text, self._painter.style(sign.role, row.background)),
            Segment(symbol, self._painter.style(Role.NEW, row.background)),
        ]
        gap = Segment(" " * GAP, self._painter.style(Role.TEXT, row.background))
        for placed, cell in zip(self.placement.placed, row.cells, strict=True):
            if placed.x:
                segments.append(gap)
            if row.background in CURSOR_BACKGROUNDS and not placed.column.is_severity:
                cell = _without_roles(cell)  # noqa: PLW2901 - replaces the roles
            segments += self._painter.segments(cell, placed.width, placed.column.align, row.background)
        strip = Strip(segments)
        return strip.adjust_cell_length(width, self._painter.style(Role.TEXT, row.background))

    def render_heading(self, order: TaskOrder, width: int) -> Strip:
        """Render the headings, with the sort column and arrows to hidden columns."""
        arrow = "▼" if order.is_descending else "▲"
        # The default order belongs to no column, so its arrow is before all of them.
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


def _without_roles(cell: Line) -> Line:
    """Return a cell of the cursor line whose colours do not say how the task is, as text.

    A move of the cursor writes two whole lines, in which every change of colour costs bytes.
    """
    return tuple(span if span.role is Role.TRACK else Span(span.text) for span in cell)
