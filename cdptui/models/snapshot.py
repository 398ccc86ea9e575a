"""The tasks of one moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from cdptui.models.task import Task


class FetchProgress(Struct, frozen=True):
    """What a source has read so far of its tasks; the last one of a poll is complete."""

    tasks_by_uuid: Collection[Task]
    """By uuid, each once; tasks that moved between two pages stand at the end. It fills up with the pages to come."""
    total: int | None
    """How many the server says it has; None when it did not say."""
    is_complete: bool
    pages: int = 1
    is_cut_short: bool = False
    """Complete as far as the source goes, although the server may have tasks that were not read."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What was read by now. Made when it is asked for: hardly anybody wants a list of all tasks for every page."""
        return tuple(self.tasks_by_uuid)


class Snapshot(Struct, frozen=True):
    """What one poll brought.

    `tasks` hold each uuid once, in the order of the reading.
    """

    tasks: tuple[Task, ...]
    total: int | None
    """How many tasks the server says it has; None when it did not say."""
    is_complete: bool
    """False while pages are still to come: then the list is shorter than the truth."""
    taken_at: datetime
    taken_monotonic: float
    """The same moment on the monotonic clock, in seconds: ages come from this one."""
    duration_s: float
    """First request sent to last answer read."""
    pages: int = 1
    is_cut_short: bool = False
    """The reading was given up, or could not be checked: the server may have tasks that are not in here."""

    @property
    def is_partial(self) -> bool:
        """Whether the server has, or may have, tasks that are not in here."""
        return not self.is_complete or self.is_cut_short or (self.total is not None and len(self.tasks) < self.total)
