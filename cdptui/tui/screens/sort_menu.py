"""The sort menu."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cdptui.render.columns import COLUMNS
from cdptui.tasklist.sort_order import WORST_FIRST, SortOrder
from cdptui.tui.keymap import quit_binding
from cdptui.tui.screens.sized import SizedScreen


class SortMenu(SizedScreen, ModalScreen[SortOrder | None]):
    """Gives the chosen order; choosing the present one turns it round."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        quit_binding(),
        Binding("s", "dismiss", "Close", show=False, id="sort"),
        Binding("j", "down", "Down", show=False, id="down"),
        Binding("k", "up", "Up", show=False, id="up"),
    ]

    def __init__(self, order: SortOrder) -> None:
        super().__init__()
        self._order = order

    def compose(self) -> ComposeResult:
        """A list of columns."""
        options = [Option(self._label(WORST_FIRST, "Worst first"), id=WORST_FIRST)]
        options += [Option(self._label(column.key, column.heading), id=column.key) for column in COLUMNS]
        menu = OptionList(*options, id="sort-menu", markup=False)
        menu.border_title = "Sort by"
        menu.highlighted = next(index for index, option in enumerate(options) if option.id == self._order.key)
        yield menu

    def action_down(self) -> None:
        """Next column."""
        for menu in self.query(OptionList):
            menu.action_cursor_down()

    def action_up(self) -> None:
        """Previous column."""
        for menu in self.query(OptionList):
            menu.action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give back the choice."""
        self.dismiss(self._order.toggled(event.option.id))

    def _label(self, key: str, heading: str) -> str:
        if key != self._order.key:
            return f"  {heading}"
        return f"{'▼' if self._order.is_descending else '▲'} {heading}"
