"""The lines above and below: header, banner and footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from cdptui.render.header import Connection, Fleet, connection_line, fleet_line
from cdptui.render.span import Line, Role, Span
from cdptui.tui.keymap import KEYS, keys_in_words
from cdptui.tui.widgets.line_view import LineView

_HINTS: Final = tuple((keys_in_words(key).split()[0], key.label.lower()) for key in KEYS if key.in_footer)


class HeaderBar(LineView):
    """Two lines: the connection and the fleet."""

    def show_state(self, connection: Connection, fleet: Fleet) -> None:
        """Show how things stand."""
        width = self.width
        self.show([connection_line(connection, width, cell_len), fleet_line(fleet, width, cell_len)])


class Banner(LineView):
    """One line that is there only while something is wrong."""

    def show_problem(self, problem: str) -> None:
        """Show a sentence, or nothing at all when it is empty."""
        self.show([(Span(f"✖ {problem}", Role.BAD),)] if problem else [])
        self.set_class(bool(problem), "-shown")


class FooterBar(LineView):
    """The keys that matter here, and what just happened."""

    def show_notice(self, notice: str, hints: Sequence[tuple[str, str]] = _HINTS) -> None:
        """Show the keys at the left and `notice` at the right."""
        width = self.width
        spans: list[Span] = []
        used = cell_len(notice)
        for keys, label in hints:
            needed = cell_len(keys) + cell_len(label) + 3
            if used + needed > width:
                break
            spans += [Span(f" {keys} ", Role.ACCENT), Span(f"{label} ", Role.DIM)]
            used += needed
        line: Line = (*spans, Span(" " * max(0, width - used)), Span(notice, Role.NEW))
        self.show([line])
