"""Write events into an open recording."""

from __future__ import annotations

import sqlite3

from cdptui.models.event import Event


def insert_event(connection: sqlite3.Connection, event: Event) -> None:
    """Append an event, in the current transaction if there is one."""
    connection.execute(
        "INSERT INTO event(t, kind, severity, task, name, old, new, cause) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.at_ms,
            event.kind.value,
            int(event.severity),
            event.task_uuid,
            event.name,
            event.old,
            event.new,
            event.cause,
        ),
    )
