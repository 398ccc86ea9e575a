"""What stands around the tasks: names, storages, policies, VMs, recovery points. Asked for beside the polls.

One question in flight, only while no poll is; each has its own time-out and its own failure, and none of them touches
the rhythm of the list. What is no longer looked at is no longer asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

from msgspec import Struct

from cdptui.clock import Clock
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import BackupStorage, DependencyState, FetchState, Policy, VmInstance
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.task import Task
from cdptui.monitor.request_gate import RequestGate
from cdptui.monitor.resource_cache import NameCache, ResourceCache, referenced_uuids
from cdptui.monitor.sources import InventorySource

log = logging.getLogger(__name__)

STORAGES_S: Final = 300.0
"""How old storages may be while only the list is shown: their connection counts in its order."""

POLICIES_S: Final = 1800.0
SHOWN_S: Final = 60.0
"""How old may be what a tab shows, storages, policies or a VM."""

POINTS_S: Final = 300.0
"""Recovery points that are younger serve again when somebody comes back to them; they are never read by themselves."""

RETRY_S: Final = 300.0
"""What failed is not tried again sooner, unless somebody asks for it."""

_FORGET_S: Final = 3 * STORAGES_S
"""A connection that nobody could look at for so long is no evidence any more."""

_PATIENCE_S: Final = {"names": 10.0, "storages": 10.0, "policies": 10.0, "machine": 10.0, "points": 60.0}

_ALL: Final = "all"


class InventoryNeeds(Struct, frozen=True):
    """What is shown now and must be known for it."""

    storages: bool = False
    policies: bool = False
    vm: str | None = None
    """Uuid of the VM whose state is shown."""
    points: str | None = None
    """Uuid of the VM whose recovery points are shown."""


class _Fetch(NamedTuple):
    shelf: ResourceCache[Any]
    key: str
    ask: Callable[[], Awaitable[Any]]


class InventoryService:
    """A cache of everything that hangs on the tasks, each part with its age and the reason why it is missing."""

    def __init__(
        self,
        node: InventorySource,
        clock: Clock,
        turns: RequestGate,
        errors: tuple[type[Exception], ...],
        *,
        on_dependencies_changed: Callable[[DependencyState], None] = lambda _: None,
        timeouts_s: Mapping[str, float] = _PATIENCE_S,
    ) -> None:
        """`node` raises one of `errors`; `on_dependencies_changed` gets each new state of storages and policies."""
        self._node = node
        self._clock = clock
        self._turns = turns
        self._errors = errors
        self._hear = on_dependencies_changed
        self._patience_s = timeouts_s
        self._names = NameCache()
        self._storages = ResourceCache[Mapping[str, BackupStorage]]("storages")
        self._policies = ResourceCache[Mapping[str, Policy]]("policies")
        self._machines = ResourceCache[VmInstance]("machine", maxsize=64)
        self._points = ResourceCache[RecoveryPoints]("points", maxsize=8)
        self._need: InventoryNeeds | None = None
        self._explicit_points_request: str | None = None
        """The VM whose recovery points somebody wants to see."""
        self._wake = asyncio.Event()
        self._in_flight: tuple[_Fetch, asyncio.Task[Any]] | None = None

    @property
    def names(self) -> Mapping[str, str]:
        """Names by uuid, of VMs, storages and policies, as far as they are known; grows in place."""
        return self._names.known

    @property
    def names_failure(self) -> Failure | None:
        """Why names are missing; None when the last call went well."""
        return self._names.failure

    @property
    def storages(self) -> FetchState[Mapping[str, BackupStorage]]:
        """All backup storages by uuid."""
        return self._storages.get(_ALL)

    @property
    def policies(self) -> FetchState[Mapping[str, Policy]]:
        """All policies by uuid."""
        return self._policies.get(_ALL)

    def vm(self, uuid: str) -> FetchState[VmInstance]:
        """A VM with its volumes."""
        return self._machines.get(uuid)

    def points(self, uuid: str) -> FetchState[RecoveryPoints]:
        """The recovery points of a VM."""
        return self._points.get(uuid)

    def request_names(self, uuids: Iterable[str]) -> None:
        """Ask for the names of what is on screen now; what was wanted before and is not any more is dropped."""
        if self._names.request(uuids, self._clock.monotonic()):
            self._wake.set()

    def forget_tasks(self, tasks: Iterable[Task]) -> None:
        """Forget the names of the VMs of tasks that are gone: in a fleet whose VMs come and go they would pile up."""
        self._names.forget(ref.resource_uuid for task in tasks for ref in task.resource_refs)

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """The same for everything with a name that hangs on some tasks, and for `others`."""
        self.request_names(chain(referenced_uuids(tasks), others))

    def set_needs(self, need: InventoryNeeds, *, is_anew: bool = False) -> None:
        """Take what is shown now; `is_anew` asks again for what is there already, or failed.

        Called every second, so it does next to nothing while nothing is due.
        """
        before, self._need = self._need, need
        if need.points is None or is_anew or before is None or need.points != before.points:
            self._explicit_points_request = need.points
        if is_anew:
            self._machines.invalidate(need.vm)
            self._points.invalidate(need.points)
            self._storages.invalidate(_ALL if need.storages else None)
            self._policies.invalidate(_ALL if need.policies else None)
        self._cancel_unneeded(need)
        if self._in_flight is None and self._next() is not None:
            self._wake.set()

    async def run(self, on_change: Callable[[], None]) -> None:
        """Answer what is wanted, for ever; calls `on_change` when something became known, or turned out not to be."""
        while True:
            await self._wake.wait()
            async with self._turns.background_request():
                self._wake.clear()
                question = self._next()
                is_news = question is not None and await self._fetch(question)
            if self._next() is not None:
                self._wake.set()
            if is_news:
                on_change()

    def _next(self) -> _Fetch | None:
        """The most urgent question that is due."""
        now, need, node = self._clock.monotonic(), self._need, self._node
        batch = self._names.batch()
        if batch:
            return _Fetch(self._names, _ALL, lambda: node.names(batch))
        if need is None:
            return None
        machine, points = need.vm, self._explicit_points_request
        if machine is not None and self._machines.needs_fetch(machine, now, SHOWN_S, RETRY_S):
            return _Fetch(self._machines, machine, lambda: node.vm(machine))
        if self._storages.needs_fetch(_ALL, now, SHOWN_S if need.storages else STORAGES_S, RETRY_S):
            return _Fetch(self._storages, _ALL, node.storages)
        if self._policies.needs_fetch(_ALL, now, SHOWN_S if need.policies else POLICIES_S, RETRY_S):
            return _Fetch(self._policies, _ALL, node.policies)
        if points is not None and self._points.needs_fetch(points, now, POINTS_S, RETRY_S):
            return _Fetch(self._points, points, lambda: node.recovery_points(points, self._clock.now()))
        return None

    async def _fetch(self, question: _Fetch) -> bool:
        """Ask, and keep what comes of it; whether that is news."""
        shelf, key, timeouts_s = question.shelf, question.key, self._patience_s[question.shelf.name]
        shelf.start_fetch(key, self._clock.monotonic())
        task = asyncio.ensure_future(question.ask())
        self._in_flight = (question, task)
        try:
            await asyncio.wait([task], timeout=timeouts_s)
        except asyncio.CancelledError:
            # Whoever runs us next may ask again.
            shelf.cancel_fetch(key)
            raise
        finally:
            self._in_flight = None
            is_late = not task.done()
            task.cancel()
        if task.cancelled():
            shelf.cancel_fetch(key)
            return False
        if is_late:
            self._fail(shelf, key, Failure(FailureKind.TIMED_OUT, f"no answer within {timeouts_s:g} s", url=""))
            return True
        error = task.exception()
        if error is not None:
            if not isinstance(error, self._errors):
                shelf.cancel_fetch(key)
                raise error
            self._fail(shelf, key, error.as_failure())  # type: ignore[attr-defined]  # all of them have it
            return True
        if key == self._explicit_points_request and shelf is self._points:
            self._explicit_points_request = None
        is_news = _fill(shelf, key, task.result(), self._clock.monotonic())
        self._index_names(shelf)
        return is_news

    def _fail(self, shelf: ResourceCache[Any], key: str, failure: Failure) -> None:
        if shelf.get(key).failure is None:
            log.warning("%s are not to be had: %s %s", shelf.name, failure.kind.value, failure.detail)
        if shelf is self._points:
            self._explicit_points_request = None
        shelf.set_failure(key, failure)
        self._index_names(shelf)

    def _index_names(self, shelf: ResourceCache[Any]) -> None:
        """Names and facts that hang on what was just read."""
        if shelf is self._storages or shelf is self._policies:
            self._names.update({uuid: thing.name for uuid, thing in (shelf.get(_ALL).value or {}).items()})
            self._hear(self._surroundings())
        elif shelf is self._machines:
            self._names.update({uuid: machine.name for uuid, machine in self._machines.values()})

    def _surroundings(self) -> DependencyState:
        now, storages, policies = self._clock.monotonic(), self.storages, self.policies
        age_s = storages.age_s(now)
        is_old = age_s is None or age_s > _FORGET_S
        lost = () if is_old else (uuid for uuid, storage in (storages.value or {}).items() if storage.is_disconnected)
        # An account that sees no policy at all may not see any; one that is missing in a part of them may exist.
        is_known = bool(policies.value) and not policies.is_partial
        return DependencyState(frozenset(lost), frozenset(policies.value or ()) if is_known else None)

    def _cancel_unneeded(self, need: InventoryNeeds) -> None:
        if self._in_flight is None:
            return
        (shelf, key, _), task = self._in_flight
        if (shelf is self._machines and key != need.vm) or (shelf is self._points and key != need.points):
            task.cancel()


def _fill(shelf: ResourceCache[Any], key: str, answer: object, now: float) -> bool:
    if isinstance(answer, ResourceList):
        by_uuid = {thing.uuid: thing for thing in answer.items}
        return shelf.set_value(key, by_uuid, now, is_partial=answer.is_partial)
    return shelf.set_value(key, answer, now)
