"""The result of a poll, while it is read and when it is complete."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from cdptui.models.task import Task


class FetchProgress(Struct, frozen=True):
    """The tasks that a source has read so far; the last one of a poll is complete."""

    tasks_by_uuid: Collection[Task]
    """Tasks by UUID, each once; tasks that moved between two pages are last. Grows with every page."""
    total: int | None
    """Number of tasks by the server's count; None when it did not send one."""
    is_complete: bool
    pages: int = 1
    is_cut_short: bool = False
    """True when reading ended although the server may have more tasks."""
    cached_s: float = 0.0
    """Seconds that the oldest page spent in a cache between the server and this machine."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks so far. Built when it is read, as the tuple is rarely needed for every page."""
        return tuple(self.tasks_by_uuid)


class Snapshot(Struct, frozen=True):
    """The tasks of one poll: each UUID once, in the order in which they were read."""

    tasks: tuple[Task, ...]
    total: int | None
    """Number of tasks by the server's count; None when it did not send one."""
    is_complete: bool
    """False while pages are missing, so that the list is shorter than the real one."""
    taken_at: datetime
    taken_monotonic: float
    """The same time on the monotonic clock, in seconds; ages are computed from it."""
    duration_s: float
    """Seconds from the first request to the last response."""
    pages: int = 1
    is_cut_short: bool = False
    """True when reading ended early or could not be verified, so that the server may have more tasks."""
    cached_s: float = 0.0
    """Seconds by which the data is older than `taken_at`, because a cache answered."""

    @property
    def is_partial(self) -> bool:
        """True when the server has, or may have, more tasks."""
        return not self.is_complete or self.is_cut_short or (self.total is not None and len(self.tasks) < self.total)
