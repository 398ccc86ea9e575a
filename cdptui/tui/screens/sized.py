"""A screen that follows the size of the terminal, and no size that it had before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.events import Resize

if TYPE_CHECKING:
    from textual.screen import Screen

    _Part = Screen[Any]  # whatever the dialog answers
else:
    # Part of a screen, not one of its own: each class that Textual knows costs a millisecond before the first frame.
    _Part = object


class SizedScreen(_Part):
    """In Textual a screen that is laid out for another size tells itself so, with an event that comes behind others.

    Two sizes that are under way at once then chase each other round its queue for ever: each event finds the screen
    laid out for the other, and makes one more of its own. A size that is over is not worth a layout.
    """

    async def _on_resize(self, event: Resize) -> None:
        # Textual calls the same method of its own class next, unless it is told not to.
        if event.size != self.app.size:
            event.prevent_default()
