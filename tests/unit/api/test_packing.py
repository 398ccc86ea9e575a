from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.packing import is_packed, pack, unpack
from tests.unit.api.wire import FULL_ROW, encoded


@given(st.binary(max_size=3000), st.booleans())
def test_what_is_packed_comes_out_as_it_was(record: bytes, is_dense: bool) -> None:
    packed = pack(record, is_dense=is_dense)
    assert unpack(packed) == record
    assert is_packed(record, packed)
    assert pack(record, is_dense=is_dense) == packed, "equal records are equal when packed"


@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_records_are_told_apart_without_unpacking(one: bytes, other: bytes, is_dense: bool) -> None:
    assert is_packed(one, pack(other, is_dense=is_dense)) is (one == other)


def test_a_usual_record_takes_less_than_half_the_room() -> None:
    record = encoded(FULL_ROW)
    assert len(pack(record)) < len(record) / 2
