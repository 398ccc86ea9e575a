"""What happened since the user looked last: after a while without a key, and at a start since the monitor before."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.models.recording import RecordingPhase

if TYPE_CHECKING:
    from cdptui.models.event_summary import EventSummary
    from cdptui.monitor.connection import NodeConnection

IDLE_S: Final = 15 * 60.0
"""After this long without a key or click the user is away."""

_AWAY_PERIOD_S: Final = 60.0
_START_PERIOD_S: Final = 5.0
"""Pauses between two summaries, while the user is away and after the start."""

_START_S: Final = 60.0
"""For this long after the start a summary counts what the first polls and the first list of the storages show."""

_READABLE: Final = frozenset({RecordingPhase.RECORDING, RecordingPhase.ANOTHER_WRITES})


class ShownSummary(Struct, frozen=True):
    """What happened since a time."""

    summary: EventSummary
    since_ms: int
    """Milliseconds since 1970."""


class AbsenceController:
    """Finds out what happened while the user was away, and keeps it until the user dismisses it."""

    def __init__(self, clock: Clock, show: Callable[[ShownSummary | None], None]) -> None:
        """`show` is called with what to show, and with None when nothing is to be shown any more."""
        self._clock = clock
        self._show = show
        self._connection: NodeConnection | None = None
        self._acted_at = clock.monotonic()
        self._acted_ms = self._now_ms()
        self._is_away = False
        self._has_begun = False
        """Whether the summary since the last look was begun, or there is none."""
        self._since_ms: int | None = None
        """The start of what is summarized; None while nothing is."""
        self._until = 0.0
        """Until when a summary after the start counts further events."""
        self._next_at = 0.0
        self._shown: ShownSummary | None = None

    @property
    def since_ms(self) -> int:
        """The start of what is shown, in milliseconds since 1970; 0 while nothing is shown."""
        return self._shown.since_ms if self._shown is not None else 0

    def set_connection(self, connection: NodeConnection) -> None:
        """Read the events of this node from now on."""
        self._connection = connection

    def note_action(self) -> None:
        """The user pressed a key or clicked: what happens from now on is seen."""
        self._acted_at, self._acted_ms = self._clock.monotonic(), self._now_ms()
        if self._is_away:
            self._is_away = False
            self._next_at, self._until = self._acted_at, self._acted_at

    def dismiss(self) -> bool:
        """Stop showing what happened; return whether anything was shown."""
        was_shown, self._shown = self._shown is not None, None
        if was_shown:
            self._since_ms = None
            self._show(None)
        return was_shown

    def next_work(self) -> Coroutine[Any, Any, None] | None:
        """Return the next summary to be made, if one is due; call it each second."""
        now, connection = self._clock.monotonic(), self._connection
        if connection is None:
            return None
        if not self._has_begun and connection.recording.phase in _READABLE:
            self._has_begun = True
            if connection.last_look_ms is not None:
                self._begin(connection.last_look_ms, now)
                self._until = now + _START_S
        if self._has_begun and not self._is_away:
            # Not before, as it replaces the time of the look before this start.
            is_over = now - self._acted_at >= IDLE_S
            connection.note_look(self._acted_ms if is_over else self._now_ms(), is_over=is_over)
        if not self._is_away and now - self._acted_at >= IDLE_S:
            self._is_away = True
            self._begin(self._since_ms if self._shown is not None else self._acted_ms, now)
        since_ms = self._since_ms
        if since_ms is None or now < self._next_at or not (self._is_away or self._next_at <= self._until):
            return None
        self._next_at = now + (_AWAY_PERIOD_S if self._is_away else _START_PERIOD_S)
        return self._summarize(connection, since_ms)

    def _begin(self, since_ms: int | None, now: float) -> None:
        self._since_ms, self._next_at = since_ms, now

    async def _summarize(self, connection: NodeConnection, since_ms: int) -> None:
        from cdptui.models.event_summary import NOTHING

        summary = await connection.summarize_events(since_ms, self._now_ms())
        if self._since_ms != since_ms or summary == NOTHING:
            return
        shown = ShownSummary(summary, since_ms)
        if shown != self._shown:
            self._shown = shown
            self._show(shown)

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
