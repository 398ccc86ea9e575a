"""Help: made from the table of keys, the columns and the statuses, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from cdptui.query.fields import FIELDS
from cdptui.query.guide import FORMS
from cdptui.render.columns import COLUMNS
from cdptui.render.reasons import GLOSSARY
from cdptui.render.span import Line, Role, Span
from cdptui.render.statuses import GLYPHS, OTHER_GLYPH
from cdptui.tui.keymap import Key, Keymap, Place, lines_of
from cdptui.tui.screens.sized import SizedScreen
from cdptui.tui.widgets.scrolling_lines import ScrollingLines


class HelpScreen(SizedScreen, ModalScreen[None]):
    """All keys, columns and signs."""

    CSS_PATH = "../styles/dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape,q,enter", "dismiss", "Close", show=False),
        Binding("question_mark,f1", "dismiss", "Close", show=False, id="help"),
    ]

    def __init__(self, keymap: Keymap, *, is_for_pane: bool = False) -> None:
        """`is_for_pane` puts first what works where the person is: in the detail pane, not in the list."""
        super().__init__()
        self._keymap = keymap
        self._is_for_pane = is_for_pane

    def compose(self) -> ComposeResult:
        """One pane of lines."""
        view = ScrollingLines(self._keymap, id="help")
        view.border_title = "Help: the detail pane" if self._is_for_pane else "Help"
        view.border_subtitle = f"{self._keymap.names['search']} finds, Esc closes"
        yield view

    def on_mount(self) -> None:
        """Fill it."""
        view = self.query_one(ScrollingLines)
        view.show(help_lines(self._keymap.keys, _IN_PANE if self._is_for_pane else tuple(Place)))
        view.focus()


_IN_PANE: Final = tuple(dict.fromkeys((Place.PANE, Place.SEARCH, Place.MOTION, Place.DETAIL, *Place)))
"""What works in the detail pane stands first."""


def help_lines(keys: Sequence[Key], places: Sequence[Place] = tuple(Place)) -> list[Line]:
    """The help page."""
    lines: list[Line] = []
    for place in places:
        lines.append((Span(place.value, Role.ACCENT),))
        lines.extend((Span(f"  {names:<14}", Role.STRONG), Span(does)) for names, does in lines_of(place, keys))
        lines.append(())
    lines.append((Span("Columns", Role.ACCENT),))
    lines.extend((Span(f"  {column.heading:<14}", Role.STRONG), Span(column.help)) for column in COLUMNS)
    lines.append(())
    lines += _filter_lines()
    lines += _reason_lines()
    lines.append((Span("Statuses", Role.ACCENT),))
    signs = [f"{glyph} {status}" for status, glyph in GLYPHS.items()]
    lines.append((Span("  " + "  ".join(signs[:4])),))
    lines.append((Span("  " + "  ".join(signs[4:])),))
    lines.append((Span(f"  {OTHER_GLYPH} any other word of a newer server"),))
    lines.append((Span("  + a task that appeared   ~ one whose settings or status changed   * one that is marked"),))
    lines.append((Span("  ▸ a folded group   ▾ one with its tasks; ✖ 6 of 30: so many are not as they should be"),))
    lines.append((Span("  ‹ › more columns to that side"),))
    lines.append(())
    lines.append((Span("The list stands worst first: a task that is switched on and does not protect leads,"),))
    lines.append((Span("then what else has a reason; then RPO against its target, used of plan, and the name."),))
    return lines


def _reason_lines() -> list[Line]:
    """What can be said of a task, by the word for it in a filter."""
    lines: list[Line] = [(Span("Reasons, as in reason=rpo", Role.ACCENT),)]
    lines.extend((Span(f"  {kind.value:<14}", Role.STRONG), Span(meaning)) for kind, meaning in GLOSSARY.items())
    return [*lines, ()]


def _filter_lines() -> list[Line]:
    """The language of the filter, and its fields."""
    lines: list[Line] = [(Span("The filter", Role.ACCENT),)]
    lines.extend((Span(f"  {form:<22}", Role.STRONG), Span(meaning)) for form, meaning in FORMS)
    lines.append(())
    lines.append((Span("Fields of the filter", Role.ACCENT),))
    for field in FIELDS:
        names = " ".join((field.name, *field.aliases))
        lines.append((Span(f"  {names:<22}", Role.STRONG), Span(field.help)))
        lines.append((Span(" " * 24), Span(field.example, Role.DIM)))
    lines.append(())
    return lines
