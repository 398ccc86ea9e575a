"""The side questions of the client, answered by the simulator over a socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cdptui.api.client import Client
from cdptui.api.errors import ApiError
from cdptui.clock import SystemClock
from cdptui.config.address import normalise
from cdptui.models.auth import PasswordLogin
from cdptui.models.recovery import histories
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings


async def test_everything_around_a_task_is_read_from_a_node() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=60, seed=1))
    with EmbeddedServer(node) as server:
        auth = PasswordLogin(name="admin", password="password")
        client = Client(normalise(server.url), auth, timeout_s=5, clock=SystemClock())
        tasks = [reading async for reading in client.read()][-1].tasks
        storages = {storage.uuid: storage for storage in await client.resources.storages()}
        policies = {policy.uuid: policy for policy in await client.resources.policies()}
        assert {task.backup_storage_uuid for task in tasks} <= storages.keys()
        assert {task.policy_uuid for task in tasks} <= policies.keys()
        task = next(task for task in tasks if task.status == "Running" and task.resource_refs)
        vm = task.resource_refs[0].resource_uuid
        machine = await client.resources.machine(vm)
        assert machine is not None
        assert machine.volumes
        points = await client.resources.recovery_points(vm, datetime.now(UTC))
        found = histories(points, policies[task.policy_uuid or ""].interval_s)
        assert {history.volume_uuid for history in found} == {volume.uuid for volume in machine.volumes}
        assert all(history.newest and history.oldest and history.oldest < history.newest for history in found)
        with pytest.raises(ApiError):
            await client.resources.recovery_points("no-such-vm", datetime.now(UTC))
        await client.aclose()
