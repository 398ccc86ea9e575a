"""The garbage collector's settings by phase: start-up, first list, steady, typing.

A collection stops everything and looks through whole fleets: lists of ten thousand tasks that are new since the last
one take it 20 ms, and each poll brings such lists. It is never urgent here, because nearly everything is freed without
it: only dialogs and widgets refer to each other.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG, _MIDDLE, _OLD = gc.get_threshold()

_START_UP_YOUNG: Final = 10_000
"""Allocations until a collection while the program starts: the usual 700 are a fraction of one frame, and each
collection would look through it again, 10 ms in which no key is handled."""

_NEVER: Final = 1_000_000
"""A threshold of the oldest generation that is not reached."""

_TYPING_FACTOR: Final = 5


def on_start_up() -> None:
    """Collect nothing while modules are imported: what they allocate stays."""
    gc.disable()


def on_imported() -> None:
    """Exclude what was imported from all collections, and collect rarely once the collector is enabled."""
    gc.freeze()
    gc.set_threshold(_START_UP_YOUNG, 10, 10)


def on_command() -> None:
    """Enable the collector for a command that is not the monitor."""
    gc.enable()


def on_first_load() -> None:
    """Enable the collector for the young generations while the first list arrives: most of what it allocates stays."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.freeze()
    gc.enable()


def on_steady() -> None:
    """Collect all generations as usual."""
    gc.set_threshold(*gc.get_threshold()[:2], _OLD)
    gc.enable()


def freeze_loaded() -> None:
    """Exclude everything that exists now from all collections."""
    gc.freeze()


def on_typing() -> None:
    """Collect the youngest generation less often while the user types, and the older ones as often as before.

    Not never: a user who opens and closes dialogs for minutes without a pause leaves more garbage than there is memory.
    """
    gc.set_threshold(_TYPING_FACTOR * _YOUNG, max(1, _MIDDLE // _TYPING_FACTOR), gc.get_threshold()[2])


def on_idle() -> None:
    """Return to the usual thresholds when the user no longer types."""
    gc.set_threshold(_YOUNG, _MIDDLE, gc.get_threshold()[2])


def collect() -> None:
    """Collect all garbage now; 10 ms after a dialog was closed. What `freeze_loaded` excluded is not looked through."""
    gc.collect()
