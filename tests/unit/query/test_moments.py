"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.query.moments import MomentError, parse_moment

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("14:05", datetime(2026, 11, 26, 14, 5, tzinfo=UTC)),
        ("9:30", datetime(2026, 11, 27, 9, 30, tzinfo=UTC)),
        ("11:59:59", datetime(2026, 11, 27, 11, 59, 59, tzinfo=UTC)),
        ("12:00", NOW),
        ("-3h", NOW - timedelta(hours=3)),
        ("-1h30m", NOW - timedelta(minutes=90)),
        ("3h ago", NOW - timedelta(hours=3)),
        ("2 d ago", NOW - timedelta(days=2)),
        ("now", NOW),
        ("today", datetime(2026, 11, 27, tzinfo=UTC)),
        ("yesterday 02:10", datetime(2026, 11, 26, 2, 10, tzinfo=UTC)),
        ("Yesterday  2:10", datetime(2026, 11, 26, 2, 10, tzinfo=UTC)),
        ("2026-11-26 02:10", datetime(2026, 11, 26, 2, 10, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 26, tzinfo=UTC)),
        ("2026-11-26T02:10:05+08:00", datetime(2026, 11, 25, 18, 10, 5, tzinfo=UTC)),
        ("2026-11-26 02:10 UTC", datetime(2026, 11, 26, 2, 10, tzinfo=UTC)),
        ("2026-11-26T02:10:00Z", datetime(2026, 11, 26, 2, 10, tzinfo=UTC)),
        ("11-20 08:00", datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
        ("12-24", datetime(2025, 12, 24, tzinfo=UTC)),
    ],
)
def test_moment_is_the_last_one_that_the_text_names(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW, UTC) == moment


def test_time_is_one_of_the_zone_of_the_screen() -> None:
    assert parse_moment("02:10", NOW, SHANGHAI) == datetime(2026, 11, 27, 2, 10, tzinfo=SHANGHAI)
    # 12:00 UTC is 20:00 there, so yesterday is another day than in UTC from 16:00 UTC on.
    late = NOW + timedelta(hours=5)
    assert parse_moment("yesterday", late, SHANGHAI) == datetime(2026, 11, 27, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "-5", "-3 apples", "24:00", "12:60", "2026-02-30", "2026-13-01", "13-40", "soon", "14", "-1e300d"],
)
def test_other_text_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(MomentError, match="yesterday 02:10"):
        parse_moment(text, NOW, UTC)


@given(st.text(max_size=30) | st.from_regex(r"[-0-9:TZ+ ]{1,25}", fullmatch=True))
def test_any_text_is_a_moment_or_an_error(text: str) -> None:
    try:
        moment = parse_moment(text, NOW, UTC)
    except MomentError:
        return
    assert moment.tzinfo is not None


@given(st.integers(0, 2**31))
def test_written_moment_is_read_again(seconds: int) -> None:
    whole = datetime.fromtimestamp(seconds, SHANGHAI)
    # Python finds times of two zones different when one of them occurs twice.
    assert parse_moment(f"{whole:%Y-%m-%d %H:%M:%S%z}", NOW, UTC).timestamp() == whole.timestamp()
