"""The chart of a value over time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdptui.models.step_series import ValueRange
from cdptui.render import formatting
from cdptui.render.ascii_fallback import ASCII
from cdptui.render.spans import Role, plain_text
from cdptui.render.trend_chart import GUTTER, Plot, Scale, chart_lines, find_scale


def plot(*values: ValueRange | int | None, limit: int | None = None, missing: str = "", is_bad: bool = False) -> Plot:
    ranges = [ValueRange(each, each, each, 1) if isinstance(each, int) else each for each in values]
    return Plot(ranges, missing or "·" * len(values), limit, str, is_bad)


def drawn(each: Plot, height: int, *, is_zoomed: bool = True) -> list[str]:
    scale = find_scale(each, is_zoomed=is_zoomed)
    assert scale is not None
    return [plain_text(line)[GUTTER:] for line in chart_lines(each, scale, height)]


def test_what_moves_fills_the_chart_and_its_scale_is_labelled() -> None:
    each = plot(100, 101, 102, 103, limit=10_000)
    lines = [plain_text(line) for line in chart_lines(each, Scale(100, 103), 2)]
    assert lines == ["      103 ┤  ▃█", "      100 ┤▁▆██"]
    assert find_scale(each, is_zoomed=True) == Scale(100, 103)


def test_view_from_zero_reaches_to_the_limit() -> None:
    each = plot(100, 50, limit=200)
    assert find_scale(each, is_zoomed=False) == Scale(0, 200)
    assert drawn(each, 4, is_zoomed=False) == ["┄┄", "▁ ", "█▁", "██"]
    assert find_scale(plot(0), is_zoomed=False) == Scale(0, 1)


def test_limit_near_the_values_is_on_the_chart_of_what_moves() -> None:
    assert find_scale(plot(10, 20, limit=25), is_zoomed=True) == Scale(10, 25)
    assert find_scale(plot(10, 20, limit=31), is_zoomed=True) == Scale(10, 20)
    assert find_scale(plot(10, 20, limit=15), is_zoomed=True) == Scale(10, 20)
    assert drawn(plot(10, 20, limit=15), 3) == [" █", "┄█", "▁█"]


def test_limit_has_its_value_beside_it() -> None:
    lines = [plain_text(line) for line in chart_lines(plot(0, 90, limit=45), Scale(0, 90), 3)]
    assert lines[1].startswith("       45 ┤┄")


def test_values_that_are_written_alike_are_told_apart_by_their_difference() -> None:
    each = structs.replace(plot(1000 * 2**30, 1000 * 2**30 + 2**20), format=formatting.size)
    lines = [plain_text(line).split()[0:2] for line in chart_lines(each, Scale(1000 * 2**30, 1000 * 2**30 + 2**20), 2)]
    assert lines == [["+1", "MiB"], ["1000", "GiB"]]


def test_range_is_drawn_to_its_highest_value() -> None:
    assert drawn(plot(0, ValueRange(0, 40.0, 100, 1), 100), 5) == [" ░█", " ░█", " ░█", " ▒█", "▁▁█"]


def test_gap_has_its_sign_at_the_bottom_and_nothing_above() -> None:
    assert drawn(plot(1, None, None, None, 9, missing="··× ·"), 2) == ["    █", "▁·× █"]


def test_value_that_does_not_change_is_a_line() -> None:
    assert drawn(plot(7, None, 7), 3) == ["   ", "─ ─", " · "]


def test_value_over_the_limit_is_bad() -> None:
    line = chart_lines(plot(1, 9, limit=5, is_bad=True), Scale(1, 9), 1)[0]
    assert [span.role for span in line] == [Role.DIM, Role.BAR, Role.BAD]
    usual = chart_lines(plot(1, 9, limit=5), Scale(1, 9), 1)[0]
    assert [span.role for span in usual] == [Role.DIM, Role.BAR]


RANGES = st.tuples(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 2**62)).map(
    lambda each: ValueRange(min(each), sorted(each)[1], max(each), 1)
)


@given(
    st.lists(RANGES | st.none(), min_size=1, max_size=40),
    st.none() | st.integers(1, 2**62),
    st.integers(1, 9),
    st.booleans(),
)
def test_chart_is_complete_for_any_values(
    values: list[ValueRange | None], limit: int | None, height: int, is_zoomed: bool
) -> None:
    each = plot(*values, limit=limit)
    scale = find_scale(each, is_zoomed=is_zoomed)
    if scale is None:
        assert not any(values)
        return
    lines = chart_lines(each, scale, height)
    assert len(lines) == height
    columns = list(zip(*(plain_text(line)[GUTTER:] for line in reversed(lines)), strict=True))
    assert len(columns) == len(values)
    for value, cells in zip(values, columns, strict=True):
        known = [cell for cell in cells if cell not in " ┄"]
        assert known == ["·"] if value is None else known, "a gap has its sign only, and a value is seen"
    assert set("".join(plain_text(line)[GUTTER:] for line in lines)) <= set(ASCII) | {" "}


@given(st.lists(RANGES, min_size=2, max_size=20), st.integers(2, 8))
def test_highest_value_reaches_the_top(values: list[ValueRange], height: int) -> None:
    each = plot(*values)
    scale = find_scale(each, is_zoomed=True)
    assert scale is not None
    if not scale.is_flat:
        top = plain_text(chart_lines(each, scale, height)[0])[GUTTER:]
        highest = max(value.high for value in values)
        assert all(
            cell != " "
            for cell, value in zip(top, values, strict=True)
            if value.high - value.mean == 0 and value.high == highest
        )
