"""A small menu: one key for each thing that can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cdptui.tui.keymap import quit_binding
from cdptui.tui.screens.sized import SizedScreen

_ALSO_MOVES: Final = {"j": "down", "k": "up"}
"""As everywhere, save where the letter chooses something."""


class Choice(Struct, frozen=True):
    """One line of the menu."""

    id: str
    key: str
    """The letter that chooses it at once."""
    label: str


class ChoiceMenu(SizedScreen, ModalScreen[str | None]):
    """Gives the id of what was chosen."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        quit_binding(),
        Binding("down", "down", "Down", show=False),
        Binding("up", "up", "Up", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], present: str | None = None) -> None:
        """`present` is the id of what is so now."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._present = present
        for choice in choices:
            # As bindings, so that a letter that comes before the menu is drawn is not lost.
            self._bindings.bind(choice.key, f"choose({choice.id!r})", show=False)
        for key, action in _ALSO_MOVES.items():
            if not any(choice.key == key for choice in choices):
                self._bindings.bind(key, action, show=False)

    def compose(self) -> ComposeResult:
        """A list of choices, each with its letter."""
        menu = OptionList(*(Option(self._label(choice), id=choice.id) for choice in self._choices), markup=False)
        menu.add_class("menu")
        menu.border_title = self._title
        ids = [choice.id for choice in self._choices]
        menu.highlighted = ids.index(self._present) if self._present in ids else 0
        yield menu

    def action_choose(self, chosen: str) -> None:
        """Give back what a letter stands for."""
        self.dismiss(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give back the choice."""
        self.dismiss(event.option.id)

    def action_down(self) -> None:
        """Next choice."""
        for menu in self.query(OptionList):
            menu.action_cursor_down()

    def action_up(self) -> None:
        """Previous choice."""
        for menu in self.query(OptionList):
            menu.action_cursor_up()

    def _label(self, choice: Choice) -> str:
        return f"{'●' if choice.id == self._present else ' '} {choice.key}  {choice.label}"
