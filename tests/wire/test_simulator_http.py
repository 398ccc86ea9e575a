"""The simulated node on a real socket: bodies, headers, sessions and jobs like those of the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha512
from itertools import pairwise
from typing import Any, Literal

import httpx
import pytest

from cdptui.simulator.node import ManagementNode
from cdptui.simulator.server import EmbeddedServer
from cdptui.simulator.settings import Dialect, SimulatorSettings

PASSWORD = sha512(b"password").hexdigest()
NO_OPERATOR = (
    "Invalid query parameter. The 'name' in the parameter[q] doesn't contain any query operator."
    " Valid query operators are [[!=, >=, <=, !?=, !~=, ~=, ?=, =, >, <, is null, not null]]"
)
LOGIN = {"logInByAccount": {"accountName": "admin", "password": PASSWORD}}


@pytest.fixture(scope="module")
def node() -> ManagementNode:
    node = ManagementNode(SimulatorSettings(port=0))
    node.jobs.duration_s = 0.05
    return node


@pytest.fixture
def bare(server: EmbeddedServer) -> Iterator[httpx.Client]:
    """A client without a session."""
    with httpx.Client(base_url=f"{server.url}/zstack/v1", timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def client(bare: httpx.Client) -> httpx.Client:
    """A client that is logged in."""
    session = bare.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
    bare.headers["Authorization"] = f"OAuth {session}"
    return bare


def error_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 503
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_go_sdk_logs_in_queries_and_logs_out(node: ManagementNode, client: httpx.Client) -> None:
    alive = node.sessions.alive()
    answer = client.get("/cdp-task", params={"limit": 5, "start": 0, "replyWithCount": "true", "sort": "+uuid"})
    assert answer.status_code == 200
    reply = answer.json()
    assert set(reply) == {"schema", "total", "inventories"}
    assert reply["total"] == len(node.world.tasks)
    uuids = [task["uuid"] for task in reply["inventories"]]
    assert uuids == sorted(node.world.tasks)[:5]
    session = client.headers["Authorization"].split()[1]
    assert client.get(f"/accounts/sessions/{session}/valid").json() == {"valid": True}
    assert client.delete(f"/accounts/sessions/{session}").text == "{}"
    assert client.get(f"/accounts/sessions/{session}/valid").json() == {"valid": False}
    assert node.sessions.alive() == alive - 1
    assert error_of(client.get("/cdp-task"))["code"] == "ID.1001"


def test_response_has_no_content_type_and_sets_the_cookie_once(client: httpx.Client, bare: httpx.Client) -> None:
    first = httpx.get(f"{bare.base_url}cdp-task", headers=client.headers, verify=False)
    assert "content-type" not in first.headers
    assert "server" not in first.headers
    assert re.fullmatch(r"JSESSIONID=[0-9A-F]{32}; Path=/zstack; HttpOnly", first.headers["set-cookie"])
    assert "set-cookie" not in client.get("/cdp-task").headers


def test_bodies_are_one_line_and_html_safe(node: ManagementNode, client: httpx.Client) -> None:
    uuid = node.world.add(name="a=b<c>&'x'")
    body = client.get(f"/cdp-task/{uuid}").content
    assert b"\n" not in body
    assert b'", "' not in body
    assert b'": ' not in body
    assert rb'"name":"a\u003db\u003cc\u003e\u0026\u0027x\u0027"' in body
    node.world.remove(uuid)


def test_task_has_the_fields_of_its_class(client: httpx.Client) -> None:
    tasks = client.get("/cdp-task").json()["inventories"]
    fields = set().union(*tasks)
    assert fields == {
        "uuid", "name", "description", "policyUuid", "backupStorageUuid", "status", "state", "taskType",
        "backupBandwidth", "maxCapacity", "usedCapacity", "maxLatency", "lastLatency", "createDate", "lastOpDate",
        "resourceRefs",
    }  # fmt: skip
    assert any("description" not in task for task in tasks)
    assert any(not task["resourceRefs"] for task in tasks)
    assert any(task["maxCapacity"] == 0 for task in tasks)
    for task in tasks:
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M", task["createDate"])


def test_one_task_by_uuid_is_a_list_and_ignores_parameters(node: ManagementNode, client: httpx.Client) -> None:
    uuid = next(iter(node.world.tasks))
    reply = client.get(f"/cdp-task/{uuid}?replyWithCount=true&limit=0&fields=nonsense").json()
    assert [task["uuid"] for task in reply["inventories"]] == [uuid]
    assert "total" not in reply
    assert client.get(f"/cdp-task/{'f' * 32}").text == '{"schema":{},"inventories":[]}'


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/cdp-task?limit=ten", 400, "Invalid query parameter. 'limit' must be an integer"),
        ("/cdp-task?start=x", 400, "Invalid query parameter. 'start' must be an integer"),
        (
            "/cdp-task?q=name",
            400,
            NO_OPERATOR,
        ),
        ("/cdp-task/", 404, "no api mapping to /v1/cdp-task/"),
        ("/cbt-task", 404, "no api mapping to /v1/cbt-task"),
        ("/api-jobs/5d0345d3ddcae485f8170572b15a2b58", 404, "the job has been expired"),
    ],
)
def test_errors_of_the_rest_layer_are_plain_text(client: httpx.Client, path: str, status: int, text: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (status, text)
    assert "content-type" not in answer.headers


def test_missing_header_and_wrong_scheme_are_plain_text_400(bare: httpx.Client) -> None:
    assert (bare.get("/cdp-task").status_code, bare.get("/cdp-task").text) == (400, "missing header 'Authorization'")
    wrong = bare.get("/cdp-task", headers={"Authorization": "Bearer x"})
    assert (wrong.status_code, wrong.text) == (400, "Authorization type must be 'OAuth'")


def test_unknown_field_is_an_internal_error(client: httpx.Client) -> None:
    assert client.get("/cdp-task?q=foo%3D1").json() == {
        "error": {
            "code": "SYS.1000",
            "description": "An internal error happened in system",
            "details": "org.zstack.header.exception.CloudRuntimeException: inventory class[class"
            " org.zstack.header.storage.cdp.CdpTaskInventory] not having field[foo]",
        }
    }


def test_error_of_a_wrong_password_is_chinese_and_not_escaped(bare: httpx.Client) -> None:
    body = {"logInByAccount": {"accountName": "admin", "password": "password"}}
    answer = bare.put("/accounts/login", json=body)
    assert answer.text == (
        '{"error":{"code":"ID.1000","description":"Unable to authenticate a user",'
        '"details":"错误信息: 错误的帐号或密码",'
        '"elaboration":"错误信息: 错误的帐号或密码\\n","cost":"2ms"}}'
    )


def test_login_with_the_old_wrapper_fails_and_the_unified_login_works(bare: httpx.Client) -> None:
    lost = bare.put("/accounts/login", json={"logIn": LOGIN["logInByAccount"]})
    assert error_of(lost)["code"] == "SYS.1007"
    body = {"logIn": {"username": "admin", "password": PASSWORD, "loginType": "account"}}
    inventory = bare.put("/login", json=body).json()["inventory"]
    assert inventory["accountUuid"] == "36c27e8ff05c4780bf6d2fa65700f22e"
    assert inventory["noSessionEvaluation"] is False


def test_method_is_checked_only_on_shared_paths(node: ManagementNode, client: httpx.Client) -> None:
    assert "inventories" in client.post("/cdp-task").json()
    uuid = next(iter(node.world.tasks))
    assert client.put(f"/cdp-task/{uuid}", json={}).status_code == 400
    assert client.post(f"/cdp-task/{uuid}", json={}).status_code == 500
    assert client.request("PATCH", f"/cdp-task/{uuid}").status_code == 405
    assert client.put("/management-nodes/actions", json={"reboot": {}}).status_code == 400
    assert client.put("/management-nodes/actions", content=b"{").status_code == 500
    assert client.post("/api-jobs/x").status_code == 405


def test_raw_characters_in_the_url_are_refused_by_tomcat(client: httpx.Client, server: EmbeddedServer) -> None:
    url = httpx.URL(f"{server.url}/zstack/v1/cdp-task")
    answer = client.get(url.copy_with(raw_path=b"/zstack/v1/cdp-task?q=name~=[x]"))
    assert answer.status_code == 400
    assert "Apache Tomcat" in answer.text


def test_names_of_all_kinds_of_resources(node: ManagementNode, client: httpx.Client) -> None:
    task = next(task for task in node.world.tasks.values() if task.machine is not None)
    assert task.machine is not None
    uuids = [task.machine.uuid, task.storage.uuid, task.policy.uuid, "unknown"]
    found = client.get("/resources/names", params={"uuids": uuids}).json()["inventories"]
    assert [(row["uuid"], row["resourceName"], row["resourceType"]) for row in found] == [
        (task.machine.uuid, task.machine.name, "VmInstanceVO"),
        (task.storage.uuid, task.storage.name, "BackupStorageVO"),
        (task.policy.uuid, task.policy.name, "CdpPolicyVO"),
    ]
    assert client.get("/resources/names", params={"uuids": ",".join(uuids)}).json()["inventories"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/cdp-backup-storage/policy",
        "/vm-instances",
        "/volumes",
        "/backup-storage",
        "/backup-storage/image-store",
        "/hosts",
    ],
)
def test_other_inventories_share_the_query_engine(client: httpx.Client, path: str) -> None:
    reply = client.get(f"{path}?sort=%2Bname&limit=2&replyWithCount=true").json()
    rows = reply["inventories"]
    assert len(rows) == 2 <= reply["total"]
    assert reply["schema"]["inventories[1]"].endswith("Inventory")
    assert client.get(f"{path}/{rows[0]['uuid']}").json()["inventories"] == rows[:1]
    uuids = "%2C".join(row["uuid"] for row in rows)
    some = client.get(f"{path}?q=uuid%3F%3D{uuids}&fields=uuid,name").json()["inventories"]
    assert sorted(row["uuid"] for row in some) == sorted(row["uuid"] for row in rows)
    assert all(set(row) == {"uuid", "name"} for row in some)


def test_image_stores_are_the_storages_with_their_ssh_access(node: ManagementNode, client: httpx.Client) -> None:
    reply = client.get("/backup-storage/image-store").json()
    assert {row["uuid"] for row in reply["inventories"]} == set(node.world.storages)
    assert reply["schema"]["inventories[0]"].endswith("imagestore.ImageStoreBackupStorageInventory")
    assert all((row["username"], row["sshPort"]) == ("root", 22) for row in reply["inventories"])
    assert len({row["hostname"] for row in reply["inventories"]}) == len(node.world.storages)
    plain = client.get("/backup-storage").json()["inventories"]
    assert all("hostname" not in row for row in plain)


def test_management_node_has_a_heart_beat_and_the_hosts_run_the_vms(client: httpx.Client) -> None:
    (row,) = client.get("/management-nodes").json()["inventories"]
    assert set(row) == {"uuid", "hostName", "joinDate", "heartBeat"}
    assert client.get(f"/management-nodes/{row['uuid']}").json()["inventories"][0]["uuid"] == row["uuid"]
    hosts = {host["uuid"] for host in client.get("/hosts").json()["inventories"]}
    machines = client.get("/vm-instances?limit=0").json()["inventories"]
    assert {machine["hostUuid"] for machine in machines if "hostUuid" in machine} <= hosts


def test_some_user_vms_have_no_task(client: httpx.Client) -> None:
    tasks = client.get("/cdp-task?limit=0").json()["inventories"]
    protected = {ref["resourceUuid"] for task in tasks for ref in task["resourceRefs"]}
    query = "q=type%3DUserVm&q=hypervisorType%3DKVM&q=state!%3F%3DDestroyed,Expunging,Error"
    vms = client.get(f"/vm-instances?{query}&fields=uuid,name,state&limit=1000&sort=%2Buuid").json()["inventories"]
    unprotected = [vm for vm in vms if vm["uuid"] not in protected]
    assert 2 <= len(unprotected) < len(vms)
    every = {vm["uuid"]: vm for vm in client.get("/vm-instances?limit=0").json()["inventories"]}
    left_out = [vm for uuid, vm in every.items() if uuid not in {vm["uuid"] for vm in vms}]
    assert {(vm["type"], vm["state"]) for vm in left_out} == {("ApplianceVm", "Running"), ("UserVm", "Destroyed")}


def test_licence_and_its_add_ons(bare: httpx.Client, client: httpx.Client) -> None:
    inventory = client.get("/licenses").json()["inventory"]
    assert (inventory["expired"], inventory["licenseType"]) == (False, "Paid")
    (addon,) = httpx.get(f"{bare.base_url}licenses/addons", verify=False).json()["addons"]
    assert (addon["name"], addon["modules"], addon["expired"]) == ("CDP", ["cdp"], False)


@pytest.mark.parametrize(
    ("statuses", "absent"), [("all", set()), ("no-stopping", {"Stopping"}), ("basic", {"Stopping", "DataMerging"})]
)
def test_server_reports_only_the_statuses_that_it_knows(
    statuses: Literal["all", "no-stopping", "basic"], absent: set[str]
) -> None:
    node = ManagementNode(SimulatorSettings(dialect=Dialect(statuses=statuses)))
    rows = [node.task_table.inventory(task) for task in node.world.tasks.values()]
    known = {"Created", "Starting", "Running", "DataMerging", "Stopping", "Stopped", "Failed", "Unknown"}
    assert {row["status"] for row in rows} == known - absent
    column = node.task_table.table.columns["status"]
    assert [column.read(task) for task in node.world.tasks.values()] == [row["status"] for row in rows]


def test_management_apis_return_version_time_and_zone(bare: httpx.Client, client: httpx.Client) -> None:
    assert bare.put("/management-nodes/actions", json={"getVersion": {}}).json() == {
        "version": "5.2.1",
        "success": True,
    }
    times = bare.put("/management-nodes/actions", json={"getCurrentTime": {}}).json()["currentTime"]
    assert times["MillionSeconds"] // 1000 == times["Seconds"]
    assert (
        "APIQueryCdpTaskMsg" in bare.put("/management-nodes/actions", json={"getSupportAPIs": {}}).json()["supportApis"]
    )
    zone = client.get("/management-nodes/platform-timezone").json()
    assert zone == {"timezone": "Asia/Shanghai", "offset": "+08:00", "success": True}
    assert bare.get("/licenses/addons").json()["addons"][0]["modules"] == ["cdp"]


@pytest.mark.parametrize("policy", ["gold", "bronze"])
def test_recovery_points_by_volume(node: ManagementNode, client: httpx.Client, policy: str) -> None:
    reached = [task for task in node.world.tasks.values() if task.machine is not None and task.storage.connected]
    task = next(task for task in reached if task.policy.name == policy)
    assert task.machine is not None
    path = f"/vm-instances/{task.machine.uuid}"
    points = client.get(f"{path}/recovery-points?scale=minute&limit=3").json()["recoveryPoints"]
    assert set(points) == {volume.uuid for volume in task.machine.volumes}
    for volume, found in points.items():
        assert len(found) <= 3
        assert all(point["volId"] == volume and point["ts"].endswith("+08:00") for point in found)
        assert [point["id"] for point in found] == sorted((point["id"] for point in found), reverse=True)
        moments = [datetime.fromisoformat(point["ts"]).timestamp() for point in found]
        step = max(60, task.policy.seconds)
        assert all(step - 5 < newer - older < step + 5 for newer, older in pairwise(moments)), (
            "the interval of the policy"
        )
    written = [sum(point["size"] for point in group) for group in zip(*points.values(), strict=True)]
    newest_s = datetime.fromisoformat(next(iter(points.values()))[0]["ts"]).timestamp() // 60 * 60
    rates = [node.world.write_rate(task, newest_s - step * number) for number in range(len(written))]
    assert written == pytest.approx([rate * step for rate in rates], rel=1e-3), "what the VM wrote since the one before"
    assert client.get(f"{path}/protected-recovery-points").status_code == 200
    assert error_of(client.get(f"{path}/recovery-points?scale=week"))["code"] == "SYS.1007"
    away = next(task for task in node.world.tasks.values() if task.machine is not None and not task.storage.connected)
    assert away.machine is not None
    refused = error_of(client.get(f"/vm-instances/{away.machine.uuid}/recovery-points"))
    assert refused["details"] == f"Backup storage[uuid: {away.storage.uuid}] is not connected"


def test_metrics_and_requirement(node: ManagementNode, client: httpx.Client) -> None:
    task = next(iter(node.world.tasks.values()))
    query = {"namespace": "ZStack/CdpTask", "metricName": "CdpTaskLatency", "labels": f"CdpTaskUuid={task.uuid}"}
    data = client.get("/zwatch/metrics", params=query).json()["data"]
    assert len(data) == 60
    assert data[0]["labels"]["CdpTaskUuid"] == task.uuid
    assert data[1]["time"] - data[0]["time"] == 60
    assert error_of(client.get("/zwatch/metrics?namespace=x&metricName=y"))["code"] == "SYS.1007"
    required = client.get(f"/cdp-backup-storage/{task.storage.uuid}/requirement").json()
    assert required["required"].keys() == required["current"].keys()


def finished(client: httpx.Client, accepted: httpx.Response) -> httpx.Response:
    """Poll a job and return its result; its location needs no authentication."""
    assert accepted.status_code == 202
    assert accepted.json()["apiTimeout"] == 1800000
    first = httpx.get(accepted.json()["location"], verify=False)
    while first.status_code == 202:
        assert first.text == "{}"
        first = httpx.get(accepted.json()["location"], verify=False)
    return first


def test_disable_and_enable_are_jobs(node: ManagementNode, client: httpx.Client) -> None:
    uuid = next(t.uuid for t in node.world.tasks.values() if t.status == "Running" and t.storage.connected)
    off = finished(client, client.post(f"/cdp-task/disable/{uuid}", json={"params": {}})).json()["inventory"]
    assert (off["status"], off["state"]) == ("Stopped", "Disabled")
    on = finished(client, client.post(f"/cdp-task/enable/{uuid}")).json()["inventory"]
    assert (on["status"], on["state"]) == ("Running", "Enabled")


def test_update_and_delete_are_jobs(node: ManagementNode, client: httpx.Client) -> None:
    uuid = node.world.add(name="before")
    body = {"updateCdpTask": {"name": "after", "maxCapacity": 123 << 30}}
    path = f"/cdp-backup-storage/task/{uuid}/actions"
    renamed = finished(client, client.put(path, json=body)).json()["inventory"]
    assert (renamed["name"], renamed["maxCapacity"]) == ("after", 123 << 30)
    assert client.put(path, json={"updateCdpTask": {"maxCapacity": "big"}}).status_code == 400
    assert finished(client, client.delete(f"/cdp-task/{uuid}?deleteMode=Permissive")).json() == {}
    assert uuid not in node.world.tasks
    assert error_of(finished(client, client.post(f"/cdp-task/enable/{uuid}")))["code"] == "SYS.1003"


UNCHANGED = {"backupBandwidth": -1, "maxCapacity": -1, "maxLatency": 0}
"""What the vendor's Java SDK sends for the values that its caller did not set."""


@pytest.mark.parametrize(
    ("values", "changed"),
    [
        ({}, {}),
        ({"name": "renamed"}, {"name": "renamed"}),
        ({"maxCapacity": 5 << 40}, {"maxCapacity": 5 << 40}),
        ({"maxCapacity": 0}, {"maxCapacity": 0}),
        ({"backupBandwidth": 0}, {"backupBandwidth": 0}),
        ({"maxLatency": 300_000}, {"maxLatency": 300_000}),
        ({"description": None, "maxCapacity": None}, {}),
    ],
)
def test_update_of_the_java_sdk_changes_only_what_its_caller_set(
    node: ManagementNode, client: httpx.Client, values: dict[str, object], changed: dict[str, object]
) -> None:
    uuid = node.world.add(name="before")
    node.world.update(node.world.tasks[uuid], {"maxCapacity": 1 << 40, "maxLatency": 600_000, "backupBandwidth": 7})
    settable = ("name", "description", "backupBandwidth", "maxCapacity", "maxLatency")
    before = client.get(f"/cdp-task/{uuid}").json()["inventories"][0]
    body = {"updateCdpTask": {**UNCHANGED, **values}, "systemTags": []}
    after = finished(client, client.put(f"/cdp-backup-storage/task/{uuid}/actions", json=body)).json()["inventory"]
    assert {key: after.get(key) for key in settable} == {key: before.get(key) for key in settable} | changed
    node.world.remove(uuid)


@pytest.mark.parametrize("values", [{"maxCapacity": -5}, {"backupBandwidth": -2}, {"maxLatency": -1}])
def test_update_with_another_negative_value_is_an_error_that_changes_nothing(
    node: ManagementNode, client: httpx.Client, values: dict[str, int]
) -> None:
    task = next(task for task in node.world.tasks.values() if task.plan)
    plan = task.plan
    body = {"updateCdpTask": {"name": "renamed", **values}}
    path = f"/cdp-backup-storage/task/{task.uuid}/actions"
    error = error_of(finished(client, client.put(path, json=body)))
    assert error["code"] == "SYS.1007"
    assert next(iter(values)) in error["details"]
    assert (task.plan, task.name == "renamed") == (plan, False)


def creation(node: ManagementNode, **changes: object) -> dict[str, object]:
    """The body of the Java SDK for a new task of a VM without one."""
    world = node.world
    machine = next(machine for machine in world.machines.values() if world.task_of(machine.uuid) is None)
    storage = next(storage for storage in world.storages.values() if storage.connected)
    values: dict[str, object] = {
        "name": "new task",
        "taskType": "VM",
        "policyUuid": next(iter(world.policies)),
        "backupStorageUuid": storage.uuid,
        "resourceUuids": [machine.uuid],
        "backupBandwidth": 0,
        "maxCapacity": 0,
        "maxLatency": 600_000,
    }
    return {"params": {key: value for key, value in (values | changes).items() if value is not None}}


@pytest.mark.parametrize("optional", ["backupBandwidth", "maxCapacity", "maxLatency"])
def test_task_is_created_with_the_defaults_of_the_server(
    node: ManagementNode, client: httpx.Client, optional: str
) -> None:
    body = creation(node, **{optional: None})
    task = finished(client, client.post("/cdp-backup-storage/task", json=body)).json()["inventory"]
    assert (task["name"], task["state"], task["status"]) == ("new task", "Enabled", "Created")
    assert (task["backupBandwidth"], task["maxCapacity"], task["maxLatency"]) == (0, 0, 600_000)
    machine = task["resourceRefs"][0]["resourceUuid"]
    assert [machine] == body["params"]["resourceUuids"]  # type: ignore[index]
    again = finished(client, client.post("/cdp-backup-storage/task", json=creation(node, resourceUuids=[machine])))
    assert "already protected" in error_of(again)["details"]
    assert finished(client, client.delete(f"/cdp-task/{task['uuid']}")).json() == {}
    assert client.get(f"/vm-instances/{machine}").json()["inventories"], "the VM is not deleted with its task"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"taskType": "Volume"}, "SYS.1007"),
        ({"maxCapacity": -1}, "SYS.1007"),
        ({"policyUuid": "f" * 32}, "SYS.1003"),
        ({"backupStorageUuid": "f" * 32}, "SYS.1003"),
        ({"resourceUuids": ["f" * 32]}, "SYS.1003"),
        ({"resourceUuids": ["e" * 32, "f" * 32]}, "SYS.1006"),
        ({"resourceUuids": []}, "SYS.1007"),
        ({"name": None}, "SYS.1007"),
        ({"policyUuid": None}, "SYS.1007"),
    ],
)
def test_task_with_invalid_values_is_not_created(
    node: ManagementNode, client: httpx.Client, changes: dict[str, object], code: str
) -> None:
    before = set(node.world.tasks)
    answer = client.post("/cdp-backup-storage/task", json=creation(node, **changes))
    answer = finished(client, answer) if answer.status_code == 202 else answer
    assert error_of(answer)["code"] == code
    assert set(node.world.tasks) == before


def test_task_is_not_created_on_a_disconnected_storage(node: ManagementNode, client: httpx.Client) -> None:
    storage = next(storage for storage in node.world.storages.values() if not storage.connected)
    body = creation(node, backupStorageUuid=storage.uuid)
    error = error_of(finished(client, client.post("/cdp-backup-storage/task", json=body)))
    assert error["details"].endswith("is not connected")


def test_recovery_point_is_described_protected_and_unprotected(node: ManagementNode, client: httpx.Client) -> None:
    task = next(task for task in node.world.tasks.values() if task.machine and task.storage.connected and task.used)
    assert task.machine is not None
    vm = f"/vm-instances/{task.machine.uuid}"
    point = client.get(f"{vm}/recovery-points?limit=1").json()["recoveryPoints"][task.machine.volumes[0].uuid][0]
    group = point["grpId"]
    described = client.get(f"{vm}/recovery-point?groupId={group}&limit=1000&start=0").json()
    assert described["realSizes"][point["volId"]] == point["size"]
    assert described["virtualSizes"] == {volume.uuid: volume.size for volume in task.machine.volumes}
    assert described["timestamp"] == point["ts"]

    def protected() -> dict[int, str | None]:
        points = client.get(f"{vm}/protected-recovery-points").json()["recoveryPoints"][point["volId"]]
        return {point["grpId"]: point.get("desc") for point in points}

    before = protected()
    body = {"protectVmInstanceRecoveryPoint": {"groupId": group, "description": "before the audit"}}
    assert finished(client, client.put(f"{vm}/protect-recovery-point", json=body)).json() == {}
    assert protected() == before | {group: "before the audit"}
    older = {"unprotectVmInstanceRecoveryPoint": {"timestamp": point["ts"]}}
    assert finished(client, client.put(f"{vm}/unprotect-recovery-point", json=older)).json() == {}
    assert protected() == before


@pytest.mark.parametrize("group", ["0", "99999999999"])
def test_unknown_recovery_point_is_not_found(node: ManagementNode, client: httpx.Client, group: str) -> None:
    task = next(task for task in node.world.tasks.values() if task.machine and task.storage.connected)
    assert task.machine is not None
    vm = f"/vm-instances/{task.machine.uuid}"
    assert error_of(client.get(f"{vm}/recovery-point?groupId={group}"))["code"] == "SYS.1003"
    body = {"protectVmInstanceRecoveryPoint": {"groupId": group}}
    assert error_of(finished(client, client.put(f"{vm}/protect-recovery-point", json=body)))["code"] == "SYS.1003"


def test_enabling_on_a_disconnected_storage_fails_with_its_cause(node: ManagementNode, client: httpx.Client) -> None:
    task = next(task for task in node.world.tasks.values() if not task.storage.connected)
    error = error_of(finished(client, client.post(f"/cdp-task/enable/{task.uuid}")))
    assert error["location"] == "start-cdp-task-on-host"
    assert error["cause"]["details"].endswith("is not connected")


def test_job_has_the_uuid_chosen_by_the_client(node: ManagementNode, client: httpx.Client) -> None:
    uuid = node.world.add()
    mine = "5d0345d3ddcae485f8170572b15a2b58"
    accepted = client.post(f"/cdp-task/disable/{uuid}", headers={"X-Job-UUID": mine})
    assert accepted.json()["location"].endswith(f"/zstack/v1/api-jobs/{mine}")
    assert client.post(f"/cdp-task/disable/{uuid}", headers={"X-Job-UUID": mine}).status_code == 400
    assert client.post(f"/cdp-task/disable/{uuid}", headers={"X-Job-UUID": "short"}).status_code == 400


def test_request_log_contains_no_secrets(node: ManagementNode, client: httpx.Client) -> None:
    client.get("/cdp-task?sortBy=name&limit=1")
    last = node.journal.requests[-1]
    assert (last.method, last.path, last.query) == ("GET", "/zstack/v1/cdp-task", "sortBy=name&limit=1")
    assert (last.has_cookie, last.has_authorization, last.status, last.in_flight) == (True, True, 200, 1)
    assert node.journal.ignored["/zstack/v1/cdp-task"]["sortBy"] >= 1
    assert client.headers["Authorization"].split()[1] not in repr(node.journal.requests)


def test_query_returns_at_most_1000_rows_by_default() -> None:
    node = ManagementNode(SimulatorSettings(port=0, tasks=1312))
    node.world.freeze()
    with (
        EmbeddedServer(node) as server,
        httpx.Client(base_url=f"{server.url}/zstack/v1", timeout=60, verify=False) as client,
    ):
        session = client.put("/accounts/login", json=LOGIN).json()["inventory"]["uuid"]
        client.headers["Authorization"] = f"OAuth {session}"
        silent = client.get("/cdp-task").json()
        assert len(silent["inventories"]) == 1000
        assert "total" not in silent
        assert len(client.get("/cdp-task?limit=0").json()["inventories"]) == 1312
        page = "/cdp-task?limit=1000&replyWithCount=true&sort=%2Buuid&start="
        first, second = client.get(f"{page}0").json(), client.get(f"{page}1000").json()
        assert first["total"] == second["total"] == 1312
        uuids = [task["uuid"] for task in first["inventories"] + second["inventories"]]
        assert uuids == sorted(node.world.tasks)
