"""The recorded events, newest first. Enter goes to the task of an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from cdptui.models.event import Event
from cdptui.monitor.connection import NodeConnection
from cdptui.render import formatting
from cdptui.render.event_text import event_text
from cdptui.render.recording_messages import no_events_text
from cdptui.render.spans import Role, Span
from cdptui.render.statuses import ROLES, SIGNS
from cdptui.tui.footer_keys import FooterKey, FooterKeys, text_field_keys
from cdptui.tui.keymap import program_bindings
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.widgets.line_view import LineView
from cdptui.tui.widgets.text_field import TextField

_REFRESH_S: Final = 2.0

_TITLE: Final = "Events · newest first"
_FILTERED: Final = "Events · newest first · {shown} of {total} match {text}"


class EventsScreen(Dialog[str | None]):
    """Shows what was recorded. Returns the UUID of the task to go to, or None."""

    FOOTER_KEYS: ClassVar = (
        FooterKey("Enter", "go to task"),
        FooterKey("Esc", "close"),
        FooterKey("/", "filter"),
        FooterKey("Up Down", "move"),
    )
    FILTER_KEYS: ClassVar = (FooterKey("Enter", "apply"), FooterKey("Esc", "clear"))
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", "Close", show=False),
        *program_bindings(),
        Binding("e", "dismiss", "Close", show=False, id="events"),
        Binding("slash", "filter", "Filter", show=False, id="filter"),
        Binding("j", "down", "Down", show=False, id="down"),
        Binding("k", "up", "Up", show=False, id="up"),
    ]

    def __init__(self, connection: NodeConnection | None, zone: tzinfo | None) -> None:
        super().__init__()
        self._connection = connection
        self._zone = zone
        self._events: Sequence[Event] = ()
        self._lines: Sequence[Text] = ()
        """One for each event."""
        self._shown: Sequence[Event] = ()
        # Created here, not in compose(), for keys that arrive before the dialog is composed.
        self._menu = OptionList(id="events-list", markup=False)
        self._line = LineView(id="events-line")
        self._field = TextField(id="events-filter", compact=True, select_on_focus=False)
        self._field.placeholder = "Words that an event must contain"
        self._field.display = False

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="events") as box:
            box.border_title = Content(_TITLE)
            yield self._menu
            yield self._line
            yield self._field

    def on_mount(self) -> None:
        """Load the events, and those that come."""
        self._reload()
        self.set_interval(_REFRESH_S, self._reload)

    def action_filter(self) -> None:
        """Type the words that an event must contain."""
        self._field.display = True
        self._field.focus()
        self.show_keys(FooterKeys(self.FILTER_KEYS, text_field_keys()))

    def action_cancel(self) -> None:
        """Clear the filter, or close."""
        if not self._field.display:
            self.dismiss(None)
            return
        self._field.value = ""
        self._close_field()
        self._field.display = False
        self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Apply the filter that is being typed."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return to the events; the filter stays."""
        event.stop()
        self._close_field()
        self._field.display = bool(self._field.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the task of the event."""
        uuid = self._shown[event.option_index].task_uuid if event.option_index < len(self._shown) else ""
        if uuid:
            self.dismiss(uuid)

    def _close_field(self) -> None:
        self._menu.focus()
        self.show_keys(self.footer_keys())

    def _reload(self) -> None:
        if self._connection is None:
            self._say(no_events_text(None))
        else:
            self.run_worker(self._load(self._connection), group="events", exclusive=True)

    async def _load(self, connection: NodeConnection) -> None:
        events = await connection.events()
        if not events:
            self._say(no_events_text(connection.recording))
        elif events != self._events:
            self._events, self._lines = events, [self._line_of(event) for event in events]
            self._say("")
            self._show()

    def _say(self, text: str) -> None:
        self._line.show([(Span(text, Role.DIM),)])

    def _show(self) -> None:
        """Show the events that match. The one that is highlighted stays so."""
        text = self._field.value.strip()
        words = text.casefold().split()
        lines = [
            (event, line)
            for event, line in zip(self._events, self._lines, strict=True)
            if all(word in line.plain.casefold() for word in words)
        ]
        at = self._menu.highlighted
        held = self._shown[at] if at and at < len(self._shown) else None
        self._shown = [event for event, _ in lines]
        self._menu.clear_options()
        self._menu.add_options([Option(line) for _, line in lines])
        if self._shown:
            self._menu.highlighted = self._shown.index(held) if held in self._shown else 0
        title = _FILTERED.format(shown=len(self._shown), total=len(self._events), text=text) if text else _TITLE
        # Content, because Textual would read the text of the filter as markup.
        self.query_one("#events").border_title = Content(title)

    def _line_of(self, event: Event) -> Text:
        variables = self.app.theme_variables
        moment = datetime.fromtimestamp(event.at_ms / 1000).astimezone(self._zone)
        style = Style(color=variables[f"role-{ROLES[event.severity]}"])
        return Text.assemble(
            (f"{formatting.timestamp(moment, self._zone)}  ", Style(color=variables["role-dim"])),
            (f"{SIGNS[event.severity] or ' '} ", style),
            (event_text(event), style if SIGNS[event.severity] else Style()),
        )
