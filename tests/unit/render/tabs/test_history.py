"""The tab History."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from rich.cells import cell_len

from cdptui.models.capacity import CapacityHistory, CapacitySample, ObservationGap
from cdptui.models.event import Event, EventKind
from cdptui.models.failure import Failure, FailureKind
from cdptui.models.inventory import FetchState
from cdptui.models.rpo_history import RpoBreach, RpoStatistics, period_of
from cdptui.models.server_metrics import MetricPoint, TaskMetrics, fill_gaps, metrics_request
from cdptui.models.severity import Severity
from cdptui.models.step_series import StepSeries
from cdptui.models.trend import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    WINDOWS,
    Gap,
    RecordedTrend,
    TaskTrend,
    TrendRequest,
    memory_trend,
    task_trend,
)
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.history import chart_columns
from cdptui.render.tabs.registry import HISTORY, TABS, tab_renderer
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.doubles import EPOCH, GIB
from tests.unit.render.tabs.rows import DENIED, a_row, shown

END_MS = round(1000 * EPOCH.timestamp())
SIZES = [pytest.param(58, 7, id="60x20"), pytest.param(78, 9, id="80x24"), (46, 35), (66, 45)]
ZONE = timezone(timedelta(hours=8))

MET = Event(
    END_MS - HOUR_MS, EventKind.RPO_MET, Severity.HEALTHY, "uuid-of-cdp-erp-db", "cdp-erp-db", "2460000", "1860000"
)
FAILED = Event(
    END_MS - 10 * HOUR_MS, EventKind.STATUS, Severity.CRITICAL, "uuid-of-cdp-erp-db", "cdp-erp-db", "Running", "Failed"
)


def a_trend(width: int = 100, span_ms: int = DAY_MS, **changes: Any) -> TaskTrend:
    """Return a day in which a task grew from 30 to 40 GiB, and was over its RPO target for some time."""
    start_ms, minutes = END_MS - DAY_MS, range(24 * 60)
    used, rpo = StepSeries(until_ms=END_MS), StepSeries(until_ms=END_MS)
    used.extend(
        [start_ms + minute * MINUTE_MS for minute in minutes], [30 * GIB + minute * 7 * 2**20 for minute in minutes]
    )
    rpo.extend(
        [start_ms + minute * MINUTE_MS for minute in minutes],
        [(minute - 1300) * 60_000 if 1300 < minute < 1342 else 3000 for minute in minutes],
    )
    gap = Gap(start_ms + 4 * HOUR_MS, start_ms + 6 * HOUR_MS)
    for series in (used, rpo):
        series.blank(gap.start_ms, gap.end_ms)
    settings: dict[str, Any] = {
        "periods": [period_of(start_ms, "Running", "Enabled", 600_000)],
        "gaps": [gap],
        "events": [MET, FAILED],
        "first_ms": start_ms,
        **changes,
    }
    return task_trend(RecordedTrend(used, rpo, **settings), TrendRequest("u", span_ms, END_MS, chart_columns(width)))


def lines_of(width: int = 100, height: int = 40, **context: Any) -> list[str]:
    row = a_row(plan_bytes=100 * GIB, used_bytes=40 * GIB)
    return shown(HISTORY, row, width, height, **{"trend": a_trend(width), "zone": ZONE, **context})


def test_history_says_in_words_what_the_charts_show() -> None:
    text = "\n".join(lines_of())

    assert "used      39.8 GiB, +9.8 GiB (9% of plan)  plan 100 GiB not on this scale" in text
    assert "RPO       mean 42s, worst 41m  target 10m ┄" in text
    assert "· no monitor ran for 2 h, 12-31 12:00 to 14:00" in text
    assert "30 GiB ┤" in text
    assert "39.8 GiB ┤" in text
    assert "41m ┤" in text


def test_history_compares_the_rpo_with_its_target() -> None:
    lines = lines_of()
    start = next(index for index, line in enumerate(lines) if line.startswith("RPO over time · target 10m"))
    rows = [" ".join(line.split()) for line in lines[start + 1 : start + 8]]

    assert rows[0].split() == ["24", "h", "7", "d", "30", "d"]
    assert rows[1] == "on target 97.65% 97.65% 97.65%"
    assert rows[2] == "breaches 1 1 1"
    assert rows[3] == "longest 31 min 31 min 31 min"
    assert rows[4] == "began 01-01 05:51 01-01 05:51 01-01 05:51"
    assert rows[5] == "worst 41m 41m 41m"
    assert rows[6] == "covered 22 h 22 h 22 h"


def test_fleet_is_beside_the_task() -> None:
    fleet = [RpoStatistics(1000, 1, 1)] * 3
    assert any(line.startswith("all tasks 99.9%") for line in lines_of(fleet_rpo=fleet))


def test_events_are_listed_newest_first_and_marked_on_the_time_axis() -> None:
    lines = lines_of()
    start = next(index for index, line in enumerate(lines) if line.startswith("Events, newest first"))

    assert lines[start + 1] == "01-01 07:00:00    RPO within its target again after 31 min, worst 41m"
    assert lines[start + 2] == "12-31 22:00:00  ✖ Running → Failed"
    marks = next(line for line in lines if line.strip().startswith("events"))
    assert marks.split() == ["events", "✖", "·"]
    axis = next(line for line in lines if "└" in line)
    assert axis[marks.index("✖")] in "─┴0123456789:", "the mark is below the axis"
    assert axis.endswith("now")


def test_zero_to_plan_view_has_plan_and_target_at_the_top() -> None:
    text = "\n".join(lines_of(is_trend_zoomed=False))

    assert "plan 100 GiB ┄" in text
    assert "  100 GiB ┤┄┄┄" in text
    assert "      0 B ┤" in text


def test_gap_has_its_sign_in_both_charts() -> None:
    lines = [line for line in lines_of() if "┤" in line and "·" in line]
    assert len(lines) == 2
    assert {line.count("·") for line in lines} == {2 * chart_columns(100) // 24}


def a_filled_trend(width: int = 100) -> TaskTrend:
    """Return `a_trend` with values of the server in its gap."""
    trend = a_trend(width)
    request = metrics_request(trend)
    assert request is not None
    times_ms = range(request.start_ms, request.end_ms, MINUTE_MS)
    used_percent = [MetricPoint(at_ms, 25.0) for at_ms in times_ms]
    rpo_ms = [MetricPoint(at_ms, 4_200_000) for at_ms in times_ms]
    return fill_gaps(trend, TaskMetrics(request, used_percent, rpo_ms), 100 * GIB)


def test_gap_with_metrics_of_the_server_is_drawn_and_marked() -> None:
    lines = lines_of(trend=a_filled_trend())
    gap_columns = 2 * chart_columns(100) // 24
    empty = [line for line in lines_of() if "┤" in line and "·" in line]
    column = empty[0].index("·")

    assert not any("┤" in line and "·" in line for line in lines)
    axis = next(index for index, line in enumerate(lines) if "└" in line)
    marks = lines[axis + 1]
    assert marks.split() == ["server", "▓" * gap_columns]
    assert marks.index("▓") == column, "the mark is below the gap"
    used, rpo = (line for line in lines[:axis] if line.split("┤")[0].strip() in {"25 GiB", "1h10m"})
    assert used[column] == "▁"
    assert rpo[column] == "█"
    text = "\n".join(lines)
    assert "worst 1h10m" in text
    assert "· no monitor ran for 2 h" in text
    assert "▓ from the server's metrics, used capacity by today's plan" in text
    assert any(line.startswith("worst     41m") for line in lines), "the RPO over time is that of the recording"


def test_values_of_the_server_are_dim() -> None:
    trend = a_filled_trend()
    context = DetailContext(
        (), CapacityHistory(), {}, "", EPOCH, ZONE, DEFAULT_KEYMAP.labels, trend=trend, is_trend_zoomed=False
    )
    drawn = tab_renderer(HISTORY)(a_row(plan_bytes=100 * GIB), context, 100, 40)
    bottom = next(line for line in drawn if plain_text(line).startswith("      0 B ┤"))
    assert [(span.role, len(span.text)) for span in bottom[1:]] == [
        (Role.BAR, min(trend.used_from_server)),
        (Role.DIM, len(trend.used_from_server)),
        (Role.BAR, trend.request.columns - max(trend.used_from_server) - 1),
    ]


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (DENIED, "no permission"),
        (Failure(FailureKind.CDP_UNAVAILABLE, "no api mapping", "http://node/x"), "this node has none"),
        (Failure(FailureKind.TIMED_OUT, "no answer within 30 s", ""), "timed out: no answer within 30 s"),
    ],
    ids=["denied", "missing", "failed"],
)
def test_metrics_that_cannot_be_read_are_reported_in_the_history_only(failure: Failure, cause: str) -> None:
    metrics: FetchState[TaskMetrics] = FetchState(failure=failure)
    assert f"The server's metrics could not be read: {cause}; r retries" in lines_of(metrics=metrics)
    for tab in TABS:
        lines = shown(tab, a_row(), trend=a_trend(), metrics=metrics)
        assert (cause in "\n".join(lines)) is (tab is HISTORY)


def test_metrics_that_are_loading_or_have_no_points_change_nothing() -> None:
    request = metrics_request(a_trend())
    assert request is not None
    for metrics in (FetchState[TaskMetrics](is_fetching=True), FetchState(TaskMetrics(request), fetched_at=1.0)):
        assert lines_of(metrics=metrics) == lines_of()


def test_outage_has_another_sign_than_a_time_without_a_monitor() -> None:
    gap = Gap(END_MS - 20 * HOUR_MS, END_MS - 18 * HOUR_MS, is_outage=True)
    text = "\n".join(lines_of(trend=a_trend(gaps=[gap])))
    assert "× the node could not be read for 2 h, 12-31 12:00 to 14:00" in text
    assert "×××" in text
    assert "no monitor ran" not in text


def test_several_gaps_are_added_up() -> None:
    gaps = [Gap(END_MS - hours * HOUR_MS, END_MS - (hours - 1) * HOUR_MS) for hours in (20, 15, 3)]
    assert "· no monitor ran: 3 gaps, 3 h in total" in "\n".join(lines_of(trend=a_trend(gaps=gaps)))


def test_time_before_the_recording_is_no_gap() -> None:
    text = "\n".join(lines_of(trend=a_trend(first_ms=END_MS - 20 * HOUR_MS, gaps=[])))
    assert "Recorded since 12-31 12:00" in text


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_charts_are_seen_first_at_every_size(width: int, height: int) -> None:
    lines = lines_of(width, height)
    visible = "\n".join(lines[:height])
    assert max(map(cell_len, lines)) <= width or width < 50
    assert "[24 h]" in visible
    assert visible.count("┤") >= 3
    assert "used " in visible
    assert "RPO " in visible


@pytest.mark.parametrize("window", WINDOWS)
def test_current_window_is_in_brackets(window: Any) -> None:
    assert f"[{window.label}]" in "\n".join(lines_of(trend_window=window, trend=a_trend(span_ms=window.span_ms)))


def test_without_a_recording_the_series_in_memory_is_shown_and_said() -> None:
    points = tuple(CapacitySample(60.0 * minute, GIB * minute) for minute in range(10))
    history = CapacityHistory(points, (ObservationGap(120.0, 240.0),), until=600.0)
    request = TrendRequest("u", 15 * MINUTE_MS, END_MS, chart_columns(100))
    text = "\n".join(lines_of(trend=memory_trend(history, EPOCH.timestamp(), request)))

    assert "Nothing is recorded: used capacity since this monitor was started, and no RPO" in text
    assert "Seen since 01-01 07:50" in text
    assert "used      9 GiB, +9 GiB" in text
    assert "××××" in text
    assert "× the node could not be read for 2 min, 01-01 07:52 to 07:54" in text
    assert "RPO over time" not in text


def test_task_without_a_target_has_no_comparison() -> None:
    row = a_row(rpo_target_ms=None)
    trend = a_trend(periods=[period_of(END_MS - DAY_MS, "Running", "Enabled", None)])
    text = "\n".join(shown(HISTORY, row, trend=trend))
    assert "No RPO target: nothing to compare with" in text
    assert "no target" in text


def test_breach_of_another_task_is_named_in_a_group() -> None:
    from cdptui.render.rpo_table import rpo_table
    from cdptui.render.spans import plain_text

    breach = RpoBreach(END_MS, 60_000, 700_000, END_MS, "u1")
    statistics = [RpoStatistics(1000, 10, 1, breach, breach)] * 3
    text = "\n".join(
        plain_text(line) for line in rpo_table(statistics, ZONE, 60, names={"u1": "a-very-long-name-of-a-task"})
    )
    assert "  task    a-very-long-na…" in text
    assert "longest   1 min" in text
