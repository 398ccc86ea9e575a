from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import raw_fields
from cdptui.models.capacity import CapacityHistory, CapacitySample, GrowthRate, growth_rate
from cdptui.models.reasons import Evidence, find_reasons, overall_severity
from cdptui.models.severity import status_severity
from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs import overview
from cdptui.render.tabs.context import DetailContext
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.unit.api.wire import FULL_ROW, encoded

GIB = 2**30
NOW = datetime(2025, 6, 18, 15, 0, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
SIZES = [pytest.param(120, 40, id="wide and high"), pytest.param(80, 24, id="ordinary"), pytest.param(60, 10, id="low")]


def lines(
    row: Mapping[str, Any],
    width: int = 100,
    height: int = 40,
    *,
    track: CapacityHistory | None = None,
    seconds_until_full: float | None = None,
    growth: GrowthRate | None = None,
    **context: Any,
) -> list[str]:
    """Return the pane for a record as the server sends it."""
    task = decode_task(encoded(row), SHANGHAI)
    settings: dict[str, Any] = {
        "fields": raw_fields(task, SHANGHAI),
        "track": track or CapacityHistory((CapacitySample(0.0, task.used_bytes or 0),), until=60.0),
        "names": {},
        "names_problem": "",
        "now": NOW,
        "zone": SHANGHAI,
        "keys": DEFAULT_KEYMAP.labels,
        **context,
    }
    reasons = find_reasons(task, Evidence(settings["now"], seconds_until_full=seconds_until_full, growth=growth))
    rows = TaskRow(task, overall_severity(task, reasons), growth, seconds_until_full, reasons)
    return [plain_text(line) for line in overview.lines(rows, DetailContext(**settings), width, height)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_overview_shows_status_figures_and_resources(width: int, height: int) -> None:
    text = lines(FULL_ROW, width, height, names={FULL_ROW["resourceRefs"][0]["resourceUuid"]: "erp-db-01"})
    assert text[0].startswith("● Running · Enabled"), "the name is the title of the pane"
    for part in ("64 GiB of 100 GiB", "1.8s (target 10m)", "d2f9a6c5c69c4be28bfa1c85d1e4652d", "erp-db-01"):
        assert any(part in line for line in text), part


def test_raw_fields_are_left_to_the_raw_tab() -> None:
    text = lines({**FULL_ROW, "scene": "Normal"})
    assert not [line for line in text if "usedCapacity" in line or "scene" in line or "policyUuid" in line]


def test_missing_names_show_the_cause() -> None:
    text = lines(FULL_ROW, names_problem="no permission")
    assert any("name not known" in line for line in text)
    assert "Names not loaded: no permission" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"maxCapacity": 0}, "no plan set", id="no plan"),
        pytest.param({"maxCapacity": "many"}, "plan unknown", id="unreadable plan"),
        pytest.param({"lastLatency": 700_000}, "target 10m: breached", id="RPO breach"),
        pytest.param({"resourceRefs": []}, "No VM attached", id="no VM"),
        pytest.param({"status": "Failed"}, "Enabled, but the status is Failed", id="failed status"),
        pytest.param({"usedCapacity": "?"}, "Unreadable fields: usedCapacity", id="unreadable field"),
        pytest.param({"description": "ERP [red]x[/]"}, "ERP [red]x[/]", id="description with markup"),
    ],
)
def test_overview_shows_unusual_values(changes: dict[str, object], expected: str) -> None:
    assert any(expected in line for line in lines({**FULL_ROW, **changes}))


def test_head_shows_the_most_severe_problem_and_keeps_its_height_without_one() -> None:
    text = lines({**FULL_ROW, "lastLatency": 1_500_000})
    assert text[1].startswith("Newest recovery point is 25m old (target 10m)")
    assert "since" in text[1]
    assert text[2] == lines(FULL_ROW)[1] == lines(FULL_ROW)[2] == ""


def test_long_problem_wraps_to_the_second_line_without_moving_the_figures() -> None:
    late = {**FULL_ROW, "lastLatency": 1_500_000}
    narrow, calm = lines(late, 46), lines(FULL_ROW, 46)
    assert " ".join(narrow[1:3]).startswith("Newest recovery point is 25m old (target 10m), since")
    assert [line.split(" ")[0] for line in narrow[3:8]] == [line.split(" ")[0] for line in calm[3:8]]


def test_next_step_and_other_problems_are_below_the_chart() -> None:
    text = lines({**FULL_ROW, "resourceRefs": [], "lastLatency": 1_500_000})
    chart = next(index for index, line in enumerate(text) if line.endswith("now"))
    step = next(index for index, line in enumerate(text) if line.startswith("Next step ─"))
    assert step == chart + 2
    assert text[step + 1].startswith("Attach a VM, or delete the task")
    more = next(index for index, line in enumerate(text) if line.startswith("1 more problem ─"))
    assert text[more + 1].startswith("Newest recovery point is 25m old (target 10m)")
    assert text[more + 2].startswith("  Check the load of the backup storage")
    assert not [line for line in lines(FULL_ROW) if "Next step" in line or "more problem" in line]


@pytest.mark.parametrize(("rpo_ms", "cells"), [(0, ""), (300_000, "█████"), (4_500_000, "██████████")])
def test_rpo_has_a_bar_that_is_full_at_its_target(rpo_ms: int, cells: str) -> None:
    (line,) = (line for line in lines({**FULL_ROW, "lastLatency": rpo_ms}) if line.startswith("RPO"))
    assert line.count("█") == len(cells)
    assert line.count("█") + line.count("░") == 10


@pytest.mark.parametrize(
    ("rpo_ms", "role"), [(1_000, Role.BAR), (590_000, Role.WARN), (600_000, Role.WARN), (601_000, Role.WARN)]
)
def test_bar_of_the_rpo_has_the_colour_of_its_figure(rpo_ms: int, role: Role) -> None:
    task = decode_task(encoded({**FULL_ROW, "lastLatency": rpo_ms}), SHANGHAI)
    context = DetailContext((), CapacityHistory(), {}, "", NOW, SHANGHAI, DEFAULT_KEYMAP.labels)
    pane = overview.lines(TaskRow(task, status_severity(task.status, task.state)), context, 100, 40)
    (line,) = (line for line in pane if plain_text(line).startswith("RPO"))
    assert line[1].role is (Role.TEXT if role is Role.BAR else role)
    assert {span.role for span in line if set(span.text) & set("█▏▎▍▌▋▊▉")} == {role}


def test_disabled_task_has_no_rpo_breach() -> None:
    assert not any("breach" in line for line in lines({**FULL_ROW, "lastLatency": 700_000, "state": "Disabled"}))


@pytest.mark.parametrize("height", [10, 40])
def test_deleted_task_is_marked(height: int) -> None:
    assert any("No longer on the server" in line for line in lines(FULL_ROW, height=height, is_gone=True))


@pytest.mark.parametrize(
    ("seconds_until_full", "expected"),
    [(0.0, "protection stops at the plan"), (7200.0, "2 h at this growth"), (None, "no estimate")],
)
def test_time_until_full_is_shown(seconds_until_full: float | None, expected: str) -> None:
    found = [line for line in lines(FULL_ROW, seconds_until_full=seconds_until_full) if line.startswith("full")]
    assert expected in found[0]


def history(*gib_per_h: float) -> CapacityHistory:
    """Return a history with these rates, each for an hour."""
    points, used = [CapacitySample(0.0, 0)], 0.0
    for hour, rate in enumerate(gib_per_h):
        for step in range(1, 13):
            used += rate * GIB / 12
            points.append(CapacitySample(hour * 3600.0 + step * 300.0, round(used)))
    return CapacityHistory(tuple(points), until=points[-1].at)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        pytest.param((12, 12), "+12 GiB/h (+288 GiB/day) over 2 h", id="steady"),
        pytest.param((2, 2, 2, 4), "+2.4 GiB/h (+57.3 GiB/day) over 4 h; last hour +4 GiB/h", id="faster"),
        pytest.param((2, 2, 0, 0), "+997 MiB/h (+23.4 GiB/day) over 4 h; last hour none", id="paused"),
        pytest.param((2,), "+2 GiB/h (+48 GiB/day) over 1 h", id="an hour is the whole time"),
        pytest.param((0, 0), "none over 2 h", id="none"),
    ],
)
def test_growth_is_the_rate_of_full_in_and_another_rate_names_its_time(rates: Sequence[float], expected: str) -> None:
    track = history(*rates)
    rate = growth_rate(track.points, track.until)
    text = lines(FULL_ROW, track=track, growth=rate, seconds_until_full=7200.0)
    (line,) = (line for line in text if line.startswith("growth"))
    assert line.split(None, 1)[1] == expected
    (full,) = (line for line in text if line.startswith("full in"))
    assert f"2 h at {expected.split(' (', maxsplit=1)[0]}" in full or not any(rates)


@pytest.mark.parametrize(
    ("changes", "growth", "expected"),
    [
        ({}, None, "no estimate: growth not known yet"),
        ({}, GrowthRate(0.0, 7200.0), "no estimate: not growing"),
        ({"maxCapacity": 0}, GrowthRate(1.0, 7200.0), "never: no plan set"),
        ({"maxCapacity": "?"}, None, "no estimate: capacity not known"),
        ({"status": "Stopped"}, GrowthRate(1.0, 7200.0), "no estimate while stopped"),
        ({"state": "Disabled"}, GrowthRate(1.0, 7200.0), "no estimate while disabled"),
    ],
)
def test_missing_estimate_says_why(changes: dict[str, object], growth: GrowthRate | None, expected: str) -> None:
    (line,) = (line for line in lines({**FULL_ROW, **changes}, growth=growth) if line.startswith("full in"))
    assert line.split(None, 2)[2] == expected


@pytest.mark.parametrize("status", ["Stopped", "Failed", "Starting", "Unknown", "Created"])
def test_rpo_that_is_not_measured_now_has_no_bar(status: str) -> None:
    (line,) = (line for line in lines({**FULL_ROW, "status": status}) if line.startswith("RPO"))
    assert line.split(None, 1)[1] == "last measured 1.8s (target 10m)"
    never = lines({**FULL_ROW, "status": status, "lastLatency": 0})
    (line,) = (line for line in never if line.startswith("RPO"))
    assert line.split(None, 1)[1].startswith("not measured ")


def test_head_of_a_disabled_task_says_it_once() -> None:
    assert lines({**FULL_ROW, "status": "Stopped", "state": "Disabled"})[0] == "■ Stopped · Disabled"


def test_unknown_growth_is_not_shown_as_zero() -> None:
    (line,) = (line for line in lines(FULL_ROW) if line.startswith("growth"))
    assert line.split()[1:] == ["not", "known", "yet"]


@pytest.mark.parametrize("height", [9, 10, 17, 18, 24, 40, 60])
def test_chart_is_visible_without_scrolling(height: int) -> None:
    text = lines(FULL_ROW, 80, height)
    (axis,) = (index for index, line in enumerate(text) if line.endswith("now"))
    assert axis < height


@pytest.mark.parametrize(
    ("slowest", "time"), [(0.5, "3 d (36 h to 6 d)"), (0.0, "3 d (not before 36 h)"), (-1.0, "3 d (not before 36 h)")]
)
def test_growth_of_whole_days_has_its_evidence_and_range(slowest: float, time: str) -> None:
    day = 24 * GIB / 86400.0
    growth = GrowthRate(day, 7 * 86400.0, None, 7, slowest * day, 2 * day)
    row = {**FULL_ROW, "usedCapacity": 28 * GIB, "maxCapacity": 100 * GIB}

    text = lines(row, growth=growth, seconds_until_full=3 * 86400.0)

    (rate,) = (line for line in text if line.startswith("growth"))
    (full,) = (line for line in text if line.startswith("full in"))
    low = {0.5: "12 GiB/day", 0.0: "0/day", -1.0: "−24 GiB/day"}[slowest]
    assert rate.split(None, 1)[1] == f"+1 GiB/h (+24 GiB/day), median of the last 7 days: {low} to 48 GiB/day"
    assert full.split(None, 2)[2] == f"{time} at +1 GiB/h"


def test_rate_that_has_just_changed_is_compared_with_the_usual_one() -> None:
    day = 24 * GIB / 86400.0
    growth = GrowthRate(6 * day, 7 * 86400.0, None, 7, day, 7 * day, 6.0, NOW.timestamp() - 4 * 3600.0)

    (rate,) = (line for line in lines(FULL_ROW, growth=growth) if line.startswith("growth"))

    expected = "+6 GiB/h (+144 GiB/day), 6.0× the usual +24 GiB/day since 19:00: 24 GiB/day to 168 GiB/day"
    assert rate.split(None, 1)[1] == expected


def test_freed_capacity_has_its_size_and_hour() -> None:
    freed_s = datetime(2025, 6, 17, 18, 0, tzinfo=UTC).timestamp()
    growth = GrowthRate(GIB / 3600.0, 12 * 3600.0, freed_bytes=12 * GIB, freed_s=freed_s)

    (rate,) = (line for line in lines(FULL_ROW, growth=growth) if line.startswith("growth"))

    assert rate.split(None, 1)[1] == "+1 GiB/h (+24 GiB/day) over 12 h; 12 GiB freed between 02:00 and 03:00"
