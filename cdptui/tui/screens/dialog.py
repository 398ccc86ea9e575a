"""What all dialogs share."""

from __future__ import annotations

from typing import TypeVar

from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import OptionList

from cdptui.tui.layout import skip_outdated_size

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen that returns an answer."""

    CSS_PATH = "../styles/dialogs.tcss"

    def on_resize(self, event: Resize) -> None:
        """Skip sizes that the window no longer has."""
        skip_outdated_size(self.app, event)

    def action_down(self) -> None:
        """Move to the next item of a menu. None is there before the dialog is composed."""
        for menu in self.query(OptionList):
            menu.action_cursor_down()

    def action_up(self) -> None:
        """Move to the previous item."""
        for menu in self.query(OptionList):
            menu.action_cursor_up()
