"""The login control after failed logins."""

from __future__ import annotations

import pytest

from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.sessions import MAX_FAILURES, LoginControl
from cdptui.simulator.settings import SimulatorSettings
from tests.unit.simulator.clocks import ManualClock


def test_lock_ends_after_ten_minutes_and_resets_the_count() -> None:
    clock = ManualClock()
    control = LoginControl(SimulatorSettings(login_control="lock"), clock)
    for _ in range(MAX_FAILURES):
        control.check_allowed("admin", has_captcha=False)
        control.record_failure("admin")
    clock.advance(599.5)
    with pytest.raises(ApiErrorResponse) as raised:
        control.check_allowed("admin", has_captcha=False)
    assert raised.value.error.code == "LOGIN_CONTROL.1002"
    assert "1 seconds" in str(raised.value.error.details)
    clock.advance(0.5)
    control.check_allowed("admin", has_captcha=False)
    control.record_failure("admin")
    control.check_allowed("admin", has_captcha=False)


def test_login_control_off_allows_any_number_of_failures() -> None:
    control = LoginControl(SimulatorSettings(), ManualClock())
    for _ in range(100):
        control.record_failure("admin")
    control.check_allowed("admin", has_captcha=False)
