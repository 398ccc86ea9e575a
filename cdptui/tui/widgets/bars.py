"""The header, the error banner and the footer."""

from __future__ import annotations

from rich.cells import cell_len

from cdptui.models.aggregates import FleetSummary
from cdptui.models.failure import Failure
from cdptui.render.failure_messages import fit_failure_sentence
from cdptui.render.header import ConnectionStatus, connection_line, fleet_line
from cdptui.render.spans import Line, Role, Span
from cdptui.tui.keymap import Keymap
from cdptui.tui.widgets.line_view import LineView


class HeaderBar(LineView):
    """Two lines: connection state and fleet totals."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._state: tuple[ConnectionStatus, FleetSummary] | None = None

    def show_state(self, connection: ConnectionStatus, fleet: FleetSummary) -> None:
        """Show a connection state and the fleet totals."""
        self._state = (connection, fleet)
        self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self._state is not None and self.size.width:
            connection, fleet = self._state
            known = fleet if connection.loaded is not None else None
            self.show([connection_line(connection, self.width, cell_len), fleet_line(known, self.width, cell_len)])


class ErrorBanner(LineView):
    """One line, visible only while polling fails."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._keys = keymap.labels
        self._failure: Failure | None = None

    def show_failure(self, failure: Failure | None) -> None:
        """Show a failure and what to do about it; None hides the banner."""
        if failure != self._failure:
            self._failure = failure
            self.set_class(failure is not None, "-shown")
            self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self._failure is None or not self.size.width:
            return
        sentence = fit_failure_sentence(self._failure, self.width - 2, cell_len, self._keys)
        self.show([(Span(f"✖ {sentence}", Role.BAD),)])


class FooterBar(LineView):
    """One line: the main keys at the left, the newest notice and the number of marked tasks at the right."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._hints = [(keymap.labels[key.id], key.label.lower()) for key in keymap.keys if key.in_footer]
        self._notice = ""
        self._notice_until = 0.0
        self._marks = ""

    def show_marks(self, marks: str) -> None:
        """Show the text on marked tasks until it changes; empty for none."""
        if marks != self._marks:
            self._marks = marks
            self.on_resize()

    def show_notice(self, notice: str, until: float) -> None:
        """Show `notice` until the monotonic time `until`."""
        self._notice, self._notice_until = notice, until
        self.on_resize()

    def expire_notice(self, now: float) -> None:
        """Remove the notice if its time is over at the monotonic time `now`."""
        if self._notice and now >= self._notice_until:
            self.show_notice("", now)

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if not self.size.width:
            return
        spans: list[Span] = []
        status = "  ".join(text for text in (self._notice, self._marks) if text)
        if cell_len(status) > self.width:
            status = self._notice
        used = cell_len(status)
        for keys, label in self._hints:
            needed = cell_len(keys) + cell_len(label) + 3
            if used + needed > self.width:
                break
            spans += [Span(f" {keys} ", Role.ACCENT), Span(f"{label} ", Role.DIM)]
            used += needed
        line: Line = (*spans, Span(" " * max(0, self.width - used)), Span(status, Role.NEW))
        self.show([line])
