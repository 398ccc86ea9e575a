from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.render.capacity_chart import capacity_chart, resample
from cdptui.render.spans import Line, Role, plain_text

GIB = 2**30
WIDTH, HEIGHT = 60, 6

tracks = st.builds(
    lambda points, gaps, rest: CapacityHistory(
        tuple(CapacitySample(float(at), used) for at, used in sorted(points.items())),
        tuple(ObservationGap(float(min(gap)), float(max(gap))) for gap in gaps),
        until=float(max(points, default=0) + rest),
    ),
    st.dictionaries(st.integers(0, 5000), st.integers(0, 2**50), max_size=25),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=3),
    st.integers(0, 2000),
)


def bars(lines: list[Line]) -> list[str]:
    """Return the cells of the chart without labels, axis and figures."""
    return [plain_text(line).partition("┤")[2] for line in lines if "┤" in plain_text(line)]


def chart(track: CapacityHistory, plan: int | None, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    return bars(capacity_chart(track, plan, width, height))


def steady(*levels: int, step_s: float = 60.0) -> CapacityHistory:
    points = tuple(CapacitySample(index * step_s, level) for index, level in enumerate(levels))
    return CapacityHistory(points, until=len(levels) * step_s)


@settings(max_examples=100)
@given(tracks, st.integers(1, 10_000), st.integers(1, 120))
def test_resample_returns_a_sample_or_none_for_each_column(track: CapacityHistory, window_s: int, columns: int) -> None:
    levels = resample(track, float(window_s), columns)
    assert len(levels) == columns
    assert set(levels) <= {None, *(point.used_bytes for point in track.points)}


@settings(max_examples=100)
@given(tracks, st.integers(1, 10_000), st.integers(1, 120))
def test_resample_keeps_every_peak_inside_the_window(track: CapacityHistory, window_s: int, columns: int) -> None:
    # No sample may fall between two columns.
    start = track.until - window_s
    peaks = [point.used_bytes for point in track.points if start <= point.at < track.until]
    seen = [level for level in resample(track, float(window_s), columns) if level is not None]
    assert max(seen, default=0) >= max(peaks, default=0)


def test_sample_on_the_border_of_two_columns_is_in_one_of_them() -> None:
    for columns in range(1, 80):
        for border in range(1, columns):
            at = 1000.0 * border / columns
            track = CapacityHistory(
                (CapacitySample(0.0, 1), CapacitySample(at, 9), CapacitySample(at + 1e-3, 1)), until=1000.0
            )
            assert 9 in resample(track, 1000.0, columns), f"column {border} of {columns}"


def test_value_before_the_first_sample_is_unknown() -> None:
    track = CapacityHistory((CapacitySample(50.0, 7),), until=100.0)
    assert resample(track, 100.0, 4) == [None, None, 7, 7]


@settings(max_examples=100)
@given(tracks, st.none() | st.integers(0, 2**50), st.integers(20, 200), st.integers(1, 12))
def test_chart_has_the_requested_width_and_height(
    track: CapacityHistory, plan: int | None, width: int, height: int
) -> None:
    lines = capacity_chart(track, plan, width, height)
    rows = [plain_text(line) for line in lines if "┤" in plain_text(line)]
    assert len(rows) in {0, height}
    assert all(cell_len(row) == width for row in rows)
    if rows:
        assert len(lines) == height + 2
        assert cell_len(plain_text(lines[height])) == width


def test_chart_without_samples_shows_a_message() -> None:
    assert [plain_text(line) for line in capacity_chart(CapacityHistory(until=60.0), GIB, WIDTH, HEIGHT)] == [
        "No data yet"
    ]


def test_full_disk_and_tiny_change_look_different() -> None:
    plan = 100 * GIB
    full = chart(steady(*[plan] * 20), plan)
    tiny = chart(steady(*(plan // 2 + (plan // 10_000) * (index % 2) for index in range(20))), plan)
    growth = chart(steady(*(plan * index // 19 for index in range(20))), plan)
    assert all(set(row) == {"█"} for row in full)
    assert all(len(set(row)) == 1 for row in tiny), "a tiny change is flat"
    assert set(tiny[0]) == {"┄"}
    assert len({tuple(full), tuple(tiny), tuple(growth)}) == 3


def test_growth_rises_from_left_to_right() -> None:
    plan = 100 * GIB
    (*_, bottom) = rows = chart(steady(*(plan * index // 40 for index in range(40))), plan, height=8)
    heights = [sum(row[column] not in " ┄" for row in rows) for column in range(len(bottom))]
    assert heights == sorted(heights)
    assert heights[0] <= 1
    assert heights[-1] >= 7


def test_tiny_value_is_visible_and_zero_is_not() -> None:
    assert set(chart(steady(1, 1), 100 * GIB)[-1]) == {"▁"}
    assert set(chart(steady(0, 0), 100 * GIB)[-1]) == {" "}


def test_plan_is_a_dashed_line_above_the_bars() -> None:
    lines = capacity_chart(steady(20 * GIB, 20 * GIB), 100 * GIB, WIDTH, HEIGHT)
    top = lines[0]
    assert "100 GiB" in plain_text(top)
    assert any(span.role is Role.PLAN and "┄┄" in span.text for span in top)
    assert not any("┄" in row for row in bars(lines)[1:])


def test_plan_is_inside_the_chart_when_used_exceeds_it() -> None:
    rows = capacity_chart(steady(200 * GIB, 10 * GIB, 10 * GIB), 100 * GIB, WIDTH, HEIGHT)
    with_plan = [index for index, line in enumerate(rows) if any(span.role is Role.PLAN for span in line)]
    assert with_plan == [3]
    assert "200 GiB" in plain_text(rows[0])


@pytest.mark.parametrize("plan", [0, None])
def test_chart_without_plan_has_no_plan_line(plan: int | None) -> None:
    lines = capacity_chart(steady(5, 9), plan, WIDTH, HEIGHT)
    assert not any(span.role is Role.PLAN for line in lines for span in line)


def test_gaps_are_dots_at_the_bottom_with_a_legend() -> None:
    track = CapacityHistory((CapacitySample(0.0, GIB),), gaps=(ObservationGap(100.0, 200.0),), until=300.0)
    lines = capacity_chart(track, 10 * GIB, WIDTH, HEIGHT)
    bottom = bars(lines)[-1]
    assert bottom.strip("·") == bottom, "there are bars on both sides"
    assert bottom.count("·") == pytest.approx(len(bottom) / 3, abs=1.5)
    assert all("·" not in row for row in bars(lines)[:-1])
    assert "no data" in plain_text(lines[-1])


def test_time_before_the_first_sample_is_blank() -> None:
    lines = capacity_chart(CapacityHistory((CapacitySample(30.0, GIB),), until=40.0), 10 * GIB, WIDTH, HEIGHT)
    assert "·" not in bars(lines)[-1]
    assert "no data" not in plain_text(lines[-1])


def test_last_line_has_min_max_and_current_value() -> None:
    figures = plain_text(capacity_chart(steady(GIB, 3 * GIB, 2 * GIB), 10 * GIB, WIDTH, HEIGHT)[-1])
    assert figures == "min 1 GiB  max 3 GiB  now 2 GiB"


def test_axis_shows_the_time_span() -> None:
    axis = plain_text(capacity_chart(steady(*[GIB] * 120), 10 * GIB, WIDTH, HEIGHT)[HEIGHT])
    assert "-2 h" in axis
    assert axis.endswith("now")
