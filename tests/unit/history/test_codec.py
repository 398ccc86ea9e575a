"""The encoding of the values of a task."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.history.codec import UNREADABLE, Chunk, ColumnBuilder, encode_chunk

VALUES = st.none() | st.integers(0, 10**18 - 1)
CHANGES = st.lists(st.tuples(st.integers(0, 5000), VALUES), max_size=60).map(
    lambda changes: sorted(dict(changes).items())
)


def built(changes: list[tuple[int, int | None]]) -> ColumnBuilder:
    column = ColumnBuilder()
    for poll, value in changes:
        column.append(poll, value)
    return column


@given(st.lists(CHANGES, min_size=1, max_size=4), st.integers(0, 5001))
def test_values_at_a_poll_are_those_that_were_appended(columns: list[list[tuple[int, int | None]]], poll: int) -> None:
    chunk = Chunk(encode_chunk([built(changes) for changes in columns]))

    expected = tuple(next((value for at, value in reversed(changes) if at <= poll), None) for changes in columns)
    assert chunk.values_at(poll) == expected
    assert [list(chunk.changes(index)) for index in range(len(columns))] == columns


def test_chunk_with_more_than_65535_changes_is_decoded() -> None:
    changes: list[tuple[int, int | None]] = [(poll, poll % 7) for poll in range(70_000)]

    assert list(Chunk(encode_chunk([built(changes)])).changes(0)) == changes


@pytest.mark.parametrize("blob", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01", encode_chunk([ColumnBuilder()])[:-1]])
def test_damaged_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(UNREADABLE):
        Chunk(blob)
