"""The menu of what can be watched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cdptui.models.sanitize import sanitize
from cdptui.render.spans import accent_role
from cdptui.tui.keymap import quit_binding
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.target import Target


class ProfileMenu(SizedScreen, ModalScreen[Target | None]):
    """Gives the chosen target; the present one leaves all as it is."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        quit_binding(),
        Binding("x", "dismiss", "Close", show=False, id="profile"),
        Binding("j", "down", "Down", show=False, id="down"),
        Binding("k", "up", "Up", show=False, id="up"),
    ]

    def __init__(self, targets: Sequence[Target], present: Target) -> None:
        super().__init__()
        self._targets = targets
        self._present = present

    def compose(self) -> ComposeResult:
        """A list of names, each in its colour, with the node."""
        room = max(cell_len(target.profile) for target in self._targets)
        options = [Option(self._label(target, room), id=str(at)) for at, target in enumerate(self._targets)]
        menu = OptionList(*options, id="profile-menu", markup=False)
        menu.border_title = "Watch"
        menu.border_subtitle = "Enter logs out here, and goes there"
        menu.highlighted = self._targets.index(self._present)
        yield menu

    def action_down(self) -> None:
        """Next one."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Previous one."""
        self.query_one(OptionList).action_cursor_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give back the choice."""
        self.dismiss(self._targets[int(event.option.id or 0)])

    def _label(self, target: Target, room: int) -> Text:
        colours = self.app.theme_variables
        mark = "●" if target is self._present else " "
        style = Style(color=colours["background"], bgcolor=colours[f"role-{accent_role(target.accent)}"], bold=True)
        name = Text(f" {target.profile} ", style) if target.profile else Text("")
        rest = " " * (room + 4 - cell_len(name.plain))
        return Text.assemble(f"{mark} ", name, rest, sanitize(target.node))
