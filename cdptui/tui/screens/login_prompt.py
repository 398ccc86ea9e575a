"""Asks for what a login still wants: another password, or the code of the second factor."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from cdptui.models.failure import CredentialPrompt
from cdptui.tui.screens.dialog import Dialog


class _PromptText(Struct, frozen=True):
    title: str
    why: str
    placeholder: str
    hint: str


_WORDS: Final = {
    CredentialPrompt.PASSWORD: _PromptText(
        "Log in again",
        "{who} at {node} was refused.",
        "password",
        "Enter tries once, Esc leaves it. Too many tries lock an account.",
    ),
    CredentialPrompt.FIRST_PASSWORD: _PromptText(
        "Log in", "{who} at {node}", "password", "Enter tries once, Esc leaves it. Too many tries lock an account."
    ),
    CredentialPrompt.OTP: _PromptText(
        "Second factor",
        "{who} at {node} needs a code.",
        "code",
        "Enter tries once, Esc leaves it. A code is good for half a minute.",
    ),
}


class PasswordInput(Input):
    """An input whose cursor does not blink: nothing on screen moves by itself."""

    def on_mount(self) -> None:
        """Stand still."""
        self.cursor_blink = False

    def action_copy(self) -> None:
        """A secret goes to no clipboard."""

    def action_cut(self) -> None:
        """What is cut is gone."""
        self.delete_selection()


class LoginPrompt(Dialog[str | None]):
    """Gives what was typed, None when the person would rather not."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, wanted: CredentialPrompt, account: str, node: str, reason: str = "") -> None:
        """`reason` says why it is not known, where something should have given it."""
        super().__init__()
        self._reason = reason
        self._wanted = wanted
        self._words = _WORDS[wanted]
        self._why = self._words.why.format(who=account, node=node)

    def compose(self) -> ComposeResult:
        """One line to type in."""
        with Vertical(id="password") as box:
            box.border_title = self._words.title
            yield Static(self._why, markup=False)
            if self._reason:
                yield Static(self._reason, markup=False)
            yield PasswordInput(password=True, placeholder=self._words.placeholder)
            yield Static(self._words.hint, markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give it back."""
        # Blanks belong to a password, but to no code.
        typed = event.value.strip() if self._wanted is CredentialPrompt.OTP else event.value
        self.dismiss(typed or None)
