"""What stands in a window in which the list could not say which tasks fail."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.geometry import Size
from textual.screen import ModalScreen

from cdptui.render.span import Line, Role, Span
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.widgets.line_view import LineView
from cdptui.tui.window import LEAST


class TooSmallScreen(SizedScreen, ModalScreen[None]):
    """Covers everything until the window is larger; the polls go on."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [Binding("q,ctrl+c", "app.quit", "Quit", show=False)]

    def compose(self) -> ComposeResult:
        """A few words."""
        yield LineView(id="too-small")

    def on_resize(self) -> None:
        """Say it for the size that there is."""
        self.query_one(LineView).show(words(self.size))


def words(size: Size) -> list[Line]:
    """What to say in so little room: the most needed first, one thing a line."""
    return [
        (Span("too small", Role.WARN),),
        (Span(f"now {size.width}x{size.height}", Role.TEXT),),
        (Span(f"need {LEAST.width}x{LEAST.height}", Role.TEXT),),
        (Span("q quits", Role.DIM),),
    ]
