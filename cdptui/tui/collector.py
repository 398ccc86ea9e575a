"""Tune the cyclic garbage collector, which stops the program while it traverses the fleet.

A list of ten thousand new tasks takes it 20 ms, and each poll brings such a list. Collections can be rare: almost no
object is part of a cycle, and all others are freed by reference counting.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG, _MIDDLE, _OLD = gc.get_threshold()
_NEVER: Final = 1_000_000
"""A threshold that is never reached: no collection of the oldest generation."""

_TYPING_FACTOR: Final = 5


def on_first_load() -> None:
    """Enable collection, but only of young objects while the first list is loaded: most of these objects stay."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.freeze()
    gc.enable()


def on_steady() -> None:
    """Use the default thresholds."""
    gc.set_threshold(*gc.get_threshold()[:2], _OLD)
    gc.enable()


def freeze_loaded() -> None:
    """Exclude all current objects from collection."""
    gc.freeze()


def on_typing() -> None:
    """Collect young objects less often while the user types, and middle-aged ones as often as before.

    Collection is not switched off: opening and closing dialogs for minutes without a pause would fill the memory.
    """
    gc.set_threshold(_TYPING_FACTOR * _YOUNG, max(1, _MIDDLE // _TYPING_FACTOR), gc.get_threshold()[2])


def on_idle() -> None:
    """Restore the thresholds after typing."""
    gc.set_threshold(_YOUNG, _MIDDLE, gc.get_threshold()[2])


def collect() -> None:
    """Free all garbage now, in 10 ms for a closed screen; frozen objects are not traversed."""
    gc.collect()
