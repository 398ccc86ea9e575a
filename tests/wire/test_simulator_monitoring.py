"""Alarms, events, audits and long jobs of the simulated node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import SimulatorSettings
from tests.wire.simulated import LOGIN, eventually, log_in, new_client

CDP = "conditions=namespace%3DZStack/CdpTask"


@pytest.fixture(scope="module")
def node() -> ManagementNode:
    node = ManagementNode(SimulatorSettings(port=0))
    node.jobs.duration_s = 0.0
    node.world.freeze()
    return node


@pytest.fixture(scope="module")
def client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    with new_client(server) as client:
        log_in(client)
        yield client


def read(client: httpx.Client, path: str, key: str, **parameters: object) -> list[dict[str, Any]]:
    answer = client.get(f"{path}?{urlencode(parameters, doseq=True)}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()[key]
    return rows


HISTORIES = [("/zwatch/alarm-histories", "histories"), ("/zwatch/events", "events")]


@pytest.mark.parametrize(("path", "key"), HISTORIES)
def test_history_is_paged_newest_first_and_counted(client: httpx.Client, path: str, key: str) -> None:
    everything = read(client, path, key, conditions="namespace=ZStack/CdpTask")
    assert len(everything) >= 3
    times = [row["time"] for row in everything]
    assert times == sorted(times, reverse=True)
    assert read(client, path, key, limit=2, start=1) == everything[1:3]
    assert client.get(f"{path}?count=true&limit=1").json() == {"total": len(everything)}
    assert read(client, path, key, conditions="namespace=ZStack/VM") == []


@pytest.mark.parametrize(("path", "key"), HISTORIES)
def test_times_of_a_history_are_milliseconds(client: httpx.Client, path: str, key: str) -> None:
    everything = read(client, path, key)
    middle = everything[1]["time"]
    assert read(client, path, key, startTime=middle) == [row for row in everything if row["time"] >= middle]
    assert read(client, path, key, endTime=middle) == [row for row in everything if row["time"] <= middle]
    assert read(client, path, key, endTime=middle // 1000) == []
    assert client.get(f"{path}?startTime=yesterday").status_code == 400


def test_each_unprotected_enabled_task_has_an_event(node: ManagementNode, client: httpx.Client) -> None:
    abnormal = {
        task.uuid: task.status
        for task in node.world.tasks.values()
        if task.state == "Enabled" and task.status in ("Failed", "Stopped", "Unknown")
    }
    newest: dict[str, str] = {}
    for event in read(client, "/zwatch/events", "events", limit=1000):
        newest.setdefault(event["resourceId"], event["labels"]["NewStatus"])
    assert abnormal
    assert newest == abnormal
    failed = read(client, "/zwatch/events", "events", conditions=["namespace=ZStack/CdpTask", "name=CdpTaskFailed"])
    assert {event["subscriptionUuid"] for event in failed} == {"98h262f95c1987fg2ba1be4a3562765f"}
    assert {event["resourceId"] for event in failed} == {uuid for uuid in abnormal if abnormal[uuid] == "Failed"}


def test_each_task_over_the_thresholds_has_an_alarm(node: ManagementNode, client: httpx.Client) -> None:
    world = node.world
    over = {"CdpTaskLatency": set[str](), "CdpTaskUsedCapacityInPercent": set[str]()}
    for task in world.tasks.values():
        used, latency = world.current_metrics(task)
        if task.status == "Running" and latency > 600_000:
            over["CdpTaskLatency"].add(task.uuid)
        if task.plan and 100 * used / task.plan > 80:
            over["CdpTaskUsedCapacityInPercent"].add(task.uuid)
    rows = read(client, "/zwatch/alarm-histories", "histories", limit=10_000)
    for metric, uuids in over.items():
        assert uuids
        current: dict[str, str] = {}
        for row in rows:
            if row["metricName"] == metric:
                current.setdefault(row["resourceUuid"], row["alarmStatus"])
        assert {uuid for uuid, status in current.items() if status == "Alarm"} == uuids
    assert all(row["metricValue"] > row["threshold"] for row in rows if row["alarmStatus"] == "Alarm")


@pytest.mark.parametrize(
    ("conditions", "metrics"),
    [
        (["metricName=CdpTaskLatency"], {"CdpTaskLatency"}),
        (["metricName!=CdpTaskLatency"], {"CdpTaskUsedCapacityInPercent"}),
        (["metricName=~%Latency|%InPercent"], {"CdpTaskLatency", "CdpTaskUsedCapacityInPercent"}),
        (["metricName!~%Latency"], {"CdpTaskUsedCapacityInPercent"}),
        # Of several conditions for one key only the last one counts.
        (["metricName=x", "metricName=CdpTaskLatency"], {"CdpTaskLatency"}),
    ],
)
def test_conditions_of_alarms(client: httpx.Client, conditions: list[str], metrics: set[str]) -> None:
    rows = read(client, "/zwatch/alarm-histories", "histories", conditions=conditions)
    assert {row["metricName"] for row in rows} == metrics


@pytest.mark.parametrize("condition", ["volume=1", "metricName", "name=x"])
def test_condition_with_an_unknown_key_is_an_error(client: httpx.Client, condition: str) -> None:
    answer = client.get(f"/zwatch/alarm-histories?{urlencode({'conditions': condition})}")
    assert answer.status_code == 503
    assert answer.json()["error"]["details"].startswith("invalid label[")


def test_audits_say_who_disabled_a_task(node: ManagementNode, client: httpx.Client) -> None:
    disabled = next(task for task in node.world.tasks.values() if task.state == "Disabled")
    (before,) = read(client, "/zwatch/audits", "audits", conditions=f"resourceUuid={disabled.uuid}")
    assert (before["apiName"].rpartition(".")[2], before["operator"]) == ("APIDisableCdpTaskMsg", "admin")
    task = next(task for task in node.world.tasks.values() if task.status == "Running" and task.storage.connected)
    client.post(f"/cdp-task/disable/{task.uuid}", json={"params": {"force": False}})
    client.post(f"/cdp-task/enable/{'f' * 32}")
    audits = "/zwatch/audits"
    eventually(lambda: len(read(client, audits, "audits", conditions="apiName=~EnableCdpTask")) == 1)
    (audit,) = read(client, audits, "audits", conditions=[f"resourceUuid={task.uuid}", "apiName=~DisableCdpTask"])
    assert (audit["success"], audit["clientIp"], audit["resourceName"]) == (True, "127.0.0.1", task.name)
    assert "error" not in audit
    assert json.loads(audit["requestDump"])[audit["apiName"]] == {"force": False}
    (failed,) = read(client, audits, "audits", conditions="error=SYS.1003")
    assert (failed["success"], failed["resourceUuid"]) == (False, "f" * 32)


def test_creation_is_audited_with_the_uuid_of_the_new_task(node: ManagementNode, client: httpx.Client) -> None:
    world = node.world
    values = {
        "name": "audited",
        "taskType": "VM",
        "policyUuid": next(iter(world.policies)),
        "backupStorageUuid": next(storage.uuid for storage in world.storages.values() if storage.connected),
        "resourceUuids": [next(uuid for uuid in world.machines if world.task_of(uuid) is None)],
    }
    for _ in range(2):  # the second one fails: the VM has a task by then
        job = client.post("/cdp-backup-storage/task", json={"params": values}).json()["location"].rpartition("/")[2]
        eventually(lambda job=job: client.get(f"/api-jobs/{job}").status_code != 202)  # type: ignore[misc]
    refused, created = read(client, "/zwatch/audits", "audits", conditions="apiName=~CreateCdpTask")
    task = next(task for task in world.tasks.values() if task.name == "audited")
    assert (created["resourceUuid"], created["success"]) == (task.uuid, True)
    assert (refused["error"], refused["success"]) == ("SYS.1006", False)


def test_logins_are_audited_with_their_address_and_without_secrets(client: httpx.Client) -> None:
    wrong = {"logInByAccount": {"accountName": "mallory", "password": "0" * 128}}
    client.put("/accounts/login", json=wrong)
    client.put("/accounts/login", json=LOGIN)
    rows = read(client, "/zwatch/audits", "audits", auditType="Login")
    assert [(row["operator"], row["success"]) for row in rows[:2]] == [("admin", True), ("mallory", False)]
    assert {row["clientIp"] for row in rows} == {"127.0.0.1"}
    assert LOGIN["logInByAccount"]["password"] not in json.dumps(rows)
    assert client.get("/zwatch/audits?auditType=Other").status_code == 503


def test_alarms_and_subscriptions_are_the_built_in_ones(client: httpx.Client) -> None:
    query = "q=namespace%3DZStack%2FCdpTask"
    alarms = {row["uuid"]: row for row in client.get(f"/zwatch/alarms?{query}").json()["inventories"]}
    assert {row["name"] for row in alarms.values()} == {"CDP Task RPO Latency", "Capacity Used by CDP Task"}
    assert {row["status"] for row in alarms.values()} == {"Alarm"}
    assert {bool(row["actions"]) for row in alarms.values()} == {True, False}
    uuid = "66898fa836694f7665d49b74dedf7631"
    assert client.get(f"/zwatch/alarms/{uuid}").json()["inventories"] == [alarms[uuid]]
    subscriptions = client.get(f"/zwatch/events/subscriptions?{query}").json()["inventories"]
    assert {(row["eventName"], row["state"]) for row in subscriptions} == {
        ("CdpTaskFailed", "Enabled"),
        ("CdpTaskStatusAbnormallyChanged", "Disabled"),
    }


@pytest.mark.parametrize(
    ("records", "history", "key"),
    [
        ("alarm-records", "alarm-histories", "histories"),
        ("event-records", "events", "events"),
        ("audit-records", "audits", "audits"),
    ],
)
def test_records_are_the_history_as_a_query(client: httpx.Client, records: str, history: str, key: str) -> None:
    rows = read(client, f"/zwatch/{history}", key, limit=1000)
    reply = client.get(f"/zwatch/{records}?limit=1000&replyWithCount=true&sort=-createTime").json()
    assert reply["total"] == len(rows) > 0
    assert [row["createTime"] for row in reply["inventories"]] == [row["time"] for row in rows]
    newest = rows[0]["time"]
    found = client.get(f"/zwatch/{records}?q=createTime%3E%3D{newest}&count=true").json()
    assert found["total"] == sum(row["time"] == newest for row in rows)


def test_long_jobs_of_cdp_and_the_progress_of_the_running_one(client: httpx.Client) -> None:
    names = "APICreateVmFromCdpBackupMsg,APIRevertVmFromCdpBackupMsg"
    query = urlencode({"q": f"jobName?={names}", "sort": "-createDate", "limit": 20})
    jobs = client.get(f"/longjobs?{query}").json()["inventories"]
    assert {job["state"] for job in jobs} == {"Running", "Succeeded", "Failed"}
    assert all(json.loads(job["jobData"])["vmInstanceUuid"] == job["targetResourceUuid"] for job in jobs)
    running = next(job for job in jobs if job["state"] == "Running")
    assert jobs.index(running) == 0
    assert "executeTime" not in running
    (progress,) = client.get(f"/task-progresses/{running['apiId']}").json()["inventories"]
    assert 0 < int(progress["content"]) < 100
    finished = next(job for job in jobs if job["state"] == "Succeeded")
    assert client.get(f"/task-progresses/{finished['apiId']}").json()["inventories"] == []
