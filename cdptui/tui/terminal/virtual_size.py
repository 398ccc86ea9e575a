"""The size of scrollable content, set without a new layout."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView


def set_virtual_size(view: ScrollView, size: Size) -> None:
    """Set the size of the scrollable content of `view`.

    Setting `virtual_size` lays out and redraws the whole screen, which takes 15 ms with each task that has a line more
    than the last one; only a scroll bar that appears or disappears needs that. A view that is being removed keeps its
    size: nothing would end a scroll bar that is started for it.
    """
    if size == view.virtual_size or not view.is_attached or view._pruning:  # noqa: SLF001 - set when the removal begins
        return
    view.set_reactive(ScrollView.virtual_size, size)
    view._scroll_update(size)  # noqa: SLF001 - what the layout would do
    if view.scroll_offset.y > view.max_scroll_y:
        view.scroll_to(y=view.max_scroll_y, animate=False, force=True, immediate=True)
