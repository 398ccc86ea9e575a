from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import raw_fields
from cdptui.models.capacity import CapacityHistory, CapacitySample
from cdptui.models.reasons import Evidence, find_reasons, overall_severity
from cdptui.models.severity import status_severity
from cdptui.models.task_row import TaskRow
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs import overview
from cdptui.render.tabs.context import DetailContext
from tests.unit.api.wire import FULL_ROW, VENDOR_ROW, encoded

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
    full_in_s: float | None = None,
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
        **context,
    }
    reasons = find_reasons(task, Evidence(settings["now"], full_in_s=full_in_s))
    rows = TaskRow(task, overall_severity(task, reasons), full_in_s=full_in_s, reasons=reasons)
    return [plain_text(line) for line in overview.lines(rows, DetailContext(**settings), width, height)]


def field_line(text: list[str], name: str) -> str:
    """Return the line of a field."""
    (match,) = (line for line in text if line.split(" ")[0] == name)
    return match


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_overview_shows_every_field_of_the_vendor_example(width: int, height: int) -> None:
    text = lines(VENDOR_ROW, width, height)
    assert "My Task" in text[0]
    assert any("Running" in line and "Enabled" in line for line in text[:2])
    assert any("22.8 MiB of 100 GiB" in line for line in text)
    for name, value in VENDOR_ROW.items():
        line = field_line(text, name)
        assert value in line if isinstance(value, str) else name in line
    assert "22.8 MiB" in field_line(text, "usedCapacity")
    assert "100 GiB" in field_line(text, "maxCapacity")
    assert "100 MiB/s per volume" in field_line(text, "backupBandwidth")
    assert any("servers before 4.4.24" in line for line in text)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_overview_shows_every_field_of_a_newer_server(width: int, height: int) -> None:
    text = lines({**FULL_ROW, "scene": "Normal"}, width, height)
    for name in {**FULL_ROW, "scene": 0}.keys() - {"resourceRefs"}:
        assert field_line(text, name)
    assert "1.8s" in field_line(text, "lastLatency")
    assert "10m" in field_line(text, "maxLatency")
    assert "Normal" in field_line(text, "scene")
    assert any("not known to cdptui: " in line for line in text)
    assert any("d2f9a6c5c69c4be28bfa1c85d1e4652d" in line for line in text)
    assert any("1.8s (target 10m)" in line for line in text)
    assert not any("servers before 4.4.24" in line for line in text)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        pytest.param(timedelta(seconds=30), "30 s ago", id="seconds"),
        pytest.param(timedelta(minutes=18, seconds=53), "18 min ago", id="minutes"),
        pytest.param(timedelta(hours=5), "5 h ago", id="hours"),
        pytest.param(timedelta(days=100), "100 d ago", id="days"),
        pytest.param(-timedelta(minutes=5), "ahead by 5 min", id="minutes ahead"),
        pytest.param(-timedelta(hours=8), "ahead by 8 h", id="hours ahead, as with a wrong zone"),
    ],
)
def test_date_field_shows_its_age(ago: timedelta, words: str) -> None:
    changed = datetime(2025, 6, 18, 14, 41, 7, tzinfo=UTC)
    line = field_line(lines(FULL_ROW, now=changed + ago), "lastOpDate")
    assert line.split(None, 1)[1].startswith(f"{words}  ")
    assert line.endswith(FULL_ROW["lastOpDate"])


def test_date_without_known_zone_is_shown_as_sent() -> None:
    task = decode_task(encoded(FULL_ROW), None)
    text = lines(FULL_ROW, fields=raw_fields(task, None), is_server_zone_known=False)
    assert "ago" not in field_line(text, "lastOpDate")
    assert FULL_ROW["lastOpDate"] in field_line(text, "lastOpDate")
    assert [line for line in text if "time zone is not known" in line]
    assert not [line for line in lines(FULL_ROW) if "time zone is not known" in line]


def test_uuid_fields_show_their_names() -> None:
    names = {FULL_ROW["policyUuid"]: "gold", FULL_ROW["resourceRefs"][0]["resourceUuid"]: "erp-db-01"}
    text = lines(FULL_ROW, names=names)
    assert "gold" in field_line(text, "policyUuid")
    assert FULL_ROW["policyUuid"] in field_line(text, "policyUuid")
    assert any("erp-db-01" in line for line in text)


def test_missing_names_show_the_cause() -> None:
    text = lines(FULL_ROW, names_problem="no permission")
    assert any("name not known" in line for line in text)
    assert "Names not loaded: no permission" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"maxCapacity": 0}, "no plan set", id="no plan"),
        pytest.param({"maxCapacity": "many"}, "plan unknown", id="unreadable plan"),
        pytest.param({"backupBandwidth": 0}, "no limit", id="no limit"),
        pytest.param({"lastLatency": 700_000}, "target 10m: breached", id="RPO breach"),
        pytest.param({"resourceRefs": []}, "No VM attached", id="no VM"),
        pytest.param({"status": "Failed"}, "Enabled, but the status is Failed", id="failed status"),
        pytest.param({"usedCapacity": "?"}, "Unreadable fields: usedCapacity", id="unreadable field"),
        pytest.param({"description": "ERP [red]x[/]"}, "ERP [red]x[/]", id="description with markup"),
        pytest.param({"name": ""}, "(no name)", id="no name"),
    ],
)
def test_overview_shows_unusual_values(changes: dict[str, object], expected: str) -> None:
    assert any(expected in line for line in lines({**FULL_ROW, **changes}))


def test_unreadable_field_is_shown_as_sent_and_marked() -> None:
    line = field_line(lines({**FULL_ROW, "usedCapacity": "a lot"}), "usedCapacity")
    assert "a lot" in line
    assert "unreadable" in line


def test_head_shows_the_most_severe_problem_and_keeps_its_height_without_one() -> None:
    text = lines({**FULL_ROW, "lastLatency": 1_500_000})
    assert text[2].startswith("Newest recovery point is 25m old (target 10m)")
    assert "since" in text[2]
    assert text[3] == lines(FULL_ROW)[2] == lines(FULL_ROW)[3] == ""


def test_long_problem_wraps_to_the_second_line_without_moving_the_figures() -> None:
    late = {**FULL_ROW, "lastLatency": 1_500_000}
    narrow, calm = lines(late, 46), lines(FULL_ROW, 46)
    assert " ".join(narrow[2:4]).startswith("Newest recovery point is 25m old (target 10m), since")
    assert [line.startswith("used") for line in narrow] == [line.startswith("used") for line in calm]


def test_disabled_task_has_no_rpo_breach() -> None:
    assert not any("breach" in line for line in lines({**FULL_ROW, "lastLatency": 700_000, "state": "Disabled"}))


@pytest.mark.parametrize("height", [10, 40])
def test_deleted_task_is_marked(height: int) -> None:
    assert any("No longer on the server" in line for line in lines(FULL_ROW, height=height, is_gone=True))


@pytest.mark.parametrize(
    ("full_in_s", "expected"),
    [(0.0, "protection stops at the plan"), (7200.0, "2 h at this growth"), (None, "no estimate")],
)
def test_time_until_full_is_shown(full_in_s: float | None, expected: str) -> None:
    found = [line for line in lines(FULL_ROW, full_in_s=full_in_s) if line.startswith("full")]
    assert expected in found[0]


def test_growth_is_shown_per_hour_and_day_with_the_measured_time() -> None:
    track = CapacityHistory(tuple(CapacitySample(index * 300.0, index * GIB) for index in range(24)), until=23 * 300.0)
    (line,) = (line for line in lines(FULL_ROW, track=track) if line.startswith("growth"))
    assert "+12 GiB/h" in line
    assert "+288 GiB/day" in line
    assert "(measured over 1 h)" in line


def test_unknown_growth_is_not_shown_as_zero() -> None:
    (line,) = (line for line in lines(FULL_ROW) if line.startswith("growth"))
    assert line.split()[1:] == ["not", "known", "yet"]


@pytest.mark.parametrize("height", [8, 10, 17, 18, 24, 40, 60])
def test_chart_is_visible_without_scrolling(height: int) -> None:
    text = lines(FULL_ROW, 80, height)
    (figures,) = (index for index, line in enumerate(text) if line.startswith("min "))
    assert figures < height or height < 10


def test_unknown_field_is_marked_by_more_than_its_colour() -> None:
    task = decode_task(encoded({**FULL_ROW, "scene": "Normal"}), SHANGHAI)
    context = DetailContext(raw_fields(task, SHANGHAI), CapacityHistory(), {}, "", NOW, SHANGHAI)
    pane = overview.lines(TaskRow(task, status_severity(task.status, task.state)), context, 100, 40)
    (scene,) = (line for line in pane if plain_text(line).startswith("scene"))
    assert scene[0].role is Role.ACCENT
    assert any("not known to cdptui: " in plain_text(line) for line in pane)
