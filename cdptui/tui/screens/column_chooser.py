"""The column chooser dialog."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cdptui.render.column_layout import ColumnLayout
from cdptui.render.columns import BY_KEY, COLUMNS, NAME
from cdptui.tui.footer_keys import FooterKey
from cdptui.tui.keymap import program_bindings
from cdptui.tui.screens.dialog import Dialog

_HEADING_CELLS: Final = 4 + max(len(column.heading) for column in COLUMNS)
"""Of the box and the longest heading."""


class ColumnChooser(Dialog[ColumnLayout | None]):
    """Choose columns and their order. Returns the new layout, or None if cancelled. The name column cannot be moved."""

    FOOTER_KEYS: ClassVar = (
        FooterKey("Enter", "apply"),
        FooterKey("Esc", "cancel"),
        FooterKey("Space", "show/hide"),
        FooterKey("J K", "move"),
        FooterKey("r", "reset"),
    )
    BINDINGS: ClassVar = [
        Binding("escape", "dismiss", "Close", show=False),
        *program_bindings(),
        Binding("o", "dismiss", "Close", show=False, id="columns"),
        Binding("down,j", "down", "Down", show=False, id="down"),
        Binding("up,k", "up", "Up", show=False, id="up"),
        Binding("space", "choose", "Show or hide", show=False),
        Binding("J,shift+down", "move(1)", "Move down", show=False),
        Binding("K,shift+up", "move(-1)", "Move up", show=False),
        Binding("r", "reset", "Reset", show=False),
    ]

    def __init__(self, layout: ColumnLayout) -> None:
        super().__init__()
        self._initial = layout
        self._keys = list(layout.columns)
        self._keys += [column.key for column in COLUMNS if column.key not in self._keys]
        self._chosen = set(layout.columns)

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        menu = OptionList(*self._options(), id="columns", markup=False)
        menu.border_title = "Columns"
        menu.border_subtitle = "Space show/hide   J K move   r reset   Enter apply"
        menu.highlighted = 1
        yield menu

    def action_choose(self) -> None:
        """Show or hide the column, except the name."""
        key = self._keys[self._at]
        if key != NAME.key:
            self._chosen ^= {key}
            self._show(self._at)

    def action_move(self, step: int) -> None:
        """Move the column past its neighbour, except past the name."""
        at, to = self._at, self._at + step
        if at > 0 and 0 < to < len(self._keys):
            self._keys[at], self._keys[to] = self._keys[to], self._keys[at]
            self._show(to)

    def action_reset(self) -> None:
        """Restore the default columns and order."""
        self._chosen = set(ColumnLayout().columns)
        self._keys = [column.key for column in COLUMNS]
        self._show(self._at)

    def on_option_list_option_selected(self) -> None:
        """Close with the chosen layout."""
        chosen = (key for key in self._keys if key in self._chosen)
        self.dismiss(ColumnLayout.of(chosen, is_wide=self._initial.is_wide))

    @property
    def _menu(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _at(self) -> int:
        return self._menu.highlighted or 0

    def _show(self, at: int) -> None:
        self._menu.set_options(self._options())
        self._menu.highlighted = at

    def _options(self) -> list[Option]:
        return [Option(self._label(key), id=key) for key in self._keys]

    def _label(self, key: str) -> Table:
        """Return the heading and the help side by side, each wrapped in its own column."""
        column = BY_KEY[key]
        label = Table.grid(padding=(0, 2, 0, 0), expand=True)
        label.add_column(width=_HEADING_CELLS)
        label.add_column(ratio=1)
        label.add_row(Text(f"[{'x' if key in self._chosen else ' '}] {column.heading}"), Text(column.help))
        return label
