"""Inventory requests to the simulator over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from cdptui.api.client import Client
from cdptui.api.errors import (
    ApiError,
    CdpUnavailable,
    Intercepted,
    PermissionDenied,
    ServerError,
    Unreachable,
    UnreadableAnswer,
)
from cdptui.clock import SystemClock
from cdptui.config.url import normalize_url
from cdptui.models.auth import PasswordLogin
from cdptui.models.recovery_points import volume_histories
from cdptui.models.server_metrics import MetricsRequest
from cdptui.monitor.resource_cache import BATCH, NameCache
from cdptui.simulator.faults.rules import Fault, FaultKind
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings


@asynccontextmanager
async def client_of(node: ManagementNode) -> AsyncIterator[Client]:
    """Serve a node, and return a client of it."""
    with EmbeddedServer(node) as server:
        auth = PasswordLogin(name="admin", password="password")
        client = Client(normalize_url(server.url), auth, timeout_s=5, clock=SystemClock())
        try:
            yield client
        finally:
            await client.aclose()


async def test_dependencies_of_a_task_are_read_from_a_node() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    async with client_of(node) as client:
        tasks = [reading async for reading in client.read()][-1].tasks
        storages = {storage.uuid: storage for storage in (await client.resources.storages()).value.items}
        policies = {policy.uuid: policy for policy in (await client.resources.policies()).value.items}
        assert {task.backup_storage_uuid for task in tasks} <= storages.keys()
        assert {task.policy_uuid for task in tasks} <= policies.keys()
        task = next(task for task in tasks if task.status == "Running" and task.resource_refs)
        vm = task.resource_refs[0].resource_uuid
        machine = (await client.resources.vm(vm)).value
        assert machine is not None
        assert machine.volumes
        points = (await client.resources.recovery_points(vm, datetime.now(UTC))).value
        found = volume_histories(points, policies[task.policy_uuid or ""].interval_s)
        assert {history.volume_uuid for history in found} == {volume.uuid for volume in machine.volumes}
        assert all(history.newest and history.oldest and history.oldest < history.newest for history in found)
        with pytest.raises(ApiError):
            await client.resources.recovery_points("no-such-vm", datetime.now(UTC))


async def test_inventory_in_capped_pages_is_read_completely() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    node.world.freeze()
    async with client_of(node) as client:
        vm = next(task.machine.uuid for task in node.world.tasks.values() if task.machine and task.status == "Running")
        now = datetime.now(UTC)
        node.journal.clear()
        uncapped = (await client.resources.recovery_points(vm, now)).value
        requests = [request for request in node.journal.requests if request.path.endswith("recovery-points")]
        node.faults.add("capped-pages", rows=2)
        storages = (await client.resources.storages()).value
        policies = (await client.resources.policies()).value
        node.faults.clear()
        node.faults.add("capped-pages", rows=100)
        capped = (await client.resources.recovery_points(vm, now)).value
    assert {storage.uuid for storage in storages.items} == set(node.world.storages)
    assert {policy.uuid for policy in policies.items} == set(node.world.policies)
    assert len(node.world.storages) > 2
    assert len(node.world.policies) > 2
    assert not storages.is_partial
    assert not policies.is_partial
    assert len(uncapped.recent) > 100
    # Three lists, and one more page that confirms the end of the longest one.
    assert len(requests) == 4
    assert set(capped.recent) >= set(uncapped.recent)
    assert set(capped.daily) >= set(uncapped.daily)
    assert not capped.is_truncated


async def test_names_in_capped_responses_are_all_read() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    async with client_of(node) as client:
        node.faults.add("capped-pages", "/resources/names", rows=20)
        names = NameCache()
        names.request([*node.world.machines, "0" * 32][:BATCH], now=0.0)
        requests = 0
        while batch := names.batch():
            names.start_fetch("all", now=0.0)
            names.set_value("all", (await client.resources.names(batch)).value, now=0.0)
            requests += 1
    assert names.known == {uuid: machine.name for uuid, machine in node.world.machines.items()}
    assert requests <= len(node.world.machines) // 20 + 2


async def test_states_of_several_vms_are_one_request() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    node.world.freeze()
    async with client_of(node) as client:
        states = {uuid: machine.state for uuid, machine in node.world.machines.items()}
        await client.resources.vm_states(["no-such-vm"])
        node.journal.clear()
        assert (await client.resources.vm_states([*states, "no-such-vm"])).value == states
        assert len(node.journal.requests) == 1
        assert len(set(states.values())) > 1


async def test_metrics_of_a_task_are_those_that_the_list_has() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    node.world.freeze()
    async with client_of(node) as client:
        tasks = [reading async for reading in client.read()][-1].tasks
        task = next(task for task in tasks if task.status == "Running" and task.used_bytes and task.plan_bytes)
        now_ms = round(1000 * datetime.now(UTC).timestamp())
        request = MetricsRequest(task.uuid, now_ms - 3_600_000, now_ms, 60)
        metrics = (await client.resources.task_metrics(request)).value
    assert len(metrics.used_percent) == len(metrics.rpo_ms) == 60
    assert task.used_bytes is not None
    assert task.plan_bytes is not None
    assert metrics.used_percent[-1].value == pytest.approx(100 * task.used_bytes / task.plan_bytes, rel=0.01)


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (FaultKind.DENIED, PermissionDenied),
        (FaultKind.MODULE_MISSING, CdpUnavailable),
        (FaultKind.FIREWALL, Intercepted),
        (FaultKind.ERROR, ServerError),
        (FaultKind.BAD_GATEWAY, Unreachable),
        (FaultKind.INVALID_JSON, UnreadableAnswer),
    ],
)
async def test_refused_metrics_differ_from_an_outage(kind: FaultKind, failure: type[ApiError]) -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=1, seed=1))
    node.faults.add_fault(Fault(kind=kind, path_prefix="/zwatch/metrics"))
    async with client_of(node) as client:
        with pytest.raises(failure) as caught:
            await client.resources.task_metrics(MetricsRequest("a", 0, 3_600_000, 60))
    assert type(caught.value) is failure
