from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.decode import MAX_COUNT, WHOLE_RECORD, TaskDecoder, decode_page, decode_task
from cdptui.api.raw_task import json_line, pretty_json_lines, raw_fields
from cdptui.api.record_compression import compress, decompress
from cdptui.models.task import ResourceRef, Task
from tests.unit.api.wire import FULL_ROW, VENDOR_ROW, encoded, reply, row

SHANGHAI = timezone(timedelta(hours=8))
NUMBERS = {
    "backupBandwidth": "bandwidth_limit_bps",
    "maxCapacity": "plan_bytes",
    "usedCapacity": "used_bytes",
    "maxLatency": "rpo_target_ms",
    "lastLatency": "rpo_ms",
}

any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=()))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_complete_record_is_decoded_to_a_task() -> None:
    raw = row()
    assert decode_task(raw, SHANGHAI) == Task(
        uuid="0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4",
        name="cdp-erp-db",
        status="Running",
        state="Enabled",
        description="ERP database",
        task_type="VM",
        policy_uuid="9f2c7d5e1b3a4c0d8e6f5a4b3c2d1e0f",
        backup_storage_uuid="b1c5a2f04f0e4c6f9d2f1f0a3f6e7d21",
        bandwidth_limit_bps=104857600,
        plan_bytes=107374182400,
        used_bytes=68719476736,
        rpo_target_ms=600000,
        rpo_ms=1830,
        created_at=datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC),
        last_op_at=datetime(2025, 6, 18, 14, 41, 7, tzinfo=UTC),
        resource_refs=(
            ResourceRef(
                resource_uuid="d2f9a6c5c69c4be28bfa1c85d1e4652d",
                resource_type="VmInstanceVO",
                task_uuid="0f6a1c2b3d4e45f6a7b8c9d0e1f2a3b4",
                created_at=datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC),
                last_op_at=datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC),
            ),
        ),
        raw=compress(raw, is_compressed=False),
    )


def test_example_of_the_vendor_manual_has_no_unreadable_fields() -> None:
    task = decode_task(encoded(VENDOR_ROW), None)
    assert (task.bandwidth_limit_bps, task.plan_bytes, task.used_bytes) == (104857600, 107374182400, 23959160)
    assert (task.rpo_ms, task.rpo_target_ms, task.created_at, task.resource_refs) == (None, None, None, ())
    assert task.unreadable_fields == frozenset()


@pytest.mark.parametrize("status", ["DataMerging", "Stopping", "Levitating", "合并中"])
def test_unknown_status_is_kept_unchanged(status: str) -> None:
    task = decode_task(row(status=status), None)
    assert task.status == status
    assert not task.unreadable_fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"lastLatency": 5, "currentLatency": 7}, 5, id="newer name preferred"),
        pytest.param({"lastLatency": 0, "currentLatency": 7}, 0, id="zero is a value"),
        pytest.param({"lastLatency": None, "currentLatency": 7}, 7, id="older name as fallback"),
        pytest.param({"lastLatency": None}, None, id="no field on old servers"),
    ],
)
def test_rpo_is_read_from_either_field_name(fields: dict[str, object], expected: int | None) -> None:
    record = {name: value for name, value in {**FULL_ROW, **fields}.items() if value is not None}
    assert decode_task(encoded(record), None).rpo_ms == expected


@settings(max_examples=100)
@given(
    st.sampled_from(sorted(NUMBERS)),
    st.integers(0, MAX_COUNT),
    st.sampled_from(["integer", "text", "float", "scientific", "float as text"]),
)
def test_integer_is_read_in_every_notation(name: str, number: int, form: str) -> None:
    if "float" in form or form == "scientific":
        number = int(float(number % 2**53))
    texts = {
        "integer": f"{number}",
        "text": f'"{number}"',
        "float": f"{number}.0",
        "scientific": f"{number}E0",
        "float as text": f'"{number}.0"',
    }
    raw = row(**{name: "HERE"}).replace(b'"HERE"', texts[form].encode())
    task = decode_task(raw, None)
    assert getattr(task, NUMBERS[name]) == number
    assert not task.unreadable_fields


@pytest.mark.parametrize("name", sorted(NUMBERS))
@pytest.mark.parametrize(
    "text",
    ["-1", "1.5", "1e400", "NaN", "true", '"many"', '""', "[]", "{}", "18446744073709551616", "9" * 40, r'"\ud800"'],
)
def test_invalid_number_is_unknown_and_an_unreadable_field(name: str, text: str) -> None:
    task = decode_task(row(**{name: "HERE"}).replace(b'"HERE"', text.encode()), None)
    assert getattr(task, NUMBERS[name]) is None
    assert task.unreadable_fields == {name}
    assert (task.uuid, task.name, task.status) == (FULL_ROW["uuid"], "cdp-erp-db", "Running")


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from([*FULL_ROW, "currentLatency", "scene"]), any_json, min_size=1, max_size=4))
def test_unreadable_field_does_not_hide_the_task(changes: dict[str, Any]) -> None:
    raw = json.dumps({**FULL_ROW, **changes}).encode()
    task = decode_task(raw, SHANGHAI)
    untouched = FULL_ROW.keys() - changes.keys()
    assert decompress(task.raw) == raw
    assert task.unreadable_fields <= changes.keys()
    assert task.uuid
    assert {"uuid", "name", "status", "state"} & untouched == {
        name
        for name in ("uuid", "name", "status", "state")
        if name in untouched and getattr(task, name) == FULL_ROW[name]
    }
    for name in NUMBERS.keys() & untouched - ({"lastLatency"} if "currentLatency" in changes else set()):
        assert getattr(task, NUMBERS[name]) == FULL_ROW[name]


@settings(max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=60),
        any_json.map(lambda value: json.dumps(value).encode()),
        st.integers(0, len(row()) - 1).map(lambda length: row()[:length]),
    )
)
def test_any_bytes_are_decoded_to_a_task(raw: bytes) -> None:
    task = decode_task(raw, UTC)
    assert task.uuid
    assert decompress(task.raw) == raw


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"7", b'"task"', b'{"uuid":"a"', b"\xff"])
def test_invalid_record_becomes_an_unreadable_task(raw: bytes) -> None:
    task = decode_task(raw, None)
    assert WHOLE_RECORD in task.unreadable_fields
    assert task.uuid.startswith("no-uuid-")
    assert task.name


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"9" * 5000, id="5,000 digits"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b'"\xff\xfe"', id="invalid UTF-8"),
    ],
)
def test_hostile_unknown_field_does_not_affect_name_or_status(text: bytes) -> None:
    task = decode_task(row(scene="HERE").replace(b'"HERE"', text), None)
    assert (task.uuid, task.name, task.status) == (FULL_ROW["uuid"], "cdp-erp-db", "Running")


@pytest.mark.parametrize("name", ["name", "status", "state", "uuid"])
def test_missing_mandatory_field_is_an_unreadable_field(name: str) -> None:
    record = {key: value for key, value in FULL_ROW.items() if key != name}
    assert decode_task(encoded(record), None).unreadable_fields == {name}


def test_records_without_a_uuid_become_separate_tasks() -> None:
    first, second = (decode_task(row(uuid=None, name=name), None) for name in ("a", "b"))
    assert first.uuid != second.uuid


def test_invalid_resource_ref_does_not_hide_the_others() -> None:
    task = decode_task(row(resourceRefs=[7, {"resourceUuid": "vm", "resourceType": "VmInstanceVO"}]), None)
    assert [ref.resource_uuid for ref in task.resource_refs] == ["vm"]
    assert task.unreadable_fields == {"resourceRefs"}


@pytest.mark.parametrize("value", ["soon", True, [], "0000-00-00"])
@pytest.mark.parametrize("name", ["createDate", "lastOpDate"])
def test_invalid_date_is_an_unreadable_field(name: str, value: object) -> None:
    task = decode_task(row(**{name: value}), SHANGHAI)
    assert task.unreadable_fields == {name}


def test_text_is_sanitized_when_decoded() -> None:
    task = decode_task(row(name="a\x1b[31mb", description="c\nd", status="Run\u202ening", taskType="V\x00M"), None)
    assert (task.name, task.description, task.status, task.task_type) == ("a␛[31mb", "c␊d", "Run�ning", "V␀M")


def test_page_is_split_without_decoding_its_records() -> None:
    page = decode_page(reply([FULL_ROW, VENDOR_ROW], total=7))
    assert page.total == 7
    assert [json.loads(raw) for raw in page.rows] == [FULL_ROW, VENDOR_ROW]


@pytest.mark.parametrize(
    ("body", "rows", "total"),
    [
        pytest.param(b'{"schema":{},"inventories":[]}', 0, None, id="no match"),
        pytest.param(b'{"schema":{},"total":0,"inventories":[]}', 0, 0, id="empty cloud"),
        pytest.param(b'{"inventory":{"uuid":"a"}}', 1, None, id="single inventory of the vendor manual"),
        pytest.param(b'{"inventories":[null,1,{"uuid":"a"}],"total":3.0}', 3, 3, id="items that are not objects"),
        pytest.param(b'{"inventories":[{"name":"\xff"}],"total":"1"}', 1, 1, id="invalid UTF-8 in a name"),
        pytest.param(b'{"inventories":[{"name":"\\ud83d"},{}],"total":2}', 2, 2, id="lone surrogate in a name"),
        pytest.param(
            b'{"success":true,"error":null,"inventories":[]}', 0, None, id="error null as in the vendor manual"
        ),
    ],
)
def test_every_form_of_a_query_reply_is_accepted(body: bytes, rows: int, total: int | None) -> None:
    page = decode_page(body)
    assert (len(page.rows), page.total) == (rows, total)


@settings(max_examples=100)
@given(any_json.filter(lambda value: "\\ud" not in json.dumps(value)))
def test_invalid_total_does_not_affect_the_rows(total: object) -> None:
    body = json.dumps({"total": total, "inventories": [FULL_ROW]})
    page = decode_page(body.replace("NaN", "1e400").replace("Infinity", "1e400").encode())
    assert len(page.rows) == 1
    assert page.total is None or isinstance(page.total, int)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="empty object"),
        pytest.param(b'{"schema":{},"total":3}', id="count without a list"),
        pytest.param(b'{"inventories":null}', id="null instead of a list"),
        pytest.param(b'{"inventories":{}}', id="object instead of a list"),
        pytest.param(b'{"inventories":"none"}', id="text instead of a list"),
        pytest.param(b'{"results":[]}', id="reply of another API"),
        pytest.param(b"[]", id="bare list"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html></html>", id="web page"),
        pytest.param(b'{"inventories":[', id="truncated at the start"),
        pytest.param(reply([FULL_ROW])[:-1], id="truncated at the end"),
        pytest.param(reply([FULL_ROW])[:200], id="truncated in the middle"),
        pytest.param(b'{"inventories":[]} trailing', id="trailing text"),
    ],
)
def test_invalid_query_reply_is_an_error_and_not_an_empty_list(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_page(body)


def deep(depth: int) -> bytes:
    """Return nested arrays."""
    return b"[" * depth + b"]" * depth


PARTLY_UNREADABLE = [
    pytest.param(row(scene="HERE").replace(b'"HERE"', deep(1_000)), {"scene"}, id="nested 1,000 deep"),
    pytest.param(row(scene="HERE").replace(b'"HERE"', deep(100_000)), {"scene"}, id="nested 100,000 deep"),
    pytest.param(row(resourceRefs="HERE").replace(b'"HERE"', deep(2_000)), {"resourceRefs"}, id="deeply nested refs"),
    pytest.param(
        row(description="HERE").replace(b'"HERE"', deep(2_000)), {"description"}, id="deeply nested known field"
    ),
    pytest.param(row(usedCapacity="HERE").replace(b'"HERE"', b"9" * 10_000), {"usedCapacity"}, id="10,000 digits"),
    pytest.param(row(usedCapacity="HERE").replace(b'"HERE"', b"1e400"), {"usedCapacity"}, id="number out of range"),
    pytest.param(row(usedCapacity="HERE").replace(b'"HERE"', b"NaN"), {"usedCapacity"}, id="NaN"),
    pytest.param(row(usedCapacity="HERE").replace(b'"HERE"', b"-Infinity"), {"usedCapacity"}, id="infinity"),
    pytest.param(row(usedCapacity="HERE").replace(b'"HERE"', b"tru"), {"usedCapacity"}, id="invalid JSON in a field"),
    pytest.param(row(description="HERE").replace(b"HERE", b"\\ud800"), set(), id="lone surrogate"),
    pytest.param(row(description="HERE").replace(b"HERE", b"\xff\xfe"), set(), id="invalid UTF-8"),
    pytest.param(row()[:-1] + b',"status":"Failed"}', set(), id="duplicate name"),
]
"""Records with a readable uuid and name, and their unreadable fields."""

NOT_RECORDS = [
    pytest.param(text, id=name)
    for name, text in {
        "null": b"null",
        "a number": b"7",
        "a string": b'"task"',
        "a list": b"[1]",
        "a deep list": deep(100_000),
        "no JSON": b"{x}",
        "commas": b'{"uuid":"a",,}',
    }.items()
]


@pytest.mark.parametrize(("raw_record", "unreadable"), PARTLY_UNREADABLE)
def test_partly_unreadable_record_keeps_its_name_and_the_other_records(raw_record: bytes, unreadable: set[str]) -> None:
    first, last = row(uuid="first"), row(uuid="last")
    page = decode_page(b'{"total":3,"inventories":[' + b",".join([first, raw_record, last]) + b"]}")
    tasks = [decode_task(raw, SHANGHAI) for raw in page.rows]
    assert page.total == 3
    assert [task.uuid for task in tasks] == ["first", FULL_ROW["uuid"], "last"]
    assert tasks[0] == decode_task(first, SHANGHAI)
    assert tasks[2] == decode_task(last, SHANGHAI)
    assert tasks[1].name == FULL_ROW["name"]
    assert tasks[1].unreadable_fields == unreadable


@pytest.mark.parametrize("raw_record", NOT_RECORDS)
def test_item_that_is_not_a_record_becomes_an_unreadable_task(raw_record: bytes) -> None:
    first, last = row(uuid="first"), row(uuid="last")
    page = decode_page(b'{"total":3,"inventories":[' + b",".join([first, raw_record, last]) + b"]}")
    before, between, after = (decode_task(raw, SHANGHAI) for raw in page.rows)
    assert (before.uuid, after.uuid) == ("first", "last")
    assert WHOLE_RECORD in between.unreadable_fields
    assert between.name == "(unreadable record)"


@pytest.mark.parametrize(("raw_record", "unreadable"), PARTLY_UNREADABLE)
def test_partly_unreadable_record_is_shown_and_exported(raw_record: bytes, unreadable: set[str]) -> None:
    task = decode_task(raw_record, SHANGHAI)
    fields = {field.name: field for field in raw_fields(task, SHANGHAI)}
    assert fields["uuid"].text == FULL_ROW["uuid"]
    assert unreadable <= fields.keys() | {"resourceRefs"}
    assert FULL_ROW["uuid"] in "".join(pretty_json_lines(task).lines)
    assert json.loads(json_line(task))["uuid"] == FULL_ROW["uuid"]


@pytest.mark.parametrize("raw_record", NOT_RECORDS)
def test_item_that_is_not_a_record_is_shown_and_exported(raw_record: bytes) -> None:
    task = decode_task(raw_record, SHANGHAI)
    assert raw_fields(task, SHANGHAI)
    assert pretty_json_lines(task).lines
    json.loads(json_line(task))


def poll(decoder: TaskDecoder, rows: list[Mapping[str, Any]]) -> list[Task]:
    """Decode a complete poll and keep its tasks for the next one."""
    tasks = decoder.decode(encoded(record) for record in rows)
    decoder.set_known({task.uuid: task for task in tasks})
    return tasks


def test_equal_bytes_give_the_same_task_object_in_the_next_poll() -> None:
    decoder = TaskDecoder()
    (first,) = poll(decoder, [FULL_ROW])
    assert poll(decoder, [FULL_ROW])[0] is first
    assert poll(decoder, [{**FULL_ROW, "usedCapacity": 1}])[0].used_bytes == 1


def test_changed_task_shares_its_unchanged_values() -> None:
    decoder = TaskDecoder()
    (before,) = poll(decoder, [FULL_ROW])
    (after,) = poll(decoder, [{**FULL_ROW, "usedCapacity": 1}])
    assert after == decode_task(encoded({**FULL_ROW, "usedCapacity": 1}), None)
    assert after.uuid is before.uuid
    assert after.name is before.name
    assert after.resource_refs is before.resource_refs


REFRESHED = st.fixed_dictionaries(
    {},
    optional={
        "usedCapacity": st.sampled_from([5, 6, 6.0, "6", -1, 2**64, None]),
        "lastLatency": st.sampled_from([7, 8, None]),
        "currentLatency": st.sampled_from([7, 9, "9", None]),
        "lastOpDate": st.sampled_from(["Jun 18, 2025 10:41:07 PM", "Jun 18, 2025 10:41:08 PM", 1750000000, "soon"]),
        "name": st.sampled_from(["cdp-a", "cdp-b"]),
        "unknown": st.sampled_from([{"usedCapacity": 5}, {"usedCapacity": 6}, {"lastLatency": 7}]),
    },
)
REF_DATES = st.sampled_from(["Jun 18, 2025 10:41:07 PM", "Jun 18, 2025 10:41:08 PM", "Mar 4, 2025 9:12:33 AM"])


@settings(max_examples=300)
@given(st.lists(st.tuples(REFRESHED, REF_DATES, st.booleans()), min_size=2, max_size=4), st.sampled_from([UTC, None]))
def test_record_that_changed_is_decoded_as_if_it_was_new(
    polls: list[tuple[dict[str, Any], str, bool]], zone: tzinfo | None
) -> None:
    decoder = TaskDecoder(zone)
    for changes, date, are_refs_first in polls:
        refs = [{**FULL_ROW["resourceRefs"][0], "lastOpDate": date}]
        record = {**FULL_ROW, "resourceRefs": refs, **changes}
        if are_refs_first:
            record = {"resourceRefs": refs, **{name: record[name] for name in record if name != "resourceRefs"}}
        (task,) = decoder.decode([encoded(record)], is_compressed=True)
        assert task == decode_task(encoded(record), zone, is_compressed=True)
        decoder.set_known({task.uuid: task})


def test_task_missing_from_one_poll_is_decoded_again() -> None:
    decoder = TaskDecoder()
    (first,) = poll(decoder, [FULL_ROW])
    poll(decoder, [])
    assert poll(decoder, [FULL_ROW])[0] is not first


def test_record_without_a_uuid_is_decoded_in_every_poll() -> None:
    decoder = TaskDecoder()
    for record in ({**FULL_ROW, "uuid": None}, {**FULL_ROW, "uuid": 7}):
        (first,) = poll(decoder, [record])
        assert poll(decoder, [record])[0] == first


def test_new_time_zone_decodes_the_dates_again() -> None:
    decoder = TaskDecoder()
    assert poll(decoder, [FULL_ROW])[0].created_at is None
    decoder.zone = SHANGHAI
    assert poll(decoder, [FULL_ROW])[0].created_at == datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC)
