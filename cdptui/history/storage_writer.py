"""Write into an open recording which backup storages the node lost, and which it has again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from msgspec import Struct

from cdptui.history.event_table import insert_event
from cdptui.history.schema import transaction
from cdptui.models.event import StorageFacts, advance_storage, storage_event
from cdptui.models.inventory import BackupStorage


class StorageList(Struct, frozen=True):
    """The backup storages as they were read."""

    at_ms: int
    storages: Sequence[BackupStorage]
    is_complete: bool
    """Whether a storage that is not in it does not exist."""


class StorageWriter:
    """Compares each list of the storages with the one before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read the storages as they were recorded last. Raises sqlite3.Error."""
        self._connection = connection
        known = connection.execute("SELECT uuid, name, disconnected_since FROM storage")
        self._known = {uuid: StorageFacts(name, since_ms) for uuid, name, since_ms in known}

    def write(self, listed: StorageList, count_tasks: Callable[[str], int]) -> None:
        """Record what changed. `count_tasks` returns how many tasks are on a storage. Raises sqlite3.Error."""
        changed = []
        for storage in listed.storages:
            before = self._known.get(storage.uuid)
            facts, kind = advance_storage(before, storage, listed.at_ms)
            if facts != before:
                changed.append((storage.uuid, before or facts, facts, kind))
        uuids = {storage.uuid for storage in listed.storages}
        removed = [uuid for uuid in self._known if uuid not in uuids] if listed.is_complete else []
        if not changed and not removed:
            return
        with transaction(self._connection):
            for uuid, before, facts, kind in changed:
                values = (uuid, facts.name, facts.disconnected_since_ms)
                self._connection.execute("INSERT OR REPLACE INTO storage VALUES(?, ?, ?)", values)
                if kind is not None:
                    event = storage_event(kind, before, facts, count_tasks(uuid), listed.at_ms)
                    insert_event(self._connection, event)
            for uuid in removed:
                self._connection.execute("DELETE FROM storage WHERE uuid = ?", (uuid,))
        self._known.update((uuid, facts) for uuid, _, facts, _ in changed)
        for uuid in removed:
            del self._known[uuid]
