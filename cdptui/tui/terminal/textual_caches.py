"""Clear the process-wide caches of Textual and rich.

All of them are bounded, but most of their entries belong to one size of the window: regions, strips, segments cut at a
column. After ten sizes they hold 25 MiB that is never used again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rich.segment import Segment
from textual._styles_cache import StylesCache
from textual.geometry import Region
from textual.strip import Strip

_PER_FRAME: Final = (StylesCache.get_inner_outer, Region.overlaps, Region.intersection)
"""Caches to which a changing list adds some ten entries a day for weeks."""


def clear_frame_caches() -> None:
    """Clear the entries of the frames drawn so far. The next frame takes less than a millisecond longer."""
    for method in _PER_FRAME:
        method.cache_clear()


def clear_layout_caches() -> None:
    """Clear the entries of the current window size, before the layout for another one."""
    for clear in _layout_caches():
        clear()


def _layout_caches() -> Iterator[Callable[[], None]]:
    for owner in (Region, Strip, Segment, StylesCache):
        for member in vars(owner).values():
            clear = getattr(getattr(member, "__func__", member), "cache_clear", None)
            if clear is not None:
                yield clear
