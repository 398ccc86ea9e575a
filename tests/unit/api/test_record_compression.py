from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.record_compression import compress, decompress, matches
from tests.unit.api.wire import FULL_ROW, encoded


@given(st.binary(max_size=3000), st.booleans())
def test_decompressed_record_equals_the_original(record: bytes, is_compressed: bool) -> None:
    packed = compress(record, is_compressed=is_compressed)
    assert decompress(packed) == record
    assert matches(record, packed)
    assert compress(record, is_compressed=is_compressed) == packed, "equal records are equal when packed"


@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_matches_compares_records_without_decompression(one: bytes, other: bytes, is_compressed: bool) -> None:
    assert matches(one, compress(other, is_compressed=is_compressed)) is (one == other)


def test_typical_record_is_compressed_to_less_than_half() -> None:
    record = encoded(FULL_ROW)
    assert len(compress(record)) < len(record) / 2
