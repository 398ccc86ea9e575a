"""The dialog in which the user writes a note about a task."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.widgets.text_field import TextField

MAX_NOTE: Final = 500
"""Characters of a note."""

_TITLE: Final = "Note on {name}"
_HINT: Final = "Kept in the recording with your name; shown in the events, the history and the handover."


class NotePrompt(Dialog[str | None]):
    """Prompt for a note. Returns its text, or None if cancelled or empty."""

    FOOTER_KEYS: ClassVar = (FooterKey("Enter", "keep"), FooterKey("Esc", "cancel"))
    BINDINGS: ClassVar = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, name: str) -> None:
        """`name` is that of the task."""
        super().__init__()
        self._task_name = name

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="note") as box:
            box.border_title = Content(_TITLE.format(name=self._task_name))
            yield TextField(max_length=MAX_NOTE)
            yield Static(_HINT, markup=False)

    def footer_keys(self) -> FooterKeys:
        """Return the keys of the footer: letters are typed into the field."""
        return FooterKeys(self.FOOTER_KEYS, text_field_keys())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the text."""
        self.dismiss(event.value.strip() or None)
