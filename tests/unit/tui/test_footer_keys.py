from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.render.spans import plain_text
from cdptui.tui.footer_keys import FooterKey, FooterPlace, footer_keys, footer_line, footer_lines, help_keys
from cdptui.tui.keymap import DEFAULT_KEYMAP, with_overrides


def footer(place: FooterPlace, width: int = 200, status: str = "") -> str:
    return plain_text(footer_line(footer_keys(place, DEFAULT_KEYMAP), status, width, cell_len))


def test_footers_of_any_two_places_differ() -> None:
    for one, other in combinations(FooterPlace, 2):
        assert footer(one) != footer(other)
        assert footer(one, 80) != footer(other, 80)


@given(st.sampled_from(FooterPlace), st.integers(40, 200), st.text(st.characters(categories=["L", "N"]), max_size=300))
def test_quit_and_help_are_shown_at_every_width_whatever_the_notice(
    place: FooterPlace, width: int, status: str
) -> None:
    text = footer(place, width, status)
    assert cell_len(text) == width
    assert " quit" in text
    assert " help" in text or place is FooterPlace.SEARCH


def test_notice_that_is_too_long_is_cut_at_its_end() -> None:
    text = footer(FooterPlace.LIST, 40, "60 tasks were saved to /root/tasks.csv")
    assert text == " ? help  q quit  60 tasks were saved to…"


@given(st.integers(40, 200), st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=300), st.booleans())
def test_whole_notice_is_not_cut_and_only_a_long_one_takes_more_lines(width: int, notice: str, has_marks: bool) -> None:
    keys, marks = footer_keys(FooterPlace.LIST, DEFAULT_KEYMAP), "2 marked" if has_marks else ""
    lines = [plain_text(line) for line in footer_lines(keys, notice, marks, width, cell_len, is_whole=True)]
    assert notice in "".join(line.strip() for line in lines[:-1]) or notice in lines[-1]
    assert all(cell_len(line) <= width for line in lines)
    assert marks in lines[-1]
    (cut,) = footer_lines(keys, notice, marks, width, cell_len, is_whole=False)
    assert (len(lines) == 1) is ("…" not in plain_text(cut))


def test_keys_are_those_that_the_user_configured() -> None:
    keymap = with_overrides({"tab-left": ["["], "help": ["h", "F2"], "quit": ["Q"]})
    assert FooterKey("[ Right", "tabs") in footer_keys(FooterPlace.PANE, keymap).keys
    assert footer_keys(FooterPlace.PANE, keymap).always == (FooterKey("h", "help"), FooterKey("Q", "quit"))
    assert footer_keys(FooterPlace.FILTER, keymap).always == (FooterKey("F2", "help"), FooterKey("^c", "quit"))
    assert help_keys(keymap).always == (FooterKey("Esc h", "close"), FooterKey("Q", "quit"))


@pytest.mark.parametrize("keys", [["h"], ["?", "!"]])
def test_help_that_only_letters_open_is_not_offered_while_the_user_types(keys: list[str]) -> None:
    assert footer_keys(FooterPlace.FILTER, with_overrides({"help": keys})).always == (FooterKey("^c", "quit"),)
