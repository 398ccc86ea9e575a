"""The title line above the list."""

from __future__ import annotations

from msgspec import structs
from rich.cells import cell_len

from cdptui.render.list_title import ListTitle, has_room_for_notice, list_title_line
from cdptui.tui.widgets.line_view import LineView


class ListTitleBar(LineView):
    """One line: what the list shows, and the newest notice; a heavy rule while the list has the focus."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._title = ListTitle()
        self._notice = ""
        self._has_focus = True

    def show_title(self, title: ListTitle) -> None:
        """Show what the list shows now."""
        self._title = title
        self.on_resize()

    def show_focus(self, *, has_focus: bool) -> None:
        """Show whether the list has the focus."""
        self._has_focus = has_focus
        self.on_resize()

    def show_notice(self, notice: str) -> bool:
        """Show a notice at the right end, empty for none; return False if there is no room for it."""
        has_room = self.is_on_screen and has_room_for_notice(self._title, notice, self.width, cell_len)
        shown = notice if has_room else ""
        if shown != self._notice:
            self._notice = shown
            self.on_resize()
        return has_room

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self.size.width:
            title = structs.replace(self._title, notice=self._notice)
            self.show([list_title_line(title, self.width, cell_len, has_focus=self._has_focus)])
