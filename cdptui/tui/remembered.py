"""What Textual remembers of what it has drawn. All of it is bounded, but some of that fills up for weeks."""

from __future__ import annotations

from textual._styles_cache import StylesCache
from textual.geometry import Region


def forget_what_was_drawn() -> None:
    """Let it go; what the next frame needs of it is worked out anew in less than a millisecond.

    Two colours for each of the last thousand widgets, and with them all that those drew; how thousands of regions lie
    to each other, of which a list that changes here and there finds another dozen each day.
    """
    for method in (StylesCache.get_inner_outer, Region.overlaps, Region.intersection):
        method.cache_clear()
