"""The sizes that screens are laid out for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.geometry import Size

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Resize

MIN_SIZE: Final = Size(40, 8)
"""Columns and lines: room for name and problem, two header lines, the column headings, four tasks and the footer."""


def is_too_small(size: Size) -> bool:
    """Return whether a window of `size` cells is smaller than `MIN_SIZE`.

    >>> is_too_small(Size(80, 24)), is_too_small(Size(39, 24))
    (False, True)
    """
    return size.width < MIN_SIZE.width or size.height < MIN_SIZE.height


def enlarged(size: Size) -> Size:
    """Return the size that screens are laid out for in a window of `size`: at least `MIN_SIZE`.

    Textual's widgets raise exceptions below a size that depends on their style (for example an `OptionList` without a
    column for its text), so screens never get a smaller size.

    >>> enlarged(Size(5, 100)), enlarged(Size(80, 24))
    (Size(width=40, height=100), Size(width=80, height=24))
    """
    return Size(max(size.width, MIN_SIZE.width), max(size.height, MIN_SIZE.height))


def skip_outdated_size(app: App[object], event: Resize) -> None:
    """Prevent the layout for a size that the window no longer has.

    A Textual screen that is laid out for a new size posts itself an event with that size, behind the events that wait
    already. Two sizes that are under way at once then follow each other for ever: each event finds the screen laid out
    for the other one and creates another event.
    """
    if event.size != app.size:
        event.prevent_default()
