"""When the interpreter looks for rubbish. It stops everything for that, and looks through whole fleets.

Lists of ten thousand tasks that are new since the last look take it 20 ms, and there are such lists with each poll.
Nothing here is in a hurry: what has no cycles goes by itself, and nearly everything has none.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG, _MIDDLE, _OLD = gc.get_threshold()
_NEVER: Final = 1_000_000
"""Newcomers, or looks at the younger ones, that there will not be."""


def spare_what_stays() -> None:
    """Begin, and look only newcomers through while the first list comes in: most of what is made then stays."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.freeze()
    gc.enable()


def look_at_all() -> None:
    """From now on look through all that is there, as usual."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _OLD)
    gc.enable()


def set_aside() -> None:
    """Never look again at what is there now."""
    gc.freeze()


def wait_for_pause() -> None:
    """Look at nothing while somebody types."""
    gc.set_threshold(_NEVER, *gc.get_threshold()[1:])


def go_on() -> None:
    """Nobody types any more."""
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
