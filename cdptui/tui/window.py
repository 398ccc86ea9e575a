"""How small a window may be."""

from __future__ import annotations

from typing import Final

from textual.geometry import Size

LEAST: Final = Size(40, 8)
"""Name and status fit, between the two lines of the header, four tasks and the footer."""


def is_too_small(size: Size) -> bool:
    """Whether a window of `size` cells cannot be told the truth in.

    >>> is_too_small(Size(80, 24)), is_too_small(Size(39, 24))
    (False, True)
    """
    return size.width < LEAST.width or size.height < LEAST.height
