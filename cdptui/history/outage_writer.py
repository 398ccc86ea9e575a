"""Write into an open recording when the node could not be read, and when it ended the session."""

from __future__ import annotations

import sqlite3
from typing import Final

from cdptui.history.event_table import insert_event
from cdptui.history.schema import transaction
from cdptui.models.event import RENEWED, Event, EventKind
from cdptui.models.failure import FailureKind
from cdptui.models.severity import Severity

_SESSION_EVENTS: Final = {
    FailureKind.SESSION_INVALID.value: EventKind.SESSION_ENDED,
    FailureKind.SESSION_CONTENDED.value: EventKind.SESSION_TAKEN_OVER,
}
"""Failures that are events of the session as well."""


class OutageWriter:
    """Keeps the outage that goes on: the first failed poll begins it, the next successful one ends it."""

    def __init__(self, connection: sqlite3.Connection, last_ms: int | None) -> None:
        """Find the outage in which the run before this one ended, after the poll at `last_ms`; it goes on.

        Raises sqlite3.Error.
        """
        self._connection = connection
        newest = "SELECT id, started FROM outage WHERE ended IS NULL AND started >= ? ORDER BY id DESC LIMIT 1"
        outage = connection.execute(newest, (last_ms or 0,)).fetchone()
        self._id: int | None = outage[0] if outage is not None else None
        self.resumed_ms: int | None = outage[1] if outage is not None else None
        """When the outage that goes on began; None when the run before this one ended with a poll."""

    def write_session_end(self, at_ms: int) -> None:
        """Record that the session ended, and that the monitor logs in again."""
        with transaction(self._connection):
            insert_event(self._connection, Event(at_ms, EventKind.SESSION_ENDED, Severity.NOTICE, new=RENEWED))

    def write_failure(self, at_ms: int, kind: str, code: str) -> None:
        """Record a failed poll. An outage in which the monitor was started again is one outage."""
        if self._id is None:
            with transaction(self._connection):
                statement = "INSERT INTO outage(started, kind, code, attempts) VALUES(?, ?, ?, 1)"
                number = self._connection.execute(statement, (at_ms, kind, code)).lastrowid
                insert_event(self._connection, Event(at_ms, EventKind.OUTAGE_BEGAN, Severity.CRITICAL, new=kind))
            self._id = number
        else:
            self._connection.execute("UPDATE outage SET attempts = attempts + 1 WHERE id = ?", (self._id,))
        session_event = _SESSION_EVENTS.get(kind)
        if session_event is not None and not self._has_event(session_event):
            insert_event(self._connection, Event(at_ms, session_event, Severity.CRITICAL))

    def _has_event(self, kind: EventKind) -> bool:
        statement = (
            "SELECT 1 FROM event WHERE kind = ? AND old IS NULL AND new IS NULL "
            "AND t >= (SELECT started FROM outage WHERE id = ?) LIMIT 1"
        )
        return self._connection.execute(statement, (kind.value, self._id)).fetchone() is not None

    def end(self, at_ms: int) -> None:
        """Record in the current transaction that a poll succeeded."""
        if self._id is None:
            return
        self._connection.execute("UPDATE outage SET ended = ? WHERE id = ?", (at_ms, self._id))
        newest = "SELECT started, kind FROM outage WHERE id = ?"
        (started_ms, kind) = self._connection.execute(newest, (self._id,)).fetchone()
        over_ms = str(at_ms - started_ms)
        event = Event(at_ms, EventKind.OUTAGE_ENDED, Severity.HEALTHY, old=kind, new=over_ms)
        insert_event(self._connection, event)
        self._id = None
