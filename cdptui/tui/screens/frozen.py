"""A list that stands still while the polls go on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from cdptui.models.change import Change, ChangeKind
from cdptui.monitor.update import Update


class PausedView(Struct):
    """What is shown, and what has happened since."""

    update: Update
    changed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def record(self, changes: Sequence[Change]) -> None:
        """Remember what the view does not show."""
        for change in changes:
            uuid = change.task.uuid
            self.changed.add(uuid)
            if change.kind is ChangeKind.VANISHED:
                self.gone.add(uuid)
            else:
                self.gone.discard(uuid)
