from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import raw_fields
from cdptui.models.sanitize import sanitize
from cdptui.models.task import FieldUnit, RawField
from tests.unit.api.test_decode import any_json
from tests.unit.api.wire import FULL_ROW, VENDOR_ROW, encoded, row

SHANGHAI = timezone(timedelta(hours=8))


def fields_of(raw: bytes) -> dict[str, RawField]:
    return {field.name: field for field in raw_fields(decode_task(raw, SHANGHAI), SHANGHAI)}


def test_every_field_of_the_vendor_example_is_listed_once() -> None:
    fields = raw_fields(decode_task(encoded(VENDOR_ROW), None), None)
    assert sorted(field.name for field in fields) == sorted(VENDOR_ROW)
    assert all(field.is_known and not field.is_bad for field in fields)


@pytest.mark.parametrize(
    ("name", "unit", "quantity"),
    [
        ("maxCapacity", FieldUnit.BYTES, 107374182400),
        ("backupBandwidth", FieldUnit.BYTES_PER_SECOND, 104857600),
        ("lastLatency", FieldUnit.MILLISECONDS, 1830),
        ("policyUuid", FieldUnit.UUID, None),
        ("name", FieldUnit.TEXT, None),
        ("createDate", FieldUnit.MOMENT, None),
    ],
)
def test_known_field_has_its_unit(name: str, unit: FieldUnit, quantity: int | None) -> None:
    field = fields_of(row())[name]
    assert (field.unit, field.quantity, field.text) == (unit, quantity, str(FULL_ROW[name]))


def test_date_field_has_its_time() -> None:
    assert fields_of(row())["createDate"].at == datetime(2025, 3, 4, 1, 12, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [("Normal", "Normal"), (7, "7"), (None, "null"), ({"a": [1]}, '{"a":[1]}'), (True, "true"), ("a\x1bb", "a␛b")],
)
def test_unknown_field_is_shown_unchanged(value: object, text: str) -> None:
    field = fields_of(row(scene=value))["scene"]
    assert (field.text, field.is_known, field.is_bad) == (text, False, False)


def test_unknown_field_of_a_resource_ref_is_shown() -> None:
    (field,) = (f for f in fields_of(row(resourceRefs=[{"resourceUuid": "vm", "scene": 1}])).values() if not f.is_known)
    assert (field.name, field.text) == ("resourceRefs[0].scene", "1")


def test_unreadable_field_is_marked_and_shown_as_text() -> None:
    field = fields_of(row(maxCapacity="many"))["maxCapacity"]
    assert (field.text, field.quantity, field.is_bad) == ("many", None, True)


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff\x1b"])
def test_unreadable_record_is_shown_as_one_field(raw: bytes) -> None:
    (field,) = raw_fields(decode_task(raw, None), None)
    assert field.is_bad
    assert "\x1b" not in field.text


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from([*FULL_ROW, "currentLatency"]) | st.text(st.characters(exclude_categories=()), max_size=5),
        any_json,
        max_size=5,
    )
)
def test_every_field_of_the_record_is_shown_sanitized(changes: dict[str, Any]) -> None:
    record = {**FULL_ROW, **changes}
    fields = raw_fields(decode_task(json.dumps(record).encode(), SHANGHAI), SHANGHAI)
    shown = {field.name for field in fields}
    assert {sanitize(name) for name in record} - {"resourceRefs"} <= shown
    assert all(sanitize(field.name) == field.name and sanitize(field.text) == field.text for field in fields)
