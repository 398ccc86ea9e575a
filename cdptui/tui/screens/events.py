"""The recorded events, newest first: filter, copy and save them, or go to the task of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final, cast

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from cdptui.clock import Clock
from cdptui.config.url import api_url
from cdptui.models.event import Event
from cdptui.monitor.sources import FleetView
from cdptui.query.errors import RegexTimeoutError
from cdptui.query.event_fields import EVENTS_BY_NAME, EventMatches, EventRow, match_events
from cdptui.query.expression import Expression
from cdptui.query.fields import QueryContext
from cdptui.query.formatter import format_query
from cdptui.render import formatting
from cdptui.render.copy_formats import event_copy_formats
from cdptui.render.event_text import EventContext, event_text, event_time
from cdptui.render.filter_lines import FilterResult
from cdptui.render.recording_messages import no_events_text
from cdptui.render.spans import Line, Role, Span
from cdptui.render.statuses import ROLES, SIGNS
from cdptui.render.text_wrap import wrap_text
from cdptui.tui.export_files import EventExport
from cdptui.tui.footer_keys import FooterKey, FooterPlace, footer_keys
from cdptui.tui.keymap import HasKeymap, Keymap, program_bindings
from cdptui.tui.screens.dialog import Dialog
from cdptui.tui.screens.menus import open_export_menu, open_format_menu
from cdptui.tui.target import Target
from cdptui.tui.widgets.filter_bar import FilterBar, FilterLanguage
from cdptui.tui.widgets.item_list import ItemList
from cdptui.tui.widgets.line_view import LineView

MAX_EVENTS: Final = 1000
"""Events that are listed; cdptui recordings events lists all."""

_REFRESH_S: Final = 2.0
_NOTICE_S: Final = 5.0

_TITLE: Final = "Events · newest first"
_TITLE_SINCE: Final = "Events since {since} · newest first"
_TITLE_LIMITED: Final = "Events · the newest {count} · newest first"
_NOTHING: Final = "No events to {action}"

_LANGUAGE: Final = FilterLanguage(EVENTS_BY_NAME, "Text, or conditions such as event=status  since<8h", "all events")


class EventsOrigin(Struct, frozen=True):
    """Where the events are from, and from which time on they are listed."""

    connection: FleetView | None
    target: Target
    clock: Clock
    since_ms: int = 0
    """Milliseconds since 1970; 0 for all."""


class EventChoice(Struct, frozen=True):
    """The event that the user chose."""

    task_uuid: str
    """Empty for an event of no task."""
    at_ms: int | None = None
    """The moment to look back at, in milliseconds since 1970; None to go to the task only."""


class EventsScreen(Dialog[EventChoice | None]):
    """Shows what was recorded. Returns the event to go to, or None."""

    FOOTER_KEYS: ClassVar = (
        FooterKey("Enter", "go to task"),
        FooterKey("T", "look back"),
        FooterKey("Esc", "close"),
        FooterKey("/", "filter"),
        FooterKey("c", "copy"),
        FooterKey("^s", "save"),
        FooterKey("Up Down", "move"),
    )
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", "Close", show=False),
        *program_bindings(),
        Binding("e", "dismiss", "Close", show=False, id="events"),
        Binding("T", "look_back", "Look back", show=False, id="time-machine"),
        Binding("slash", "filter", "Filter", show=False, id="filter"),
        Binding("c", "copy", "Copy", show=False, id="copy"),
        Binding("ctrl+s", "save", "Save", show=False, id="save"),
    ]

    def __init__(self, origin: EventsOrigin, keymap: Keymap) -> None:
        super().__init__()
        self._origin = origin
        self._events: Sequence[Event] = ()
        self._names = 0
        """Number of known names when the texts of the events were made."""
        self._texts: dict[Event, tuple[str, str]] = {}
        """The time and the text of each event: to make those of a thousand takes 20 ms, and few are new."""
        self._shown: Sequence[Event] = ()
        self._expression: Expression | None = None
        self._notice_number = 0
        # Created here, not in compose(), for keys that arrive before the dialog is composed.
        self._list = ItemList(id="events-list")
        self._line = LineView(id="events-line")
        self._filter_bar = FilterBar(keymap, _LANGUAGE, id="events-filter")

    def compose_content(self) -> ComposeResult:
        """Create the child widgets."""
        with Vertical(id="events") as box:
            # Content, because Textual would read brackets as markup.
            box.border_title = Content(self._title())
            yield self._list
            yield self._line
            yield self._filter_bar

    def on_mount(self) -> None:
        """Load the events, and those that come."""
        self._reload()
        self.set_interval(_REFRESH_S, self._reload)

    # Filter

    def action_filter(self) -> None:
        """Type a filter, or edit the active one."""
        self._filter_bar.open(format_query(self._expression) if self._expression is not None else "")
        self.show_keys(footer_keys(FooterPlace.FILTER, cast("HasKeymap", self.app).keymap))

    def action_cancel(self) -> None:
        """Clear the filter, or close."""
        if self._filter_bar.dismiss_rejection() or self._expression is not None:
            self._set_filter(None)
        else:
            self.dismiss(None)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Apply the filter that is being typed."""
        self._set_filter(message.expression)

    def on_filter_bar_closed(self) -> None:
        """Return to the events; the filter stays."""
        self._list.focus()
        self.show_keys(self.footer_keys())

    def _set_filter(self, expression: Expression | None) -> None:
        before, self._expression = self._expression, expression
        try:
            self._show()
        except RegexTimeoutError as error:
            self._expression = before
            self._filter_bar.reject(error, before, self._filter_text)

    @property
    def _filter_text(self) -> str:
        return format_query(self._expression) if self._expression is not None else ""

    # List

    def on_item_list_chosen(self, message: ItemList.Chosen) -> None:
        """Close with the task of the event."""
        uuid = self._shown[message.index].task_uuid if message.index < len(self._shown) else ""
        if uuid:
            self.dismiss(EventChoice(uuid))

    def action_look_back(self) -> None:
        """Close with the moment of the event."""
        if self._list.cursor < len(self._shown):
            event = self._shown[self._list.cursor]
            self.dismiss(EventChoice(event.task_uuid, event.at_ms))

    def _reload(self) -> None:
        if self._origin.connection is None:
            self._say(no_events_text(None))
        else:
            self.run_worker(self._load(self._origin.connection), group="events", exclusive=True)

    async def _load(self, connection: FleetView) -> None:
        events = await connection.events(MAX_EVENTS, self._origin.since_ms)
        if not events:
            self._say(no_events_text(connection.recording))
        if events != self._events or len(connection.names) != self._names:
            if events and not self._events:
                self._say("")
            known = self._texts if len(connection.names) == self._names else {}
            self._events, self._names = events, len(connection.names)
            context = self._event_context()
            self._texts = {event: known.get(event) or _texts(event, context) for event in events}
            self.query_one("#events").border_title = Content(self._title())
            self._draw(self._matching().rows)
        elif self._expression is not None:
            # Time passes, and tasks change.
            self._show()

    def _title(self) -> str:
        zone, since_ms = self._origin.target.zone, self._origin.since_ms
        if len(self._events) >= MAX_EVENTS:
            return _TITLE_LIMITED.format(count=MAX_EVENTS)
        if not since_ms:
            return _TITLE
        return _TITLE_SINCE.format(since=formatting.timestamp(datetime.fromtimestamp(since_ms / 1000, UTC), zone))

    def _say(self, text: str) -> None:
        self._show_line(text, Role.DIM)

    def _show_line(self, text: str, role: Role) -> None:
        lines = wrap_text(text, self._line.width) if self._line.size.width else [text]
        self._line.show_whole([(Span(line, role),) for line in lines])

    def _matching(self) -> EventMatches:
        """Return the events that match the filter. Raises RegexTimeoutError."""
        connection = self._origin.connection
        rows = [
            EventRow(
                event,
                "  ".join(self._texts[event]),
                connection.row(event.task_uuid) if connection is not None else None,
            )
            for event in self._events
        ]
        if self._expression is None:
            return EventMatches(rows, {})
        names = connection.names if connection is not None else {}
        changed_at = connection.changed_at if connection is not None else {}
        return match_events(rows, self._expression, QueryContext(self._origin.clock.now(), names, changed_at))

    def _show(self) -> None:
        """Show the events that match, if these are others than before. Raises RegexTimeoutError."""
        found = self._matching()
        self._filter_bar.show(self._filter_text, FilterResult(len(found.rows), len(self._events), found.counts))
        if [row.event for row in found.rows] != self._shown:
            self._draw(found.rows)

    def _draw(self, rows: Sequence[EventRow]) -> None:
        """Draw events. The one that is highlighted stays so, unless it is the newest."""
        at = self._list.cursor
        held = self._shown[at] if at and at < len(self._shown) else None
        shown = self._shown = [row.event for row in rows]
        texts = self._texts
        self._list.show_items(
            len(shown),
            lambda index: _spans_of(shown[index], *texts[shown[index]]),
            shown.index(held) if held in shown else 0,
        )

    def _event_context(self) -> EventContext:
        connection = self._origin.connection
        return EventContext(self._origin.target.zone, connection.names if connection is not None else {})

    # Copying and saving

    def action_copy(self) -> None:
        """Choose what to copy of the events that are shown."""
        if not self._shown:
            self.show_notice(_NOTHING.format(action="copy"))
            return
        current = self._shown[self._list.cursor]
        formats = event_copy_formats(self._shown, current, api_url(self._origin.target.node), self._event_context())
        open_format_menu(self, formats)

    def action_save(self) -> None:
        """Save the events that are shown, or the screen, to a file."""
        if not self._shown:
            self.show_notice(_NOTHING.format(action="save"))
            return
        open_export_menu(self, self._build_export().content, self._build_export, self.show_notice)

    def _build_export(self) -> EventExport:
        since_ms = self._origin.since_ms
        return EventExport(
            self._origin.target.node,
            self._origin.clock.now(),
            self._shown,
            self._event_context(),
            self._filter_text,
            datetime.fromtimestamp(since_ms / 1000, UTC) if since_ms else None,
        )

    def show_notice(self, text: str) -> bool:
        """Show a message below the events for a few seconds."""
        self._notice_number += 1
        number = self._notice_number
        self._show_line(text, Role.NEW)

        def end() -> None:
            if number == self._notice_number:
                self._say("")

        self.set_timer(_NOTICE_S, end)
        return True


def _texts(event: Event, context: EventContext) -> tuple[str, str]:
    return event_time(event, context.zone), event_text(event, context.names)


def _spans_of(event: Event, time: str, text: str) -> Line:
    sign, role = SIGNS[event.severity], ROLES[event.severity]
    return (Span(f"{time}  ", Role.DIM), Span(f"{sign or ' '} ", role), Span(text, role if sign else Role.TEXT))
