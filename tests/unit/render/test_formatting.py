from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdptui.render import formatting

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BYTES = st.integers(0, 2**64 - 1)
POWERS = {"B": 0, "KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4, "PiB": 5, "EiB": 6}


@settings(max_examples=150)
@given(BYTES)
@example(2**20 - 1)
@example(2**64 - 1)
def test_size_fits_its_column_and_is_exact_to_its_last_digit(count: int) -> None:
    text = formatting.size(count)
    number, unit = text.split(" ")
    assert len(text) <= 8
    last_digit = 0.1 if "." in number else 1.0
    assert float(number) * 1024 ** POWERS[unit] == pytest.approx(
        count, abs=last_digit * 1024 ** POWERS[unit] * 0.51 + count * 0.001
    )


@settings(max_examples=100)
@given(BYTES, BYTES)
def test_formatted_sizes_keep_their_order(a: int, b: int) -> None:
    def value(count: int) -> float:
        number, unit = formatting.size(count).split(" ")
        return float(number) * float(1024 ** POWERS[unit])

    few, many = sorted((a, b))
    assert value(few) <= value(many)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (23959160, "22.8 MiB"),
        (107374182400, "100 GiB"),
        (None, "–"),
    ],
)
def test_sizes(count: int | None, text: str) -> None:
    assert formatting.size(count) == text


@settings(max_examples=150)
@given(st.floats(0, 1e6))
@example(1 - 1e-12)
@example((100 * 2**30 - 1) / (100 * 2**30))
@example(1e-300)
def test_percentage_is_0_or_100_only_when_exact(ratio: float) -> None:
    text = formatting.percent(ratio)
    assert len(text) <= 5
    assert (text == "0%") == (ratio == 0)
    assert text != "100%" or ratio >= 1
    assert ratio < 1 or text.startswith(">") or int(text.removesuffix("%")) >= 100


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0, "0%"),
        (0.29, "29%"),
        (0.5, "50%"),
        (0.999, "99%"),
        (1.0, "100%"),
        (1.5, "150%"),
        (50.0, ">999%"),
        (None, "–"),
    ],
)
def test_percentages(ratio: float | None, text: str) -> None:
    assert formatting.percent(ratio) == text


@settings(max_examples=100)
@given(st.floats(-1e15, 1e15))
def test_rate_has_its_sign_and_fits_its_column(bytes_per_s: float) -> None:
    text = formatting.rate(bytes_per_s)
    count = round(bytes_per_s * 3600)
    assert text == "0/h" if count == 0 else text.startswith("+" if count > 0 else "−")
    assert len(text) <= 11


def test_rate_per_day() -> None:
    assert formatting.rate(1024.0, 86400, "day") == "+84.4 MiB/day"


@settings(max_examples=150)
@given(st.integers(0, 2**63))
def test_latency_can_be_parsed_back_within_its_precision(milliseconds: int) -> None:
    text = formatting.latency(milliseconds)
    seconds = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    parts = re.findall(r"([\d.]+)(ms|d|h|m|s)", text)
    assert "".join(number + unit for number, unit in parts) == text
    total = sum(float(number) * seconds[unit] for number, unit in parts)
    assert total * 1000 == pytest.approx(milliseconds, rel=0.1, abs=1)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0ms"),
        (999, "999ms"),
        (1000, "1s"),
        (1830, "1.8s"),
        (9999, "10s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (61_000, "1m01s"),
        (600_000, "10m"),
        (3_600_000, "1h"),
        (7_500_000, "2h05m"),
        (90_000_000, "1d01h"),
        (None, "–"),
    ],
)
def test_latencies(milliseconds: int | None, text: str) -> None:
    assert formatting.latency(milliseconds) == text


@settings(max_examples=100)
@given(st.floats(0, 1e10))
def test_duration_is_rounded_down_to_one_unit(seconds: float) -> None:
    number, unit = formatting.duration(seconds).split(" ")
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400, "y": 365 * 86400}[unit]
    assert int(number) * size <= seconds < (int(number) + 1) * size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3600, "1 h"), (172_800, "2 d"), (63_072_000, "2 y"), (None, "–")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@settings(max_examples=100)
@given(st.floats(0, 1e9))
@example(0.0995)
@example(0.0999)
@example(9.96)
def test_poll_time_always_takes_five_cells(seconds: float) -> None:
    assert len(formatting.poll_time(seconds)) == 5


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3), "3 h"),
        (-timedelta(seconds=30), "0 s"),
        (-timedelta(hours=3), "in 3 h"),
    ],
)
def test_age_shows_the_future_only_beyond_a_small_clock_difference(ago: timedelta, text: str) -> None:
    assert formatting.age(NOW - ago, NOW) == text


def test_unknown_time_has_no_age_and_no_date() -> None:
    assert (formatting.age(None, NOW), formatting.timestamp(None, UTC)) == ("–", "–")


@pytest.mark.parametrize(
    ("zone", "name", "moment"),
    [
        (UTC, "UTC", "2026-01-01 12:00:00 UTC"),
        (timezone(timedelta(hours=8)), "UTC+08", "2026-01-01 20:00:00 UTC+08"),
        (timezone(-timedelta(hours=3, minutes=30)), "UTC-03:30", "2026-01-01 08:30:00 UTC-03:30"),
    ],
)
def test_timestamp_shows_the_utc_offset(zone: tzinfo, name: str, moment: str) -> None:
    assert formatting.utc_offset(NOW, zone) == name
    assert formatting.timestamp(NOW, zone) == moment
