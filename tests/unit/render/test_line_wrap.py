from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.render.lazy_lines import ItemLines, JoinedLines
from cdptui.render.line_wrap import MAX_WRAPPED, wrap_line, wrap_lines
from cdptui.render.spans import Line, Role, Span, plain_text
from cdptui.render.text_wrap import cell_width

lines = st.lists(
    st.builds(Span, st.text(alphabet="ab財 █", max_size=30), st.sampled_from([Role.TEXT, Role.DIM, Role.BAD])),
    max_size=6,
).map(tuple)


def characters(line: Line) -> list[tuple[str, Role]]:
    return [(char, span.role) for span in line for char in span.text if char != " "]


@settings(max_examples=300)
@given(lines, st.integers(10, 60))
@example((Span("    ", Role.DIM), Span("a" * 40)), 10)
@example((Span(" " * 30, Role.DIM), Span("a")), 10)
def test_wrapped_line_fits_and_loses_nothing_but_blanks(line: Line, width: int) -> None:
    wrapped = wrap_line(line, width)
    assert all(cell_width(plain_text(part)) <= width for part in wrapped)
    assert [char for part in wrapped for char in characters(part)] == characters(line)
    if cell_width(plain_text(line)) <= width:
        assert wrapped == [line]
    assert () not in wrapped or not characters(line)


def texts(*spans: Span, width: int) -> list[str]:
    return [plain_text(part).rstrip() for part in wrap_line(spans, width)]


def test_sentence_is_wrapped_beside_its_label() -> None:
    assert texts(Span("full now  ", Role.DIM), Span("a task at its plan stops protecting", Role.BAD), width=30) == [
        "full now  a task at its plan",
        "          stops protecting",
    ]


def test_bar_moves_to_the_next_line_as_a_whole() -> None:
    bar = (Span("██████", Role.BAR), Span("░░░░", Role.TRACK))
    assert texts(Span("used  ", Role.DIM), Span("40 of 100 GiB "), Span("40% "), *bar, width=28) == [
        "used  40 of 100 GiB 40%",
        "      ██████░░░░",
    ]


@pytest.mark.parametrize(
    ("value", "note", "wrapped"),
    [
        ("2026-11-28 16:11:01", "  5 h ago", ["newest  2026-11-28 16:11:01", "        5 h ago"]),
        ("1168 points", "  ▲ no point for 4 h", ["newest  1168 points", "        ▲ no point for 4 h"]),
        ("+2.1 GiB/h", " over the 11 min", ["newest  +2.1 GiB/h over the", "        11 min"]),
        ("ROOT-for-file-srv-06", "  263 GiB used", ["newest  ROOT-for-file-srv-06", "        263 GiB used"]),
    ],
)
def test_value_is_not_split_where_it_fits_on_a_line(value: str, note: str, wrapped: list[str]) -> None:
    assert texts(Span("newest  ", Role.DIM), Span(value), Span(note, Role.WARN), width=31) == wrapped


def test_value_longer_than_a_line_is_broken_between_words() -> None:
    assert texts(Span("age  ", Role.DIM), Span("1 d"), Span("  Dec 19, 2025 server time"), width=20) == [
        "age  1 d  Dec 19,",
        "     2025 server",
        "     time",
    ]


def test_long_word_begins_beside_its_label() -> None:
    assert texts(Span("UUID  ", Role.DIM), Span("0123456789abcdef"), width=16) == ["UUID  0123456789", "      abcdef"]


def test_blocks_of_many_lazy_lines_are_not_read() -> None:
    def render(_: int) -> list[Line]:
        raise AssertionError

    lazy = ItemLines(range(MAX_WRAPPED + 1), 1, render)
    wrapped = wrap_lines(JoinedLines([(Span("a b " * 10),)], lazy), 20)
    assert len(wrapped) == 2 + len(lazy)
