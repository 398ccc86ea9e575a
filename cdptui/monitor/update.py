"""What the monitor hands to its faces."""

from __future__ import annotations

from msgspec import Struct

from cdptui.models.aggregates import FleetSummary
from cdptui.models.change import Change
from cdptui.models.failure import Failure
from cdptui.models.snapshot import Snapshot
from cdptui.models.task_row import TaskRow


class Update(Struct, frozen=True):
    """Everything that is known after one step of a poll. Each update replaces the one before.

    A failed poll keeps the last good `snapshot` and says `failure`.
    """

    snapshot: Snapshot | None
    """The newest good data, however old; None before the first answer."""
    rows: tuple[TaskRow, ...] = ()
    """A row for each task of the snapshot, in its order."""
    fleet: FleetSummary = FleetSummary()
    """The sums of those rows."""
    changes: tuple[Change, ...] = ()
    """What is different from the update before."""
    failure: Failure | None = None
    """Why the newest poll brought nothing; None when it did."""
    attempt: int = 0
    """Failed polls in a row."""
    next_poll_at: float | None = None
    """Monotonic seconds of the next poll; None while one is under way, or when a person must decide."""
    interval_s: float = 0.0
    """Seconds from the start of one poll to the next, while all is well."""
    is_slowed_down: bool = False
    """Whether that is longer than was asked for, because the node answers slowly."""
