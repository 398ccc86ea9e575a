"""Inventory requests, and the decoding of known server responses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.decode import decode_task
from cdptui.api.errors import UnreadableAnswer
from cdptui.api.http import Answer
from cdptui.api.inventory_api import InventoryApi
from cdptui.api.pager import MAX_PAGES
from cdptui.api.raw_task import pretty_json_lines
from cdptui.models.fetched import Fetched
from cdptui.models.recovery_points import RecoveryPoint
from cdptui.models.server_metrics import MetricsRequest

JSON = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()

SHANGHAI = timezone(timedelta(hours=8))
NOW = datetime(2025, 6, 18, 15, 0, tzinfo=UTC)

STORAGE = {
    "uuid": "bs-1",
    "name": "backup-server-1",
    "url": "/zstack_bs",
    "totalCapacity": 10995116277760,
    "availableCapacity": 4398046511104.0,
    "type": "ImageStoreBackupStorage",
    "state": "Enabled",
    "status": "Connected",
    "attachedZoneUuids": ["zone"],
}
POLICY = {
    "uuid": "p-1",
    "name": "gold",
    "state": "Enabled",
    "retentionTimePerDay": 7,
    "hourlyRpSinceDay": 3.0,
    "dailyRpSinceDay": 7,
    "expireTimeInDay": 0,
    "fullBackupIntervalInDay": 7,
    "recoveryPointPerSecond": 3,
}
DISK = {"uuid": "v-2", "name": "DATA", "type": "Data", "size": 100, "actualSize": 40, "deviceId": 1, "status": "Ready"}
ROOT = {**DISK, "uuid": "v-1", "name": "ROOT", "type": "Root", "deviceId": 0}
MACHINE = {"uuid": "vm-1", "name": "erp\u202edb", "state": "Running", "cpuNum": 4, "memorySize": 8589934592}


class Node:
    """Responds by path and records the requests."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {f"/{name.replace('__', '/').replace('_', '-')}": answer for name, answer in answers.items()}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.ages: list[float] = []
        """Seconds that the next responses spent in a cache."""

    async def call(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        self.asked.append((path, dict(params)))
        answer = self.answers[path]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Answer(body, self.ages.pop(0) if self.ages else 0.0)


def listed(*rows: object) -> dict[str, object]:
    return {"inventories": rows, "total": len(rows)}


class PagedNode:
    """Lists in capped pages, as from a proxy; recovery points have no total."""

    def __init__(self, rows: int, cap: int, *, honours_start: bool = True, has_total: bool = True) -> None:
        self.rows = [{"uuid": f"{number:08}", "name": str(number), "ts": None} for number in range(rows)]
        self.cap = cap
        self.honours_start = honours_start
        self.has_total = has_total
        self.asked: list[str] = []

    async def call(self, path: str, params: Sequence[tuple[str, str]]) -> Answer:
        self.asked.append(path)
        given = dict(params)
        start = int(given.get("start", "0")) if self.honours_start else 0
        page = self.rows[start : start + min(self.cap, int(given["limit"]))]
        if path.endswith("recovery-points"):
            points = [{"id": int(row["uuid"] or "0"), "volId": "v-1"} for row in page]
            return Answer(json.dumps({"recoveryPoints": {"v-1": points, "v-2": points[: self.cap // 2]}}).encode())
        total = {"total": len(self.rows)} if self.has_total else {}
        return Answer(json.dumps({"inventories": page, **total}).encode())

    def resources(self) -> InventoryApi:
        return InventoryApi(self.call, "http://node", lambda: None)


def resources(node: Node) -> InventoryApi:
    return InventoryApi(node.call, "http://node", lambda: SHANGHAI)


async def test_storage_is_read_with_integer_and_float_numbers() -> None:
    (storage,) = (await resources(Node(backup_storage=listed(STORAGE))).storages()).value.items
    assert (storage.name, storage.status, storage.is_disconnected) == ("backup-server-1", "Connected", False)
    assert (storage.total_bytes, storage.available_bytes) == (10995116277760, 4398046511104)
    assert storage.used_ratio == pytest.approx(0.6)


async def test_missing_storage_fields_are_unknown_and_not_zero() -> None:
    (storage,) = (await resources(Node(backup_storage=listed({"uuid": "bs-1"}))).storages()).value.items
    assert (storage.total_bytes, storage.available_bytes, storage.status) == (None, None, None)
    assert storage.used_ratio is None


async def test_policy_is_read() -> None:
    (policy,) = (await resources(Node(cdp_backup_storage__policy=listed(POLICY))).policies()).value.items
    days = policy.retention_days, policy.hourly_since_day, policy.daily_since_day, policy.full_backup_days
    assert (policy.interval_s, *days) == (3, 7, 3, 7, 7)


async def test_vm_has_its_volumes_with_the_root_volume_first() -> None:
    node = Node(vm_instances={"inventories": [{**MACHINE, "allVolumes": [DISK, "?", ROOT]}]})
    machine = (await resources(node).vm("vm-1")).value
    assert machine is not None
    assert machine.name == "erp\N{REPLACEMENT CHARACTER}db"
    assert [volume.name for volume in machine.volumes] == ["ROOT", "DATA"]
    assert node.asked == [("/vm-instances", {"q": "uuid=vm-1"})]


async def test_volumes_are_requested_when_the_vm_does_not_include_them() -> None:
    node = Node(vm_instances={"inventories": [MACHINE]}, volumes=listed(ROOT))
    machine = (await resources(node).vm("vm-1")).value
    assert machine is not None
    assert [volume.actual_bytes for volume in machine.volumes] == [40]
    assert node.asked[1][1]["q"] == "vmInstanceUuid=vm-1"


async def test_vm_that_is_not_visible_is_none() -> None:
    assert (await resources(Node(vm_instances={"inventories": []})).vm("vm-1")).value is None


@pytest.mark.parametrize(
    "row",
    [
        {"uuid": 7},
        {},
        "text",
        None,
        {"uuid": "x", "totalCapacity": "many", "name": 7},
        {"uuid": "x", "totalCapacity": -1, "availableCapacity": True},
        {"uuid": "x", "totalCapacity": 1e30},
    ],
)
async def test_invalid_record_does_not_affect_the_others(row: object) -> None:
    storages = (await resources(Node(backup_storage=listed(row, STORAGE))).storages()).value.items
    assert storages[-1].name == "backup-server-1"
    assert all(storage.total_bytes is None for storage in storages[:-1])


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"inventories": 7}', b'{"total": 3}'])
async def test_response_of_another_format_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        await resources(Node(backup_storage=body)).storages()


POINT = {"id": 351592.0, "grpId": 1117, "size": 196608, "volId": "v-1", "ts": "2025-06-18T22:00:03+08:00"}


async def test_recovery_points_of_the_last_day_are_read_by_minute_and_all_by_day() -> None:
    base = "vm_instances__vm_1__"
    node = Node(
        **{
            f"{base}recovery_points": {"recoveryPoints": {"v-1": [POINT, {**POINT, "ts": "?"}]}, "success": True},
            f"{base}protected_recovery_points": {"recoveryPoints": {"v-1": [{**POINT, "desc": "before upgrade"}]}},
        }
    )
    points = (await resources(node).recovery_points("vm-1", NOW)).value
    assert points.recent[0] == RecoveryPoint(351592, "v-1", datetime(2025, 6, 18, 14, 0, 3, tzinfo=UTC), 196608)
    assert points.recent[1].at is None
    assert points.protected[0].description == "before upgrade"
    minutes, days = node.asked[0], next(asked for asked in node.asked if asked[1].get("scale") == "day")
    assert minutes[1]["scale"] == "minute"
    assert minutes[1]["startTime"] == "2025-06-17T23:00:00+08:00"
    assert days[1] == {"scale": "day", "limit": "400"}
    assert not points.is_truncated


@pytest.mark.parametrize("body", [b"7", b"{}", b'{"recoveryPoints": []}'])
async def test_recovery_points_of_another_format_are_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        await resources(Node(vm_instances__vm_1__recovery_points=body)).recovery_points("vm-1", NOW)


@pytest.mark.parametrize(("cap", "requests"), [(10, 28), (100, 3), (1000, 1)])
async def test_storages_and_policies_in_capped_pages_are_read_whole(cap: int, requests: int) -> None:
    node = PagedNode(250, cap)
    storages = (await node.resources().storages()).value
    policies = (await node.resources().policies()).value
    assert len(storages.items) == len(policies.items) == 250
    assert not storages.is_partial
    assert not policies.is_partial
    assert len(node.asked) == 2 * requests


async def test_list_without_a_total_is_read_whole_in_capped_pages() -> None:
    policies = (await PagedNode(250, 100, has_total=False).resources().policies()).value
    assert len(policies.items) == 250
    assert not policies.is_partial


@pytest.mark.parametrize(("rows", "cap", "honours_start"), [(250, 100, False), (500, 1, True)])
async def test_list_that_cannot_be_read_whole_is_partial(rows: int, cap: int, honours_start: bool) -> None:
    node = PagedNode(rows, cap, honours_start=honours_start)
    assert (await node.resources().storages()).value.is_partial
    assert (await node.resources().policies()).value.is_partial
    assert len(node.asked) <= 2 * MAX_PAGES


async def test_rows_without_a_readable_uuid_count_for_the_next_page() -> None:
    node = PagedNode(250, 100)
    for number in range(0, 250, 2):
        del node.rows[number]["uuid"]
    storages = (await node.resources().storages()).value
    assert len(storages.items) == 125
    assert not storages.is_partial
    assert len(node.asked) == 3


async def test_volumes_of_a_machine_in_capped_pages_are_read_whole() -> None:
    pages = PagedNode(30, 7)

    async def call(path: str, params: Sequence[tuple[str, str]]) -> Answer:
        if path == "/vm-instances":
            return Answer(json.dumps(listed(MACHINE)).encode())
        return await pages.call(path, params)

    machine = (await InventoryApi(call, "http://node", lambda: None).vm("vm-1")).value
    assert machine is not None
    assert len(machine.volumes) == 30
    assert not machine.has_more_volumes


@pytest.mark.parametrize(
    ("rows", "cap", "requests"),
    [
        pytest.param(250, 100, 3 * 3, id="cap below the list"),
        pytest.param(250, 10_000, 3 * 2, id="no cap"),
        pytest.param(0, 10_000, 3, id="none"),
    ],
)
async def test_recovery_points_in_capped_pages_are_read_whole(rows: int, cap: int, requests: int) -> None:
    node = PagedNode(rows, cap)
    points = (await node.resources().recovery_points("vm-1", NOW)).value
    for found in (points.recent, points.daily, points.protected):
        assert {point.id for point in found if point.volume_uuid == "v-1"} == set(range(rows))
    assert not points.is_truncated
    assert len(node.asked) <= requests


@pytest.mark.parametrize(
    ("rows", "cap", "honours_start"),
    [
        pytest.param(2000, 10_000, False, id="server that ignores start"),
        pytest.param(6000, 10_000, True, id="more points than the limit"),
        pytest.param(500, 2, True, id="more pages than the limit"),
    ],
)
async def test_recovery_points_that_cannot_be_read_whole_are_cut(rows: int, cap: int, honours_start: bool) -> None:
    node = PagedNode(rows, cap, honours_start=honours_start)
    assert (await node.resources().recovery_points("vm-1", NOW)).value.is_truncated
    assert len(node.asked) <= 3 * 60


async def test_uuid_cannot_change_the_path() -> None:
    asked: list[str] = []

    async def call(path: str, _: Sequence[tuple[str, str]]) -> Answer:
        asked.append(path)
        return Answer(b'{"recoveryPoints": {}}')

    await InventoryApi(call, "http://node", lambda: None).recovery_points("../accounts?x=1#", NOW)
    assert {path.count("/") for path in asked} == {3}
    assert not any("?" in path or "#" in path for path in asked)


def test_raw_record_keeps_the_notation_of_the_server() -> None:
    row = b'{"uuid":"u","maxCapacity":1.0E2,"name":"a\\u001b\xe2\x80\xae","new":{"x":[1,null]},"uuid":"v"}'
    text = pretty_json_lines(decode_task(row, None)).lines
    assert '  "maxCapacity": 1.0E2,' in text
    assert '  "name": "a\\u001b\N{REPLACEMENT CHARACTER}",' in text
    assert '  "uuid": "v"' in text
    assert sum('"uuid"' in line for line in text) == 2


def test_raw_record_that_is_not_json_is_shown_as_text() -> None:
    assert pretty_json_lines(decode_task(b"<html>\n\x1b[2J", None)).lines == ("<html>", "␛[2J")


async def test_vm_states_are_one_query_by_uuid_list() -> None:
    node = Node(vm_instances=listed({"uuid": "vm-1", "state": "Stopped"}, {"uuid": "vm-2", "state": None}, 5))
    api = InventoryApi(node.call, "http://node", lambda: None)
    assert (await api.vm_states(["vm-1", "vm-2", "vm,3"])).value == {"vm-1": "Stopped"}
    assert node.asked == [("/vm-instances", {"q": "uuid?=vm-1,vm-2", "fields": "uuid,state", "limit": "150"})]


@pytest.mark.parametrize(
    ("read", "answers", "ages", "oldest_s"),
    [
        pytest.param(lambda api: api.storages(), {"backup_storage": listed(STORAGE)}, [42.0], 42.0, id="storages"),
        pytest.param(lambda api: api.policies(), {"cdp_backup_storage__policy": listed()}, [42.0], 42.0, id="policies"),
        pytest.param(lambda api: api.names(["a"]), {"resources__names": listed()}, [42.0], 42.0, id="names"),
        pytest.param(lambda api: api.vm_states(["a"]), {"vm_instances": listed()}, [42.0], 42.0, id="states of VMs"),
        pytest.param(lambda api: api.vm("a"), {"vm_instances": listed()}, [42.0], 42.0, id="no VM"),
        pytest.param(
            lambda api: api.vm("vm-1"),
            {"vm_instances": listed(MACHINE), "volumes": listed(ROOT)},
            [5.0, 90.0],
            90.0,
            id="VM with older volumes",
        ),
        pytest.param(
            lambda api: api.recovery_points("vm-1", NOW),
            {
                "vm_instances__vm_1__recovery_points": {"recoveryPoints": {}},
                "vm_instances__vm_1__protected_recovery_points": {"recoveryPoints": {}},
            },
            [0.0, 70.0, 7.0],
            70.0,
            id="recovery points",
        ),
    ],
)
async def test_value_is_as_old_as_its_oldest_response_in_a_cache(
    read: Callable[[InventoryApi], Awaitable[Fetched[object]]],
    answers: dict[str, object],
    ages: list[float],
    oldest_s: float,
) -> None:
    node = Node(**answers)
    node.ages = [*ages]
    api = resources(node)
    assert (await read(api)).cached_s == oldest_s
    assert not node.ages
    assert (await read(api)).cached_s == 0.0


HOUR = MetricsRequest("t-1", 1_750_257_600_000, 1_750_261_200_000, 60)


def a_point(value: Any, at: Any, uuid: str = "t-1") -> dict[str, Any]:
    return {"value": value, "time": at, "labels": {"CdpTaskUuid": uuid, "CdpTaskStatus": "Running"}}


async def test_metrics_are_requested_in_seconds_and_read_in_seconds_or_milliseconds() -> None:
    rows = [
        a_point(1910.5, 1750257660000),
        a_point(1830, 1750257600),
        a_point(7, 1750257720, "t-2"),
        a_point(-1, 1750257780),
        a_point("one", 1750257780),
        a_point(True, 1750257780),
        a_point("1750", "1750257720"),
        a_point(7, 1750257599),
        a_point(7, None),
    ]
    node = Node(zwatch__metrics={"data": rows})
    metrics = (await resources(node).task_metrics(HOUR)).value
    assert (
        metrics.used_percent
        == metrics.rpo_ms
        == (
            (1_750_257_600_000, 1830),
            (1_750_257_660_000, 1910.5),
            (1_750_257_720_000, 1750),
        )
    )
    assert [asked[1].pop("metricName") for asked in node.asked] == ["CdpTaskUsedCapacityInPercent", "CdpTaskLatency"]
    assert node.asked[0][1] == {
        "namespace": "ZStack/CdpTask",
        "labels": "CdpTaskUuid=t-1",
        "startTime": "1750257600",
        "endTime": "1750261200",
        "period": "60",
    }


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"value": JSON, "time": JSON | st.just(1_750_257_600), "labels": JSON})
        | JSON,
        max_size=5,
    )
)
async def test_metrics_of_any_values_are_points_in_order(rows: list[Any]) -> None:
    metrics = (await resources(Node(zwatch__metrics={"data": rows})).task_metrics(HOUR)).value
    assert [point.at_ms for point in metrics.rpo_ms] == sorted({point.at_ms for point in metrics.rpo_ms})
    assert all(point.value >= 0 for point in metrics.rpo_ms)


@pytest.mark.parametrize("body", [b"7", b"{}", b'{"data": {}}'])
async def test_metrics_of_another_format_are_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        await resources(Node(zwatch__metrics=body)).task_metrics(HOUR)
