from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdptui.api.timestamps import is_valid_timestamp, parse_timestamp, server_timezone

SHANGHAI = timezone(timedelta(hours=8))
ZONES = ("UTC", "Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham", "Pacific/Kiritimati")
EARLIEST, LATEST = datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2100-01-01")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def java(local: datetime, after_year: str, before_half: str) -> str:
    half = "AM" if local.hour < 12 else "PM"
    clock = f"{local.hour % 12 or 12}:{local:%M:%S}{before_half}{half}"
    return f"{MONTHS[local.month - 1]} {local.day}, {local.year}{after_year} {clock}"


FORMS: dict[str, Callable[[datetime], str]] = {
    "Java 8": lambda local: java(local, "", " "),
    "Java 9": lambda local: java(local, ",", " "),
    "Java 20": lambda local: java(local, ",", "\u202f"),
    "no-break space": lambda local: java(local, "", "\u00a0"),
    "ISO without zone": lambda local: local.strftime("%Y-%m-%dT%H:%M:%S"),
    "MySQL": lambda local: local.strftime("%Y-%m-%d %H:%M:%S"),
}


@settings(max_examples=100)
@given(
    st.datetimes(EARLIEST, LATEST, timezones=st.sampled_from(ZONES).map(ZoneInfo)),
    st.sampled_from(sorted(FORMS)),
)
def test_date_without_an_offset_is_read_in_the_server_time_zone(at: datetime, form: str) -> None:
    local = at.replace(microsecond=0, fold=0)
    assert parse_timestamp(FORMS[form](local), local.tzinfo) == local.astimezone(UTC)


@settings(max_examples=100)
@given(
    st.datetimes(EARLIEST, LATEST),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from([None, UTC, SHANGHAI]),
)
def test_date_with_an_offset_is_read_without_a_time_zone(local: datetime, minutes: int, zone: timezone | None) -> None:
    at = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_timestamp(at.isoformat(), zone) == at


@settings(max_examples=100)
@given(st.integers(10**9, 4 * 10**9), st.sampled_from(["s", "ms", "s as text", "ms as text"]))
def test_epoch_numbers_are_read_as_seconds_or_milliseconds(seconds: int, form: str) -> None:
    number = seconds * (1000 if form.startswith("ms") else 1)
    value = str(number) if form.endswith("text") else number
    assert parse_timestamp(value, None) == datetime.fromtimestamp(seconds, UTC)


@settings(max_examples=150)
@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.from_regex(r"[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4},? [0-9]{1,2}:[0-9]{2}:[0-9]{2}( [AP]M)?", fullmatch=True),
        st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]*)?", fullmatch=True),
        st.from_regex(r"[0-9]{1,400}", fullmatch=True),
    ),
    st.sampled_from(
        [None, UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)), ZoneInfo("Asia/Shanghai")]
    ),
)
def test_any_value_is_parsed_to_utc_or_unknown(value: str | float | None, zone: timezone | None) -> None:
    moment = parse_timestamp(value, zone)
    assert moment is None or moment.tzinfo is UTC
    assert is_valid_timestamp(value) in {True, False}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Nov 14, 2017 10:20:57 PM", (2017, 11, 14, 22, 20, 57), id="format of the vendor"),
        pytest.param("Nov 14, 2017 12:00:00 AM", (2017, 11, 14, 0, 0, 0), id="midnight"),
        pytest.param("Nov 14, 2017 12:00:00 PM", (2017, 11, 14, 12, 0, 0), id="noon"),
        pytest.param("Nov 14, 2017 22:20:57", (2017, 11, 14, 22, 20, 57), id="24-hour clock"),
        pytest.param("November 14, 2017 10:20:57 p.m.", (2017, 11, 14, 22, 20, 57), id="long month name"),
        pytest.param("  Mar 4, 2025  9:12:33 AM ", (2025, 3, 4, 9, 12, 33), id="extra spaces"),
    ],
)
def test_java_dates_are_read_in_any_locale(text: str, expected: tuple[int, ...]) -> None:
    assert parse_timestamp(text, SHANGHAI) == datetime(*expected, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "0000-00-00 00:00:00",
        "Nov 31, 2017 10:20:57 PM",
        "Foo 14, 2017 10:20:57 PM",
        "Nov 14, 2017 10:61:57 PM",
        math.nan,
        math.inf,
        10**400,
    ],
)
def test_invalid_date_is_not_valid(value: str | float) -> None:
    assert parse_timestamp(value, SHANGHAI) is None
    assert not is_valid_timestamp(value)


def test_local_date_without_a_time_zone_is_unknown_but_valid() -> None:
    assert parse_timestamp("Nov 14, 2017 10:20:57 PM", None) is None
    assert is_valid_timestamp("Nov 14, 2017 10:20:57 PM")
    assert is_valid_timestamp(None)


@pytest.mark.parametrize(
    ("name", "offset", "expected"),
    [
        pytest.param("Asia/Shanghai", "+08:00", ZoneInfo("Asia/Shanghai"), id="known name"),
        pytest.param("Asia/Shanghai", None, ZoneInfo("Asia/Shanghai"), id="name without an offset"),
        pytest.param("Mars/Olympus", "+08:00", SHANGHAI, id="unknown name with an offset"),
        pytest.param(None, "+8:00", SHANGHAI, id="offset from the vendor manual"),
        pytest.param(None, "-03:30", timezone(-timedelta(hours=3, minutes=30)), id="west of Greenwich"),
        pytest.param("GMT+08:00", None, SHANGHAI, id="offset as a name"),
        pytest.param(None, "+0800", SHANGHAI, id="offset without a colon"),
        pytest.param(None, "+99:00", None, id="offset out of range"),
        pytest.param("Mars/Olympus", "east", None, id="unknown name and offset"),
        pytest.param("../../etc/passwd", None, None, id="path"),
        pytest.param("Asia", None, None, id="folder of zones"),
        pytest.param(None, None, None, id="empty body"),
    ],
)
def test_server_time_zone_is_found_by_name_or_offset(
    name: str | None, offset: str | None, expected: timezone | ZoneInfo | None
) -> None:
    assert server_timezone(name, offset) == expected


@settings(max_examples=100)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_time_zone_text_is_accepted_or_unknown(name: str, offset: str) -> None:
    zone = server_timezone(name, offset)
    assert zone is None or LATEST.replace(tzinfo=zone).utcoffset() is not None
