"""When the interpreter looks for rubbish. It stops everything for that, and looks through whole fleets.

Lists of ten thousand tasks that are new since the last look take it 20 ms, and there are such lists with each poll.
Nothing here is in a hurry: what has no cycles goes by itself, and nearly everything has none.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG, _MIDDLE, _OLD = gc.get_threshold()
_NEVER: Final = 1_000_000
"""Looks at the younger ones that there will not be."""

_SELDOM: Final = 5


def on_first_load() -> None:
    """Begin, and look only newcomers through while the first list comes in: most of what is made then stays."""
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.freeze()
    gc.enable()


def on_steady() -> None:
    """From now on look through all that is there, as usual."""
    gc.set_threshold(*gc.get_threshold()[:2], _OLD)
    gc.enable()


def freeze_loaded() -> None:
    """Never look again at what is there now."""
    gc.freeze()


def on_typing() -> None:
    """Look less often while somebody types, and then at the older ones as often as ever.

    Not never: whoever opens and closes dialogs without a pause for minutes leaves more behind than there is room for.
    """
    gc.set_threshold(_SELDOM * _YOUNG, max(1, _MIDDLE // _SELDOM), gc.get_threshold()[2])


def on_idle() -> None:
    """Nobody types any more."""
    gc.set_threshold(_YOUNG, _MIDDLE, gc.get_threshold()[2])


def collect() -> None:
    """Free all garbage now, in 10 ms for a closed screen; what `freeze_loaded` covers is not looked through."""
    gc.collect()
