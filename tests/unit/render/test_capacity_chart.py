from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.render.capacity_chart import capacity_chart, resample
from cdptui.render.spans import Line, plain_text

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
@given(tracks, st.none() | st.integers(0, 2**50), st.integers(24, 200), st.integers(1, 12))
def test_chart_has_the_requested_width_and_height(
    track: CapacityHistory, plan: int | None, width: int, height: int
) -> None:
    lines = capacity_chart(track, plan, width, height)
    rows = [plain_text(line) for line in lines if "┤" in plain_text(line)]
    assert len(rows) in {0, height}
    assert all(cell_len(row) == width for row in rows)
    if rows:
        assert len(lines) == height + 2
        assert cell_len(plain_text(lines[-1])) == width


def test_chart_without_samples_shows_a_message() -> None:
    assert [plain_text(line) for line in capacity_chart(CapacityHistory(until=60.0), GIB, WIDTH, HEIGHT)] == [
        "change    no data yet"
    ]


@pytest.mark.parametrize("height", [2, 3, 5, 10])
@pytest.mark.parametrize("level", [0, 1, 100 * GIB])
def test_value_that_does_not_change_is_one_line(level: int, height: int) -> None:
    lines = capacity_chart(steady(*[level] * 20), 100 * GIB, WIDTH, height)
    filled = [row for row in bars(lines) if row.strip()]
    assert len(filled) == 1
    assert set(filled[0]) == {"─"}
    assert plain_text(lines[0]) == "change    none in 20 min"


def test_scale_is_the_movement_and_is_stated() -> None:
    lines = capacity_chart(steady(*(50 * GIB + index * GIB // 10 for index in range(21))), 100 * GIB, WIDTH, HEIGHT)
    assert plain_text(lines[0]) == "change    +2 GiB in 21 min (2% of plan)"
    labels = [plain_text(line).partition("┤")[0].strip() for line in lines[1:-1]]
    assert labels == ["+2 GiB", "", "", "", "", "50 GiB"]
    rows = bars(lines)
    heights = [sum(row[column] != " " for row in rows) for column in range(len(rows[0]))]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (1, HEIGHT)


def test_tiny_change_is_visible_and_its_size_is_stated() -> None:
    plan = 100 * GIB
    lines = capacity_chart(steady(plan // 2, plan // 2 + 2**20), plan, WIDTH, HEIGHT)
    assert plain_text(lines[0]) == "change    +1 MiB in 2 min (<1% of plan)"
    assert "+1 MiB ┤" in plain_text(lines[1])
    assert bars(lines)[0].strip()


def test_decrease_is_stated_with_its_sign() -> None:
    lines = capacity_chart(steady(3 * GIB, 2 * GIB), None, WIDTH, HEIGHT)
    assert plain_text(lines[0]) == "change    −1 GiB in 2 min"


def test_lowest_value_is_visible() -> None:
    assert "▁" in chart(steady(1, 100 * GIB), 100 * GIB)[-1]


def test_gaps_are_dots_at_the_bottom_with_a_legend() -> None:
    track = CapacityHistory((CapacitySample(0.0, GIB),), gaps=(ObservationGap(100.0, 200.0),), until=300.0)
    lines = capacity_chart(track, 10 * GIB, WIDTH, 1)
    (row,) = bars(lines)
    assert row.strip("·") == row, "there are lines on both sides"
    assert row.count("·") == pytest.approx(len(row) / 3, abs=1.5)
    assert "no data" in plain_text(lines[0])
    high = bars(capacity_chart(track, 10 * GIB, WIDTH, HEIGHT))
    assert all("·" not in row for row in high[:-1])


def test_time_before_the_first_sample_is_blank() -> None:
    lines = capacity_chart(CapacityHistory((CapacitySample(36.0, GIB),), until=40.0), 10 * GIB, WIDTH, HEIGHT)
    assert not any("·" in row for row in bars(lines))
    assert "no data" not in plain_text(lines[0])


def test_axis_shows_the_time_span() -> None:
    axis = plain_text(capacity_chart(steady(*[GIB] * 120), 10 * GIB, WIDTH, HEIGHT)[-1])
    assert "-2 h" in axis
    assert axis.endswith("now")
