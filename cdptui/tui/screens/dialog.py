"""What all dialogs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import OptionList

from cdptui.tui.footer_keys import FooterKey, FooterKeys, program_keys
from cdptui.tui.keymap import HasKeymap
from cdptui.tui.layout import skip_outdated_size
from cdptui.tui.widgets.bars import KeysLine

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen that returns an answer, with a footer of its own."""

    CSS_PATH = "../styles/dialogs.tcss"
    FOOTER_KEYS: ClassVar[Sequence[FooterKey]] = (FooterKey("Esc", "close"),)
    """The dialog's own keys, for the footer."""

    def compose(self) -> ComposeResult:
        """Create the child widgets and the footer."""
        yield from self.compose_content()
        yield KeysLine(self.footer_keys())

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        yield from ()

    def footer_keys(self) -> FooterKeys:
        """Return the keys of the footer."""
        return FooterKeys(self.FOOTER_KEYS, program_keys(cast("HasKeymap", self.app).keymap))

    def show_notice(self, text: str) -> bool:
        """Show a message in the dialog; return False if it has no place for one."""
        return False

    def show_keys(self, keys: FooterKeys) -> None:
        """Show other keys in the footer."""
        for footer in self.query(KeysLine):
            footer.show_keys(keys)

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
