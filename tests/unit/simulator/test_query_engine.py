"""Results and errors of queries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.query.engine import Engine
from cdptui.simulator.query.grammar import parse_params, parse_query
from cdptui.simulator.settings import SimulatorSettings
from tests.unit.simulator.clocks import ManualClock

TASKS = {
    "a" * 32: {"name": "cdp-Web-01", "usedCapacity": 10, "description": None, "status": "Running"},
    "b" * 32: {"name": "cdp-db", "usedCapacity": 20, "description": "Nightly", "status": "Failed"},
    "c" * 32: {"name": "财务系统", "usedCapacity": 9, "description": "100%_full", "status": "Running"},
}


@pytest.fixture(scope="module")
def node() -> ManagementNode:
    node = ManagementNode(SimulatorSettings(tasks=0), ManualClock())
    for uuid, fields in TASKS.items():
        node.world.add(uuid=uuid, name=fields["name"])
        node.world.override_fields(uuid, **{key: value for key, value in fields.items() if key != "name"})
    return node


def run_query(node: ManagementNode, query: str) -> dict[str, Any]:
    engine = Engine(node.task_table.table, node.zone)
    reply: dict[str, Any] = json.loads(engine.run(parse_query(parse_params(query))))
    return reply


def matches(node: ManagementNode, query: str) -> str:
    """Return the sorted first letters of the UUIDs found."""
    return "".join(sorted(row["uuid"][0] for row in run_query(node, query)["inventories"]))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name=CDP-WEB-01", "a"),
        ("name=cdp-web-01 ", ""),
        ("name!=cdp-db", "ac"),
        ("name~=cdp%25", "ab"),
        ("name~=cdp-__", "b"),
        ("name~=cdp", ""),
        ("name!~=cdp%25", "c"),
        ("name~=%25系统", "c"),
        ("description~=100\\%25%25", "c"),
        ("usedCapacity>9", "ab"),
        ("usedCapacity>=9", "abc"),
        ("usedCapacity<10", "c"),
        ("usedCapacity=20", "b"),
        ("usedCapacity?=9,20", "bc"),
        ("usedCapacity~=1%25", "a"),
        ("description is null", "a"),
        ("description not null", "bc"),
        # In SQL a comparison with null is never true.
        ("description!=Nightly", "c"),
        ("description!~=N%25", "c"),
        ("description!?=Nightly", "c"),
        (f"uuid?={'a' * 32},{'c' * 32},{'f' * 32}", "ac"),
        (f"uuid!?={'a' * 32}", "bc"),
        (f"uuid={'B' * 32}", "b"),
        ("status=running", "ac"),
        ("createDate>2000-01-01 00:00:00", "abc"),
        ("createDate>Jan 1, 2035 0:00:00 AM", None),
        ("createDate<2000-01-01 00:00:00", ""),
        ("__systemTag__=x", ""),
        ("resourceRefs.resourceUuid=nothing", ""),
    ],
)
def test_condition_matches(node: ManagementNode, condition: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ApiErrorResponse):
            matches(node, f"q={condition.replace('=', '%3D')}")
    else:
        assert matches(node, f"q={condition.replace('=', '%3D').replace('+', '%2B')}") == expected


def test_conditions_are_combined_with_and(node: ManagementNode) -> None:
    assert matches(node, "q=status%3DRunning&q=usedCapacity%3E9") == "a"


def test_cross_table_condition_finds_the_task_of_a_machine(node: ManagementNode) -> None:
    task = next(task for task in node.world.tasks.values() if task.machine is not None)
    assert task.machine is not None
    assert matches(node, f"q=resourceRefs.resourceUuid%3D{task.machine.uuid}") == task.uuid[0]


def test_count_has_no_inventories(node: ManagementNode) -> None:
    assert run_query(node, "count=true&limit=1") == {"schema": {}, "total": 3}


def test_total_ignores_limit_and_start(node: ManagementNode) -> None:
    reply = run_query(node, "replyWithCount=true&limit=1&start=1")
    assert (reply["total"], len(reply["inventories"])) == (3, 1)
    assert "total" not in run_query(node, "limit=1")


def test_sort_ignores_case_and_puts_chinese_last(node: ManagementNode) -> None:
    assert [row["uuid"][0] for row in run_query(node, "sort=%2Bname")["inventories"]] == ["b", "a", "c"]
    assert [row["uuid"][0] for row in run_query(node, "sort=-usedCapacity")["inventories"]] == ["b", "a", "c"]


def test_limit_zero_is_no_limit(node: ManagementNode) -> None:
    assert len(run_query(node, "limit=0&start=1")["inventories"]) == 2


def test_group_by_and_unknown_parameters_have_no_effect(node: ManagementNode) -> None:
    assert matches(node, "groupBy=name&condition=x&sortBy=name&sortDirection=desc") == "abc"


def test_fields_writes_unselected_primitives_as_zero(node: ManagementNode) -> None:
    row = run_query(node, f"fields=uuid,name,status&q=uuid%3D{'b' * 32}")
    assert row["inventories"] == [
        {
            "uuid": "b" * 32,
            "name": "cdp-db",
            "status": "Failed",
            "backupBandwidth": 0,
            "maxCapacity": 0,
            "usedCapacity": 0,
            "maxLatency": 0,
            "lastLatency": 0,
        }
    ]
    assert sorted(row["schema"]) == ["inventories[0]", "inventories[0].status"]


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ("q=foo%3D1", "SYS.1000", "CdpTaskInventory] not having field[foo]"),
        ("q=resourceRefs%3D1", "SYS.1000", "not having field[resourceRefs]"),
        ("q=name%3Da%3E%3Db", "SYS.1000", "not having field[name=a]"),
        ("fields=uuid,foo", "SYS.1000", "inventory[${selfInventoryClass}] has no field[foo]"),
        ("fields=resourceRefs", "SYS.1000", "resourceRefs"),
        ("sort=foo", "SYS.1000", "could not resolve property: foo"),
        ("sort=%2Bname,%2Buuid", "SYS.1000", "could not resolve property"),
        ("limit=-1", "SYS.1000", "negative"),
        ("filterName=x", "SYS.1007", "filterName"),
        ("q=usedCapacity%3Dmuch", "SYS.1000", "NumberFormatException"),
    ],
)
def test_invalid_query_is_an_api_error(node: ManagementNode, query: str, code: str, details: str) -> None:
    with pytest.raises(ApiErrorResponse) as raised:
        run_query(node, query)
    assert raised.value.error.code == code
    assert details in str(raised.value.error.details)


def test_well_formed_filter_name_is_accepted(node: ManagementNode) -> None:
    assert matches(node, "filterName=type:condition") == "abc"


def test_schema_names_the_java_classes(node: ManagementNode) -> None:
    task = next(task for task in node.world.tasks.values() if task.machine is not None)
    assert run_query(node, f"q=uuid%3D{task.uuid}")["schema"] == {
        "inventories[0]": "org.zstack.header.storage.cdp.CdpTaskInventory",
        "inventories[0].resourceRefs[0]": "org.zstack.header.storage.cdp.CdpTaskResourceRefInventory",
        "inventories[0].taskType": "org.zstack.header.storage.cdp.CdpTaskType",
        "inventories[0].state": "org.zstack.header.storage.cdp.CdpTaskState",
        "inventories[0].status": "org.zstack.header.storage.cdp.CdpTaskStatus",
    }


def test_order_without_sort_is_stable_and_not_by_uuid(node: ManagementNode) -> None:
    node = ManagementNode(SimulatorSettings(tasks=50), ManualClock())
    uuids = [row["uuid"] for row in run_query(node, "")["inventories"]]
    assert uuids == [row["uuid"] for row in run_query(node, "")["inventories"]]
    assert uuids != sorted(uuids)
