from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.render.column_layout import GAP, ColumnLayout, ColumnPlacement, fit_columns, place_columns
from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, KEEP_PRIORITY, Column

WIDE = ColumnLayout(is_wide=True)
LEAST = 37
"""Cells for columns in the smallest window, of 40 cells: without severity, mark and scroll bar."""
keys = st.lists(st.sampled_from([*BY_KEY, "nonsense"]))
sort_columns = st.none() | st.sampled_from(COLUMNS)
layouts = st.builds(lambda chosen, is_wide: ColumnLayout.of(chosen, is_wide=is_wide), keys, st.booleans())


@settings(max_examples=100)
@given(st.integers(1, 400))
@example(1)
@example(15)
@example(16)
def test_columns_fit_the_width_and_begin_with_the_name(width: int) -> None:
    placed = fit_columns(width)
    assert placed[0].column.key == "name"
    assert placed[-1].x + placed[-1].width <= width


@settings(max_examples=100)
@given(st.integers(1, 400), st.sets(st.sampled_from(COLUMNS), min_size=1))
def test_columns_keep_their_order_side_by_side(width: int, some: set[Column]) -> None:
    columns = [column for column in COLUMNS if column in some]
    placed = fit_columns(width, columns)
    assert [p.column for p in placed] == [column for column in columns if column in [p.column for p in placed]]
    assert placed[0].x == 0
    for left, right in pairwise(placed):
        assert right.x == left.x + left.width + GAP


@settings(max_examples=100)
@given(st.integers(16, 400), st.integers(0, 100))
def test_wider_screen_drops_a_column_only_for_a_more_important_one(width: int, more: int) -> None:
    before, after = ([KEEP_PRIORITY.index(p.column) for p in fit_columns(w)] for w in (width, width + more))
    lost = set(before) - set(after)
    assert all(min(set(after) - set(before)) < place_lost for place_lost in lost)


@given(keys)
def test_name_is_always_the_first_column(chosen: list[str]) -> None:
    layout = ColumnLayout.of(chosen)
    assert layout.columns[0] == "name"
    assert set(layout.columns) == {"name", *chosen} - {"nonsense"}
    assert len(set(layout.columns)) == len(layout.columns)
    assert ColumnLayout.of(layout.columns) == layout


def test_default_layout_has_the_default_columns() -> None:
    assert ColumnLayout().shown == DEFAULT_COLUMNS
    assert ColumnLayout.of(ColumnLayout().columns) == ColumnLayout()


def test_wide_list_has_all_columns_with_the_chosen_ones_first() -> None:
    shown = ColumnLayout.of(["uuid", "rpo"], is_wide=True).shown
    assert [column.key for column in shown[:3]] == ["name", "uuid", "rpo"]
    assert sorted(column.key for column in shown) == sorted(BY_KEY)


@settings(max_examples=200)
@given(st.integers(1, 400), layouts, st.integers(0, 40), sort_columns)
def test_placed_columns_stay_on_screen_and_begin_with_the_name(
    width: int, layout: ColumnLayout, first: int, sort_column: Column | None
) -> None:
    placed = place_columns(width, layout, first, sort_column).placed
    assert placed[0].column.key == "name"
    assert placed[-1].x + placed[-1].width <= width
    for left, right in pairwise(placed):
        assert right.x == left.x + left.width + GAP
        assert right.width > 0


@settings(max_examples=300)
@given(st.integers(LEAST, 400), layouts, st.integers(0, 40), st.sampled_from(COLUMNS))
@example(67, ColumnLayout(), 0, BY_KEY["full-in"])
@example(127, ColumnLayout(), 0, BY_KEY["full-in"])
def test_sort_column_is_on_screen_once_with_its_whole_heading_and_arrow(
    width: int, layout: ColumnLayout, first: int, sort_column: Column
) -> None:
    placed = place_columns(width, layout, first, sort_column).placed
    (found,) = [place for place in placed if place.column is sort_column]
    assert found.width >= len(f"{sort_column.heading}▼")


@settings(max_examples=100)
@given(st.integers(LEAST, 400), keys)
def test_sorting_by_a_column_on_screen_moves_no_column(width: int, chosen: list[str]) -> None:
    layout = ColumnLayout.of(chosen)
    placed = place_columns(width, layout).placed
    assert {place_columns(width, layout, 0, place.column).placed for place in placed} == {placed}


def test_problem_is_the_last_column_to_go_but_for_the_name() -> None:
    for width in range(LEAST, 200):
        assert "problem" in [placed.column.key for placed in fit_columns(width)]


@pytest.mark.parametrize("width", [124, 197])
def test_wide_list_uses_a_wide_screen_for_columns_not_for_the_name(width: int) -> None:
    wide = place_columns(width, WIDE).placed
    assert wide[0].width <= 24
    least = [column.width + GAP for column in (wide[0].column, *WIDE.shown[1:])]
    at_least = next(count for count in range(len(least)) if sum(least[: count + 1]) > width - 8)
    assert len(wide) >= at_least


@settings(max_examples=100)
@given(st.integers(LEAST, 400), keys, sort_columns)
def test_scrolling_sideways_shows_every_column_and_ends(
    width: int, chosen: list[str], sort_column: Column | None
) -> None:
    layout = ColumnLayout.of(chosen, is_wide=True)
    seen: list[Column] = []
    stops: list[ColumnPlacement] = []
    while not stops or stops[-1].first == len(stops) - 1:
        stops.append(place_columns(width, layout, len(stops), sort_column))
        seen += [p.column for p in stops[-1].placed if p.width >= p.column.width or stops[-1].first]
        assert len(stops) <= len(COLUMNS) + 1
    assert set(COLUMNS) <= {*seen, *(p.column for p in stops[0].placed)}
    assert [stop.is_more_right for stop in stops] == sorted((stop.is_more_right for stop in stops), reverse=True)
    assert not stops[-1].is_more_right, "the last stop shows the end"


@given(st.integers(30, 400), st.integers(0, 40))
def test_column_without_flex_is_shown_whole_or_not_at_all(width: int, first: int) -> None:
    for placed in place_columns(width, WIDE, first).placed[2:]:
        assert placed.column.flex or placed.width == placed.column.width


@pytest.mark.parametrize("is_wide", [False, True])
def test_export_of_the_default_columns_says_which_task_where_and_what_is_wrong(is_wide: bool) -> None:
    exported = ColumnLayout(is_wide=is_wide).exported
    assert {"uuid", "storage", "policy", "problem"} <= {column.key for column in exported}
    assert len(set(exported)) == len(exported)
    chosen = ColumnLayout.of(["rpo"])
    assert chosen.exported == chosen.shown


def test_all_columns_fit_on_a_very_wide_screen() -> None:
    placement = place_columns(1000, WIDE, 5)
    assert (placement.first, placement.is_more_right) == (0, False)
    assert len(placement.placed) == len(COLUMNS)


def test_chosen_extra_column_stays_on_a_narrow_screen() -> None:
    layout = ColumnLayout.of([*ColumnLayout().columns, "storage"])
    assert "storage" in [placed.column.key for placed in place_columns(78, layout).placed]
    assert KEEP_PRIORITY.index(BY_KEY["storage"]) < KEEP_PRIORITY.index(BY_KEY["used"])
