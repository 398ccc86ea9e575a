"""The menu of saved views."""

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
from cdptui.tui.keymap import quit_binding
from cdptui.tui.screens.dialog import Dialog


class ViewCommand(Struct, frozen=True):
    """What is to be done with a view."""

    kind: Literal["show", "save", "delete", "default"]
    number: int
    name: str = ""


class ViewMenu(Dialog[ViewCommand | None]):
    """Gives what was wished for."""

    BINDINGS: ClassVar = [
        Binding("escape", "leave", "Close", show=False),
        Binding("v", "dismiss", "Close", show=False),
        quit_binding(),
        Binding("down,j", "down", "Down", show=False),
        Binding("up,k", "up", "Up", show=False),
        *(Binding(str(number), f"show({number})", "Show", show=False) for number in NUMBERS),
        Binding("s", "name", "Save", show=False),
        Binding("x,delete", "wish('delete')", "Delete", show=False),
        Binding("asterisk", "wish('default')", "Begin with it", show=False),
    ]

    def __init__(self, views: SavedViews, profile: str, present: SavedView) -> None:
        """`present` is how the list is looked at now: what would be saved."""
        super().__init__()
        self._views = views
        self._default = views.defaults.get(profile)
        self._present = present
        # Here already, for keys that come before the dialog is composed.
        self._menu = OptionList(*(Option(self._label(number), id=str(number)) for number in NUMBERS), markup=False)
        self._menu.border_title = "Views  ● saved  * begins with it"
        self._menu.border_subtitle = "Enter shows  s saves the list as it is  x deletes  * begins with it"
        self._menu.highlighted = next((number - 1 for number in NUMBERS if views.view(number) is None), 0)
        self._name_field = Input(id="view-name", compact=True, max_length=MAX_NAME, placeholder="name of the view")
        self._name_field.cursor_blink = False
        self._name_field.display = False

    def compose(self) -> ComposeResult:
        """A line for each number, and one to type a name in."""
        with Vertical(id="views"):
            yield self._menu
            yield self._name_field

    def action_down(self) -> None:
        """Next number."""
        self._menu.action_cursor_down()

    def action_up(self) -> None:
        """Previous number."""
        self._menu.action_cursor_up()

    def action_show(self, number: int) -> None:
        """Show the view with that number."""
        self.dismiss(ViewCommand("show", number))

    def action_wish(self, kind: Literal["delete", "default"]) -> None:
        """Delete the view, or begin with it."""
        self.dismiss(ViewCommand(kind, self._number))

    def action_name(self) -> None:
        """Ask for the name under which the list as it is will be saved."""
        before = self._views.saved.get(self._number)
        name = self._name_field
        name.display = True
        name.value = before.name if before is not None else self._present.name
        name.cursor_position = len(name.value)
        self._menu.border_subtitle = f"Enter saves as {self._number}  Esc does not"
        self.set_focus(name)

    def action_leave(self) -> None:
        """Close, or type no name."""
        if self._name_field.has_focus:
            self._name_field.display = False
            self.set_focus(self._menu)
        else:
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save under this name."""
        if event.value.strip():
            self.dismiss(ViewCommand("save", self._number, sanitize(event.value.strip(), MAX_NAME)))

    def on_option_list_option_selected(self) -> None:
        """Show the chosen view."""
        self.dismiss(ViewCommand("show", self._number))

    @property
    def _number(self) -> int:
        return (self._menu.highlighted or 0) + 1

    def _label(self, number: int) -> str:
        view = self._views.view(number)
        begins, saved = "*" if number == self._default else " ", "●" if number in self._views.saved else " "
        if view is None:
            return f"{begins}{saved}{number}  –"
        return f"{begins}{saved}{number}  {view.name:<24} {view_text(view)}"


def view_text(view: SavedView) -> str:
    """What a view shows, in a line.

    >>> view_text(SavedView(name="x", filter="full<3d", sort="full-in", group="storage"))
    'full<3d, by full in, grouped by storage'
    """
    column = BY_KEY.get(view.sort)
    parts = [
        "unhealthy" if view.unhealthy else "",
        sanitize(view.filter),
        f"by {column.heading.lower()}{' the other way round' if view.inverted else ''}" if column is not None else "",
        f"grouped by {sanitize(view.group)}" if view.group else "",
        f"{len(view.columns)} columns" if view.columns else "",
        "wide" if view.wide else "",
    ]
    return ", ".join(filter(None, parts)) or "everything, worst first"
