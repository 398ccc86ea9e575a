"""The header, the error banner and the footer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from cdptui.clock import Clock
from cdptui.models.aggregates import FleetSummary
from cdptui.models.failure import Failure
from cdptui.render.fleet_line import fleet_line
from cdptui.render.header import ConnectionStatus, connection_line
from cdptui.render.spans import Role, Span
from cdptui.tui.footer_keys import FooterKeys, FooterPlace, footer_keys, footer_line, footer_lines
from cdptui.tui.keymap import Keymap
from cdptui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from cdptui.render.past import PastState
    from cdptui.tui.controllers.absence import ShownSummary


class HeaderBar(LineView):
    """Two lines: connection state, and problems and totals of all tasks."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._more_key = keymap.labels["unhealthy"]
        self._keys = keymap.labels
        self._state: tuple[ConnectionStatus, FleetSummary, Mapping[str, str]] | None = None
        self._past: PastState | None = None

    def show_state(
        self,
        connection: ConnectionStatus,
        fleet: FleetSummary,
        names: Mapping[str, str],
        past: PastState | None = None,
    ) -> None:
        """Show a connection state and the totals of all tasks; `names` are the known names by UUID.

        `past` is shown in place of the connection at a moment of the recording.
        """
        self._state, self._past = (connection, fleet, names), past
        self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self._state is not None and self.size.width:
            connection, fleet, names = self._state
            known = fleet if connection.loaded is not None else None
            if self._past is not None:
                from cdptui.render.past import past_line

                first = past_line(self._past, self._keys, self.width, cell_len)
            else:
                first = connection_line(connection, self.width, cell_len)
            self.show([first, fleet_line(known, names, self.width, cell_len, self._more_key)])


_MARK_CELLS: Final = 2

_BANNER_LINES: Final = ((20, 3), (12, 2), (0, 1))
"""Lines that the banner may have, by the height of the window."""


class ErrorBanner(LineView):
    """The failure of the last poll and what to do about it; visible only while polling fails."""

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
        from cdptui.render.failure_messages import failure_lines

        screen_height = self.screen.size.height
        max_lines = next(lines for height, lines in _BANNER_LINES if screen_height >= height)
        first, *others = failure_lines(self._failure, self.width - _MARK_CELLS, max_lines, self._keys)
        lines = [f"✖ {first}", *(f"{'':{_MARK_CELLS}}{line}" for line in others)]
        if self.styles.height is None or self.styles.height.value != len(lines):
            self.styles.height = len(lines)
        self.show([(Span(line, Role.BAD),) for line in lines])


class SummaryBar(LineView):
    """One line: what happened while the user was away. Visible until the user closes it."""

    def __init__(
        self,
        keymap: Keymap,
        clock: Clock,
        zone: tzinfo | None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        """Times are in `zone`; None is that of this machine."""
        super().__init__(id=id)
        self._keymap = keymap
        self._clock = clock
        self._zone = zone
        self._shown: ShownSummary | None = None

    def show_summary(self, shown: ShownSummary | None) -> None:
        """Show what happened; None hides the line."""
        self._shown = shown
        self.set_class(shown is not None, "-shown")
        self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self._shown is None or not self.size.width:
            return
        from cdptui.render.event_summary import summary_line

        keys = {"events": self._keymap.labels["events"], "back": self._keymap.labels["back"]}
        summary, since_ms, now = self._shown.summary, self._shown.since_ms, self._clock.now()
        self.show([summary_line(summary, since_ms, now, self._zone, keys, self.width, cell_len)])


class FooterBar(LineView):
    """The keys of the place where the user is, and the number of marked tasks: one line, unless a notice needs more."""

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._keymap = keymap
        self._place = FooterPlace.LIST
        self._notice = ""
        self._is_notice_whole = False
        self._marks = ""

    def show_place(self, place: FooterPlace) -> None:
        """Show the keys of this place."""
        if place is not self._place:
            self._place = place
            self.on_resize()

    def show_marks(self, marks: str) -> None:
        """Show the text on marked tasks until it changes; empty for none."""
        if marks != self._marks:
            self._marks = marks
            self.on_resize()

    def show_notice(self, notice: str, *, is_whole: bool) -> None:
        """Show a notice for which there is no room elsewhere, empty for none; `is_whole` on several lines if needed."""
        if (notice, is_whole) != (self._notice, self._is_notice_whole):
            self._notice, self._is_notice_whole = notice, is_whole
            self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if not self.size.width:
            return
        keys = footer_keys(self._place, self._keymap)
        is_whole = self._is_notice_whole
        self.show_whole(footer_lines(keys, self._notice, self._marks, self.width, cell_len, is_whole=is_whole))


class KeysLine(LineView):
    """The footer of a dialog: its keys."""

    def __init__(self, keys: FooterKeys) -> None:
        super().__init__()
        self._keys = keys

    def show_keys(self, keys: FooterKeys) -> None:
        """Show these keys."""
        self._keys = keys
        self.on_resize()

    def on_resize(self) -> None:
        """Format the text for the new width."""
        if self.size.width:
            self.show([footer_line(self._keys, "", self.width, cell_len)])
