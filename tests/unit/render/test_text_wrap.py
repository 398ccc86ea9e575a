from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.models.sanitize import sanitize
from cdptui.render.text_wrap import cell_width, pad_cells, split_cells, wrap_text

TEXTS = st.text(
    st.sampled_from("ab ÄßİK财务系统が한🔎e\N{COMBINING ACUTE ACCENT}\N{DEVANAGARI SIGN VISARGA}"), max_size=40
).map(sanitize)


@given(TEXTS)
def test_cell_width_equals_the_width_that_rich_draws(text: str) -> None:
    assert cell_width(text) == cell_len(text)


@given(TEXTS, st.integers(2, 30))
def test_wrapped_lines_fit_and_keep_every_word(text: str, width: int) -> None:
    lines = wrap_text(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.integers(2, 30), st.integers(2, 30))
def test_split_lines_fit_and_keep_every_character(text: str, first_width: int, width: int) -> None:
    first, *others = split_cells(text, first_width, width)
    assert cell_width(first) <= first_width
    assert all(cell_width(line) <= width for line in others)
    assert first + "".join(others) == text


@given(TEXTS, st.integers(0, 60))
def test_padded_text_has_the_requested_width(text: str, width: int) -> None:
    assert cell_width(pad_cells(text, width)) == max(width, cell_width(text))
