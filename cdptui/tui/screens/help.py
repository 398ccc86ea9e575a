"""Help: made from the table of keys, the columns and the statuses, so that it cannot be out of date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from cdptui.query.fields import FIELDS, SYNTAX_EXAMPLES
from cdptui.render.columns import COLUMNS
from cdptui.render.reason_messages import GLOSSARY
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH
from cdptui.render.text_wrap import cell_width, wrap_text
from cdptui.tui.keymap import KeyBinding, Keymap, KeyScope, help_lines, quit_binding
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.widgets.scrollable_lines import ScrollableLines

_NARROW: Final = 16
_WIDE: Final = 24
"""Cells of the first column: of keys and words, and of what one types in a filter."""

_LEAST_TEXT: Final = 24
"""Cells of the second column; where it would have less, its text stands below the first."""

_INDENT: Final = 4
"""Cells before a text that stands below."""


class HelpScreen(SizedScreen, ModalScreen[None]):
    """All keys, columns and signs."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape,enter", "dismiss", "Close", show=False),
        quit_binding(),
        Binding("question_mark,f1", "dismiss", "Close", show=False, id="help"),
    ]

    def __init__(self, keymap: Keymap, *, is_for_pane: bool = False) -> None:
        """`is_for_pane` puts first what works where the person is: in the detail pane, not in the list."""
        super().__init__()
        self._keymap = keymap
        self._is_for_pane = is_for_pane

    def compose(self) -> ComposeResult:
        """One pane of lines."""
        view = HelpLines(self._keymap, _IN_PANE if self._is_for_pane else tuple(KeyScope))
        view.border_title = "Help: the detail pane" if self._is_for_pane else "Help"
        view.border_subtitle = f"{self._keymap.labels['search']} finds, Esc closes"
        yield view

    def on_mount(self) -> None:
        """Let keys go to it."""
        self.query_one(HelpLines).focus()


class HelpLines(ScrollableLines):
    """The help page, laid out for the width that there is."""

    def __init__(self, keymap: Keymap, places: Sequence[KeyScope]) -> None:
        super().__init__(keymap, id="help")
        self._keymap = keymap
        self._places = places
        self._starts: list[int] = []

    def on_resize(self) -> None:
        """Lay it out anew; what stood at the top stays there."""
        at = bisect_right(self._starts, self.scroll_offset.y) - 1
        entries = help_entries(self._keymap.keys, self._places, self.width)
        self._starts = list(accumulate(map(len, entries), initial=0))
        self.show(list(chain.from_iterable(entries)))
        if at > 0:
            self.scroll_to(y=self._starts[at], animate=False)


_IN_PANE: Final = tuple(dict.fromkeys((KeyScope.PANE, KeyScope.SEARCH, KeyScope.MOTION, KeyScope.DETAIL, *KeyScope)))
"""What works in the detail pane stands first."""


def help_entries(keys: Sequence[KeyBinding], places: Sequence[KeyScope], width: int) -> list[list[Line]]:
    """The help page: entries, each in as many lines as it needs. There are the same ones at every width."""
    entries: list[list[Line]] = []
    for place in places:
        entries.append(_heading(place.value, width))
        entries += [_entry(names, does, _NARROW, width) for names, does in help_lines(place, keys)]
        entries.append(_BLANK)
    entries.append(_heading("Columns", width))
    entries += [_entry(column.heading, column.help, _NARROW, width) for column in COLUMNS]
    entries.append(_BLANK)
    entries += _filter_entries(width)
    entries.append(_heading("Reasons, as in reason=rpo", width))
    entries += [_entry(kind.value, meaning, _NARROW, width) for kind, meaning in GLOSSARY.items()]
    entries.append(_BLANK)
    entries.append(_heading("Statuses", width))
    entries.append(_side_by_side([f"{glyph} {status}" for status, glyph in GLYPHS.items()], 2, width))
    entries += [_side_by_side(signs, 2, width) for signs in _SIGNS]
    entries.append(_BLANK)
    entries.append([(Span(line),) for line in wrap_text(_ORDER, width)])
    return entries


_BLANK: Final[list[Line]] = [()]

_SIGNS: Final = (
    (f"{OTHER_GLYPH} any other word of a newer server",),
    ("+ a task that appeared", "~ one whose settings or status changed", "* one that is marked"),
    ("▸ a folded group", "▾ one with its tasks", "✖ 6 of 30: so many are not as they should be"),
    ("‹ › more columns to that side",),
)

_ORDER: Final = (
    "The list stands worst first: a task that is switched on and does not protect leads, then what else has a reason;"
    " then RPO against its target, used of plan, and the name."
)


def _filter_entries(width: int) -> list[list[Line]]:
    """The language of the filter, and its fields."""
    entries = [_heading("The filter", width)]
    entries += [_entry(form, meaning, _WIDE, width) for form, meaning in SYNTAX_EXAMPLES]
    entries += [_BLANK, _heading("Fields of the filter", width)]
    for field in FIELDS:
        entries.append(_entry(" ".join((field.name, *field.aliases)), field.help, _WIDE, width))
        examples = field.example.split("   ")
        entries.append(_side_by_side(examples, _text_at(_WIDE, width), width, Role.DIM))
    return [*entries, _BLANK]


def _text_at(column: int, width: int) -> int:
    """Where the text behind a first column begins."""
    return column if width - column >= _LEAST_TEXT else _INDENT


def _heading(text: str, width: int) -> list[Line]:
    return [(Span(line, Role.ACCENT),) for line in wrap_text(text, width)]


def _entry(word: str, text: str, column: int, width: int) -> list[Line]:
    """A word and what is to be said of it, beside it or, where there is no room, below."""
    at = _text_at(column, width)
    first = [f"  {line}" for line in wrap_text(word, width - 2)]
    rest = wrap_text(text, width - at)
    is_beside = len(first) == 1 and cell_width(first[0]) < at
    lines: list[Line] = []
    if is_beside:
        gap = " " * (at - cell_width(first[0]))
        lines.append((Span(first[0] + gap, Role.STRONG), Span(rest.pop(0))))
    else:
        lines += [(Span(line, Role.STRONG),) for line in first]
    return [*lines, *((Span(" " * at), Span(line)) for line in rest)]


def _side_by_side(signs: Sequence[str], at: int, width: int, role: Role = Role.TEXT) -> list[Line]:
    """Signs behind each other, each in one piece."""
    lines: list[str] = []
    for sign in signs:
        if lines and cell_width(lines[-1]) + 3 + cell_width(sign) <= width - at:
            lines[-1] += f"   {sign}"
        else:
            lines += wrap_text(sign, width - at)
    return [(Span(" " * at), Span(line, role)) for line in lines]
