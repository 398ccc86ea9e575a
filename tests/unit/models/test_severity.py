from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.severity import Severity, is_rpo_breach, status_severity, task_use_severity
from tests.doubles import a_task


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        ("Running", "Enabled", Severity.HEALTHY),
        ("DataMerging", "Enabled", Severity.HEALTHY),
        ("Created", "Enabled", Severity.BUSY),
        ("Starting", "Enabled", Severity.BUSY),
        ("Stopping", "Enabled", Severity.BUSY),
        ("Stopped", "Enabled", Severity.CRITICAL),
        ("Failed", "Enabled", Severity.CRITICAL),
        ("Unknown", "Enabled", Severity.CRITICAL),
        ("Levitating", "Enabled", Severity.WARNING),
        ("Stopped", "Disabled", Severity.CALM),
        ("Created", "Disabled", Severity.CALM),
        ("Stopping", "Disabled", Severity.BUSY),
        ("Running", "Disabled", Severity.WARNING),
        ("Failed", "Disabled", Severity.WARNING),
        ("Stopped", "Levitating", Severity.CRITICAL),
    ],
)
def test_severity_depends_on_status_and_state(status: str, state: str, expected: Severity) -> None:
    assert status_severity(status, state) is expected


@given(st.text(), st.sampled_from(["Enabled", "Disabled", "?"]))
def test_unknown_status_is_never_healthy(status: str, state: str) -> None:
    known = {"Running", "DataMerging", "Created", "Starting", "Stopping", "Stopped", "Failed", "Unknown"}
    assert status in known or status_severity(status, state) is Severity.WARNING


@pytest.mark.parametrize(
    ("used", "plan", "expected"),
    [
        pytest.param(89, 100, None, id="below"),
        pytest.param(90, 100, Severity.NOTICE, id="at the limit"),
        pytest.param(100, 100, Severity.CRITICAL, id="full"),
        pytest.param(150, 100, Severity.CRITICAL, id="over its plan"),
        pytest.param(90, 0, None, id="no plan"),
        pytest.param(90, None, None, id="plan unknown"),
        pytest.param(None, 100, None, id="used unknown"),
    ],
)
def test_severity_of_use_needs_used_and_plan(used: int | None, plan: int | None, expected: Severity | None) -> None:
    assert task_use_severity(a_task(used_bytes=used, plan_bytes=plan)) is expected
    assert task_use_severity(a_task(used_bytes=used, plan_bytes=plan, state="Disabled")) is None


@pytest.mark.parametrize(
    ("rpo", "target", "state", "expected"),
    [
        pytest.param(600_000, 600_000, "Enabled", False, id="at its target"),
        pytest.param(600_001, 600_000, "Enabled", True, id="over its target"),
        pytest.param(600_001, 600_000, "Disabled", False, id="disabled"),
        pytest.param(600_001, 0, "Enabled", False, id="no target"),
        pytest.param(600_001, None, "Enabled", False, id="target unknown"),
        pytest.param(None, 600_000, "Enabled", False, id="RPO unknown"),
    ],
)
def test_rpo_breach_needs_an_enabled_task_over_its_target(
    rpo: int | None, target: int | None, state: str, expected: bool
) -> None:
    assert is_rpo_breach(a_task(rpo_ms=rpo, rpo_target_ms=target, state=state)) is expected
