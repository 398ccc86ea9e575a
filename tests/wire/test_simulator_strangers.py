"""Other clients: the message RPC, and the foreground server in its own process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha512
from typing import Any

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer, serve
from cdptui.simulator.settings import SimulatorSettings

QUERY_TASK = "org.zstack.header.storage.cdp.APIQueryCdpTaskMsg"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(ManagementNode(SimulatorSettings(port=0))) as server:
        yield server


def send(server: EmbeddedServer, name: str, message: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{server.url}/zstack/api/", json={name: message}, verify=False)
    assert answer.json()["state"] == "Done"
    kept = httpx.get(f"{server.url}/zstack/api/result/{answer.json()['uuid']}", verify=False)
    assert kept.content == answer.content
    reply: dict[str, Any] = httpx.Response(200, content=answer.json()["result"]).json()
    (name_of_reply,) = reply
    assert name_of_reply == f"{name.removesuffix('Msg')}Reply"
    found: dict[str, Any] = reply[name_of_reply]
    return found


def test_message_rpc_logs_in_queries_and_logs_out(server: EmbeddedServer) -> None:
    login = {"accountName": "admin", "password": sha512(b"password").hexdigest()}
    session = send(server, "org.zstack.header.identity.APILogInByAccountMsg", login)["inventory"]["uuid"]
    conditions = [
        {"name": "status", "op": "in", "value": "Failed,Stopped"},
        {"name": "name", "op": "like", "value": "%"},
    ]
    message = {
        "session": {"uuid": session},
        "conditions": conditions,
        "replyWithCount": True,
        "limit": 2,
        "sortBy": "name",
    }
    reply = send(server, QUERY_TASK, message)
    assert reply["success"] is True
    assert reply["total"] >= 2
    assert {task["status"] for task in reply["inventories"]} <= {"Failed", "Stopped"}
    logout = {"session": {"uuid": session}, "sessionUuid": session}
    assert send(server, "org.zstack.header.identity.APILogOutMsg", logout) == {"success": True}
    refused = send(server, QUERY_TASK, message)
    assert (refused["success"], refused["error"]["code"]) == (False, "ID.1001")


def test_message_that_is_not_known_is_refused(server: EmbeddedServer) -> None:
    login = {"accountName": "admin", "password": sha512(b"password").hexdigest()}
    session = send(server, "org.zstack.header.identity.APILogInByAccountMsg", login)["inventory"]["uuid"]
    reply = send(server, "org.zstack.header.zone.APIQueryZoneMsg", {"session": {"uuid": session}})
    assert reply["error"]["code"] == "PORTAL.1000"


async def test_vendors_own_client_is_content(server: EmbeddedServer) -> None:
    vendor = pytest.importorskip("zstack_mcp.zstack_client")
    client = vendor.ZStackClient(api_url=server.url, account="admin", password="password")
    try:
        conditions = [{"name": "state", "op": "=", "value": "Enabled"}]
        reply = await client.execute("QueryCdpTask", QUERY_TASK, {"conditions": conditions, "limit": 50})
        assert len(reply["inventories"]) == 50
        server.node.sessions.kill_all()
        again = await client.execute("QueryCdpTask", QUERY_TASK, {"count": True})
        assert again["total"] == len(server.node.world.tasks)
        for name in (
            "org.zstack.header.storage.cdp.APIQueryCdpPolicyMsg",
            "org.zstack.header.vm.APIQueryVmInstanceMsg",
            "org.zstack.header.storage.backup.APIQueryBackupStorageMsg",
        ):
            assert (await client.execute(name, name, {}))["inventories"]
        alive = server.node.sessions.alive()
        await client.logout()
        assert server.node.sessions.alive() == alive - 1
    finally:
        await client.close()


async def test_foreground_ends_when_it_is_cancelled() -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(ManagementNode(SimulatorSettings(port=0)), on_ready=ready.set_result))
    url = await ready
    async with httpx.AsyncClient(verify=False) as client:
        assert (await client.get(f"{url}/zstack/v1/licenses/addons")).status_code == 200
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        with pytest.raises(httpx.HTTPError):
            await client.get(f"{url}/zstack/v1/licenses/addons")


async def test_foreground_does_not_take_a_port_in_use(server: EmbeddedServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await serve(ManagementNode(SimulatorSettings(port=port, tasks=0)), on_ready=print)


FOREGROUND = """
import asyncio
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import serve
from cdptui.simulator.settings import SimulatorSettings
asyncio.run(serve(ManagementNode(SimulatorSettings(port=0)), on_ready=lambda url: print(url, flush=True)))
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_foreground_serves_until_a_signal_and_ends_quietly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOREGROUND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        with httpx.Client(verify=False) as client:
            assert client.get(f"{url}/zstack/v1/licenses/addons").status_code == 200
            process.send_signal(number)
            assert process.stdout.readline() == "ended\n"
        assert process.stderr.read() == ""
    assert process.returncode == 0
