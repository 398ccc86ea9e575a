"""How much there is to scroll."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView


def set_extent(view: ScrollView, size: Size) -> None:
    """Tell `view` the size of all that it could show.

    Setting `virtual_size` lays the whole screen out and draws it anew, 15 ms with each task that has a line more than
    the one before; only a scroll bar that comes or goes needs that.
    """
    if size == view.virtual_size:
        return
    view.set_reactive(ScrollView.virtual_size, size)
    view._scroll_update(size)  # noqa: SLF001 - what the layout would come to in the end
    if view.scroll_offset.y > view.max_scroll_y:
        view.scroll_to(y=view.max_scroll_y, animate=False, force=True, immediate=True)
