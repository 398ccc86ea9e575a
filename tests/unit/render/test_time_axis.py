"""The time axis of a chart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.trend import WINDOWS
from cdptui.render.time_axis import TimeScale, axis_text

END = datetime(2026, 11, 27, 14, 7, tzinfo=UTC)


def scale(span: timedelta, columns: int, zone: tzinfo = UTC, end: datetime = END) -> TimeScale:
    return TimeScale(round(1000 * (end - span).timestamp()), round(1000 * end.timestamp()), columns, zone)


@pytest.mark.parametrize(
    ("span", "columns", "expected"),
    [
        (timedelta(minutes=15), 40, "────────┴13:55───────┴14:00─────────────now"),
        (timedelta(hours=24), 60, ""),
        (timedelta(days=7), 60, ""),
    ],
)
def test_labels_are_at_round_times(span: timedelta, columns: int, expected: str) -> None:
    text = axis_text(scale(span, columns))
    assert len(text) == columns
    assert text.endswith("now")
    if expected:
        assert re.findall(r"[\d:]+", text) == re.findall(r"[\d:]+", expected)


def test_labels_are_in_the_zone_of_the_screen() -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    labels = re.findall(r"\d\d:\d\d", axis_text(scale(timedelta(hours=6), 70, zone)))
    assert labels
    assert all(label.endswith(":00") for label in labels)


def test_days_begin_at_midnight_of_the_zone_also_when_its_offset_changes() -> None:
    zone = ZoneInfo("America/New_York")
    end = datetime(2026, 11, 4, 12, tzinfo=zone)
    each = scale(timedelta(days=7), 168, zone, end)
    text = axis_text(each)
    for match in re.finditer(r"┴(\d\d-\d\d)", text):
        before, after = each.time_of(match.start()), each.time_of(match.start() + 1)
        assert f"{after:%m-%d}" == match[1]
        assert (after - timedelta(milliseconds=1)).date() != before.date() or before.hour == 0
    assert "11-02" in text


@given(
    st.sampled_from(WINDOWS),
    st.integers(8, 200),
    st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"]),
    st.integers(0, 20 * 365 * 24 * 60),
)
def test_axis_fills_its_width_and_its_labels_are_apart(window: object, columns: int, zone: str, minutes: int) -> None:
    assert hasattr(window, "span_ms")
    each = scale(timedelta(milliseconds=window.span_ms), columns, ZoneInfo(zone), END - timedelta(minutes=minutes))
    text = axis_text(each)
    assert len(text) == columns
    assert text.endswith("now")
    assert re.fullmatch(r"(?:─|┴\d\d[:-]\d\d(?=─))*now", text)


def test_column_of_a_time() -> None:
    each = TimeScale(0, 100, 10, UTC)
    assert [each.column_of(at) for at in (-1, 0, 9, 10, 99, 100, 101)] == [None, 0, 0, 1, 9, 9, None]
