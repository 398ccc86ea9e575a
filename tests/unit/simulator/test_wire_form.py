"""JSON and dates in the format of the Java server."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from cdptui.simulator.errors import ErrorCode, body, session_expired, wrong_credentials
from cdptui.simulator.java_json import encode, hash_order, in_hash_order, java_date, java_double, java_hash, zone_offset
from cdptui.simulator.node import ManagementNode
from cdptui.simulator.settings import Dialect, SimulatorSettings
from tests.unit.simulator.clocks import ManualClock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_exactly_five_characters_are_escaped() -> None:
    assert encode({"n": "a=b<c>&'\"日本🚀"}) == ('{"n":"a\\u003db\\u003cc\\u003e\\u0026\\u0027\\"日本🚀"}'.encode())


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1510669257, "Nov 14, 2017 10:20:57 PM"),
        (1741050753, "Mar 4, 2025 9:12:33 AM"),
        (1741017600, "Mar 4, 2025 12:00:00 AM"),
        (1741060800, "Mar 4, 2025 12:00:00 PM"),
    ],
)
def test_dates_have_the_format_of_java_8(moment: float, text: str) -> None:
    assert java_date(moment, SHANGHAI) == text


def test_dates_of_java_9_have_a_comma_after_the_year() -> None:
    assert java_date(1510669257, SHANGHAI, java9=True) == "Nov 14, 2017, 10:20:57 PM"


def test_zone_offset_west_of_greenwich_is_negative() -> None:
    assert zone_offset(1_750_000_000, ZoneInfo("America/St_Johns")) == "-02:30"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (104857600, "1.048576E8"),
        (23959160, "2.395916E7"),
        (107374182400, "1.073741824E11"),
        (10000000, "1.0E7"),
        (7, "7.0"),
    ],
)
def test_doubles_have_the_format_of_java(value: float, text: str) -> None:
    assert java_double(value) == text


def test_java_hash_matches_string_hash_code() -> None:
    assert java_hash("hello") == 99162322
    assert java_hash("") == 0


def test_hash_order_is_neither_insertion_nor_alphabetical_order() -> None:
    names = ["uuid", "name", "status", "state", "createDate", "lastOpDate"]
    assert sorted(hash_order(names)) == sorted(names)
    assert list(hash_order(names)) not in (names, sorted(names))
    assert hash_order(names) == hash_order(list(names))


def test_nulls_are_omitted() -> None:
    assert in_hash_order({"uuid": "x", "description": None}) == {"uuid": "x"}


def test_details_are_chinese_and_the_description_english_by_default() -> None:
    error = json.loads(body(wrong_credentials(), Dialect(), accept_language="en"))["error"]
    assert error["details"] == "错误信息: 错误的帐号或密码"
    assert error["description"] == "Unable to authenticate a user"
    assert "globalErrorCode" not in error


def test_newer_server_evaluates_accept_language_and_writes_primitives() -> None:
    dialect = Dialect(newer_errors=True)
    error = json.loads(body(wrong_credentials(), dialect, accept_language="en-GB,en;q=0.8"))["error"]
    assert error["details"] == "wrong account name or password"
    assert (error["retryable"], error["httpStatus"]) == (False, 0)
    assert "cost" not in error
    assert "错误" in json.loads(body(wrong_credentials(), dialect, accept_language=""))["error"]["details"]


def test_expired_session_has_a_global_code_on_newer_servers() -> None:
    error = json.loads(body(session_expired(), Dialect(newer_errors=True), accept_language=""))["error"]
    assert (error["code"], error["globalErrorCode"]) == ("ID.1001", "ORG_ZSTACK_IDENTITY_10019")


def test_cause_is_nested() -> None:
    error = ErrorCode("SYS.1006", "outer", cause=ErrorCode("SYS.1001", "inner"))
    written = json.loads(body(error, Dialect(), accept_language=""))["error"]
    assert written["cause"]["details"] == "inner"


def encoded_task(dialect: Dialect) -> bytes:
    node = ManagementNode(SimulatorSettings(tasks=0, dialect=dialect), ManualClock())
    uuid = node.world.add(uuid="a" * 32, name="n", maxCapacity=107374182400, createDate=1510669257)
    return node.task_table.encode(node.world.tasks[uuid])


def test_old_server_has_no_latency_and_float_numbers() -> None:
    written = encoded_task(Dialect(latency="absent", float_numbers=True))
    assert b'"maxCapacity":1.073741824E11' in written
    assert b"atency" not in written


def test_server_of_4_4_8_writes_current_latency() -> None:
    written = json.loads(encoded_task(Dialect(latency="currentLatency")))
    assert "currentLatency" in written
    assert "lastLatency" not in written


def test_dialect_has_java_9_dates_and_extra_fields() -> None:
    written = json.loads(encoded_task(Dialect(java9_dates=True, extra_fields=True)))
    assert written["createDate"] == "Nov 14, 2017, 10:20:57 PM"
    assert written["scene"] == "Normal"
