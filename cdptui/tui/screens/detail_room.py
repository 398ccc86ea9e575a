"""How much room the detail pane has: beside the list on a wide screen, under it on a narrow one."""

from __future__ import annotations

from typing import Final

from textual.widget import Widget

_SHARES: Final = range(20, 81)
"""In percent of the screen."""

_BESIDE: Final = 42
_UNDER: Final = 50


class PaneLayout:
    """What was wished for the pane, and the styles that follow from it."""

    def __init__(self, pane: Widget) -> None:
        self.is_open: bool | None = None
        """None leaves it to the width of the screen."""
        self._pane = pane
        self._share: int | None = None
        self._applied: tuple[int | None, bool] = (None, True)

    def is_shown(self, *, is_wide: bool) -> bool:
        """Whether the pane is there."""
        return is_wide if self.is_open is None else self.is_open

    def resize(self, step: int, *, is_wide: bool) -> None:
        """Give it more or less room, in percent."""
        share = (self._share or (_BESIDE if is_wide else _UNDER)) + step
        self._share = max(_SHARES.start, min(share, _SHARES.stop - 1))

    def apply(self, *, is_wide: bool) -> None:
        """Lay the pane out."""
        self._pane.set_class(self.is_shown(is_wide=is_wide), "-shown")
        room = (self._share, is_wide)
        if room == self._applied:
            return
        # Every one of these lays the whole screen out anew.
        self._applied = room
        share = self._share
        is_beside = share is not None and is_wide
        styles = self._pane.styles
        styles.width = f"{share}%" if is_beside else None
        styles.max_width = "100%" if is_beside else None
        styles.height = f"{share}%" if share is not None and not is_wide else None
