from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.render.spans import plain_text
from cdptui.render.tabs.registry import (
    OVERVIEW,
    TABS,
    Tab,
    adjacent_tab,
    place_tabs,
    tab_at,
    tab_line,
    tab_renderer,
    tab_rule,
)


def test_every_tab_has_a_renderer_and_a_unique_key() -> None:
    assert all(callable(tab_renderer(tab)) for tab in TABS)
    assert len({tab.key for tab in TABS}) == len(TABS)


def test_adjacent_tab_wraps_around() -> None:
    seen = [OVERVIEW]
    for _ in TABS:
        seen.append(adjacent_tab(seen[-1], 1))
    assert seen == [*TABS, OVERVIEW]
    assert adjacent_tab(OVERVIEW, -1) is TABS[-1]


@given(st.sampled_from(TABS), st.integers(min_value=28, max_value=200), st.integers(min_value=0, max_value=9))
def test_current_tab_is_in_brackets_at_every_width(tab: Tab, width: int, reasons: int) -> None:
    text = plain_text(tab_line(tab, width, reasons))
    assert cell_len(text) <= width
    assert f"[{tab.title}]" in text or f"[{tab.short}]" in text


@given(st.sampled_from(TABS), st.integers(min_value=28, max_value=200))
def test_every_cell_of_a_title_selects_its_tab(tab: Tab, width: int) -> None:
    text = plain_text(tab_line(tab, width))
    for other, x, length in place_tabs(tab, width):
        assert text[x : x + length] in {other.title, other.short}
        assert tab_at(x, tab, width) is tab_at(x + length - 1, tab, width) is other
    assert tab_at(0, tab, width) is None
    assert tab_at(500, tab, width) is None


@pytest.mark.parametrize("width", [46, 78])
def test_titles_keep_their_places_for_every_current_tab(width: int) -> None:
    assert len({tuple(place_tabs.x for place_tabs in place_tabs(tab, width)) for tab in TABS}) == 1


@pytest.mark.parametrize(("width", "gap"), [(46, 1), (54, 2), (78, 2), (120, 2)])
def test_titles_are_two_cells_apart_or_one_on_a_narrow_pane(width: int, gap: int) -> None:
    placed = place_tabs(OVERVIEW, width)
    assert len(placed) == len(TABS)
    assert all(after.x - before.x - before.width == gap for before, after in pairwise(placed))


@given(st.sampled_from(TABS), st.integers(min_value=28, max_value=200))
def test_rule_is_heavy_under_the_current_tab_and_its_brackets(tab: Tab, width: int) -> None:
    titles, rule = plain_text(tab_line(tab, width)), plain_text(tab_rule(tab, width))
    assert cell_len(rule) == width
    assert (rule.index("━"), rule.rindex("━")) == (titles.index("["), titles.index("]"))
