"""Other clients: the message RPC with the vendor's MCP client, and the foreground server in its own process."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from hashlib import sha512
from importlib.resources import files
from typing import Any
from uuid import uuid4

import httpx
import pytest
from zstack_mcp.zstack_client import ZStackApiError, ZStackClient

from cdptui.simulator.authentication import sign
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer, serve
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.simulated import eventually

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


def open_session(server: EmbeddedServer) -> str:
    login = {"accountName": "admin", "password": sha512(b"password").hexdigest()}
    session: str = send(server, "org.zstack.header.identity.APILogInByAccountMsg", login)["inventory"]["uuid"]
    return session


def test_message_rpc_logs_in_queries_and_logs_out(server: EmbeddedServer) -> None:
    session = open_session(server)
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


def test_unknown_message_is_refused(server: EmbeddedServer) -> None:
    session = open_session(server)
    reply = send(server, "org.zstack.header.zone.APIQueryZoneMsg", {"session": {"uuid": session}})
    assert reply["error"]["code"] == "PORTAL.1000"


def test_message_rpc_offers_every_api_of_the_rest_layer(server: EmbeddedServer) -> None:
    session = open_session(server)
    for route in server.node.router.apis:
        if route.is_public or not route.message.endswith("Msg"):
            continue
        envelope = httpx.post(
            f"{server.url}/zstack/api/", json={route.name: {"session": {"uuid": session}}}, verify=False
        ).json()
        assert envelope["state"] in ("Done", "Processing"), route.name
        assert "PORTAL.1000" not in envelope.get("result", ""), route.name


def test_asynchronous_message_is_processing_until_its_event(server: EmbeddedServer) -> None:
    session = {"uuid": open_session(server)}
    task = next(task for task in server.node.world.tasks.values() if task.state == "Enabled")
    name = "org.zstack.header.storage.cdp.APIDisableCdpTaskMsg"
    answer = httpx.post(
        f"{server.url}/zstack/api/", json={name: {"session": session, "uuid": task.uuid}}, verify=False
    ).json()
    assert answer["state"] == "Processing"
    result_url = f"{server.url}/zstack/api/result/{answer['uuid']}"
    eventually(lambda: httpx.get(result_url, verify=False).json()["state"] == "Done")
    event = json.loads(httpx.get(result_url, verify=False).json()["result"])[
        "org.zstack.header.storage.cdp.APIDisableCdpTaskEvent"
    ]
    assert event["success"] is True
    assert (event["inventory"]["uuid"], event["inventory"]["state"]) == (task.uuid, "Disabled")
    missing = httpx.post(f"{server.url}/zstack/api/", json={name: {"session": session, "uuid": "f" * 32}}, verify=False)
    failed_url = f"{server.url}/zstack/api/result/{missing.json()['uuid']}"
    eventually(lambda: httpx.get(failed_url, verify=False).json()["state"] == "Done")
    assert "SYS.1003" in httpx.get(failed_url, verify=False).json()["result"]


def test_message_without_a_session_is_refused(server: EmbeddedServer) -> None:
    assert send(server, "org.zstack.license.APIGetLicenseInfoMsg", {})["error"]["code"] == "ID.1001"


def test_names_of_apis_are_those_of_the_vendors_documentation(server: EmbeddedServer) -> None:
    text = files("zstack_mcp").joinpath("data", "api_docs.json").read_text(encoding="utf-8")
    documented = {entry["apiName"].rpartition(".")[2]: entry["apiName"] for entry in json.loads(text).values()}
    routes = [route for route in server.node.router.apis if route.message in documented]
    assert len(routes) > 20
    assert [route.name for route in routes if route.name != documented[route.message]] == []


@pytest.fixture
async def vendor_client(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ZStackClient]:
    """The vendor's MCP client, with its account."""
    monkeypatch.delenv("ZSTACK_SESSION_ID", raising=False)  # it takes precedence over the password
    server.node.jobs.duration_s = 0.0
    client = ZStackClient(api_url=server.url, account="admin", password="password")
    client.JOB_POLL_INTERVAL = 0.01
    yield client
    await client.close()


async def test_vendors_mcp_client_queries_and_logs_in_again(
    server: EmbeddedServer, vendor_client: ZStackClient
) -> None:
    conditions = [{"name": "state", "op": "=", "value": "Enabled"}]
    reply = await vendor_client.execute("QueryCdpTask", QUERY_TASK, {"conditions": conditions, "limit": 50})
    assert len(reply["inventories"]) == 50
    server.node.sessions.kill_all()
    again = await vendor_client.execute("QueryCdpTask", QUERY_TASK, {"count": True})
    assert again["total"] == len(server.node.world.tasks)
    alive = server.node.sessions.alive()
    await vendor_client.logout()
    assert server.node.sessions.alive() == alive - 1


@pytest.mark.parametrize(
    "name",
    [
        "org.zstack.header.storage.cdp.APIQueryCdpPolicyMsg",
        "org.zstack.header.vm.APIQueryVmInstanceMsg",
        "org.zstack.header.storage.backup.APIQueryBackupStorageMsg",
        "org.zstack.storage.backup.imagestore.APIQueryImageStoreBackupStorageMsg",
        "org.zstack.header.host.APIQueryHostMsg",
        "org.zstack.header.managementnode.APIQueryManagementNodeMsg",
        "org.zstack.header.longjob.APIQueryLongJobMsg",
        "org.zstack.zwatch.alarm.APIQueryAlarmMsg",
        "org.zstack.zwatch.alarm.APIQueryEventSubscriptionMsg",
        "org.zstack.zwatch.api.APIQueryAlarmRecordMsg",
        "org.zstack.zwatch.api.APIQueryEventRecordMsg",
        "org.zstack.zwatch.api.APIQueryAuditMsg",
    ],
)
async def test_vendors_mcp_client_reads_inventories(vendor_client: ZStackClient, name: str) -> None:
    assert (await vendor_client.execute(name, name, {}))["inventories"]


@pytest.mark.parametrize(
    ("name", "key"), [("GetAlarmData", "histories"), ("GetEventData", "events"), ("GetAuditData", "audits")]
)
async def test_vendors_mcp_client_reads_histories(vendor_client: ZStackClient, name: str, key: str) -> None:
    values: dict[str, object] = {"limit": 1, "startTime": 0}
    if name != "GetAuditData":
        values["conditions"] = ["namespace=ZStack/CdpTask"]
    reply = await vendor_client.execute(name, f"org.zstack.zwatch.api.API{name}Msg", values)
    assert len(reply[key]) == 1


async def test_vendors_mcp_client_updates_a_task_and_waits_for_its_event(
    server: EmbeddedServer, vendor_client: ZStackClient
) -> None:
    uuid = next(iter(server.node.world.tasks))
    name = "org.zstack.header.storage.cdp.APIUpdateCdpTaskMsg"
    values = {"uuid": uuid, "name": "renamed", "maxCapacity": str(5 << 40), "backupBandwidth": -1, "maxLatency": 0}
    event = await vendor_client.execute("UpdateCdpTask", name, values, is_async=True)
    assert (event["inventory"]["name"], event["inventory"]["maxCapacity"]) == ("renamed", 5 << 40)
    with pytest.raises(ZStackApiError) as refused:
        await vendor_client.execute("UpdateCdpTask", name, values | {"maxCapacity": -5}, is_async=True)
    assert refused.value.code == "SYS.1007"


async def test_vendors_mcp_client_reads_metrics_and_recovery_points(
    server: EmbeddedServer, vendor_client: ZStackClient
) -> None:
    task = next(task for task in server.node.world.tasks.values() if task.machine and task.storage.connected)
    assert task.machine is not None
    labels = {"CdpTaskUuid": task.uuid}
    data = await vendor_client.query_metric_data("ZStack/CdpTask", "CdpTaskLatency", labels=labels)
    assert {point["labels"]["CdpTaskUuid"] for point in data["data"]} == {task.uuid}
    name = "org.zstack.header.storage.cdp.APIGetVmInstanceRecoveryPointsMsg"
    points = await vendor_client.execute(name, name, {"uuid": task.machine.uuid, "scale": "hour", "limit": 2})
    assert set(points["recoveryPoints"]) == {volume.uuid for volume in task.machine.volumes}


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Etc/UTC", "GMT+08:00", "CST"])
def test_request_of_the_java_sdk_with_an_access_key_is_accepted(server: EmbeddedServer, zone: str) -> None:
    settings = server.node.settings
    # Wall-clock time of the server: with the vendor's default setting its zone is not evaluated.
    date = datetime.now(server.node.zone).strftime(f"%a, %d %b %Y %H:%M:%S {zone}")
    headers = {
        "Date": date,
        "Authorization": f"ZStack {settings.access_key_id}:"
        + sign(settings.access_key_secret, "GET", date, "/v1/cdp-task"),
        "X-Job-UUID": uuid4().hex,
        "X-JSON-Schema": "true",
    }
    answer = httpx.get(f"{server.url}/zstack/v1/cdp-task?limit=1&count=false", headers=headers, verify=False)
    assert (answer.status_code, len(answer.json()["inventories"])) == (200, 1)


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


async def test_foreground_on_a_port_in_use_is_an_os_error(server: EmbeddedServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await serve(ManagementNode(SimulatorSettings(port=port, tasks=0)), on_ready=print)


FOREGROUND = """
import asyncio
from cdptui.simulator.authentication import sign
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
