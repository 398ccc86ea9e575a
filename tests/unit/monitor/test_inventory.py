from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from cdptui.api.errors import (
    ApiError,
    CdpUnavailable,
    Intercepted,
    NotAManagementNode,
    NotReady,
    PermissionDenied,
    RateLimited,
    ServerError,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.models.failure import FailureKind
from cdptui.models.inventory import BackupStorage, DependencyState, FetchState, Policy, VmInstance
from cdptui.models.inventory_needs import InventoryNeeds
from cdptui.models.reasons import VmCondition
from cdptui.models.server_metrics import MetricPoint, MetricsRequest, TaskMetrics
from cdptui.monitor.connection import NodeConnection
from cdptui.monitor.inventory import (
    POINTS_MAX_AGE_S,
    RETRY_S,
    SHOWN_MAX_AGE_S,
    STORAGE_MAX_AGE_S,
    VM_STATE_MAX_AGE_S,
    InventoryService,
)
from cdptui.monitor.request_gate import RequestGate
from cdptui.monitor.resource_cache import BATCH, METRICS_REFUSED_S, NAME_RETRY_S
from tests.doubles import FakeClock, ScriptedNode, a_task

DENIED = PermissionDenied("is denied by default", url="http://node/resources/names")
LOST = BackupStorage(uuid="bs-1", name="backup-server-1", status="Disconnected")
GOLD = Policy(uuid="p-1", name="gold")
SHORT_TIMEOUTS_S = dict.fromkeys(("names", "vm states", "storages", "policies", "machine", "points", "metrics"), 0.02)


class ServiceRunner:
    """An inventory service on a scripted node, run until it has no more requests."""

    def __init__(self, node: ScriptedNode) -> None:
        self.node = node
        self.clock = FakeClock()
        self.gate = RequestGate(self.clock)
        self.reported_dependencies: list[DependencyState] = []
        self.stopped: list[str] = []
        self.inventory = InventoryService(
            node,
            self.clock,
            self.gate,
            (ApiError,),
            on_dependencies_changed=self.reported_dependencies.append,
            stopped_vms=lambda: self.stopped,
            timeouts_s=SHORT_TIMEOUTS_S,
        )
        self.changes = 0

    async def run_until_idle(
        self, act: Callable[[], object] = lambda: None, *, until: Callable[[], object] = lambda: True
    ) -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            running = group.create_task(self.inventory.run(self._count))
            act()
            while not until():  # noqa: ASYNC110 - the service has no event for it
                await asyncio.sleep(0)
            await _run_event_loop()
            running.cancel()

    async def load_names(self, *uuids: str) -> None:
        await self.run_until_idle(lambda: self.inventory.request_names(uuids))

    async def show(
        self, need: InventoryNeeds, *, force: bool = False, until: Callable[[], object] = lambda: True
    ) -> None:
        await self.run_until_idle(lambda: self.inventory.set_needs(need, force=force), until=until)

    def _count(self) -> None:
        self.changes += 1


async def _run_event_loop() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_names_are_requested_once() -> None:
    node = ScriptedNode([])
    node.known_names = {"a": "erp", "b": "mail"}
    runner = ServiceRunner(node)
    await runner.load_names("a", "b")
    await runner.load_names("a", "b")
    assert runner.inventory.names == {"a": "erp", "b": "mail"}
    assert node.asked_names == [("a", "b")]
    assert runner.changes == 1


async def test_many_names_are_requested_in_batches() -> None:
    node = ScriptedNode([])
    uuids = [f"u{n}" for n in range(BATCH + 10)]
    node.known_names = {uuid: uuid.upper() for uuid in uuids}
    runner = ServiceRunner(node)
    await runner.load_names(*uuids)
    assert [len(batch) for batch in node.asked_names] == [BATCH, 10]
    assert len(runner.inventory.names) == BATCH + 10


async def test_names_missing_in_a_response_are_requested_again_until_none_is_found() -> None:
    node = ScriptedNode([])
    node.known_names = {"a": "erp", "b": "mail"}
    runner = ServiceRunner(node)
    await runner.load_names("a", "gone", "b")
    await runner.load_names("a", "gone", "b")
    assert node.asked_names == [("a", "gone", "b"), ("gone",)]


async def test_policy_missing_in_a_partial_list_is_unknown() -> None:
    node = ScriptedNode([])
    node.known_storages, node.known_policies, node.is_partial = (LOST,), (GOLD,), True
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1] == DependencyState(frozenset({"bs-1"}), None)
    assert runner.inventory.policies.is_partial
    assert runner.inventory.storages.is_partial


async def test_refused_names_are_reported_and_retried_later() -> None:
    node = ScriptedNode([])
    node.known_names = DENIED
    runner = ServiceRunner(node)
    await runner.load_names("a")
    await runner.load_names("a")
    assert len(node.asked_names) == 1
    assert runner.inventory.names_failure is not None
    assert runner.inventory.names_failure.kind is FailureKind.PERMISSION_DENIED
    runner.clock.seconds += NAME_RETRY_S
    node.known_names = {"a": "erp"}
    await runner.load_names("a")
    assert runner.inventory.names == {"a": "erp"}
    assert runner.inventory.names_failure is None


async def test_no_background_request_starts_during_a_poll() -> None:
    node = ScriptedNode([])
    node.known_names = {"a": "erp"}
    runner = ServiceRunner(node)
    async with runner.gate.poll():
        await runner.load_names("a")
        assert node.asked == []
    await runner.load_names("a")
    assert node.asked == ["names"]


async def test_list_without_tab_rarely_reloads_storages_and_policies() -> None:
    node = ScriptedNode([])
    node.known_storages, node.known_policies = (LOST,), (GOLD,)
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    assert node.asked == ["storages", "policies"]
    assert runner.reported_dependencies[-1] == DependencyState(
        frozenset({"bs-1"}), frozenset({"p-1"}), frozenset({"bs-1"})
    )
    runner.clock.seconds += STORAGE_MAX_AGE_S - 1
    await runner.show(InventoryNeeds())
    assert node.asked == ["storages", "policies"]
    runner.clock.seconds += 1
    await runner.show(InventoryNeeds())
    assert node.asked == ["storages", "policies", "storages"]


async def test_vms_of_stopped_tasks_are_asked_for_in_one_query_and_only_while_there_are_some() -> None:
    node = ScriptedNode([])
    node.known_states = {"vm-1": "Stopped", "vm-2": "Running", "vm-3": "Destroyed"}
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    assert node.asked == ["storages", "policies"], "no stopped task, no query"
    runner.stopped = ["vm-1", "vm-2", "vm-3"]
    await runner.show(InventoryNeeds())
    assert node.asked_states == [("vm-1", "vm-2", "vm-3")]
    assert runner.reported_dependencies[-1].vms == {
        "vm-1": VmCondition.OFF,
        "vm-2": VmCondition.ON,
        "vm-3": VmCondition.DELETED,
    }
    runner.clock.seconds += VM_STATE_MAX_AGE_S - 1
    await runner.show(InventoryNeeds())
    assert len(node.asked_states) == 1
    runner.clock.seconds += 1
    runner.stopped = ["vm-1"]
    await runner.show(InventoryNeeds())
    assert node.asked_states[1:] == [("vm-1",)]
    assert runner.reported_dependencies[-1].vms == {"vm-1": VmCondition.OFF}


async def test_vm_that_one_response_lacks_is_asked_for_again_before_it_is_missing() -> None:
    node = ScriptedNode([])
    node.known_states = {"vm-1": "Stopped"}
    runner = ServiceRunner(node)
    runner.stopped = ["vm-1", "vm-2"]
    await runner.show(InventoryNeeds())
    assert node.asked_states == [("vm-1", "vm-2"), ("vm-2",)]
    assert runner.reported_dependencies[-1].vms == {"vm-1": VmCondition.OFF, "vm-2": VmCondition.MISSING}


async def test_many_stopped_vms_are_asked_for_in_batches() -> None:
    node = ScriptedNode([])
    runner = ServiceRunner(node)
    runner.stopped = [f"vm-{number}" for number in range(BATCH + 1)]
    node.known_states = dict.fromkeys(runner.stopped, "Running")
    await runner.show(InventoryNeeds())
    assert [len(batch) for batch in node.asked_states] == [BATCH, 1]


async def test_refused_vm_states_are_no_evidence_and_retried_later() -> None:
    node = ScriptedNode([])
    node.known_states = DENIED
    runner = ServiceRunner(node)
    runner.stopped = ["vm-1"]
    await runner.show(InventoryNeeds())
    runner.stopped = ["vm-1", "vm-2"]
    await runner.show(InventoryNeeds())
    assert node.asked_states == [("vm-1",)], "a refusal is not repeated for each VM"
    assert runner.reported_dependencies[-1].vms == {}
    runner.clock.seconds += RETRY_S
    node.known_states = {"vm-1": "Stopped", "vm-2": "Stopped"}
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1].vms == {"vm-1": VmCondition.OFF, "vm-2": VmCondition.OFF}


async def test_storage_with_little_free_capacity_is_evidence() -> None:
    node = ScriptedNode([])
    node.known_storages = (
        BackupStorage(uuid="bs-1", total_bytes=1000, available_bytes=10),
        BackupStorage(uuid="bs-2", total_bytes=1000, available_bytes=200),
        BackupStorage(uuid="bs-3"),
    )
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1].storage_free_percent == {"bs-1": 1}
    assert runner.reported_dependencies[-1].storages == frozenset({"bs-1", "bs-2", "bs-3"})
    stops = [
        runner.reported_dependencies[-1].stop_evidence(a_task(status="Stopped", backup_storage_uuid=uuid))
        for uuid in ("bs-2", "bs-4", None)
    ]
    assert [(stop.is_storage_listed, stop.is_storage_missing) for stop in stops] == [
        (True, False),
        (False, True),
        (False, False),
    ]


async def test_names_contain_vms_storages_and_policies() -> None:
    node = ScriptedNode([])
    node.known_storages, node.known_policies = (LOST,), (GOLD,)
    node.known_machines = {"vm-1": VmInstance(uuid="vm-1", name="erp")}
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(vm="vm-1"))
    assert runner.inventory.names == {"bs-1": "backup-server-1", "p-1": "gold", "vm-1": "erp"}


async def test_data_of_a_tab_is_reloaded_only_while_it_is_shown() -> None:
    node = ScriptedNode([])
    node.known_machines = {"vm-1": VmInstance(uuid="vm-1", name="erp", state="Running")}
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(vm="vm-1"))
    runner.clock.seconds += SHOWN_MAX_AGE_S
    await runner.show(InventoryNeeds())
    assert node.asked.count("machine vm-1") == 1
    await runner.show(InventoryNeeds(vm="vm-1"))
    assert node.asked.count("machine vm-1") == 2


async def test_recovery_points_are_loaded_only_on_demand() -> None:
    node = ScriptedNode([])
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(points="vm-1"))
    runner.clock.seconds += 10 * POINTS_MAX_AGE_S
    await runner.show(InventoryNeeds(points="vm-1"))
    assert node.asked.count("points vm-1") == 1
    await runner.show(InventoryNeeds(points="vm-1"), force=True)
    assert node.asked.count("points vm-1") == 2


async def test_request_that_is_no_longer_needed_is_cancelled_for_the_next_one() -> None:
    node = ScriptedNode([])
    runner = ServiceRunner(node)
    runner.inventory._timeouts_s = {**SHORT_TIMEOUTS_S, "points": 5.0}
    await runner.show(InventoryNeeds())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(runner.inventory.run(lambda: None))
        node.side_gate.clear()
        runner.inventory.set_needs(InventoryNeeds(points="vm-2"))
        await _run_event_loop()
        assert node.asked[-1] == "points vm-2"
        runner.inventory.set_needs(InventoryNeeds(points="vm-3"))
        await _run_event_loop()
        assert node.asked[-1] == "points vm-3"
        node.side_gate.set()
        await _run_event_loop()
        running.cancel()
    assert runner.inventory.points("vm-3").value is not None
    assert runner.inventory.points("vm-2").value is None
    assert runner.inventory.points("vm-2").failure is None
    assert node.most_asked_at_once == 1


@pytest.mark.parametrize("part", ["storages", "policies", "machine", "points"])
async def test_failed_resource_does_not_affect_the_others(part: str) -> None:
    node = ScriptedNode([])
    setattr(node, f"known_{part}s" if part == "machine" else f"known_{part}", DENIED)
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(storages=True, policies=True, vm="vm-1", points="vm-1"))
    inventory = runner.inventory
    parts: dict[str, FetchState[Any]] = {
        "storages": inventory.storages,
        "policies": inventory.policies,
        "machine": inventory.vm("vm-1"),
        "points": inventory.points("vm-1"),
    }
    failure = parts[part].failure
    assert failure is not None
    assert failure.kind is FailureKind.PERMISSION_DENIED
    assert [name for name, other in parts.items() if other.failure is not None] == [part]
    asked = len(node.asked)
    await runner.show(InventoryNeeds(storages=True, policies=True, vm="vm-1", points="vm-1"))
    assert len(node.asked) == asked


async def test_hanging_request_times_out_and_keeps_the_old_value() -> None:
    node = ScriptedNode([])
    node.known_storages = (LOST,)
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(storages=True))
    runner.clock.seconds += SHOWN_MAX_AGE_S
    node.side_gate.clear()
    await runner.show(InventoryNeeds(storages=True), until=lambda: runner.inventory.storages.failure)
    storages = runner.inventory.storages
    assert storages.failure is not None
    assert storages.failure.kind is FailureKind.TIMED_OUT
    assert storages.value == {"bs-1": LOST}
    assert storages.age_s(runner.clock.seconds) == SHOWN_MAX_AGE_S


async def test_cached_answer_is_as_old_as_in_the_cache_and_is_loaded_again_as_usual() -> None:
    node = ScriptedNode([])
    node.known_storages, node.cached_s = (LOST,), 200.0
    node.known_machines = {"vm-1": VmInstance(uuid="vm-1")}
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds(storages=True, policies=True, vm="vm-1", points="vm-1"))
    inventory, now = runner.inventory, runner.clock.seconds
    parts = (inventory.storages, inventory.policies, inventory.vm("vm-1"), inventory.points("vm-1"))
    assert [(part.age_s(now), part.is_from_cache) for part in parts] == [(200.0, True)] * 4
    asked = len(node.asked)
    runner.clock.seconds += SHOWN_MAX_AGE_S - 1
    await runner.show(InventoryNeeds(storages=True, policies=True, vm="vm-1", points="vm-1"))
    assert len(node.asked) == asked
    node.cached_s = 0.0
    runner.clock.seconds += 1
    await runner.show(InventoryNeeds(storages=True))
    assert (inventory.storages.age_s(runner.clock.seconds), inventory.storages.is_from_cache) == (0.0, False)


async def test_storage_state_that_is_old_in_a_cache_is_no_evidence() -> None:
    node = ScriptedNode([])
    node.known_storages, node.cached_s = (LOST,), 3 * STORAGE_MAX_AGE_S + 1
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1].disconnected_storages == frozenset()


async def test_old_storage_state_is_no_evidence() -> None:
    node = ScriptedNode([])
    node.known_storages = (LOST,)
    runner = ServiceRunner(node)
    await runner.show(InventoryNeeds())
    node.known_storages = DENIED
    runner.clock.seconds += STORAGE_MAX_AGE_S
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1].disconnected_storages == {"bs-1"}
    runner.clock.seconds += 3 * max(STORAGE_MAX_AGE_S, RETRY_S)
    await runner.show(InventoryNeeds())
    assert runner.reported_dependencies[-1].disconnected_storages == frozenset()


@pytest.mark.parametrize(
    ("names", "is_hanging"),
    [
        pytest.param({"vm": "erp"}, False, id="answered"),
        pytest.param(DENIED, False, id="refused"),
        pytest.param(CdpUnavailable("no api mapping", url="", code="404"), False, id="missing"),
        pytest.param({}, True, id="hanging"),
    ],
)
async def test_polls_keep_their_interval_whatever_happens_to_names(
    names: dict[str, str] | ApiError, is_hanging: bool
) -> None:
    clock = FakeClock()
    starts: list[float] = []
    node = ScriptedNode([a_task()], on_read=lambda: starts.append(clock.seconds))
    node.known_names = names
    if isinstance(names, ApiError):
        node.known_storages = node.known_policies = names
    if is_hanging:
        node.side_gate.clear()
    link = NodeConnection.create(node, clock, 10.0, (ApiError,))
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(link.inventory.run(lambda: None))
        updates = link.monitor.updates()
        for _ in range(8):
            link.inventory.request_names(["vm"])
            link.inventory.set_needs(InventoryNeeds())
            update = await anext(updates)
            assert len(update.rows) == 1
        asking.cancel()
    assert node.asked
    gaps = [after - before for before, after in pairwise(starts)]
    assert gaps == pytest.approx([10.0] * 7, abs=0.26)


async def test_names_of_vms_are_dropped_with_their_tasks() -> None:
    both = [a_task("a"), a_task("b")]
    node = ScriptedNode(both, both, both, [a_task("b")])
    node.known_names = {f"vm-of-{name}": f"the {name}" for name in "ab"}
    link = NodeConnection.create(node, FakeClock(), 10.0, (ApiError,))
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(link.inventory.run(lambda: None))
        updates = link.monitor.updates()
        await anext(updates)
        link.inventory.request_names(node.known_names)
        for _ in range(2):
            await anext(updates)
            await _run_event_loop()
        assert dict(link.inventory.names) == node.known_names
        await anext(updates)
        asking.cancel()
    assert dict(link.inventory.names) == {"vm-of-b": "the b"}


async def test_interrupted_request_is_repeated() -> None:
    node = ScriptedNode([a_task()])
    node.known_storages = [LOST]
    runner = ServiceRunner(node)
    runner.inventory._timeouts_s = {**SHORT_TIMEOUTS_S, "storages": 60.0}
    node.side_gate.clear()
    # The service is stopped during the request and started again.
    await runner.show(InventoryNeeds(storages=True))
    assert node.asked == ["storages"]
    node.side_gate.set()
    await runner.show(InventoryNeeds(storages=True))
    assert runner.inventory.storages.value == {"bs-1": LOST}


async def test_storages_of_a_faster_node_are_reloaded_as_much_more_often() -> None:
    node = ScriptedNode([])
    node.known_storages, node.known_policies = (LOST,), (GOLD,)
    runner = ServiceRunner(node)
    runner.clock.speed = 30.0
    await runner.show(InventoryNeeds())
    runner.clock.seconds += STORAGE_MAX_AGE_S / 30
    await runner.show(InventoryNeeds())
    assert node.asked == ["storages", "policies", "storages"]


def gaps_of(uuid: str, start_ms: int = 0, end_ms: int = 3_600_000, period_s: int = 60) -> InventoryNeeds:
    return InventoryNeeds(metrics=MetricsRequest(uuid, start_ms, end_ms, period_s))


class MetricsRunner(ServiceRunner):
    """An inventory service that has loaded all but metrics."""

    def __init__(self, failure: ApiError | None = None) -> None:
        super().__init__(ScriptedNode([]))
        if failure is not None:
            self.node.known_metrics = failure

    async def requested(self, needs: InventoryNeeds, *, force: bool = False) -> list[str]:
        """Return the tasks whose metrics are requested when they are needed, for two calls of the screen."""
        await self.show(InventoryNeeds())
        self.node.asked.clear()
        await self.show(needs, force=force)
        await self.show(needs)
        return [question.removeprefix("metrics ") for question in self.node.asked if question.startswith("metrics ")]

    def state(self, uuid: str) -> FetchState[TaskMetrics]:
        request = gaps_of(uuid).metrics
        assert request is not None
        return self.inventory.metrics(request)


async def test_metrics_are_requested_for_the_shown_task_and_kept() -> None:
    runner = MetricsRunner()
    runner.node.known_metrics = {"a": ((MetricPoint(0, 1.0),), ())}
    assert await runner.requested(InventoryNeeds()) == []
    assert await runner.requested(gaps_of("a")) == ["a"]
    assert await runner.requested(gaps_of("b")) == ["b"]
    runner.clock.seconds += 86400.0
    assert await runner.requested(gaps_of("a")) == []
    assert runner.state("a").value == TaskMetrics(MetricsRequest("a", 0, 3_600_000, 60), (MetricPoint(0, 1.0),))
    assert runner.node.most_asked_at_once == 1


@pytest.mark.parametrize(
    ("needs", "is_requested"),
    [
        pytest.param(gaps_of("a", 10_000), False, id="the window moved"),
        pytest.param(gaps_of("a", 10_000, 3_600_001), True, id="a further gap ended"),
        pytest.param(gaps_of("a", period_s=120), True, id="a longer window"),
        pytest.param(InventoryNeeds(), False, id="another tab"),
    ],
)
async def test_metrics_are_requested_again_only_for_gaps_that_are_not_known(
    needs: InventoryNeeds, is_requested: bool
) -> None:
    runner = MetricsRunner()
    assert await runner.requested(gaps_of("a")) == ["a"]
    assert await runner.requested(needs) == (["a"] if is_requested else [])


async def test_metrics_are_read_again_when_the_user_reloads() -> None:
    runner = MetricsRunner()
    assert await runner.requested(gaps_of("a")) == ["a"]
    assert await runner.requested(gaps_of("a"), force=True) == ["a"]


REFUSALS = [DENIED, CdpUnavailable("no api mapping", url="http://node"), Intercepted("403", url="http://node")]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.kind.value)
async def test_refused_metrics_are_not_requested_for_any_task_for_an_hour(refusal: ApiError) -> None:
    runner = MetricsRunner(refusal)
    assert await runner.requested(gaps_of("a")) == ["a"]
    for seconds, uuid in ((0.0, "b"), (RETRY_S, "a"), (METRICS_REFUSED_S - RETRY_S - 1, "b")):
        runner.clock.seconds += seconds
        assert await runner.requested(gaps_of(uuid)) == []
        failure = runner.state(uuid).failure
        assert failure is not None
        assert failure.kind is refusal.kind
    runner.clock.seconds += 1
    runner.node.known_metrics = {}
    assert await runner.requested(gaps_of("b")) == ["b"]
    assert runner.state("b").value is not None
    assert runner.state("b").failure is runner.state("c").failure is None


async def test_refused_metrics_are_requested_at_once_when_the_user_reloads() -> None:
    runner = MetricsRunner(DENIED)
    assert await runner.requested(gaps_of("a")) == ["a"]
    assert await runner.requested(gaps_of("b"), force=True) == ["b"]


OTHER_FAILURES = [
    failure("x", url="http://node")
    for failure in (ServerError, TimedOut, Unreachable, NotReady, RateLimited, UnreadableAnswer, NotAManagementNode)
]


@pytest.mark.parametrize("failure", OTHER_FAILURES, ids=lambda each: each.kind.value)
async def test_metrics_that_failed_are_requested_for_another_task_and_later_again(failure: ApiError) -> None:
    runner = MetricsRunner(failure)
    assert await runner.requested(gaps_of("a")) == ["a"]
    assert runner.state("b").failure is None
    assert await runner.requested(gaps_of("b")) == ["b"]
    runner.clock.seconds += RETRY_S - 1
    assert await runner.requested(gaps_of("a")) == []
    runner.clock.seconds += 1
    assert await runner.requested(gaps_of("a")) == ["a"]


async def test_metrics_of_a_task_that_is_no_longer_shown_are_cancelled() -> None:
    runner = MetricsRunner()
    await runner.show(InventoryNeeds())
    runner.node.side_gate.clear()

    def move() -> bool:
        runner.inventory.set_needs(gaps_of("b"))
        return "metrics b" in runner.node.asked

    await runner.show(gaps_of("a"), until=lambda: "metrics a" in runner.node.asked and move())
    assert not runner.state("a").is_fetching
    assert runner.node.most_asked_at_once == 1
