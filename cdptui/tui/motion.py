"""The keys that move in a list or a text, as line numbers."""

from __future__ import annotations

from enum import StrEnum


class Motion(StrEnum):
    """Where a key moves to."""

    DOWN = "down"
    UP = "up"
    PAGE_DOWN = "page-down"
    PAGE_UP = "page-up"
    TOP = "top"
    BOTTOM = "bottom"


def moved(motion: Motion, line: int, last: int, page: int) -> int:
    """Return the line after a motion from `line`; it may be before the first one or after `last`.

    >>> [moved(motion, 5, 40, 10) for motion in Motion]
    [6, 4, 15, -5, 0, 40]
    """
    match motion:
        case Motion.TOP:
            return 0
        case Motion.BOTTOM:
            return last
        case Motion.DOWN | Motion.UP:
            return line + (1 if motion is Motion.DOWN else -1)
        case Motion.PAGE_DOWN | Motion.PAGE_UP:
            return line + (page if motion is Motion.PAGE_DOWN else -page)
