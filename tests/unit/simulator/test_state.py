"""Sessions, jobs, faults and the request log."""

from __future__ import annotations

import pytest

from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.faults.rules import FaultKind, FaultRules
from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.jobs import Jobs
from cdptui.simulator.request_log import RequestLog
from cdptui.simulator.sessions import MAX_CONCURRENT, Sessions
from tests.unit.simulator.clocks import ManualClock


def test_calls_renew_a_session_and_validity_checks_do_not() -> None:
    clock = ManualClock()
    sessions = Sessions(100, clock)
    used, checked = sessions.open(), sessions.open()
    clock.advance(60)
    sessions.renew(used.uuid)
    assert sessions.is_valid(checked.uuid)
    clock.advance(60)
    assert sessions.is_valid(used.uuid)
    assert not sessions.is_valid(checked.uuid)
    assert sessions.alive() == 1


def test_leaked_sessions_lock_the_account_out() -> None:
    sessions = Sessions(100, ManualClock())
    for _ in range(MAX_CONCURRENT):
        sessions.open()
    with pytest.raises(ApiErrorResponse) as raised:
        sessions.open()
    assert raised.value.error.code == "ID.1006"


def test_unique_session_ends_the_older_ones() -> None:
    sessions = Sessions(100, ManualClock(), unique=True)
    first, second = sessions.open(), sessions.open()
    assert (sessions.is_valid(first.uuid), sessions.is_valid(second.uuid)) == (False, True)


def test_end_accepts_unknown_sessions_and_kill_all_ends_every_session() -> None:
    sessions = Sessions(100, ManualClock())
    sessions.end("unknown")
    session = sessions.open()
    sessions.kill_all()
    with pytest.raises(ApiErrorResponse) as raised:
        sessions.renew(session.uuid)
    assert raised.value.error.code == "ID.1001"


def test_job_finishes_when_due_and_expires_later() -> None:
    clock = ManualClock()
    jobs = Jobs(clock)
    job = jobs.accept(lambda: ErrorCode("SYS.1006", "no"))
    jobs.finish_due()
    assert job.result is None
    clock.advance(jobs.duration_s)
    jobs.finish_due()
    assert isinstance(job.result, ErrorCode)
    clock.advance(10_801)
    jobs.finish_due()
    assert jobs.find(job.uuid) is None


def test_fault_matches_its_path_the_given_number_of_times() -> None:
    faults = FaultRules()
    faults.add("delay", "/cdp-task", times=2)
    assert faults.match("GET", "/v1/volumes") is None
    assert [faults.match("GET", "/v1/cdp-task/x") is not None for _ in range(3)] == [True, True, False]


def test_fault_is_active_until_it_is_removed() -> None:
    faults = FaultRules()
    fault = faults.add(FaultKind.HANG, method="PUT")
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.match("PUT", "/v1/cdp-task") is fault
    faults.remove(fault)
    assert faults.match("PUT", "/v1/cdp-task") is None


def test_clock_skew_matches_no_request() -> None:
    faults = FaultRules()
    faults.add("clock-skew", seconds=30)
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.skew_s == 30
    faults.clear()
    assert faults.skew_s == 0


def test_request_log_counts_requests_in_flight_and_ignored_parameters() -> None:
    log = RequestLog()
    first = log.start("GET", "/a", "", has_cookie=False, has_authorization=True)
    log.start("GET", "/b", "", has_cookie=True, has_authorization=False)
    log.set_status(first, 200)
    log.finish()
    log.ignore("/a", {"sortBy"})
    assert [(entry.path, entry.in_flight, entry.status) for entry in log.requests] == [("/a", 1, 200), ("/b", 2, 0)]
    assert log.in_flight == 1
    assert log.ignored["/a"]["sortBy"] == 1
