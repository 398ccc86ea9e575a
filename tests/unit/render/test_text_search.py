from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdptui.render.spans import Line, Role, Span, plain_text
from cdptui.render.text_search import find_matches, highlight, search_status_line
from cdptui.tui.keymap import DEFAULT_KEYMAP

LINES: list[Line] = [(Span("used ", Role.DIM), Span("of plan")), (Span("Planned"),), ()]


def test_matches_are_found_across_spans_ignoring_case() -> None:
    assert [(hit.line, hit.start) for hit in find_matches(LINES, "plan")] == [(0, 8), (1, 0)]
    assert [hit.line for hit in find_matches(LINES, "d o")] == [0]
    assert find_matches(LINES, "") == []
    assert find_matches(LINES, ".*") == []


def test_matches_are_found_across_wrapped_lines() -> None:
    lines: list[Line] = [(Span("  rpo   what it"),), (Span("        is,"), Span(" measured")), (Span("  used  what"),)]
    (hit,) = find_matches(lines, "it is, m")
    assert [(part.line, part.start, part.end) for part in (hit, *hit.rest)] == [(0, 13, 15), (1, 8, 13)]
    assert [span.text for span in highlight(lines[1], hit.rest) if span.role is Role.NEW] == ["is,", " m"]
    assert find_matches(lines, "measured used") == [], "another entry"


texts = st.text(alphabet="ab ÄßİK财", max_size=12)


@given(st.lists(texts, max_size=4), st.text(alphabet="abÄßİk财", min_size=1, max_size=3))
def test_highlighting_keeps_the_text(parts: list[str], text: str) -> None:
    line = tuple(Span(part) for part in parts)
    hits = find_matches([line], text)
    highlighted = highlight(line, hits)
    assert plain_text(highlighted) == plain_text(line)
    assert sum(len(span.text) for span in highlighted if span.role is Role.NEW) == sum(
        hit.end - hit.start for hit in hits
    )


def test_search_line_shows_position_and_missing_matches() -> None:
    assert "2 of 7" in plain_text(search_status_line("rpo", 7, 1, keys=DEFAULT_KEYMAP.labels, is_typing=False))
    assert "No match" in plain_text(search_status_line("rpo", 0, None, keys=DEFAULT_KEYMAP.labels, is_typing=True))
    assert "Search…" in plain_text(search_status_line("", 0, None, keys=DEFAULT_KEYMAP.labels, is_typing=True))
