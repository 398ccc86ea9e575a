"""The size of the terminal's window, read from the terminal.

COLUMNS and LINES may be outdated, and sizes in the input can be forged; neither is used.
"""

from __future__ import annotations

import os
from typing import Final

DEFAULT_SIZE: Final = (80, 24)
"""Columns and lines of a terminal that does not know its size, as on a serial line."""

MAX_SIZE: Final = (1_000, 500)
"""Limit for larger windows, because memory and time grow with the number of cells."""


def read_window_size(*descriptors: int) -> tuple[int, int]:
    """Return columns and lines of the first of `descriptors` that is a terminal, within bounds."""
    for descriptor in descriptors:
        try:
            columns, lines = os.get_terminal_size(descriptor)
        except (OSError, ValueError):
            continue
        return clamp_size(columns, lines)
    return DEFAULT_SIZE


def clamp_size(columns: int, lines: int) -> tuple[int, int]:
    """Limit a size to `MAX_SIZE`; a zero means the default.

    >>> clamp_size(0, 0), clamp_size(120, 40), clamp_size(65_535, 65_535)
    ((80, 24), (120, 40), (1000, 500))
    """
    return min(columns or DEFAULT_SIZE[0], MAX_SIZE[0]), min(lines or DEFAULT_SIZE[1], MAX_SIZE[1])
