"""The login dialog: prompts for a password or a one-time code."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cdptui.models.failure import CredentialPrompt
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.screens.dialog import Dialog


class _PromptText(Struct, frozen=True):
    title: str
    reason: str
    placeholder: str
    hint: str


_TEXTS: Final = {
    CredentialPrompt.PASSWORD: _PromptText(
        "Log in again",
        "Login of {account} at {node} was refused.",
        "password",
        "Enter logs in, Esc cancels. Repeated failures lock the account.",
    ),
    CredentialPrompt.FIRST_PASSWORD: _PromptText(
        "Log in", "{account} at {node}", "password", "Enter logs in, Esc cancels. Repeated failures lock the account."
    ),
    CredentialPrompt.OTP: _PromptText(
        "Second factor",
        "{account} at {node} needs a one-time code.",
        "code",
        "Enter logs in, Esc cancels. A code is valid for 30 s.",
    ),
}


class PasswordInput(Input):
    """A password field. Its cursor does not blink, because every blink costs a write to the terminal."""

    def on_mount(self) -> None:
        """Switch cursor blinking off."""
        self.cursor_blink = False

    def action_copy(self) -> None:
        """Copy nothing: a secret must not reach the clipboard."""

    def action_cut(self) -> None:
        """Delete the selection without copying it."""
        self.delete_selection()


class LoginPrompt(Dialog[str | None]):
    """Prompt for a credential. Returns the text that was entered, or None if cancelled."""

    FOOTER_KEYS: ClassVar = (FooterKey("Enter", "log in"), FooterKey("Esc", "cancel"))
    BINDINGS: ClassVar = [Binding("escape", "dismiss", "Cancel", show=False)]

    def __init__(self, prompt: CredentialPrompt, account: str, node: str, reason: str = "") -> None:
        """`reason` explains why the configured source gave no credential."""
        super().__init__()
        self._reason = reason
        self._prompt = prompt
        self._text = _TEXTS[prompt]
        self._account_text = self._text.reason.format(account=account, node=node)

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="password") as box:
            box.border_title = Content(self._text.title)
            yield Static(self._account_text, markup=False)
            if self._reason:
                yield Static(self._reason, markup=False)
            yield PasswordInput(password=True, placeholder=self._text.placeholder)
            yield Static(self._text.hint, markup=False)

    def footer_keys(self) -> FooterKeys:
        """Return the keys of the footer: letters are typed into the field."""
        return FooterKeys(self.FOOTER_KEYS, text_field_keys())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the text that was entered."""
        # Blanks can be part of a password but not of a code.
        typed = event.value.strip() if self._prompt is CredentialPrompt.OTP else event.value
        self.dismiss(typed or None)
