from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.render.column_layout import GAP, ColumnLayout, ColumnPlacement, fit_columns, place_columns
from cdptui.render.columns import BY_KEY, COLUMNS, DEFAULT_COLUMNS, KEEP_PRIORITY, Column

WIDE = ColumnLayout(is_wide=True)
keys = st.lists(st.sampled_from([*BY_KEY, "nonsense"]))
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
@given(st.integers(1, 400), layouts, st.integers(0, 40))
def test_placed_columns_stay_on_screen_and_begin_with_the_name(width: int, layout: ColumnLayout, first: int) -> None:
    placed = place_columns(width, layout, first).placed
    assert placed[0].column.key == "name"
    assert placed[-1].x + placed[-1].width <= width
    for left, right in pairwise(placed):
        assert right.x == left.x + left.width + GAP
        assert right.width > 0


@settings(max_examples=100)
@given(st.integers(30, 400), keys)
def test_scrolling_sideways_shows_every_column_and_ends(width: int, chosen: list[str]) -> None:
    layout = ColumnLayout.of(chosen, is_wide=True)
    seen: list[Column] = []
    stops: list[ColumnPlacement] = []
    while not stops or stops[-1].first == len(stops) - 1:
        stops.append(place_columns(width, layout, len(stops)))
        seen += [p.column for p in stops[-1].placed if p.width >= p.column.width or stops[-1].first]
        assert len(stops) <= len(COLUMNS) + 1
    assert set(COLUMNS) <= {*seen, *(p.column for p in stops[0].placed)}
    assert [stop.is_more_right for stop in stops] == sorted((stop.is_more_right for stop in stops), reverse=True)
    assert not stops[-1].is_more_right, "the last stop shows the end"


@given(st.integers(30, 400), st.integers(0, 40))
def test_column_without_flex_is_shown_whole_or_not_at_all(width: int, first: int) -> None:
    for placed in place_columns(width, WIDE, first).placed[2:]:
        assert placed.column.flex or placed.width == placed.column.width


def test_all_columns_fit_on_a_very_wide_screen() -> None:
    placement = place_columns(1000, WIDE, 5)
    assert (placement.first, placement.is_more_right) == (0, False)
    assert len(placement.placed) == len(COLUMNS)


def test_chosen_extra_column_stays_on_a_narrow_screen() -> None:
    layout = ColumnLayout.of([*ColumnLayout().columns, "storage"])
    assert "storage" in [placed.column.key for placed in place_columns(78, layout).placed]
    assert KEEP_PRIORITY.index(BY_KEY["storage"]) < KEEP_PRIORITY.index(BY_KEY["used"])
