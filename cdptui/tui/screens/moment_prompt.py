"""The dialog in which the user types a time to look back at."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cdptui.clock import Clock
from cdptui.query.moments import EXAMPLES, MomentError, parse_moment
from cdptui.render import formatting
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.widgets.text_field import TextField

_TITLE: Final = "Go to time"


class MomentPrompt(Dialog[int | None]):
    """Prompt for a time. Returns it in milliseconds since 1970, or None if cancelled."""

    FOOTER_KEYS: ClassVar = (FooterKey("Enter", "go"), FooterKey("Esc", "cancel"))
    BINDINGS: ClassVar = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, clock: Clock, zone: tzinfo | None) -> None:
        """Times without an offset are in `zone`; None is that of this machine."""
        super().__init__()
        self._clock = clock
        self._zone = zone

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="moment") as box:
            box.border_title = Content(_TITLE)
            yield TextField(placeholder=EXAMPLES)
            yield Static(self._zone_text(), id="moment-hint", markup=False)

    def footer_keys(self) -> FooterKeys:
        """Return the keys of the footer: letters are typed into the field."""
        return FooterKeys(self.FOOTER_KEYS, text_field_keys())

    def on_input_changed(self) -> None:
        """Remove the message about the text before."""
        self._say(self._zone_text())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the time, or say why the text is none."""
        try:
            moment = parse_moment(event.value, self._clock.now(), self._zone)
        except MomentError as error:
            self._say(str(error))
        else:
            self.dismiss(round(1000 * moment.timestamp()))

    def _zone_text(self) -> str:
        return f"Times are {formatting.utc_offset(self._clock.now(), self._zone)}"

    def _say(self, text: str) -> None:
        self.query_one("#moment-hint", Static).update(Content(text))
