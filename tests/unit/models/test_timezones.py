from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.timezones import parse_timezone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+08:00", timezone(timedelta(hours=8))),
        ("+8", timezone(timedelta(hours=8))),
        ("+0530", timezone(timedelta(hours=5, minutes=30))),
        ("-03:30", timezone(-timedelta(hours=3, minutes=30))),
        ("GMT+08:00", timezone(timedelta(hours=8))),
        ("utc", UTC),
        ("Z", UTC),
        (" Asia/Shanghai ", ZoneInfo("Asia/Shanghai")),
    ],
)
def test_timezone_is_a_name_or_an_offset(text: str, expected: tzinfo) -> None:
    assert parse_timezone(text) == expected


@pytest.mark.parametrize(
    "text", ["", "Nowhere/City", "+99:00", "+08:75", "../etc/passwd", "/etc/localtime", "CST8", "8"]
)
def test_invalid_timezone_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"\+08:00"):
        parse_timezone(text)


@given(st.text(max_size=40) | st.from_regex(r"[+-]?\d{1,3}:?\d{0,3}", fullmatch=True))
def test_any_text_is_a_timezone_or_one_error(text: str) -> None:
    try:
        zone = parse_timezone(text)
    except ValueError:
        return
    assert abs(datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()) < timedelta(hours=24)
