"""What an expression needs to know beside the rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class Context(Struct, frozen=True):
    """The moment, and what is known about other things than tasks."""

    now: datetime
    """Wall clock of the data: ages move with it, not with every second."""
    names: Mapping[str, str] = {}
    """Names of machines, storages and policies by uuid, as far as they are known."""
    changed_at: Mapping[str, datetime] = {}
    """When a notable change of a task was last seen, by uuid."""

    def age_s(self, then: datetime | None) -> float | None:
        """Seconds since a moment; one that lies ahead was just now."""
        return None if then is None else max(0.0, (self.now - then).total_seconds())
