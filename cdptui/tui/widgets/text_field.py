"""A text field."""

from __future__ import annotations

from textual.widgets import Input
from textual.widgets.input import Selection


class TextField(Input):
    """A text field without a border. Its cursor does not blink, because every blink costs a write to the terminal."""

    def on_mount(self) -> None:
        """Switch cursor blinking off."""
        self.cursor_blink = False

    def edit(self, text: str) -> None:
        """Show `text` as selected: a character replaces it, End or Right keeps it."""
        self.value = text
        self.selection = Selection(0, len(text))

    def insert_text_at_cursor(self, text: str) -> None:
        """Insert text in place of the selection. Textual inserts it at the cursor, beside the selected text."""
        self.replace(text, *self.selection)
