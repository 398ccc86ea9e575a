"""Every fault of network and node under the real program: it is reported, retried and recovered from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple

import pytest

from cdptui.simulator.faults.rules import FaultKind
from cdptui.simulator.faults.spec import parse_fault
from tests.terminal.pty_terminal import Terminal
from tests.terminal.watched_node import QUERY, WatchedNode, watched_node

pytestmark = pytest.mark.shares_processes


class Case(NamedTuple):
    """A fault, and the words for it: in the header beside the tries, and in the line below it."""

    spec: str
    short: str
    sentence: str
    is_silent: bool = False
    """The node holds the request: keys must be answered while it hangs."""


NO_ANSWER = r"timed out: no answer within 1 s.* → the node is slow, or packets are dropped on the way"
TOO_LONG = r"timed out: the answer took too long.* → the node is slow, or packets are dropped on the way"
CLOSED = r"unreachable: the connection was closed before the answer was complete"
PROXY = r"a proxy answers that the node behind it does not.* → check the address and that the node is up"
REPORTED = "→ the management node reports an internal error"

CASES = (
    Case("delay:seconds=60", "timed out", NO_ANSWER, is_silent=True),
    Case("hang", "timed out", NO_ANSWER, is_silent=True),
    Case("hang-body:path=/cdp-task", "timed out", NO_ANSWER, is_silent=True),
    Case("trickle:path=/cdp-task,seconds=0.2", "timed out", TOO_LONG, is_silent=True),
    Case("endless-body:path=/cdp-task,seconds=0.2", "timed out", TOO_LONG, is_silent=True),
    Case("slow-start:seconds=3600", "timed out", NO_ANSWER, is_silent=True),
    Case("reset", "unreachable", r"unreachable: (Connection reset by peer|the connection was closed)"),
    Case("refuse", "unreachable", r"unreachable: Connection refused, at http://127.*/cdp-task → check the address"),
    Case("truncated:path=/cdp-task", "unreachable", CLOSED),
    Case("bad-gateway", "unreachable", rf"unreachable: HTTP 502: {PROXY}"),
    Case("gateway-timeout", "unreachable", rf"unreachable: HTTP 504: {PROXY}"),
    Case("html-503", "unreachable", rf"unreachable: HTTP 503: {PROXY}"),
    Case("empty-500", "server error", rf"server error: HTTP 500: no details.* {REPORTED}"),
    Case("error:code=SYS.1000,details=disk full", "server error", rf"SYS.1000: disk full.* {REPORTED}"),
    Case("error:code=SYS.1001", "timed out", r"timed out: SYS.1001: "),
    Case("error:code=SYS.1010", "node is starting", r"SYS.1010: .* → the management node is not ready yet"),
    Case(
        "error:code=LICENSE.1001", "CDP not available", r"LICENSE.1001: .* → the node has no CDP module, or no licence"
    ),
    Case("error:code=NEW.4711,details=never seen", "server error", rf"NEW.4711: never seen.* {REPORTED}"),
    Case("denied:path=/cdp-task", "no permission", r"SYS.1006: .*this account may not list CDP tasks"),
    Case("rate-limit", "rate limited", r"HTTP 429: Rate limit exceeded.* → the node asks for fewer requests"),
    Case("module-missing:path=/cdp-task", "CDP not available", r"HTTP 404: no api mapping to /v1/cdp-task"),
    Case("tomcat-404", "not a management node", r"HTTP 404: a web page, “HTTP Status 404 – Not Found”.*check the URL"),
    Case(
        "redirect:location=http://sso.invalid/", "not a management node", r"HTTP 302: redirects to http://sso.invalid/"
    ),
    Case("invalid-json:path=/cdp-task", "unreadable response", r"→ the response does not have the format of this call"),
    Case("huge-body:path=/cdp-task,bytes=68000000", "unreadable response", r"unreadable response: response too large"),
    Case(
        "endless-body:path=/cdp-task,seconds=0", "(unreadable response|timed out)", r"response too large|took too long"
    ),
)

AT_ONCE = 4

ELSEWHERE = {
    FaultKind.CAPPED_PAGES,
    FaultKind.CLOCK_SKEW,
    FaultKind.DEEP_NESTING,
    FaultKind.ENDLESS_LIST,
    FaultKind.SESSION_KILL,
    FaultKind.SHIFTING_ROWS,
    FaultKind.UNIQUE_SESSION,
}
"""Those that are no failure of a poll: below, in test_session_faults, and in tests/wire/test_capped_pages."""


@contextmanager
def at_rest() -> Iterator[WatchedNode]:
    """All is well, and without the detail nothing but the list is asked for."""
    with watched_node() as watched:
        watched.terminal.wait_for("60/60 tasks")
        watched.terminal.send("d")
        watched.wait_until(lambda: watched.requests("/zstack/v1/resources/names"), "the names")
        yield watched


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[Case, Future[None]]]:
    """What came of each case. Faults are mostly waited for, so some programs work through them side by side."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    asked = [case for item in items if isinstance(case := item.callspec.params.get("case"), Case)]
    waiting: SimpleQueue[tuple[Case, Future[None]]] = SimpleQueue()
    found: dict[Case, Future[None]] = {}
    for case in asked:
        found[case] = Future()
        waiting.put((case, found[case]))

    def work_through() -> None:
        with at_rest() as watched, suppress(Empty):
            while True:
                case, outcome = waiting.get_nowait()
                try:
                    live_through(watched, case)
                except BaseException as error:  # noqa: BLE001 - told where the case is asked for
                    outcome.set_exception(error)
                else:
                    outcome.set_result(None)
                watched.node.faults.clear()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(min(AT_ONCE, len(asked))):
            pool.submit(work_through)
        yield found


@pytest.fixture(scope="module")
def shared() -> Iterator[WatchedNode]:
    """One program for all that is not in the table."""
    with at_rest() as watched:
        yield watched


@pytest.fixture
def watched(shared: WatchedNode) -> Iterator[WatchedNode]:
    """At rest, and at rest again afterwards."""
    shared.is_live()
    shared.node.journal.clear()
    yield shared
    shared.node.faults.clear()


def test_every_kind_of_fault_has_its_case() -> None:
    assert {parse_fault(case.spec).kind for case in CASES} == set(FaultKind) - ELSEWHERE


def live_through(watched: WatchedNode, case: Case) -> None:
    """From all is well to all is well."""
    terminal, fault = watched.terminal, parse_fault(case.spec)
    watched.is_live()
    watched.node.journal.clear()
    # More than one where the first login took longer than the program's second of patience.
    logins = watched.node.sessions.logins
    watched.node.faults.add_fault(fault)
    if case.is_silent:
        watched.wait_until(lambda: watched.node.journal.in_flight, "a request that hangs")
        watched.answers_keys()
    terminal.wait_for(rf"▲ retry \d+ (in \d+ s|now): {case.short}")
    terminal.wait_for(rf"✖ .*{case.sentence}")
    watched.keeps_its_list()
    watched.answers_keys()
    watched.keeps_its_list()
    watched.recovers()
    terminal.wait_for_no("✖ unreachable")
    assert watched.most_in_flight <= 2, "a poll, and one question beside it"
    assert watched.node.sessions.logins == logins, "one session for all of it"


@pytest.mark.parametrize("case", CASES, ids=[case.spec for case in CASES])
def test_a_fault_is_said_and_waited_for_and_got_over(outcomes: dict[Case, Future[None]], case: Case) -> None:
    outcomes[case].result(120)


def has_tried(tries: int, terminal: Terminal) -> bool:
    """Whether the header counts at least so many tries that timed out."""
    found = re.search(r"▲ retry (\d+) (in \d+ s|now): timed out", terminal.text)
    return found is not None and int(found[1]) >= tries


def test_a_black_hole_of_many_tries_is_waited_out() -> None:
    with watched_node("--timeout", "0.3") as watched:
        watched.is_live()
        watched.node.faults.add("hang")
        watched.terminal.wait_for("▲ retry 1 ")
        for tries in range(2, 14):
            # Each r is an attempt of its own, and never a second one at the same time.
            watched.terminal.send("rrr")
            watched.answers_keys()
            # A busy machine may be several tries further by now.
            watched.terminal.wait_for(partial(has_tried, tries))
        watched.keeps_its_list()
        assert watched.age_s >= 3
        watched.recovers()
        watched.terminal.wait_for(lambda _: watched.age_s <= 2)
        assert watched.most_in_flight <= 2, "a poll, and one question beside it"
        watched.leaves()


def test_the_next_try_is_counted_down_and_the_age_counts_up(watched: WatchedNode) -> None:
    watched.node.faults.add("refuse")
    terminal, ages = watched.terminal, set[int]()
    terminal.wait_for("in 2 s: unreachable")
    ages.add(watched.age_s)
    terminal.wait_for("in 1 s: unreachable|now: unreachable")
    ages.add(watched.age_s)
    terminal.wait_for(r"retry [2-9] in 2 s: unreachable")
    ages.add(watched.age_s)
    assert len(ages) > 1
    watched.recovers()


def test_a_slow_node_is_waited_for_and_asked_less_often() -> None:
    # Slower than an interval, and far from the timeout.
    with watched_node("--timeout", "20") as watched:
        watched.is_live()
        watched.node.journal.clear()
        watched.node.faults.add("delay", "/cdp-task", seconds=1.5)
        watched.wait_until(lambda: watched.node.journal.in_flight, "a request under way")
        watched.answers_keys()
        watched.wait_for_polls(3)
        watched.is_live()
        assert b"retry" not in watched.terminal.output
        assert watched.most_in_flight <= 2, "a poll, and one question beside it"


def test_a_clock_that_is_an_hour_ahead_changes_nothing(watched: WatchedNode) -> None:
    logins = watched.node.sessions.logins
    watched.node.faults.add("clock-skew", seconds=3600.0)
    watched.wait_for_polls(3)
    watched.keeps_its_list()
    watched.terminal.wait_for(lambda _: "● live" in watched.header and watched.age_s <= 2)
    assert watched.node.sessions.logins == logins


def test_a_list_without_an_end_is_cut_off_and_said_to_be_not_whole(watched: WatchedNode) -> None:
    watched.node.faults.add("endless-list", "/cdp-task")
    watched.terminal.wait_for(r"60/(?!60)\d+ tasks")
    watched.answers_keys()
    # So many requests for a poll, and then an end.
    watched.terminal.wait_for("● live")
    watched.recovers()
    watched.terminal.wait_for("60/60 tasks")
    assert watched.most_in_flight <= 2, "a poll, and one question beside it"


def test_a_record_nested_too_deeply_is_listed_as_one_that_cannot_be_read(watched: WatchedNode) -> None:
    watched.node.faults.add("deep-nesting", "/cdp-task")
    watched.terminal.wait_for(r"! 1 unreadable[\s\S]+\(unreadable record\)")
    watched.recovers()
    watched.terminal.wait_for("60/60 tasks")


def test_names_that_are_denied_or_broken_cost_the_list_nothing() -> None:
    with watched_node() as watched:
        watched.node.faults.add("denied", "/resources/names")
        watched.wait_until(lambda: watched.requests("/zstack/v1/resources/names"), "the names")
        watched.is_live()
        watched.wait_for_polls(2)
        watched.keeps_its_list()
        watched.terminal.wait_for("no permission|permission denied|denied by default")
        watched.leaves()


def test_rows_that_move_between_pages_are_neither_lost_nor_doubled() -> None:
    with watched_node("--timeout", "20", tasks=2500) as watched:
        watched.node.faults.add("shifting-rows", "/cdp-task")
        watched.terminal.wait_for(r"250[01]/250[01] tasks")
        watched.wait_for_polls(9)
        watched.terminal.wait_for(r"● live .*(2500/2500|2501/2501) tasks")
        watched.answers_keys()
        watched.leaves()


def test_a_node_that_came_back_on_the_same_port_is_seen_within_one_interval(watched: WatchedNode) -> None:
    watched.server.stop()
    watched.terminal.wait_for(r"▲ retry [23] (in \d+ s|now): unreachable")
    watched.answers_keys()
    watched.keeps_its_list()
    assert watched.server.start()
    watched.recovers()
    assert [request.status for request in watched.requests(QUERY)][-1] in {0, 200}
