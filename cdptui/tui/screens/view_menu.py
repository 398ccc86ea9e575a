"""The saved views menu."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from cdptui.config.saved_views import MAX_NAME, NUMBERS, SavedView, SavedViews
from cdptui.models.sanitize import sanitize
from cdptui.render.columns import BY_KEY
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.keymap import program_bindings
from cdptui.tui.screens.dialog import Dialog


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
        Binding("x,delete", "command('delete')", "Delete", show=False),
        Binding("asterisk", "command('default')", "Startup view", show=False),
    ]

    def __init__(self, views: SavedViews, profile: str, current: SavedView) -> None:
        """`current` is the list's current view, which `s` saves."""
        super().__init__()
        self._views = views
        self._default = views.defaults.get(profile)
        self._current = current
        # Created here, not in compose(), for keys that arrive before the dialog is composed.
        self._menu = OptionList(*(Option(self._label(number), id=str(number)) for number in NUMBERS), markup=False)
        self._menu.border_title = "Views   ● customised   * startup view"
        self._menu.border_subtitle = "Enter open   s save current list   x delete   * startup view"
        self._menu.highlighted = next((number - 1 for number in NUMBERS if views.view(number) is None), 0)
        self._name_field = Input(id="view-name", compact=True, max_length=MAX_NAME, placeholder="View name")
        self._name_field.cursor_blink = False
        self._name_field.display = False

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="views"):
            yield self._menu
            yield self._name_field

    def action_down(self) -> None:
        """Move to the next item."""
        self._menu.action_cursor_down()

    def action_up(self) -> None:
        """Move to the previous item."""
        self._menu.action_cursor_up()

    def action_show(self, number: int) -> None:
        """Close with the command to open view `number`."""
        self.dismiss(ViewCommand("show", number))

    def action_command(self, kind: Literal["delete", "default"]) -> None:
        """Close with the command to delete the view or to make it the startup view."""
        self.dismiss(ViewCommand(kind, self._number))

    def action_name(self) -> None:
        """Prompt for the name under which to save the current list."""
        saved = self._views.saved.get(self._number)
        name = self._name_field
        name.display = True
        name.value = saved.name if saved is not None else self._current.name
        name.cursor_position = len(name.value)
        self._menu.border_subtitle = f"Enter saves as view {self._number}   Esc cancels"
        self.show_keys(FooterKeys((FooterKey("Enter", "save"), FooterKey("Esc", "cancel")), text_field_keys()))
        self.set_focus(name)

    def action_cancel(self) -> None:
        """Leave the name field, or close the menu."""
        if self._name_field.has_focus:
            self._name_field.display = False
            self.show_keys(self.footer_keys())
            self.set_focus(self._menu)
        else:
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the command to save the list under the entered name."""
        if event.value.strip():
            self.dismiss(ViewCommand("save", self._number, sanitize(event.value.strip(), MAX_NAME)))

    def on_option_list_option_selected(self) -> None:
        """Close with the command to open the highlighted view."""
        self.dismiss(ViewCommand("show", self._number))

    @property
    def _number(self) -> int:
        return (self._menu.highlighted or 0) + 1

    def _label(self, number: int) -> str:
        view = self._views.view(number)
        startup, saved = "*" if number == self._default else " ", "●" if number in self._views.saved else " "
        if view is None:
            return f"{startup}{saved}{number}  –"
        return f"{startup}{saved}{number}  {view.name:<24} {view_text(view)}"


def view_text(view: SavedView) -> str:
    """Describe a view in one line.

    >>> view_text(SavedView(name="x", filter="full<3d", sort="full-in", group="storage"))
    'full<3d, sorted by full in, grouped by storage'
    """
    column = BY_KEY.get(view.sort)
    parts = [
        "unhealthy" if view.unhealthy else "",
        sanitize(view.filter),
        f"sorted by {column.heading.lower()}{', reversed' if view.inverted else ''}" if column is not None else "",
        f"grouped by {sanitize(view.group)}" if view.group else "",
        f"{len(view.columns)} columns" if view.columns else "",
        "all columns" if view.wide else "",
    ]
    return ", ".join(filter(None, parts)) or "all tasks, worst first"
