from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdptui.models.capacity import CapacitySample, GrowthRate
from cdptui.models.reasons import (
    EXPLAINED,
    LONG_DISABLED_S,
    LONG_START_S,
    NONE,
    STOP_CAUSES,
    Evidence,
    Reason,
    ReasonKind,
    VmCondition,
    _found,
    find_reasons,
    is_obviously_healthy,
    next_time_trigger_s,
    overall_severity,
    stalled_s,
)
from cdptui.models.severity import Severity, status_severity
from cdptui.models.task import Task
from tests.doubles import EPOCH, GIB, a_task

NEAR_RPO = Reason(ReasonKind.NEAR_RPO, Severity.WARNING)
LONG_AGO = EPOCH - timedelta(days=30)


def kinds(task: Task, **evidence: Any) -> list[ReasonKind]:
    return [reason.kind for reason in reasons_of(task, **evidence)]


def reasons_of(task: Task, before: tuple[Reason, ...] = (), **evidence: Any) -> tuple[Reason, ...]:
    return find_reasons(task, Evidence(**{"now": EPOCH, **evidence}), before)


def test_healthy_task_has_no_reasons() -> None:
    assert reasons_of(a_task()) is NONE


@pytest.mark.parametrize(
    ("changes", "evidence", "kind", "severity"),
    [
        pytest.param({"status": "Stopped"}, {}, ReasonKind.STOPPED, Severity.CRITICAL, id="enabled but stopped"),
        pytest.param({"status": "Failed"}, {}, ReasonKind.FAILED, Severity.CRITICAL, id="enabled but failed"),
        pytest.param({"status": "Unknown"}, {}, ReasonKind.UNKNOWN, Severity.CRITICAL, id="enabled but unknown"),
        pytest.param({"status": "Levitating"}, {}, ReasonKind.UNKNOWN_STATUS, Severity.WARNING, id="unknown status"),
        pytest.param(
            {"state": "Disabled"}, {}, ReasonKind.ACTIVE_WHILE_DISABLED, Severity.WARNING, id="disabled but running"
        ),
        pytest.param({}, {"seconds_until_full": 0.0}, ReasonKind.FULL, Severity.CRITICAL, id="full"),
        pytest.param(
            {}, {"seconds_until_full": 86_399.0}, ReasonKind.FULL_SOON, Severity.WARNING, id="full within a day"
        ),
        pytest.param(
            {}, {"seconds_until_full": 86_400.0}, ReasonKind.FULL_SOON, Severity.NOTICE, id="full within three days"
        ),
        pytest.param({"used_bytes": 90 * GIB}, {}, ReasonKind.NEAR_FULL, Severity.NOTICE, id="nearly full"),
        pytest.param({"rpo_ms": 480_000}, {}, ReasonKind.NEAR_RPO, Severity.WARNING, id="RPO at 80 % of its target"),
        pytest.param({"rpo_ms": 600_000}, {}, ReasonKind.NEAR_RPO, Severity.WARNING, id="RPO at its target"),
        pytest.param({"rpo_ms": 600_001}, {}, ReasonKind.RPO, Severity.WARNING, id="RPO breach"),
        pytest.param({"resource_refs": ()}, {}, ReasonKind.NO_VM, Severity.WARNING, id="no VM"),
        pytest.param(
            {}, {"duplicate_task_uuid": "b"}, ReasonKind.TWO_TASKS, Severity.WARNING, id="two tasks on one VM"
        ),
        pytest.param(
            {}, {"is_storage_disconnected": True}, ReasonKind.STORAGE, Severity.CRITICAL, id="storage disconnected"
        ),
        pytest.param({}, {"is_policy_missing": True}, ReasonKind.POLICY, Severity.NOTICE, id="policy missing"),
        pytest.param({}, {"stalled_since": LONG_AGO}, ReasonKind.STALLED, Severity.NOTICE, id="stalled"),
        pytest.param(
            {"unreadable_fields": frozenset({"usedCapacity"})},
            {},
            ReasonKind.UNREADABLE,
            Severity.WARNING,
            id="unreadable",
        ),
        pytest.param(
            {"status": "Starting", "last_op_at": EPOCH - timedelta(minutes=10)},
            {},
            ReasonKind.STARTING,
            Severity.WARNING,
            id="long start",
        ),
        pytest.param(
            {"status": "Starting", "last_op_at": EPOCH - timedelta(minutes=10)},
            {"growth": GrowthRate(1.0, 600.0)},
            ReasonKind.STARTING,
            Severity.NOTICE,
            id="long start with growth",
        ),
        pytest.param(
            {"status": "Stopped", "state": "Disabled", "last_op_at": EPOCH - timedelta(days=7)},
            {},
            ReasonKind.LONG_DISABLED,
            Severity.NOTICE,
            id="disabled for a week",
        ),
        pytest.param(
            {"last_op_at": EPOCH + timedelta(minutes=1)},
            {},
            ReasonKind.CLOCK_SKEW,
            Severity.HEALTHY,
            id="last operation in the future",
        ),
    ],
)
def test_evidence_gives_a_reason(
    changes: dict[str, Any], evidence: dict[str, Any], kind: ReasonKind, severity: Severity
) -> None:
    (reason,) = reasons_of(a_task(**changes), **evidence)
    assert (reason.kind, reason.severity) == (kind, severity)


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        pytest.param({}, {"seconds_until_full": 259_200.0}, id="three days left"),
        pytest.param({}, {"seconds_until_full": 60.0, "growth": GrowthRate(1.0, 1799.0)}, id="rate of a few minutes"),
        pytest.param({"rpo_ms": 479_999}, {}, id="RPO under 80 % of its target"),
        pytest.param(
            {"rpo_ms": 9_000_000, "status": "Stopped", "state": "Disabled"}, {}, id="RPO breach while disabled"
        ),
        pytest.param({"status": "Stopped", "state": "Disabled"}, {"seconds_until_full": 0.0}, id="full while disabled"),
        pytest.param({"status": "Starting", "last_op_at": EPOCH - timedelta(minutes=9)}, {}, id="short start"),
        pytest.param({"status": "DataMerging"}, {"stalled_since": LONG_AGO}, id="stalled while merging"),
        pytest.param({"last_op_at": EPOCH + timedelta(seconds=59)}, {}, id="small clock difference"),
    ],
)
def test_values_within_limits_give_no_reason(changes: dict[str, Any], evidence: dict[str, Any]) -> None:
    assert reasons_of(a_task(**changes), **evidence) == ()


def test_reasons_are_sorted_by_severity_then_by_kind() -> None:
    task = a_task(status="Failed", rpo_ms=700_000)
    found = kinds(task, seconds_until_full=0.0, is_storage_disconnected=True, is_policy_missing=True)
    assert found == [ReasonKind.STORAGE, ReasonKind.FULL, ReasonKind.FAILED, ReasonKind.RPO, ReasonKind.POLICY]


def test_status_reason_starts_at_last_operation_or_first_poll() -> None:
    written = a_task(status="Stopped", last_op_at=EPOCH - timedelta(hours=5))
    assert reasons_of(written)[0].since == EPOCH - timedelta(hours=5)
    assert reasons_of(written, unchanged_s=36_000.0)[0].since == EPOCH - timedelta(hours=10)
    assert reasons_of(a_task(status="Stopped", last_op_at=None))[0].since == EPOCH


def test_change_that_was_polled_is_dated_by_the_poll_whatever_the_server_says() -> None:
    old = a_task(status="Failed", last_op_at=EPOCH - timedelta(days=527))
    (before_the_first_poll,) = reasons_of(old, unchanged_s=30.0)
    assert (before_the_first_poll.since, before_the_first_poll.is_last_op) == (old.last_op_at, True)
    (seen,) = reasons_of(old, unchanged_s=30.0, is_change_seen=True)
    assert (seen.since, seen.is_last_op) == (EPOCH - timedelta(seconds=30), False)


CAUSES = [
    pytest.param({}, {}, (), ReasonKind.STOPPED, False, id="no evidence"),
    pytest.param({}, {"vm": VmCondition.ON}, (), ReasonKind.STOPPED, False, id="VM on"),
    pytest.param({}, {"vm": VmCondition.OFF}, (), ReasonKind.STOPPED_VM_OFF, False, id="VM off"),
    pytest.param({}, {"vm": VmCondition.DELETED}, (), ReasonKind.STOPPED_VM_GONE, False, id="VM deleted"),
    pytest.param({}, {"vm": VmCondition.MISSING}, (), ReasonKind.STOPPED_VM_GONE, True, id="VM not visible"),
    pytest.param({"used_bytes": 100 * GIB}, {}, (), ReasonKind.STOPPED_PLAN_FULL, False, id="plan full"),
    pytest.param({"used_bytes": 98 * GIB}, {}, (), ReasonKind.STOPPED_PLAN_FULL, True, id="plan nearly full"),
    pytest.param({"used_bytes": 97 * GIB}, {}, (), ReasonKind.STOPPED, False, id="plan not full"),
    pytest.param({}, {"storage_free_percent": 1}, (), ReasonKind.STOPPED_STORAGE_FULL, False, id="storage full"),
    pytest.param({}, {"storage_free_percent": 5}, (), ReasonKind.STOPPED_STORAGE_FULL, True, id="storage nearly full"),
    pytest.param({}, {"storage_free_percent": 6}, (), ReasonKind.STOPPED, False, id="storage has room"),
    pytest.param({}, {"is_storage_missing": True}, (), ReasonKind.STOPPED_STORAGE_GONE, True, id="storage not visible"),
    pytest.param(
        {}, {"is_storage_disconnected": True}, (), ReasonKind.STOPPED_STORAGE_OFFLINE, False, id="storage disconnected"
    ),
    pytest.param({"rpo_ms": 700_000}, {}, (), ReasonKind.STOPPED_RPO, True, id="RPO over its target"),
    pytest.param({"rpo_ms": 600_000}, {}, (), ReasonKind.STOPPED, False, id="RPO at its target"),
    pytest.param(
        {"rpo_ms": 600_000}, {}, (NEAR_RPO,), ReasonKind.STOPPED_RPO, False, id="RPO seen near its target before"
    ),
    pytest.param({"rpo_ms": 1_000}, {}, (NEAR_RPO,), ReasonKind.STOPPED, False, id="RPO was near and is low"),
    pytest.param(
        {"used_bytes": 99 * GIB, "rpo_ms": 700_000},
        {"vm": VmCondition.OFF},
        (),
        ReasonKind.STOPPED_VM_OFF,
        False,
        id="certain before likely",
    ),
]


@pytest.mark.parametrize(("changes", "evidence", "before", "kind", "is_likely"), CAUSES)
def test_cause_of_a_stop_is_named_from_evidence(
    changes: dict[str, Any], evidence: dict[str, Any], before: tuple[Reason, ...], kind: ReasonKind, is_likely: bool
) -> None:
    task = a_task(status="Stopped", backup_storage_uuid="bs-1", **changes)
    reasons = reasons_of(task, before, **evidence)
    (stop,) = (reason for reason in reasons if reason.kind in STOP_CAUSES)
    assert (stop.kind, stop.is_likely, stop.severity) == (kind, is_likely, STOP_CAUSES[kind])
    assert EXPLAINED.get(kind) not in {reason.kind for reason in reasons}, "no second problem with the same figures"
    again = reasons_of(task, reasons, **evidence)
    assert [reason.kind for reason in again] == [reason.kind for reason in reasons], "the next poll finds the same"


@pytest.mark.parametrize("kind", STOP_CAUSES)
def test_stop_is_as_severe_as_its_cause(kind: ReasonKind) -> None:
    task = a_task(status="Stopped")
    assert overall_severity(task, (Reason(kind, STOP_CAUSES[kind]),)) is STOP_CAUSES[kind]
    assert STOP_CAUSES[ReasonKind.STOPPED_VM_OFF] is Severity.NOTICE


@pytest.mark.parametrize("changes", [{"status": "Running"}, {"status": "Failed"}, {"state": "Disabled"}])
def test_only_a_task_that_should_run_and_is_stopped_has_a_cause(changes: dict[str, Any]) -> None:
    reasons = reasons_of(a_task(**{"status": "Stopped", **changes}), vm=VmCondition.OFF, storage_free_percent=0)
    assert not [reason for reason in reasons if reason.kind in STOP_CAUSES]


def test_rpo_breach_started_when_the_target_was_exceeded() -> None:
    (reason,) = reasons_of(a_task(rpo_ms=1_500_000, rpo_target_ms=600_000))
    assert reason.since == EPOCH - timedelta(minutes=15)


@given(st.integers(min_value=1, max_value=2**64 - 1), st.integers(min_value=1, max_value=2**64 - 1))
def test_huge_rpo_gives_a_valid_date(rpo_ms: int, target_ms: int) -> None:
    for reason in reasons_of(a_task(rpo_ms=rpo_ms, rpo_target_ms=target_ms)):
        assert isinstance(reason.since, datetime) or reason.kind is ReasonKind.NEAR_RPO


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["Running", "Failed"]),
            "state": st.sampled_from(["Enabled", "Disabled"]),
            "rpo_ms": st.sampled_from([None, 479_999, 480_000, 600_000, 600_001]),
            "used_bytes": st.sampled_from([None, 89 * GIB, 90 * GIB, 101 * GIB]),
            "resource_refs": st.just(()),
            "unreadable_fields": st.just(frozenset({"name"})),
            "last_op_at": st.sampled_from([None, EPOCH, EPOCH + timedelta(minutes=2)]),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "seconds_until_full": st.sampled_from([0.0, 86_399.0, 259_199.0, 259_200.0]),
            "stalled_since": st.just(LONG_AGO),
            "duplicate_task_uuid": st.just("b"),
            "is_storage_disconnected": st.just(True),
            "is_policy_missing": st.just(True),
        },
    ),
)
def test_obviously_healthy_task_has_no_reasons(changes: dict[str, Any], evidence: dict[str, Any]) -> None:
    task, facts = a_task(**changes), Evidence(now=EPOCH, **evidence)
    if is_obviously_healthy(task, facts):
        assert list(_found(task, facts)) == []


def test_continuing_reason_keeps_its_start() -> None:
    task = a_task(rpo_ms=700_000)
    first = reasons_of(task)
    later = reasons_of(task, first, now=EPOCH + timedelta(minutes=3))
    assert later == first
    assert reasons_of(a_task(), first) == ()


def test_equal_reasons_without_start_are_one_shared_object() -> None:
    one, other = reasons_of(a_task("a", resource_refs=())), reasons_of(a_task("b", resource_refs=()))
    assert one is other


def test_reasons_never_lower_the_severity() -> None:
    assert overall_severity(a_task(), reasons_of(a_task(rpo_ms=700_000))) is Severity.WARNING
    failed = a_task(status="Failed")
    assert overall_severity(failed, reasons_of(failed)) is Severity.CRITICAL
    ahead = a_task(last_op_at=EPOCH + timedelta(hours=8))
    assert overall_severity(ahead, reasons_of(ahead)) is Severity.HEALTHY


@given(
    st.sampled_from(["Created", "Starting", "Running", "Stopped", "Unknown", "Failed", "DataMerging", "Stopping", "?"]),
    st.sampled_from(["Enabled", "Disabled", "?"]),
)
def test_every_unhealthy_status_has_a_reason(status: str, state: str) -> None:
    found = reasons_of(a_task(status=status, state=state))
    assert status_severity(status, state) < Severity.WARNING or found[0].severity is status_severity(status, state)


def test_start_becomes_too_long_without_a_change() -> None:
    starting = a_task(status="Starting")
    assert next_time_trigger_s(starting, 100.0) == LONG_START_S - 100.0
    assert next_time_trigger_s(starting, LONG_START_S) is None
    assert next_time_trigger_s(a_task(), 100.0) is None


def test_task_disabled_while_watched_is_long_disabled_after_a_week() -> None:
    task = a_task(status="Stopped", state="Disabled", last_op_at=None)
    assert kinds(task, unchanged_s=LONG_DISABLED_S - 1) == []
    assert kinds(task, unchanged_s=LONG_DISABLED_S) == [ReasonKind.LONG_DISABLED]


def test_rarely_writing_vm_is_not_stalled() -> None:
    rare = [CapacitySample(7200.0 * n, n * GIB) for n in range(8)]
    assert stalled_s(rare, rare[-1].at + 3 * 7200 - 1) is None
    assert stalled_s(rare, rare[-1].at + 3 * 7200) == 3 * 7200


@pytest.mark.parametrize("count", range(5))
def test_task_with_few_changes_is_not_stalled(count: int) -> None:
    assert stalled_s([CapacitySample(300.0 * n, n) for n in range(count)], 1e6) is None
