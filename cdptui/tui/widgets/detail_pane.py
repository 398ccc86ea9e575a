"""The detail pane: the lines of one task, laid out for the pane's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdptui.models.vitals import Vitals
from cdptui.render.span import Line, Role, Span
from cdptui.tui.widgets.line_view import ScrollingLines

if TYPE_CHECKING:
    from cdptui.render.detail import DetailContext


class DetailPane(ScrollingLines):
    """Shows one task."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._subject: tuple[Vitals, DetailContext] | None = None

    def show_task(self, row: Vitals, context: DetailContext) -> None:
        """Show a task from now on; another task begins at the top."""
        if self._subject is None or self._subject[0].task.uuid != row.task.uuid:
            self.scroll_to(y=0, animate=False, immediate=True)
        self._subject = (row, context)
        self.show(self._lay_out())

    def show_nothing(self) -> None:
        """There is no task to show."""
        self._subject = None
        self.show(self._lay_out())

    def on_resize(self) -> None:
        """Lay out for the new size. Textual draws what has another size by itself."""
        self.show(self._lay_out())

    def _lay_out(self) -> list[Line]:
        if self._subject is None:
            return [(Span("no task", Role.DIM),)]
        from cdptui.render.detail import detail_lines  # noqa: PLC0415 - not needed for the first frame

        return detail_lines(*self._subject, max(20, self.width), self.size.height)
