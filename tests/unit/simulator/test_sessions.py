"""Failed logins and what they lead to."""

from __future__ import annotations

import pytest

from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.sessions import MAX_FAILURES, LoginControl
from cdptui.simulator.settings import SimulatorSettings
from tests.unit.simulator.clocks import HandClock


def test_lock_ends_after_ten_minutes_with_a_clean_slate() -> None:
    clock = HandClock()
    control = LoginControl(SimulatorSettings(login_control="lock"), clock)
    for _ in range(MAX_FAILURES):
        control.check_allowed("admin", has_captcha=False)
        control.record_failure("admin")
    clock.pass_time(599.5)
    with pytest.raises(ApiErrorResponse) as refusal:
        control.check_allowed("admin", has_captcha=False)
    assert refusal.value.error.code == "LOGIN_CONTROL.1002"
    assert "1 seconds" in str(refusal.value.error.details)
    clock.pass_time(0.5)
    control.check_allowed("admin", has_captcha=False)
    control.record_failure("admin")
    control.check_allowed("admin", has_captcha=False)


def test_off_it_lets_everybody_try_for_ever() -> None:
    control = LoginControl(SimulatorSettings(), HandClock())
    for _ in range(100):
        control.record_failure("admin")
    control.check_allowed("admin", has_captcha=False)
