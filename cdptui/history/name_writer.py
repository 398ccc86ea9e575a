"""Write into an open recording what VMs, storages and policies are called."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from cdptui.history.schema import transaction


class NameWriter:
    """Appends the names that differ from those before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read the newest names. Raises sqlite3.Error."""
        self._connection = connection
        newest = (
            "SELECT uuid, name FROM resource_name WHERE rowid IN (SELECT max(rowid) FROM resource_name GROUP BY uuid)"
        )
        self._known: dict[str, str] = dict(connection.execute(newest))

    def write(self, at_ms: int, names: Mapping[str, str]) -> None:
        """Record names by UUID. Raises sqlite3.Error."""
        changed = {uuid: name for uuid, name in names.items() if self._known.get(uuid) != name}
        if not changed:
            return
        with transaction(self._connection):
            rows = ((uuid, at_ms, name) for uuid, name in changed.items())
            self._connection.executemany("INSERT INTO resource_name VALUES(?, ?, ?)", rows)
        self._known.update(changed)
