"""The saved views menu."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from cdptui.config.saved_views import MAX_NAME, NUMBERS, SavedView, SavedViews
from cdptui.models.sanitize import sanitize
from cdptui.render.line_fitting import cut_text
from cdptui.render.spans import Role, Span
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.keymap import program_bindings
from cdptui.tui.saved_view_text import shows_the_same, view_text
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.screens.menus import Menu, MenuItem
from cdptui.tui.widgets.line_view import LineView
from cdptui.tui.widgets.text_field import TextField

_NAME_CELLS: Final = 24
"""Width of the column of names; a menu 60 cells wide has as much room for what the views show."""

_EMPTY: Final = "View {number} is empty: s saves the current list as view {number}"
_EMPTY_AT_STARTUP: Final = "View {number} is empty, so it cannot be the startup view"
_NOT_SAVED: Final = "View {number} is a preset, which cannot be deleted"
_NAMELESS: Final = "Type a name for the view"


class ViewCommand(Struct, frozen=True):
    """An operation on a saved view."""

    kind: Literal["show", "save", "delete", "default"]
    number: int
    name: str = ""


class ViewMenu(Dialog[ViewCommand | None]):
    """Open, save or delete a view, or make it the startup view. Returns the command, or None if cancelled."""

    FOOTER_KEYS: ClassVar = (
        FooterKey("Enter", "open"),
        FooterKey("Esc", "close"),
        FooterKey("s", "save"),
        FooterKey("x", "delete"),
        FooterKey("*", "startup view"),
    )
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", "Close", show=False),
        Binding("v", "dismiss", "Close", show=False),
        *program_bindings(),
        Binding("down,j", "down", "Down", show=False),
        Binding("up,k", "up", "Up", show=False),
        *(Binding(str(number), f"show({number})", "Show", show=False) for number in NUMBERS),
        Binding("s", "name", "Save", show=False),
        Binding("x,delete", "delete", "Delete", show=False),
        Binding("asterisk", "startup", "Startup view", show=False),
    ]

    def __init__(self, views: SavedViews, profile: str, current: SavedView) -> None:
        """`current` is the list's current view, which `s` saves."""
        super().__init__()
        self._views = views
        self._default = views.defaults.get(profile)
        self._current = current
        # Created here, not in compose(), for keys that arrive before the dialog is composed.
        self._menu = OptionList(*(Option(self._label(number), id=str(number)) for number in NUMBERS), markup=False)
        self._menu.highlighted = next((number - 1 for number in NUMBERS if views.view(number) is None), 0)
        self._line = LineView(id="view-line")
        self._name_field = TextField(id="view-name", compact=True, max_length=MAX_NAME, select_on_focus=False)
        self._name_field.placeholder = "View name"
        self._name_field.display = False

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="views") as box:
            box.border_title = "Views   ● customised   * startup view"
            yield self._menu
            yield self._line
            yield self._name_field

    def action_down(self) -> None:
        """Move to the next item."""
        self._menu.action_cursor_down()

    def action_up(self) -> None:
        """Move to the previous item."""
        self._menu.action_cursor_up()

    def action_show(self, number: int) -> None:
        """Close with the command to open view `number`; an empty one is highlighted instead."""
        if self._views.view(number) is not None:
            self.dismiss(ViewCommand("show", number))
            return
        self._menu.highlighted = number - 1
        self._refuse(_EMPTY)

    def action_delete(self) -> None:
        """Close with the command to delete the view."""
        number = self._number
        if number in self._views.saved:
            self.dismiss(ViewCommand("delete", number))
        else:
            self._refuse(_EMPTY if self._views.view(number) is None else _NOT_SAVED)

    def action_startup(self) -> None:
        """Close with the command to make the view the startup view, or to have none if it is."""
        if self._views.view(self._number) is not None or self._number == self._default:
            self.dismiss(ViewCommand("default", self._number))
        else:
            self._refuse(_EMPTY_AT_STARTUP)

    def action_name(self) -> None:
        """Prompt for the name under which to save the current list."""
        self._name_field.edit(self._current.name)
        self._show_name_field(is_shown=True)

    def action_cancel(self) -> None:
        """Leave the name field, or close the menu."""
        if self._name_field.has_focus:
            self._show_name_field(is_shown=False)
        else:
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the command to save the list under the entered name; ask first if that loses another view."""
        name = sanitize(event.value.strip(), MAX_NAME)
        if not name:
            self._name_field.placeholder = _NAMELESS
            return
        command = ViewCommand("save", self._number, name)
        old = self._views.view(command.number)
        if old is None or shows_the_same(old, self._current):
            self.dismiss(command)
            return
        items = (
            MenuItem("keep", "n", f"Keep {old.name}: {view_text(old)}"),
            MenuItem("replace", "y", f"Replace it with {name}: {view_text(self._current)}"),
        )

        def save_or_return(chosen: str | None) -> None:
            if chosen == "replace":
                self.dismiss(command)

        self.app.push_screen(Menu(f"View {command.number} is in use", items), save_or_return)

    def on_option_list_option_highlighted(self) -> None:
        """Show in full what the highlighted view shows, which its own line may not have the room for."""
        view = self._views.view(self._number)
        self._line.show([(Span(view_text(view) if view is not None else "", Role.DIM),)])

    def on_option_list_option_selected(self) -> None:
        """Close with the command to open the highlighted view."""
        self.action_show(self._number)

    def _refuse(self, reason: str) -> None:
        self._line.show([(Span(reason.format(number=self._number), Role.WARN),)])

    def _show_name_field(self, *, is_shown: bool) -> None:
        """Show the field in place of the line under the views, or that line again."""
        self._name_field.display = is_shown
        self._line.display = not is_shown
        saving = FooterKeys(
            (FooterKey("Enter", f"save as view {self._number}"), FooterKey("Esc", "cancel")), text_field_keys()
        )
        self.show_keys(saving if is_shown else self.footer_keys())
        self.set_focus(self._name_field if is_shown else self._menu)

    @property
    def _number(self) -> int:
        return (self._menu.highlighted or 0) + 1

    def _label(self, number: int) -> str:
        view = self._views.view(number)
        startup, saved = "*" if number == self._default else " ", "●" if number in self._views.saved else " "
        if view is None:
            return f"{startup}{saved}{number}  –"
        name = cut_text(view.name, _NAME_CELLS, cell_len)
        return f"{startup}{saved}{number}  {name}{' ' * (_NAME_CELLS - cell_len(name))} {view_text(view)}"
