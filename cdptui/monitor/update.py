"""The updates that the monitor yields."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.aggregates import FleetSummary
from cdptui.models.change import Change
from cdptui.models.failure import Failure
from cdptui.models.snapshot import Snapshot
from cdptui.models.task_row import TaskRow


class Update(Struct, frozen=True):
    """The state after one step of a poll. Each update replaces the previous one.

    The update of a failed poll has the last good `snapshot` and a `failure`.
    """

    snapshot: Snapshot | None
    """The last good data, however old; None before the first response."""
    rows: tuple[TaskRow, ...] = ()
    """One row per task of the snapshot, in its order."""
    fleet: FleetSummary = FleetSummary()
    """Totals of the rows."""
    changes: tuple[Change, ...] = ()
    """Changes since the previous update."""
    failure: Failure | None = None
    """Failure of the last poll; None when it succeeded."""
    attempt: int = 0
    """Number of consecutive failed polls."""
    next_poll_at: float | None = None
    """Monotonic seconds of the next poll; None during a poll, or when the user must decide."""
    interval_s: float = 0.0
    """Seconds from the start of one poll to the next, without failures."""
    is_slowed_down: bool = False
    """True when `interval_s` is longer than configured, because the node answers slowly."""
