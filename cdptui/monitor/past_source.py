"""A recording that is looked at without its node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from cdptui.monitor.past_view import PastView
from cdptui.monitor.replay import PastFleet
from cdptui.monitor.time_machine import TimeMachine


class PastSource:
    """Opens one recording, and returns what the screen shows of its moments, as `NodeConnection` does of its own."""

    def __init__(self, path: Path, zone: tzinfo | None) -> None:
        """`zone` is that of the server's dates; None when it was not recorded."""
        self._path = path
        self._zone = zone

    def open_time_machine(self) -> TimeMachine:
        """Return what goes to any moment, to be closed after use."""
        return TimeMachine(self._path, lambda: self._zone)

    def past_view(self, machine: TimeMachine, fleet: PastFleet, on_read: Callable[[], None]) -> PastView:
        """Return what the screen shows at a moment. `on_read` is called when a history was read for it."""
        return PastView(machine, fleet, self._zone, on_read)
