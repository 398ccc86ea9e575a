from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.packing import is_packed, pack, unpack
from tests.unit.api.wire import FULL_ROW, encoded


@given(st.binary(max_size=3000))
def test_what_is_packed_comes_out_as_it_was(record: bytes) -> None:
    assert unpack(pack(record)) == record
    assert pack(record) == pack(record), "equal records are equal when packed"


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_fingerprint_tells_records_apart(one: bytes, other: bytes) -> None:
    assert is_packed(one, pack(other)) is (one == other)


def test_a_usual_record_takes_less_than_half_the_room() -> None:
    record = encoded(FULL_ROW)
    assert len(pack(record)) < len(record) / 2
