"""Asks for a password after one was refused."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class PasswordInput(Input):
    """An input whose cursor does not blink: nothing on screen moves by itself."""

    def on_mount(self) -> None:
        """Stand still."""
        self.cursor_blink = False


class PasswordScreen(ModalScreen[str | None]):
    """Gives the password that was typed, None when the person would rather not."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, account: str, node: str) -> None:
        super().__init__()
        self._account = account
        self._node = node

    def compose(self) -> ComposeResult:
        """One line to type in."""
        with Vertical(id="password") as box:
            box.border_title = "Log in again"
            yield Static(f"{self._account} at {self._node} was refused.", markup=False)
            yield PasswordInput(password=True, placeholder="password")
            yield Static("Enter tries once, Esc leaves it. Too many tries lock an account.", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give it back."""
        self.dismiss(event.value or None)
