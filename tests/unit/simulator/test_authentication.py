"""The two kinds of Authorization header."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cdptui.simulator.authentication import authenticate, sign
from cdptui.simulator.http_types import ApiErrorResponse, PlainTextError, Request
from cdptui.simulator.sessions import Sessions
from cdptui.simulator.settings import Dialect, SimulatorSettings
from tests.unit.simulator.clocks import START, ManualClock

SETTINGS = SimulatorSettings()
TZ = replace(SETTINGS, dialect=Dialect(check_time_zone=True))


def unsigned(**headers: str) -> Request:
    return Request("GET", "/zstack/v1/cdp-task", "limit=1", {"limit": ["1"]}, headers, b"")


def signed(date: str, settings: SimulatorSettings = SETTINGS) -> Request:
    signature = sign(settings.access_key_secret, "GET", date, "/v1/cdp-task")
    return unsigned(date=date, authorization=f"ZStack {settings.access_key_id}:{signature}")


def authenticate_at_start(request: Request, settings: SimulatorSettings = SETTINGS) -> None:
    authenticate(request, Sessions(7200, ManualClock()), settings, START)


def date_in(zone: str, suffix: str, moment: float = START) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a, %d %b %Y %H:%M:%S ") + suffix


def plain_text_error(request: Request, settings: SimulatorSettings = SETTINGS) -> tuple[int, str]:
    with pytest.raises(PlainTextError) as raised:
        authenticate_at_start(request, settings)
    return raised.value.status, raised.value.text


def test_signature_matches_the_test_vector() -> None:
    date = "Tue, 14 Nov 2017 22:20:57 GMT+08:00"
    assert sign("secret0123456789", "GET", date, "/v1/cdp-task") == "MnIaWqH2X2xTPiSc4qmNMSGufg4="


def test_missing_header_and_wrong_scheme_are_plain_text_400() -> None:
    assert plain_text_error(unsigned()) == (400, "missing header 'Authorization'")
    assert plain_text_error(unsigned(authorization="Bearer x")) == (400, "Authorization type must be 'OAuth'")
    assert plain_text_error(unsigned(authorization="oauth x")) == (400, "Authorization type must be 'OAuth'")


def test_unknown_session_is_an_api_error_id_1001() -> None:
    with pytest.raises(ApiErrorResponse) as raised:
        authenticate_at_start(unsigned(authorization="OAuth nothing"))
    assert raised.value.error.code == "ID.1001"


def test_server_local_wall_clock_is_accepted() -> None:
    authenticate_at_start(signed(date_in("Asia/Shanghai", "GMT+08:00")))
    authenticate_at_start(signed(date_in("Asia/Shanghai", "GMT")))


def test_utc_wall_clock_is_skewed_unless_zones_are_checked() -> None:
    assert plain_text_error(signed(date_in("UTC", "GMT"))) == (403, "requestTimeTooSkewed")
    authenticate_at_start(signed(date_in("UTC", "GMT")), TZ)


def test_skew_over_fifteen_minutes_is_refused() -> None:
    authenticate_at_start(signed(date_in("Asia/Shanghai", "GMT", START + 899)))
    assert plain_text_error(signed(date_in("Asia/Shanghai", "GMT", START - 901)))[0] == 403


@pytest.mark.parametrize("suffix", ["+0800", "XYZ", "Asia", "Asia/Nowhere", "America/Indiana", "Asia/../UTC", ""])
def test_date_with_an_invalid_zone_is_refused(suffix: str) -> None:
    assert plain_text_error(signed(date_in("Asia/Shanghai", suffix).strip()))[0] == 400


REGIONS = [
    "Asia/Shanghai",
    "Etc/UTC",
    "Etc/GMT-8",
    "America/Argentina/Buenos_Aires",
    "America/Port-au-Prince",
    "Z",
    "JST",
]
"""Regions (pattern letters `VV`) and names (`z`) that Java writes."""


@pytest.mark.parametrize("suffix", REGIONS)
def test_date_of_the_java_sdk_is_accepted(suffix: str) -> None:
    authenticate_at_start(signed(date_in("Asia/Shanghai", suffix)))


@pytest.mark.parametrize(
    ("zone", "suffix"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        ("Etc/UTC", "Etc/UTC"),
        ("UTC", "Z"),
        ("America/Chicago", "CST"),
        ("America/New_York", "EDT"),
        ("Asia/Tokyo", "JST"),
    ],
)
def test_zone_of_the_date_is_used_if_zones_are_checked(zone: str, suffix: str) -> None:
    authenticate_at_start(signed(date_in(zone, suffix)), TZ)
    wrong = date_in("Pacific/Apia", suffix)
    assert plain_text_error(signed(wrong), TZ) == (403, "requestTimeTooSkewed")


def test_newer_server_accepts_numeric_offsets() -> None:
    authenticate_at_start(
        signed(date_in("Asia/Shanghai", "+0800")), replace(SETTINGS, dialect=Dialect(newer_errors=True))
    )


def test_cst_is_parsed_as_us_central_time() -> None:
    authenticate_at_start(signed(date_in("Asia/Shanghai", "CST")))
    assert plain_text_error(signed(date_in("Asia/Shanghai", "CST")), TZ)[0] == 403


def test_malformed_key_and_wrong_signature_are_refused() -> None:
    date = date_in("Asia/Shanghai", "GMT")
    assert plain_text_error(unsigned(authorization="ZStack a:b"))[0] == 400
    assert plain_text_error(unsigned(date=date, authorization="ZStack ab")) == (
        400,
        "accessKey format is 'ZStack AccessKeyId:Signature'",
    )
    assert plain_text_error(unsigned(date=date, authorization="ZStack unknown:b"))[0] == 403
    assert plain_text_error(unsigned(date=date, authorization=f"ZStack {SETTINGS.access_key_id}:b")) == (
        403,
        "wrong accessKey signature",
    )


def test_reprs_contain_no_secrets() -> None:
    assert "password" not in repr(SETTINGS).replace("password=", "")
    assert SETTINGS.access_key_secret not in repr(SETTINGS)
    assert "OAuth" not in repr(unsigned(authorization="OAuth x"))
