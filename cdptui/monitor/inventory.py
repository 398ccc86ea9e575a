"""The inventory: names, storages, policies, VMs, recovery points and metrics, loaded in the background between polls.

How often each resource is read is set by the `…_MAX_AGE_S` constants below: storages every 5 minutes, policies every
30 minutes, both every minute while a tab shows them, and the VMs of stopped tasks every 2 minutes. Metrics, which are
those of the past, are read once. Failed requests are retried after `RETRY_S`; names are requested again after
`NAME_RETRY_S`, and metrics after a refusal after `METRICS_REFUSED_S`, in `resource_cache`. The interval of the polls,
which read the tasks, is in `schedule`.

At most one background request is in flight, and none starts during a poll. Each resource has its own time-out and
failure, and none delays the polls. Requests for resources that are no longer shown are cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cdptui.clock import Clock
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.fetched import Fetched
from cdptui.models.inventory import VM_CONDITIONS, BackupStorage, DependencyState, FetchState, Policy, VmInstance
from cdptui.models.inventory_needs import InventoryNeeds
from cdptui.models.reasons import STORAGE_NEARLY_FULL_PERCENT, VmCondition
from cdptui.models.recovery_points import RecoveryPoints
from cdptui.models.resource_list import ResourceList
from cdptui.models.task import Task
from cdptui.monitor.request_gate import RequestGate
from cdptui.monitor.resource_cache import MetricsCache, NameCache, ResourceCache, VmStateCache, referenced_uuids
from cdptui.monitor.sources import InventorySource

if TYPE_CHECKING:
    from cdptui.models.server_metrics import MetricsRequest, TaskMetrics

log = logging.getLogger(__name__)

STORAGE_MAX_AGE_S: Final = 300.0
"""How often storages are read while no tab shows them. The list needs them, as its order depends on their connection.

The guide names this interval and the next one in `tabs-and-problems.md`."""

POLICY_MAX_AGE_S: Final = 1800.0
"""How often policies are read while no tab shows them."""

SHOWN_MAX_AGE_S: Final = 60.0
"""How often storages, policies or a VM are read while a tab shows them."""

VM_STATE_MAX_AGE_S: Final = 120.0
"""How often the states of the VMs of stopped tasks are read."""

POINTS_MAX_AGE_S: Final = 300.0
"""Age up to which recovery points are shown again without a reload; they are never reloaded automatically."""

RETRY_S: Final = 300.0
"""Seconds until a failed request is retried, unless the user retries it."""

_MIN_AGE_S: Final = 5.0
"""Minimum of these ages for a simulated node, whose time is faster."""

_MAX_EVIDENCE_AGE_S: Final = 3 * STORAGE_MAX_AGE_S
"""The state of storages that was loaded longer ago gives tasks no problems."""

_TIMEOUTS_S: Final = {
    "names": 10.0,
    "vm states": 10.0,
    "storages": 10.0,
    "policies": 10.0,
    "machine": 10.0,
    "points": 60.0,
    "metrics": 30.0,
}

_ALL: Final = "all"


class _Fetch(NamedTuple):
    cache: ResourceCache[Any]
    key: str
    request: Callable[[], Awaitable[Fetched[Any]]]


class InventoryService:
    """Loads and caches the resources of the tasks, each with its age and the failure of its last attempt."""

    def __init__(
        self,
        node: InventorySource,
        clock: Clock,
        gate: RequestGate,
        errors: tuple[type[Exception], ...],
        *,
        on_dependencies_changed: Callable[[DependencyState], None] = lambda _: None,
        on_storages_read: Callable[[FetchState[Mapping[str, BackupStorage]]], None] = lambda _: None,
        stopped_vms: Callable[[], Sequence[str]] = tuple,
        timeouts_s: Mapping[str, float] = _TIMEOUTS_S,
    ) -> None:
        """Load from `node`, whose requests raise one of `errors`.

        Report each new state of storages, policies and the VMs that `stopped_vms` returns, and each list of storages.
        """
        self._node = node
        self._clock = clock
        self._gate = gate
        self._errors = errors
        self._on_dependencies_changed = on_dependencies_changed
        self._on_storages_read = on_storages_read
        self._stopped_vms = stopped_vms
        self._timeouts_s = timeouts_s
        self._names = NameCache()
        self._storages = ResourceCache[Mapping[str, BackupStorage]]("storages")
        self._policies = ResourceCache[Mapping[str, Policy]]("policies")
        self._vms = ResourceCache[VmInstance]("machine", maxsize=64)
        self._vm_states = VmStateCache(self._max_age_s(VM_STATE_MAX_AGE_S), RETRY_S)
        self._points = ResourceCache[RecoveryPoints]("points", maxsize=8)
        self._metrics = MetricsCache()
        self._needs: InventoryNeeds | None = None
        self._explicit_points_request: str | None = None
        """UUID of the VM whose recovery points the user opened and that are not loaded yet."""
        self._wake = asyncio.Event()
        self._in_flight: tuple[_Fetch, asyncio.Task[Any]] | None = None

    @property
    def names(self) -> Mapping[str, str]:
        """Names of VMs, storages and policies by UUID, as far as they are known; grows in place."""
        return self._names.known

    def pop_new_names(self) -> Mapping[str, str]:
        """Return the names that were added or changed since the last call."""
        return self._names.pop_news()

    @property
    def names_failure(self) -> Failure | None:
        """Failure of the last request for names; None when it succeeded."""
        return self._names.failure

    @property
    def storages(self) -> FetchState[Mapping[str, BackupStorage]]:
        """All backup storages by UUID."""
        return self._storages.get(_ALL)

    @property
    def policies(self) -> FetchState[Mapping[str, Policy]]:
        """All policies by UUID."""
        return self._policies.get(_ALL)

    @property
    def is_first_reading(self) -> bool:
        """Whether what problems are made of, beside the tasks, was not read completely yet, and did not fail."""
        # Policies are read after storages and the states of VMs.
        policies = self.policies
        return policies.fetched_at is None and policies.failure is None

    def vm(self, uuid: str) -> FetchState[VmInstance]:
        """Return a VM with its volumes."""
        return self._vms.get(uuid)

    def points(self, uuid: str) -> FetchState[RecoveryPoints]:
        """Return the recovery points of a VM."""
        return self._points.get(uuid)

    def metrics(self, request: MetricsRequest) -> FetchState[TaskMetrics]:
        """Return the metrics of a task with the resolution of a request, as far as they are loaded."""
        return self._metrics.get(request.key)

    def request_names(self, uuids: Iterable[str]) -> None:
        """Request the names of the resources on screen; earlier requests for other names are dropped."""
        if self._names.request(uuids, self._clock.monotonic()):
            self._wake.set()

    def forget_tasks(self, tasks: Iterable[Task]) -> None:
        """Drop the names of the VMs of deleted tasks: they would accumulate in a fleet with many new VMs."""
        self._names.forget(ref.resource_uuid for task in tasks for ref in task.resource_refs)

    def request_names_for(self, tasks: Iterable[Task], others: Iterable[str] = ()) -> None:
        """Request the names of all resources of `tasks`, and of `others`."""
        self.request_names(chain(referenced_uuids(tasks), others))

    def set_needs(self, needs: InventoryNeeds, *, force: bool = False) -> None:
        """Set the resources that are shown; `force` reloads those that are loaded or failed.

        Called every second, so it is cheap while nothing is due.
        """
        before, self._needs = self._needs, needs
        if needs.points is None or force or before is None or needs.points != before.points:
            self._explicit_points_request = needs.points
        if force:
            self._vms.invalidate(needs.vm)
            self._points.invalidate(needs.points)
            self._metrics.invalidate(needs.metrics_key)
            self._storages.invalidate(_ALL if needs.storages else None)
            self._policies.invalidate(_ALL if needs.policies else None)
        self._cancel_unneeded(needs)
        if self._vm_states.request(self._stopped_vms()):
            self._on_dependencies_changed(self._dependencies())
        if self._in_flight is None and self._next() is not None:
            self._wake.set()

    async def run(self, on_change: Callable[[], None]) -> None:
        """Load what is needed, forever; call `on_change` after each new value or failure."""
        while True:
            await self._wake.wait()
            async with self._gate.background_request():
                self._wake.clear()
                fetch = self._next()
                has_changed = fetch is not None and await self._fetch(fetch)
            if self._next() is not None:
                self._wake.set()
            if has_changed:
                on_change()

    def _next(self) -> _Fetch | None:
        """Return the most urgent fetch that is due; None when there is none."""
        now, needs, node = self._clock.monotonic(), self._needs, self._node
        batch = self._names.batch()
        if batch:
            return _Fetch(self._names, _ALL, lambda: node.names(batch))
        if needs is None:
            return None
        vm, points = needs.vm, self._explicit_points_request
        if vm is not None and self._vms.needs_fetch(vm, now, self._max_age_s(SHOWN_MAX_AGE_S), RETRY_S):
            return _Fetch(self._vms, vm, lambda: node.vm(vm))
        if self._storages.needs_fetch(
            _ALL, now, self._max_age_s(SHOWN_MAX_AGE_S if needs.storages else STORAGE_MAX_AGE_S), RETRY_S
        ):
            return _Fetch(self._storages, _ALL, node.storages)
        vms = self._vm_states.batch(now)
        if vms:
            return _Fetch(self._vm_states, _ALL, lambda: node.vm_states(vms))
        if self._policies.needs_fetch(
            _ALL, now, self._max_age_s(SHOWN_MAX_AGE_S if needs.policies else POLICY_MAX_AGE_S), RETRY_S
        ):
            return _Fetch(self._policies, _ALL, node.policies)
        if points is not None and self._points.needs_fetch(points, now, POINTS_MAX_AGE_S, RETRY_S):
            return _Fetch(self._points, points, lambda: node.recovery_points(points, self._clock.now()))
        metrics = needs.metrics
        if metrics is not None and self._metrics.is_due(metrics, now, RETRY_S):
            return _Fetch(self._metrics, metrics.key, lambda: node.task_metrics(metrics))
        return None

    def _max_age_s(self, seconds: float) -> float:
        """Return a maximum age in seconds of this machine, from one in seconds of the node."""
        return max(min(seconds, _MIN_AGE_S), seconds / self._clock.speed)

    async def _fetch(self, fetch: _Fetch) -> bool:
        """Send a request and cache its result. Return whether anything changed."""
        cache, key, timeout_s = fetch.cache, fetch.key, self._timeouts_s[fetch.cache.name]
        cache.start_fetch(key, self._clock.monotonic())
        task = asyncio.ensure_future(fetch.request())
        self._in_flight = (fetch, task)
        try:
            await asyncio.wait([task], timeout=timeout_s)
        except asyncio.CancelledError:
            # The next call of `run` may send the request again.
            cache.cancel_fetch(key)
            raise
        finally:
            self._in_flight = None
            is_late = not task.done()
            task.cancel()
        if task.cancelled():
            cache.cancel_fetch(key)
            return False
        if is_late:
            self._fail(cache, key, Failure(FailureKind.TIMED_OUT, f"no answer within {timeout_s:g} s", url=""))
            return True
        error = task.exception()
        if error is not None:
            if not isinstance(error, self._errors):
                cache.cancel_fetch(key)
                raise error
            self._fail(cache, key, error.as_failure())  # type: ignore[attr-defined]  # every API error has it
            return True
        if key == self._explicit_points_request and cache is self._points:
            self._explicit_points_request = None
        has_changed = _store(cache, key, task.result(), self._clock.monotonic())
        self._index_names(cache)
        if cache is self._storages:
            self._on_storages_read(self.storages)
        return has_changed

    def _fail(self, cache: ResourceCache[Any], key: str, failure: Failure) -> None:
        if cache.get(key).failure is None:
            log.warning("%s could not be loaded: %s %s", cache.name, failure.kind.value, failure.detail)
        if cache is self._points:
            self._explicit_points_request = None
        cache.set_failure(key, failure)
        self._index_names(cache)

    def _index_names(self, cache: ResourceCache[Any]) -> None:
        """Update names and dependencies from the value that was just loaded."""
        if cache is self._storages or cache is self._policies:
            self._names.update({uuid: resource.name for uuid, resource in (cache.get(_ALL).value or {}).items()})
            self._on_dependencies_changed(self._dependencies())
        elif cache is self._vm_states:
            self._on_dependencies_changed(self._dependencies())
        elif cache is self._vms:
            self._names.update({uuid: vm.name for uuid, vm in self._vms.values()})

    def _dependencies(self) -> DependencyState:
        now, policies = self._clock.monotonic(), self.policies
        storages = self.storages if _is_evidence(self.storages, now) else FetchState[Mapping[str, BackupStorage]]()
        by_uuid = storages.value or {}
        free_percent = {uuid: _free_percent(storage) for uuid, storage in by_uuid.items()}
        states = self._vm_states.known if _is_evidence(self._vm_states.get(_ALL), now) else {}
        return DependencyState(
            disconnected_storages=frozenset(uuid for uuid, storage in by_uuid.items() if storage.is_disconnected),
            policies=_complete_uuids(policies),
            storages=_complete_uuids(storages),
            storage_free_percent={
                uuid: free
                for uuid, free in free_percent.items()
                if free is not None and free <= STORAGE_NEARLY_FULL_PERCENT
            },
            vms={uuid: _vm_condition(state) for uuid, state in states.items()},
        )

    def _cancel_unneeded(self, needs: InventoryNeeds) -> None:
        if self._in_flight is None:
            return
        (cache, key, _), task = self._in_flight
        shown = {id(self._vms): needs.vm, id(self._points): needs.points, id(self._metrics): needs.metrics_key}
        if shown.get(id(cache), key) != key:
            task.cancel()


def _is_evidence(part: FetchState[Any], now: float) -> bool:
    age_s = part.age_s(now)
    return age_s is not None and age_s <= _MAX_EVIDENCE_AGE_S


def _complete_uuids(part: FetchState[Mapping[str, Any]]) -> frozenset[str] | None:
    """Return the UUIDs of a complete list; None when one that is missing in it may exist.

    An account that sees none may have no permission; one that is missing in a partial list may exist.
    """
    return frozenset(part.value) if part.value and not part.is_partial else None


def _free_percent(storage: BackupStorage) -> int | None:
    return None if storage.used_ratio is None else round(100 * (1 - storage.used_ratio))


def _vm_condition(state: str) -> VmCondition:
    return VM_CONDITIONS.get(state, VmCondition.ON) if state else VmCondition.MISSING


def _store(cache: ResourceCache[Any], key: str, fetched: Fetched[Any], now: float) -> bool:
    result, cached_s = fetched.value, fetched.cached_s
    if isinstance(result, ResourceList):
        by_uuid = {resource.uuid: resource for resource in result.items}
        return cache.set_value(key, by_uuid, now, is_partial=result.is_partial, cached_s=cached_s)
    return cache.set_value(key, result, now, cached_s=cached_s)
