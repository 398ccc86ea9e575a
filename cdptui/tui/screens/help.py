"""The help screen, generated from the key bindings, the columns, the filter fields and the statuses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import accumulate, chain
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from cdptui.query.event_fields import EVENT_FIELDS
from cdptui.query.fields import FIELDS, SYNTAX_EXAMPLES, QueryField, R
from cdptui.render.columns import COLUMNS
from cdptui.render.reason_messages import GLOSSARY
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH
from cdptui.render.storage_list import STORAGE_COLUMNS
from cdptui.render.text_wrap import cell_width, wrap_text
from cdptui.tui.footer_keys import FooterKeys, FooterPlace, footer_keys, help_keys
from cdptui.tui.keymap import KeyBinding, Keymap, KeyScope, help_lines, program_bindings
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.widgets.scrollable_lines import ScrollableLines

_NARROW: Final = 16
_WIDE: Final = 24
"""Widths of the first column in cells: of keys and terms, and of filter syntax."""

_MIN_TEXT: Final = 24
"""Least width of the second column in cells; in a narrower window its text is placed below the first column."""

_INDENT: Final = 4
"""Indent in cells of a text that is placed below."""


class HelpPlace(Enum):
    """Where the user asks for help, with the title of the help screen."""

    LIST = "Help"
    PANE = "Help: detail pane"
    STORAGES = "Help: backup storages"
    FILTER = "Help: filter"


_FIRST_SCOPES: Final = {
    HelpPlace.LIST: (),
    HelpPlace.PANE: (KeyScope.PANE, KeyScope.SEARCH, KeyScope.MOTION, KeyScope.DETAIL),
    HelpPlace.STORAGES: (KeyScope.STORAGES, KeyScope.SEARCH, KeyScope.MOTION),
    HelpPlace.FILTER: (),
}
"""The keys that are listed first. While the user types a filter, its language is."""


class HelpScreen(Dialog[None]):
    """All keys, columns, filter fields and symbols."""

    BINDINGS: ClassVar = [
        Binding("escape,enter", "dismiss", "Close", show=False),
        *(binding for binding in program_bindings() if binding.id == "quit"),
        Binding("question_mark,f1", "dismiss", "Close", show=False, id="help"),
    ]

    def __init__(self, keymap: Keymap, place: HelpPlace = HelpPlace.LIST) -> None:
        """List the keys of `place` first."""
        super().__init__()
        self._keymap = keymap
        self._place = place

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        scopes = tuple(dict.fromkeys((*_FIRST_SCOPES[self._place], *KeyScope)))
        view = HelpLines(self._keymap, scopes, is_filter_first=self._place is HelpPlace.FILTER)
        view.border_title = Content(self._place.value)
        # Content, because Textual would read a key such as "[" as markup.
        view.border_subtitle = Content(f"{self._keymap.labels['search']} search   Esc close")
        yield view

    def footer_keys(self) -> FooterKeys:
        """Return the keys of the footer."""
        return help_keys(self._keymap)

    def on_scrollable_lines_search_typing(self, message: ScrollableLines.SearchTyping) -> None:
        """Show the keys that work while the user types a search text."""
        self.show_keys(footer_keys(FooterPlace.SEARCH, self._keymap) if message.is_typing else self.footer_keys())

    def on_mount(self) -> None:
        """Focus the text."""
        self.query_one(HelpLines).focus()


class HelpLines(ScrollableLines):
    """The text of the help screen, laid out for the current width."""

    def __init__(self, keymap: Keymap, scopes: Sequence[KeyScope], *, is_filter_first: bool) -> None:
        super().__init__(keymap, id="help")
        self._keymap = keymap
        self._scopes = scopes
        self._is_filter_first = is_filter_first
        self._starts: list[int] = []

    def on_resize(self) -> None:
        """Lay out the text for the new width and keep the top entry at the top."""
        at = bisect_right(self._starts, self.scroll_offset.y) - 1
        entries = help_entries(self._keymap.keys, self._scopes, self.width, is_filter_first=self._is_filter_first)
        self._starts = list(accumulate(map(len, entries), initial=0))
        self.show(list(chain.from_iterable(entries)))
        if at > 0:
            self.scroll_to(y=self._starts[at], animate=False)


def help_entries(
    keys: Sequence[KeyBinding], scopes: Sequence[KeyScope], width: int, *, is_filter_first: bool = False
) -> list[list[Line]]:
    """Return the entries of the help text, each as its lines. The number of entries does not depend on the width."""
    entries = _filter_entries(width) if is_filter_first else []
    for scope in scopes:
        entries.append(_heading(scope.value, width))
        entries += [_entry(labels, text, _NARROW, width) for labels, text in help_lines(scope, keys)]
        entries.append(_BLANK)
    entries.append(_heading("Columns", width))
    entries += [_entry(column.heading, column.help, _NARROW, width) for column in COLUMNS]
    entries.append(_BLANK)
    entries.append(_heading("Columns of the storages", width))
    entries += [_entry(column.heading, column.help, _NARROW, width) for column in STORAGE_COLUMNS]
    entries.append(_BLANK)
    if not is_filter_first:
        entries += _filter_entries(width)
    entries.append(_heading("Problem types (reason=rpo)", width))
    entries += [_entry(kind.value, meaning, _NARROW, width) for kind, meaning in GLOSSARY.items()]
    entries.append(_BLANK)
    entries.append(_heading("Statuses", width))
    entries.append(_side_by_side([f"{glyph} {status}" for status, glyph in GLYPHS.items()], 2, width))
    entries += [_side_by_side(symbols, 2, width) for symbols in _SYMBOLS]
    entries.append(_BLANK)
    entries.append([(Span(line),) for line in wrap_text(_SORT_ORDER_TEXT, width)])
    return entries


_BLANK: Final[list[Line]] = [()]

_SYMBOLS: Final = (
    (f"{OTHER_GLYPH} a status that this version does not know",),
    ("+ new task", "~ settings or status changed", "* marked"),
    ("▸ folded group", "▾ unfolded group", "✖ 6 of 30 unhealthy"),
    ("‹ › more columns on that side",),
)

_SORT_ORDER_TEXT: Final = (
    "Worst first: enabled tasks that do not protect, then other tasks with problems;"
    " then by RPO relative to its target, used share of the plan, and name."
)


_TASK_FIELDS_TEXT: Final = "All other fields are those of the task of the event, as the task is now."


def _filter_entries(width: int) -> list[list[Line]]:
    """Return the entries on the filter language and its fields."""
    entries = [_heading("Filter", width)]
    entries += [_entry(form, meaning, _WIDE, width) for form, meaning in SYNTAX_EXAMPLES]
    entries += [_BLANK, _heading("Filter fields", width)]
    entries += _field_entries(FIELDS, width)
    entries += [_BLANK, _heading("Filter fields of events", width)]
    entries += _field_entries(EVENT_FIELDS, width)
    entries.append([(Span(line),) for line in wrap_text(_TASK_FIELDS_TEXT, width)])
    return [*entries, _BLANK]


def _field_entries(fields: Iterable[QueryField[R]], width: int) -> Iterator[list[Line]]:
    """Yield the entries of each field: its names with their meaning, and its examples."""
    for field in fields:
        yield _entry(" ".join((field.name, *field.aliases)), field.help, _WIDE, width)
        yield _side_by_side(field.example.split("   "), _text_start(_WIDE, width), width, Role.DIM)


def _text_start(column: int, width: int) -> int:
    """Return the cell at which the text beside a first column of this width begins."""
    return column if width - column >= _MIN_TEXT else _INDENT


def _heading(text: str, width: int) -> list[Line]:
    return [(Span(line, Role.ACCENT),) for line in wrap_text(text, width)]


def _entry(term: str, text: str, column: int, width: int) -> list[Line]:
    """Return a term and its description, beside it or, without room, below it."""
    at = _text_start(column, width)
    first = [f"  {line}" for line in wrap_text(term, width - 2)]
    rest = wrap_text(text, width - at)
    is_beside = len(first) == 1 and cell_width(first[0]) < at
    lines: list[Line] = []
    if is_beside:
        gap = " " * (at - cell_width(first[0]))
        lines.append((Span(first[0] + gap, Role.STRONG), Span(rest.pop(0))))
    else:
        lines += [(Span(line, Role.STRONG),) for line in first]
    return [*lines, *((Span(" " * at), Span(line)) for line in rest)]


def _side_by_side(texts: Sequence[str], at: int, width: int, role: Role = Role.TEXT) -> list[Line]:
    """Fill lines with texts; no text is broken if it fits on a line."""
    lines: list[str] = []
    for text in texts:
        if lines and cell_width(lines[-1]) + 3 + cell_width(text) <= width - at:
            lines[-1] += f"   {text}"
        else:
            lines += wrap_text(text, width - at)
    return [(Span(" " * at), Span(line, role)) for line in lines]
