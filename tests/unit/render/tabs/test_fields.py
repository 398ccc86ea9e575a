"""The fields of a record in the Raw tab."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cdptui.api.decode import decode_task
from cdptui.api.raw_task import raw_fields
from cdptui.models.capacity import CapacityHistory
from cdptui.render.spans import Role, plain_text
from cdptui.render.tabs.context import DetailContext
from cdptui.render.tabs.fields import field_lines
from cdptui.tui.keymap import DEFAULT_KEYMAP
from tests.unit.api.wire import FULL_ROW, VENDOR_ROW, encoded

NOW = datetime(2025, 6, 18, 15, 0, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
WIDTHS = [60, 80, 120]


def lines(row: Mapping[str, Any], width: int = 100, **context: Any) -> list[str]:
    """Return the fields of a record as the server sends it."""
    task = decode_task(encoded(row), SHANGHAI)
    settings: dict[str, Any] = {
        "fields": raw_fields(task, SHANGHAI),
        "track": CapacityHistory(),
        "names": {},
        "names_problem": "",
        "now": NOW,
        "zone": SHANGHAI,
        "keys": DEFAULT_KEYMAP.labels,
        **context,
    }
    return [plain_text(line) for line in field_lines(DetailContext(**settings), width)]


def field_line(text: list[str], name: str) -> str:
    """Return the line of a field."""
    (match,) = (line for line in text if line.split(" ")[0] == name)
    return match


@pytest.mark.parametrize("width", WIDTHS)
def test_every_field_of_the_vendor_example_is_shown(width: int) -> None:
    text = lines(VENDOR_ROW, width)
    for name, value in VENDOR_ROW.items():
        line = field_line(text, name)
        assert value in line if isinstance(value, str) else name in line
    assert "22.8 MiB" in field_line(text, "usedCapacity")
    assert "100 GiB" in field_line(text, "maxCapacity")
    assert "100 MiB/s per volume" in field_line(text, "backupBandwidth")
    assert any("servers before 4.4.24" in line for line in text)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_field_of_a_newer_server_is_shown(width: int) -> None:
    text = lines({**FULL_ROW, "scene": "Normal"}, width)
    for name in {**FULL_ROW, "scene": 0}.keys() - {"resourceRefs"}:
        assert field_line(text, name)
    assert "1.8s" in field_line(text, "lastLatency")
    assert "10m" in field_line(text, "maxLatency")
    assert "Normal" in field_line(text, "scene")
    assert any("not known to cdptui: " in line for line in text)
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
    assert line.endswith(f"{FULL_ROW['lastOpDate']} server time")


def test_date_without_known_zone_is_shown_as_sent() -> None:
    task = decode_task(encoded(FULL_ROW), None)
    text = lines(FULL_ROW, fields=raw_fields(task, None), is_server_zone_known=False)
    assert "ago" not in field_line(text, "lastOpDate")
    assert FULL_ROW["lastOpDate"] in field_line(text, "lastOpDate")
    assert [line for line in text if "time zone is not known" in line]
    assert not [line for line in lines(FULL_ROW) if "time zone is not known" in line]


def test_unreadable_field_is_shown_as_sent_and_marked() -> None:
    line = field_line(lines({**FULL_ROW, "usedCapacity": "a lot"}), "usedCapacity")
    assert "a lot" in line
    assert "unreadable" in line


def test_unknown_field_is_marked_by_more_than_its_colour() -> None:
    task = decode_task(encoded({**FULL_ROW, "scene": "Normal"}), SHANGHAI)
    context = DetailContext(raw_fields(task, SHANGHAI), CapacityHistory(), {}, "", NOW, SHANGHAI, DEFAULT_KEYMAP.labels)
    pane = field_lines(context, 100)
    (scene,) = (line for line in pane if plain_text(line).startswith("scene"))
    assert scene[0].role is Role.ACCENT
    assert any("not known to cdptui: " in plain_text(line) for line in pane)


def test_uuid_field_shows_its_name() -> None:
    text = lines(FULL_ROW, names={FULL_ROW["policyUuid"]: "gold"})
    assert "gold" in field_line(text, "policyUuid")
    assert FULL_ROW["policyUuid"] in field_line(text, "policyUuid")


def test_limit_of_zero_is_no_limit() -> None:
    assert "no limit" in field_line(lines({**FULL_ROW, "backupBandwidth": 0}), "backupBandwidth")
