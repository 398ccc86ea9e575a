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
from tests.unit.simulator.clocks import START, HandClock

SETTINGS = SimulatorSettings()
TZ = replace(SETTINGS, dialect=Dialect(check_time_zone=True))


def request(**headers: str) -> Request:
    return Request("GET", "/zstack/v1/cdp-task", "limit=1", {"limit": ["1"]}, headers, b"")


def signed(date: str, settings: SimulatorSettings = SETTINGS) -> Request:
    signature = sign(settings.access_key_secret, "GET", date, "/v1/cdp-task")
    return request(date=date, authorization=f"ZStack {settings.access_key_id}:{signature}")


def check(what: Request, settings: SimulatorSettings = SETTINGS) -> None:
    authenticate(what, Sessions(7200, HandClock()), settings, START)


def date_in(zone: str, suffix: str, moment: float = START) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a, %d %b %Y %H:%M:%S ") + suffix


def refusal_of(what: Request, settings: SimulatorSettings = SETTINGS) -> tuple[int, str]:
    with pytest.raises(PlainTextError) as refusal:
        check(what, settings)
    return refusal.value.status, refusal.value.text


def test_signature_of_the_known_vector() -> None:
    date = "Tue, 14 Nov 2017 22:20:57 GMT+08:00"
    assert sign("secret0123456789", "GET", date, "/v1/cdp-task") == "MnIaWqH2X2xTPiSc4qmNMSGufg4="


def test_missing_header_and_wrong_scheme_are_texts() -> None:
    assert refusal_of(request()) == (400, "missing header 'Authorization'")
    assert refusal_of(request(authorization="Bearer x")) == (400, "Authorization type must be 'OAuth'")
    assert refusal_of(request(authorization="oauth x")) == (400, "Authorization type must be 'OAuth'")


def test_unknown_session_is_a_business_error() -> None:
    with pytest.raises(ApiErrorResponse) as refusal:
        check(request(authorization="OAuth nothing"))
    assert refusal.value.error.code == "ID.1001"


def test_server_local_wall_clock_passes() -> None:
    check(signed(date_in("Asia/Shanghai", "GMT+08:00")))
    check(signed(date_in("Asia/Shanghai", "GMT")))


def test_utc_wall_clock_is_hours_off_unless_zones_are_checked() -> None:
    assert refusal_of(signed(date_in("UTC", "GMT"))) == (403, "requestTimeTooSkewed")
    check(signed(date_in("UTC", "GMT")), TZ)


def test_fifteen_minutes_are_the_limit() -> None:
    check(signed(date_in("Asia/Shanghai", "GMT", START + 899)))
    assert refusal_of(signed(date_in("Asia/Shanghai", "GMT", START - 901)))[0] == 403


@pytest.mark.parametrize("suffix", ["+0800", "Asia/Shanghai", "XYZ", ""])
def test_dates_that_the_old_parser_does_not_take(suffix: str) -> None:
    assert refusal_of(signed(date_in("Asia/Shanghai", suffix).strip()))[0] == 400


def test_newer_server_takes_numeric_offsets() -> None:
    check(signed(date_in("Asia/Shanghai", "+0800")), replace(SETTINGS, dialect=Dialect(newer_errors=True)))


def test_chinese_cst_is_read_as_american() -> None:
    check(signed(date_in("Asia/Shanghai", "CST")))
    assert refusal_of(signed(date_in("Asia/Shanghai", "CST")), TZ)[0] == 403


def test_wrong_key_form_and_signature() -> None:
    date = date_in("Asia/Shanghai", "GMT")
    assert refusal_of(request(authorization="ZStack a:b"))[0] == 400
    assert refusal_of(request(date=date, authorization="ZStack ab")) == (
        400,
        "accessKey format is 'ZStack AccessKeyId:Signature'",
    )
    assert refusal_of(request(date=date, authorization="ZStack nobody:b"))[0] == 403
    assert refusal_of(request(date=date, authorization=f"ZStack {SETTINGS.access_key_id}:b")) == (
        403,
        "wrong accessKey signature",
    )


def test_secrets_are_not_in_reprs() -> None:
    assert "password" not in repr(SETTINGS).replace("password=", "")
    assert SETTINGS.access_key_secret not in repr(SETTINGS)
    assert "OAuth" not in repr(request(authorization="OAuth x"))
