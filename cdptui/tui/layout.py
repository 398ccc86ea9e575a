"""The smallest window that screens are laid out for."""

from __future__ import annotations

from typing import Final

from textual.geometry import Size

MIN_SIZE: Final = Size(40, 8)
"""Columns and lines: room for name and status, two header lines, the column headings, four tasks and the footer."""


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
