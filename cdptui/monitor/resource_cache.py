"""Caches of loaded resources, and of names by UUID, which are requested in batches.

How often storages, policies and VMs are read is set in `inventory`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from msgspec import structs

from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import FetchState
from cdptui.models.task import Task

if TYPE_CHECKING:
    from cdptui.models.server_metrics import MetricsRequest, TaskMetrics

T = TypeVar("T")


class ResourceCache(Generic[T]):
    """A cache of resources with the time and the failure of the last attempt to load each."""

    def __init__(self, name: str, maxsize: int = 1) -> None:
        """Keep up to `maxsize` resources; those whose last attempt is oldest are dropped first."""
        self.name: Final = name
        self._maxsize = maxsize
        self._states: dict[str, FetchState[T]] = {}

    def get(self, key: str) -> FetchState[T]:
        """Return the state of a resource."""
        return self._states.get(key) or FetchState()

    def values(self) -> Iterator[tuple[str, T]]:
        """Return keys and values of all loaded resources."""
        return ((key, state.value) for key, state in self._states.items() if state.value is not None)

    def needs_fetch(self, key: str, now: float, max_age_s: float, retry_s: float) -> bool:
        """Return whether a resource must be loaded: older than `max_age_s`, or failed more than `retry_s` ago."""
        state = self._states.get(key)
        if state is None or state.attempted_at is None:
            return True
        if state.is_fetching:
            return False
        return now - state.attempted_at >= (retry_s if state.failure is not None else max_age_s)

    def invalidate(self, key: str | None) -> None:
        """Make a resource due at once; None is ignored."""
        state = self._states.get(key or "")
        if state is not None and not state.is_fetching:
            self._states[key or ""] = structs.replace(state, attempted_at=None)

    def start_fetch(self, key: str, now: float) -> None:
        """Mark a resource as being loaded."""
        state = self._states.pop(key, None) or FetchState()
        self._states[key] = structs.replace(state, is_fetching=True, attempted_at=now)
        while len(self._states) > self._maxsize:
            self._states.pop(next(iter(self._states)))

    def set_value(
        self, key: str, value: T | None, now: float, *, is_partial: bool = False, cached_s: float = 0.0
    ) -> bool:
        """Store a loaded value, and return whether anything changed. None means that the resource does not exist.

        The value is `cached_s` seconds older than its arrival at `now`. The next request does not depend on that.
        """
        self._states[key] = FetchState(
            value, fetched_at=now - cached_s, attempted_at=now, is_partial=is_partial, cached_s=cached_s
        )
        return True

    def set_failure(self, key: str, failure: Failure) -> None:
        """Store the failure of an attempt; the value from before is kept."""
        self._states[key] = structs.replace(self.get(key), is_fetching=False, failure=failure)

    def cancel_fetch(self, key: str) -> None:
        """Undo `start_fetch` for a cancelled request."""
        self._states[key] = structs.replace(self.get(key), is_fetching=False, attempted_at=None)


class VmStateCache(ResourceCache[Mapping[str, str]]):
    """States of the VMs of stopped tasks, requested in batches; an empty state is a VM that is missing."""

    def __init__(self, max_age_s: float, retry_s: float) -> None:
        """Request each state again after `max_age_s`, and after a failure nothing for `retry_s`."""
        super().__init__("vm states")
        self._max_age_s = max_age_s
        self._retry_s = retry_s
        self._wanted: tuple[str, ...] = ()
        self._known: dict[str, str] = {}
        self._requested_at: dict[str, float] = {}
        self._batch: tuple[str, ...] = ()
        """The last requested batch."""
        self._unconfirmed: set[str] = set()
        """UUIDs that one response lacked: a proxy may have cut the request."""

    @property
    def known(self) -> Mapping[str, str]:
        """States by UUID."""
        return self._known

    def request(self, uuids: Sequence[str]) -> bool:
        """Replace the requested VMs. Return whether a known state was dropped with its VM."""
        self._wanted = tuple(dict.fromkeys(uuids))
        if self._requested_at.keys() <= set(self._wanted):
            return False
        known = len(self._known)
        for uuid in self._requested_at.keys() - set(self._wanted):
            self._requested_at.pop(uuid)
            self._known.pop(uuid, None)
            self._unconfirmed.discard(uuid)
        return len(self._known) < known

    def batch(self, now: float) -> tuple[str, ...]:
        """Return the VMs of the next request: new ones, and ones whose state is old."""
        last = self.get(_ALL_VMS)
        if last.failure is not None and last.attempted_at is not None and now - last.attempted_at < self._retry_s:
            return ()
        max_age_s = self._max_age_s
        due = (uuid for uuid in self._wanted if now - self._requested_at.get(uuid, -math.inf) >= max_age_s)
        return tuple(islice(due, BATCH))

    def start_fetch(self, key: str, now: float) -> None:
        """Mark the next batch as being requested."""
        self._batch = self.batch(now)
        self._requested_at.update(dict.fromkeys(self._batch, now))
        super().start_fetch(key, now)

    def set_value(
        self, key: str, value: Mapping[str, str] | None, now: float, *, is_partial: bool = False, cached_s: float = 0.0
    ) -> bool:
        """Store the states of a batch, and return whether any changed. A VM is missing when two responses lack it."""
        before = dict(self._known)
        for uuid in self._batch:
            state = (value or {}).get(uuid)
            if state is not None:
                self._known[uuid] = state
                self._unconfirmed.discard(uuid)
            elif uuid in self._unconfirmed:
                self._known[uuid] = ""
            else:
                self._unconfirmed.add(uuid)
                self._requested_at.pop(uuid, None)
        super().set_value(key, None, now, is_partial=is_partial, cached_s=cached_s)
        return self._known != before

    def cancel_fetch(self, key: str) -> None:
        """Make the batch of a cancelled request due again."""
        for uuid in self._batch:
            self._requested_at.pop(uuid, None)
        super().cancel_fetch(key)


_ALL_VMS: Final = "all"


METRICS_REFUSED_S: Final = 3600.0
"""Seconds for which no metrics are requested after the node refused them.

The guide names this time in `tabs-and-problems.md`."""

_REFUSALS: Final = frozenset({FailureKind.PERMISSION_DENIED, FailureKind.CDP_UNAVAILABLE, FailureKind.INTERCEPTED})
"""Failures that last and that the requests for all tasks have: no permission, no such API, or blocked on the way.

Others, such as an outage, are those of a single request."""


class MetricsCache(ResourceCache["TaskMetrics"]):
    """Metrics by task and resolution. A refusal is the failure of all of them."""

    def __init__(self) -> None:
        super().__init__("metrics", maxsize=8)
        self._refused: FetchState[TaskMetrics] | None = None

    def get(self, key: str) -> FetchState[TaskMetrics]:
        """Return the state of the metrics of a task."""
        state = super().get(key)
        return (
            state if self._refused is None else structs.replace(state, failure=state.failure or self._refused.failure)
        )

    def is_due(self, request: MetricsRequest, now: float, retry_s: float) -> bool:
        """Return whether a request must be sent: its metrics are not known, and it did not fail lately.

        Known metrics are not read again: they are those of the past.
        """
        if self._refused is not None and now - (self._refused.attempted_at or 0.0) < METRICS_REFUSED_S:
            return False
        known = self.get(request.key).value
        max_age_s = math.inf if known is not None and known.request.covers(request) else 0.0
        return self.needs_fetch(request.key, now, max_age_s, retry_s)

    def invalidate(self, key: str | None) -> None:
        """Make metrics due at once, also after a refusal; None is ignored."""
        if key is not None:
            self._refused = None
        super().invalidate(key)

    def set_value(
        self, key: str, value: TaskMetrics | None, now: float, *, is_partial: bool = False, cached_s: float = 0.0
    ) -> bool:
        """Store metrics, which are not refused any more."""
        self._refused = None
        return super().set_value(key, value, now, is_partial=is_partial, cached_s=cached_s)

    def set_failure(self, key: str, failure: Failure) -> None:
        """Store the failure of a request."""
        super().set_failure(key, failure)
        if failure.kind in _REFUSALS:
            self._refused = super().get(key)


NAME_RETRY_S: Final = 300.0
"""Seconds until a name is requested again after a failure or a response without it."""

BATCH: Final = 150


def referenced_uuids(tasks: Iterable[Task]) -> Iterator[str]:
    """Yield the UUIDs of the VMs, storages and policies of some tasks.

    Of a task with very many resources only the first `BATCH` are included: 100,000 names would take 667 requests.
    """
    for task in tasks:
        yield from (ref.resource_uuid for ref in islice(task.resource_refs, BATCH))
        yield from (uuid for uuid in (task.backup_storage_uuid, task.policy_uuid) if uuid)


class NameCache(ResourceCache[Mapping[str, str]]):
    """Names by UUID, and the visible UUIDs whose names are to be requested next."""

    def __init__(self) -> None:
        super().__init__("names")
        self._known: dict[str, str] = {}
        self._news: dict[str, str] = {}
        self._requested_at: dict[str, float] = {}
        self._pending: dict[str, None] = {}
        self._batch: tuple[str, ...] = ()
        """The last requested batch."""
        self._missing: tuple[str, ...] = ()
        """UUIDs that the last response left out although it had other names: a proxy may have cut the request."""
        self.failure: Failure | None = None

    @property
    def known(self) -> Mapping[str, str]:
        """Names by UUID; grows in place."""
        return self._known

    def request(self, uuids: Iterable[str], now: float) -> bool:
        """Replace the requested names. Return whether any of them must be loaded."""
        self._pending = {
            uuid: None
            for uuid in uuids
            if uuid not in self._known and now - self._requested_at.get(uuid, -NAME_RETRY_S) >= NAME_RETRY_S
        }
        return bool(self._pending)

    def batch(self) -> tuple[str, ...]:
        """Return the UUIDs of the next request: those missing in the last response, else new ones."""
        return self._missing or tuple(list(self._pending)[:BATCH])

    def update(self, names: Mapping[str, str]) -> None:
        """Add names that are part of another resource."""
        changed = {uuid: name for uuid, name in names.items() if name and self._known.get(uuid) != name}
        self._known.update(changed)
        self._news.update(changed)

    def pop_news(self) -> Mapping[str, str]:
        """Return the names that were added or changed since the last call."""
        news = self._news
        self._news = {}
        return news

    def forget(self, uuids: Iterable[str]) -> None:
        """Drop names of deleted resources. One that still exists is requested again when it is shown."""
        dropped = set(uuids)
        for uuid in dropped:
            for cache in (self._known, self._requested_at, self._pending):
                cache.pop(uuid, None)
        self._missing = tuple(uuid for uuid in self._missing if uuid not in dropped)

    def start_fetch(self, key: str, now: float) -> None:
        """Mark the next batch as being requested."""
        self._batch, self._missing = self.batch(), ()
        self._requested_at.update(dict.fromkeys(self._batch, now))
        for uuid in self._batch:
            self._pending.pop(uuid, None)
        super().start_fetch(key, now)

    def set_value(
        self, key: str, value: Mapping[str, str] | None, now: float, *, is_partial: bool = False, cached_s: float = 0.0
    ) -> bool:
        """Store the names of a batch, and return whether anything changed.

        Names that are missing in a response are requested again until a response has none of them.
        """
        had_failed, self.failure = self.failure is not None, None
        self.update(value or {})
        missing = tuple(uuid for uuid in self._batch if uuid not in self._known)
        self._missing = missing if len(missing) < len(self._batch) else ()
        self._states[key] = FetchState(None, fetched_at=now, attempted_at=now, is_partial=is_partial)
        return bool(value) or had_failed

    def set_failure(self, key: str, failure: Failure) -> None:
        """Store the failure of a batch, and drop all pending names, as they would fail as well."""
        self.failure = failure
        self._pending = {}
        self._missing = ()
        super().set_failure(key, failure)
