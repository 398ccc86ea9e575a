"""The title line above the list."""

from __future__ import annotations

from rich.cells import cell_len

from cdptui.render.list_title import ListTitle, list_title_line
from cdptui.tui.widgets.line_view import LineView


class ListTitleBar(LineView):
    """One line: what the list shows; a heavy rule while the list has the focus."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._title = ListTitle()
        self._has_focus = True

    def show_title(self, title: ListTitle) -> None:
        """Show what the list shows now."""
        self._title = title
        self.on_resize()

    def show_focus(self, *, has_focus: bool) -> None:
        """Show whether the list has the focus."""
        self._has_focus = has_focus
        self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self.size.width:
            self.show([list_title_line(self._title, self.width, cell_len, has_focus=self._has_focus)])
