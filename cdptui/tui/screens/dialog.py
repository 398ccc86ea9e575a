"""What all dialogs share, and the guard of screens against sizes that the window no longer has."""

from __future__ import annotations

from typing import TypeVar

from textual.app import App
from textual.events import Resize
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


def skip_outdated_size(app: App[object], event: Resize) -> None:
    """Prevent the layout for a size that the window no longer has.

    A Textual screen that is laid out for a new size posts itself an event with that size, behind the events that wait
    already. Two sizes that are under way at once then follow each other for ever: each event finds the screen laid out
    for the other one and creates another event.
    """
    if event.size != app.size:
        event.prevent_default()


class Dialog(ModalScreen[Answer]):
    """A modal screen that returns an answer."""

    CSS_PATH = "../styles/dialogs.tcss"

    def on_resize(self, event: Resize) -> None:
        """Skip sizes that the window no longer has."""
        skip_outdated_size(self.app, event)
