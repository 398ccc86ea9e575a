"""The encoding of the values of a task."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.history.codec import UNREADABLE, Chunk, Column, encode_chunk
from tests.unit.history.recorded import Changes, encode_version_3

VALUES = st.none() | st.integers(0, 10**18 - 1) | st.integers(10**17, 10**17 + 300)
CHANGES = st.lists(st.tuples(st.integers(0, 5000), VALUES), max_size=60).map(
    lambda changes: sorted(dict(changes).items())
)


def built(changes: Changes) -> Column:
    column = Column.empty()
    for poll, value in changes:
        column.append(poll, value)
    return column


@given(st.lists(CHANGES, min_size=1, max_size=4), st.integers(0, 5001))
def test_values_at_a_poll_are_those_that_were_appended(columns: list[Changes], poll: int) -> None:
    expected = tuple(next((value for at, value in reversed(changes) if at <= poll), None) for changes in columns)
    for blob in (encode_chunk([built(changes) for changes in columns]), encode_version_3(columns)):
        chunk = Chunk.decode(blob)
        assert chunk.values_at(poll) == expected
        assert [list(chunk.changes(index)) for index in range(len(columns))] == columns


def test_four_hours_of_a_measurement_and_a_counter_take_the_bytes_of_their_noise() -> None:
    chance = random.Random(1)
    rpo: Changes = [(poll, round(chance.gauss(4000, 500))) for poll in range(0, 1440, 6)]
    used: Changes = [(0, 1 << 38)]
    for poll in range(30, 1440, 30):
        used.append((poll, (used[-1][1] or 0) + chance.randrange(1 << 28)))

    # A random number has 11 bits of noise in one column, 28 in the other.
    noise = (len(rpo) * 11 + len(used) * 28) / 8
    assert len(encode_chunk([built(used), built(rpo)])) < 1.25 * noise
    assert len(encode_version_3([used, rpo])) > 1.6 * noise


def test_chunk_with_more_than_65535_changes_is_decoded() -> None:
    changes: Changes = [(poll, poll % 7) for poll in range(70_000)]

    assert list(Chunk.decode(encode_chunk([built(changes)])).changes(0)) == changes


WRONG_SIZE = zlib.compress(zlib.decompress(encode_chunk([Column([0, 1], [2, 3])])) + b"x")


@pytest.mark.parametrize(
    "blob", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01", encode_chunk([Column.empty()])[:-1], WRONG_SIZE]
)
def test_damaged_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(UNREADABLE):
        Chunk.decode(blob)
