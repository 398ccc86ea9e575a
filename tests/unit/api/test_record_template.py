"""The text and the values of a task record."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.record_template import LAST_OP, RPO, USED, join_record, split_record

RECORD = (
    b'{"uuid":"a1","name":"cdp-db","status":"Running","usedCapacity":107374182400,"lastLatency":3100,'
    b'"resourceRefs":[{"resourceUuid":"vm","lastOpDate":"Mar 4, 2025 9:12:33 AM"}],'
    b'"lastOpDate":"Jun 18, 2025 10:41:07 PM"}'
)


def test_values_that_change_at_every_refresh_are_split_off() -> None:
    text, values = split_record(RECORD)

    assert values[USED] == 107374182400
    assert values[RPO] == 3100
    later = RECORD.replace(b"107374182400", b"9").replace(b"3100", b"0").replace(b"10:41:07 PM", b"12:00:00 AM")
    assert split_record(later)[0] == text
    assert join_record(text, split_record(later)[1]) == later


def test_date_of_the_task_and_not_of_its_resource_is_split_off() -> None:
    text, values = split_record(RECORD)

    assert b"Mar 4, 2025 9:12:33 AM" in text
    assert values[LAST_OP] is not None


@pytest.mark.parametrize(
    "record",
    [
        b'{"usedCapacity":1,"nested":{"usedCapacity":2}}',
        b'{"usedCapacity":"12"}',
        b'{"usedCapacity":-0}',
        b'{"usedCapacity":1e3}',
        b'{"usedCapacity":1.5}',
        b'{"usedCapacity":007}',
        b'{"usedCapacity":9223372036854775808}',
        b'{"name":"\\"usedCapacity\\":5,"}',
        b'{"lastOpDate":"Feb 31, 2025 1:00:00 PM"}',
        b'{"lastOpDate":"Nov 14, 2021, 10:21:03 PM"}',
        b"",
        b"not json",
        b'{"usedCapacity" : 5 , "lastLatency":6}',
    ],
)
def test_unusual_record_is_the_same_after_split_and_join(record: bytes) -> None:
    assert join_record(*split_record(record)) == record


@given(st.binary(max_size=200))
def test_any_bytes_are_the_same_after_split_and_join(record: bytes) -> None:
    assert join_record(*split_record(record)) == record


@given(
    used=st.integers(0, 2**64),
    rpo=st.integers(-5, 10**20),
    name=st.text(max_size=20),
    hour=st.integers(0, 13),
    day=st.integers(0, 32),
    spaces=st.sampled_from(["", " ", "\n\t"]),
)
def test_any_record_is_the_same_after_split_and_join(
    used: int, rpo: int, name: str, hour: int, day: int, spaces: str
) -> None:
    fields = {"usedCapacity": used, "name": name, "lastLatency": rpo, "lastOpDate": f"Jan {day}, 2026 {hour}:00:00 AM"}
    record = json.dumps(fields, separators=(f",{spaces}", f"{spaces}:{spaces}")).encode()

    assert join_record(*split_record(record)) == record


@pytest.mark.parametrize("text", [b"", b"\x00", b"\x92\xc4\x01"])
def test_text_that_is_not_from_a_split_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        join_record(text, (None, None, None, None))
