"""Sessions, jobs, faults and the journal."""

from __future__ import annotations

import pytest

from cdptui.simulator.errors import ErrorCode
from cdptui.simulator.faults.rules import FaultKind, FaultRules
from cdptui.simulator.http_types import ApiErrorResponse
from cdptui.simulator.jobs import Jobs
from cdptui.simulator.request_log import RequestLog
from cdptui.simulator.sessions import MAX_CONCURRENT, Sessions
from tests.unit.simulator.clocks import HandClock


def test_calls_slide_the_expiry_and_asking_does_not() -> None:
    clock = HandClock()
    sessions = Sessions(100, clock)
    used, asked = sessions.open(), sessions.open()
    clock.pass_time(60)
    sessions.renew(used.uuid)
    assert sessions.is_valid(asked.uuid)
    clock.pass_time(60)
    assert sessions.is_valid(used.uuid)
    assert not sessions.is_valid(asked.uuid)
    assert sessions.alive() == 1


def test_leaked_sessions_lock_the_account_out() -> None:
    sessions = Sessions(100, HandClock())
    for _ in range(MAX_CONCURRENT):
        sessions.open()
    with pytest.raises(ApiErrorResponse) as refusal:
        sessions.open()
    assert refusal.value.error.code == "ID.1006"


def test_unique_session_ends_the_older_ones() -> None:
    sessions = Sessions(100, HandClock(), unique=True)
    first, second = sessions.open(), sessions.open()
    assert (sessions.is_valid(first.uuid), sessions.is_valid(second.uuid)) == (False, True)


def test_closing_is_forgiving_and_killing_is_not() -> None:
    sessions = Sessions(100, HandClock())
    sessions.end("never seen")
    session = sessions.open()
    sessions.kill_all()
    with pytest.raises(ApiErrorResponse) as refusal:
        sessions.renew(session.uuid)
    assert refusal.value.error.code == "ID.1001"


def test_job_ends_when_its_time_has_come_and_is_forgotten_later() -> None:
    clock = HandClock()
    jobs = Jobs(clock)
    job = jobs.accept(lambda: ErrorCode("SYS.1006", "no"))
    jobs.finish_due()
    assert job.result is None
    clock.pass_time(jobs.takes_s)
    jobs.finish_due()
    assert isinstance(job.result, ErrorCode)
    clock.pass_time(10_801)
    jobs.finish_due()
    assert jobs.find(job.uuid) is None


def test_fault_hits_its_path_so_many_times() -> None:
    faults = FaultRules()
    faults.add("delay", "/cdp-task", times=2)
    assert faults.match("GET", "/v1/volumes") is None
    assert [faults.match("GET", "/v1/cdp-task/x") is not None for _ in range(3)] == [True, True, False]


def test_fault_stands_until_it_is_removed() -> None:
    faults = FaultRules()
    fault = faults.add(FaultKind.HANG, method="PUT")
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.match("PUT", "/v1/cdp-task") is fault
    faults.remove(fault)
    assert faults.match("PUT", "/v1/cdp-task") is None


def test_skew_stands_and_hits_nothing() -> None:
    faults = FaultRules()
    faults.add("clock-skew", seconds=30)
    assert faults.match("GET", "/v1/cdp-task") is None
    assert faults.skew_s == 30
    faults.clear()
    assert faults.skew_s == 0


def test_journal_counts_what_is_in_flight_and_what_was_ignored() -> None:
    journal = RequestLog()
    first = journal.start("GET", "/a", "", has_cookie=False, has_authorization=True)
    journal.start("GET", "/b", "", has_cookie=True, has_authorization=False)
    journal.set_status(first, 200)
    journal.finish()
    journal.ignore("/a", {"sortBy"})
    assert [(entry.path, entry.in_flight, entry.status) for entry in journal.requests] == [("/a", 1, 200), ("/b", 2, 0)]
    assert journal.in_flight == 1
    assert journal.ignored["/a"]["sortBy"] == 1
