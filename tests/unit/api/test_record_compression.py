from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.api.record_compression import changed_values, compress, decompress, decompress_split, matches
from cdptui.api.record_template import split_record
from tests.unit.api.wire import FULL_ROW, encoded, row


@given(st.binary(max_size=3000), st.booleans())
def test_decompressed_record_equals_the_original(record: bytes, is_compressed: bool) -> None:
    packed = compress(record, is_compressed=is_compressed)
    assert decompress(packed) == record
    assert matches(record, packed)
    assert compress(record, is_compressed=is_compressed) == packed, "equal records are equal when packed"


@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_matches_compares_records_without_decompression(one: bytes, other: bytes, is_compressed: bool) -> None:
    assert matches(one, compress(other, is_compressed=is_compressed)) is (one == other)


NUMBERS = st.sampled_from([0, 1, 2**40])
DATES = st.sampled_from(["Jun 18, 2025 10:41:07 PM", "Jun 19, 2025 10:41:07 PM", "soon"])
RECORDS = st.builds(
    lambda used, rpo, name, date: row(usedCapacity=used, lastLatency=rpo, name=name, lastOpDate=date),
    NUMBERS,
    NUMBERS,
    st.sampled_from(["a", "b"]),
    DATES,
)


@given(RECORDS, RECORDS, st.booleans())
def test_record_that_is_stored_beside_a_known_one_is_the_same(record: bytes, other: bytes, is_compressed: bool) -> None:
    known = compress(other, is_compressed=is_compressed)
    packed = compress(record, is_compressed=is_compressed, known=known)
    assert packed == compress(record, is_compressed=is_compressed)
    assert decompress_split(packed) == split_record(record)
    has_same_text = is_compressed and split_record(record)[0] == split_record(other)[0]
    values = (split_record(record)[1], split_record(other)[1])
    assert changed_values(packed, known) == (values if has_same_text else None)


def test_typical_record_is_compressed_to_less_than_half() -> None:
    record = encoded(FULL_ROW)
    assert len(compress(record)) < len(record) / 2
