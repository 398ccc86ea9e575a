"""How small a window may be."""

from __future__ import annotations

from typing import Final

from textual.geometry import Size

MIN_SIZE: Final = Size(40, 8)
"""Name and status fit, between the two lines of the header, four tasks and the footer."""


def is_too_small(size: Size) -> bool:
    """Whether a window of `size` cells cannot be told the truth in.

    >>> is_too_small(Size(80, 24)), is_too_small(Size(39, 24))
    (False, True)
    """
    return size.width < MIN_SIZE.width or size.height < MIN_SIZE.height


def enlarged(size: Size) -> Size:
    """The size that screens are laid out for in a window of `size`: at least `MIN_SIZE`.

    Textual's own widgets raise exceptions below some size that depends on their style (an `OptionList` whose text has
    no column left, for one), so no screen ever gets to know a smaller one.

    >>> enlarged(Size(5, 100)), enlarged(Size(80, 24))
    (Size(width=40, height=100), Size(width=80, height=24))
    """
    return Size(max(size.width, MIN_SIZE.width), max(size.height, MIN_SIZE.height))
