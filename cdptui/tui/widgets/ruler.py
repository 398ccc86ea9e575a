"""The ruler at the bottom: the time that is recorded, and the moment that is shown."""

from __future__ import annotations

from datetime import tzinfo

from textual.events import Click
from textual.message import Message

from cdptui.render.past import Ruler, ruler_lines, ruler_scale
from cdptui.tui.widgets.line_view import LineView


class RulerBar(LineView):
    """Two lines. A click goes to the time under it."""

    class Clicked(Message):
        """The user chose a time."""

        def __init__(self, at_ms: int) -> None:
            """`at_ms` is in milliseconds since 1970."""
            super().__init__()
            self.at_ms = at_ms

    def __init__(self, zone: tzinfo | None, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        """Times are in `zone`; None is that of this machine."""
        super().__init__(id=id)
        self._zone = zone
        self._ruler: Ruler | None = None

    def show_ruler(self, ruler: Ruler | None) -> None:
        """Show a moment in the time that is recorded; None hides the ruler."""
        if ruler != self._ruler:
            self._ruler = ruler
            self.set_class(ruler is not None, "-shown")
            self.on_resize()

    def on_resize(self) -> None:
        """Format the ruler for the new width."""
        if self._ruler is not None and self.size.width:
            self.show(ruler_lines(self._ruler, self.width, self._zone))

    def on_click(self, event: Click) -> None:
        """Go to the time under the mouse."""
        if self._ruler is not None:
            at = ruler_scale(self._ruler, self.width, self._zone).time_of(event.x + 1)
            self.post_message(self.Clicked(min(self._ruler.last_ms, round(1000 * at.timestamp()))))
