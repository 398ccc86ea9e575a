"""Menus: a generic one with a letter per item, and the sort, profile and copy menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cdptui.config.url import api_url
from cdptui.models.sanitize import sanitize
from cdptui.models.task_row import TaskRow
from cdptui.monitor.sources import FleetView
from cdptui.render.columns import COLUMNS
from cdptui.render.copy_formats import CopyFormat, copy_formats
from cdptui.render.reason_messages import ReasonContext
from cdptui.render.sort_order import WORST_FIRST
from cdptui.render.spans import accent_role
from cdptui.tasklist.sort_order import TaskOrder
from cdptui.tui.footer_keys import FooterKey
from cdptui.tui.keymap import program_bindings
from cdptui.tui.messages import CopyRequested
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.target import Target
from cdptui.tui.terminal.textual_app import bind_key

if TYPE_CHECKING:
    from cdptui.tui.export_files import Export

_ALSO_MOVES: Final = {"j": "down", "k": "up"}
"""Movement keys of all lists, bound unless an item uses the letter."""


class MenuItem(Struct, frozen=True):
    """A menu item."""

    id: str
    key: str
    """The letter that selects the item immediately."""
    label: str


class Menu(Dialog[str | None]):
    """A menu. Returns the id of the selected item, or None if cancelled."""

    FOOTER_KEYS: ClassVar = (FooterKey("Enter", "choose"), FooterKey("Esc", "close"), FooterKey("Up Down", "move"))
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        *program_bindings(),
        Binding("down", "down", "Down", show=False),
        Binding("up", "up", "Up", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[MenuItem], current: str | None = None) -> None:
        """`current` is the id of the active item, which is highlighted."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._current = current
        for choice in choices:
            # Bindings also work for a letter that arrives before the menu is drawn.
            bind_key(self, choice.key, f"choose({choice.id!r})")
        for key, action in _ALSO_MOVES.items():
            if not any(choice.key == key for choice in choices):
                bind_key(self, key, action)

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        menu = OptionList(*(Option(self._label(choice), id=choice.id) for choice in self._choices), markup=False)
        menu.add_class("menu")
        menu.border_title = Content(self._title)
        ids = [choice.id for choice in self._choices]
        menu.highlighted = ids.index(self._current) if self._current in ids else 0
        yield menu

    def action_choose(self, chosen: str) -> None:
        """Close with the item of a letter."""
        self.dismiss(chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the selected item."""
        self.dismiss(event.option.id)

    def _label(self, choice: MenuItem) -> str:
        return f"{'●' if choice.id == self._current else ' '} {choice.key}  {choice.label}"


class SortMenu(Dialog[TaskOrder | None]):
    """Choose the sort column. Returns the new order, or None if cancelled; selecting the current column reverses it."""

    FOOTER_KEYS: ClassVar = (FooterKey("Enter", "sort"), FooterKey("Esc", "close"), FooterKey("Up Down", "move"))
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        *program_bindings(),
        Binding("s", "dismiss", "Close", show=False, id="sort"),
        Binding("j", "down", "Down", show=False, id="down"),
        Binding("k", "up", "Up", show=False, id="up"),
    ]

    def __init__(self, order: TaskOrder) -> None:
        super().__init__()
        self._order = order

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        options = [Option(self._label(WORST_FIRST, "Worst first"), id=WORST_FIRST)]
        options += [Option(self._label(column.key, column.heading), id=column.key) for column in COLUMNS]
        menu = OptionList(*options, id="sort-menu", markup=False)
        menu.border_title = "Sort by"
        menu.highlighted = next(index for index, option in enumerate(options) if option.id == self._order.key)
        yield menu

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the selected item."""
        self.dismiss(self._order.toggled(event.option.id))

    def _label(self, key: str, heading: str) -> str:
        if key != self._order.key:
            return f"  {heading}"
        return f"{'▼' if self._order.is_descending else '▲'} {heading}"


class ProfileMenu(Dialog[Target | None]):
    """Choose the node to monitor. Returns the selected target, or None if cancelled."""

    FOOTER_KEYS: ClassVar = (
        FooterKey("Enter", "log out and switch"),
        FooterKey("Esc", "close"),
        FooterKey("Up Down", "move"),
    )
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        *program_bindings(),
        Binding("x", "dismiss", "Close", show=False, id="profile"),
        Binding("j", "down", "Down", show=False, id="down"),
        Binding("k", "up", "Up", show=False, id="up"),
    ]

    def __init__(self, targets: Sequence[Target], current: Target) -> None:
        super().__init__()
        self._targets = targets
        self._current = current

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        width = max(cell_len(target.profile) for target in self._targets)
        options = [Option(self._label(target, width), id=str(at)) for at, target in enumerate(self._targets)]
        menu = OptionList(*options, id="profile-menu", markup=False)
        menu.border_title = "Switch node"
        menu.border_subtitle = "Enter logs out and switches"
        menu.highlighted = self._targets.index(self._current)
        yield menu

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the selected item."""
        self.dismiss(self._targets[int(event.option.id or 0)])

    def _label(self, target: Target, width: int) -> Text:
        theme = self.app.theme_variables
        mark = "●" if target is self._current else " "
        style = Style(color=theme["background"], bgcolor=theme[f"role-{accent_role(target.accent)}"], bold=True)
        name = Text(f" {target.profile} ", style) if target.profile else Text("")
        rest = " " * (width + 4 - cell_len(name.plain))
        return Text.assemble(f"{mark} ", name, rest, sanitize(target.node))


MAX_COPIED: Final = 1000
"""Most tasks in one copy; larger selections are exported to a file."""


def open_copy_menu(
    screen: Screen[object], rows: Sequence[TaskRow], link: FleetView, node: str, context: ReasonContext
) -> None:
    """Let the user choose what to copy of `rows`. `link` has their JSON records, `node` is the URL of their node."""
    records = [link.record(row.task) for row in rows]
    open_format_menu(screen, copy_formats(rows, records, api_url(node), context))


def open_format_menu(screen: Screen[Any], copies: Sequence[CopyFormat]) -> None:
    """Let the user choose one of the formats, and copy it."""
    formats = {copy.id: copy for copy in copies}

    def request_copy(chosen: str | None) -> None:
        if chosen is not None:
            copy = formats[chosen]
            screen.post_message(CopyRequested(copy.label, copy.text))

    choices = [MenuItem(copy.id, copy.key, copy.label) for copy in formats.values()]
    screen.app.push_screen(Menu("Copy", choices), request_copy)


def open_export_menu(
    screen: Screen[Any], content: str, build: Callable[[], Export | None], show_notice: Callable[[str], object]
) -> None:
    """Let the user choose a format, and write what `build` then returns; None for nothing. `content` describes it."""

    def export(ending: str | None) -> None:
        if ending is None:
            return
        chosen = build()
        if chosen is None:
            show_notice("There is nothing to export yet")
        else:
            # After the next refresh, so that the menu is not in the picture.
            screen.call_after_refresh(screen.run_worker, write(chosen, ending), group="save")

    async def write(chosen: Export, ending: str) -> None:
        from cdptui.tui.export_files import write_export

        show_notice(await write_export(chosen, ending, screen.app.export_screenshot))

    items = (
        MenuItem("csv", "c", f"CSV: {content}"),
        MenuItem("json", "j", f"JSON: {content}"),
        MenuItem("svg", "s", "SVG: the screen"),
    )
    screen.app.push_screen(Menu("Export as", items), export)
