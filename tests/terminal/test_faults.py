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
from tests.terminal.watched_node import HEIGHT, QUERY, WIDTH, WatchedNode, watched_node

pytestmark = pytest.mark.shares_processes


class Case(NamedTuple):
    """A fault and its messages: `short` in the header beside the retries, `sentence` in the banner below."""

    spec: str
    short: str
    sentence: str
    is_silent: bool = False
    """Whether the node leaves the request unanswered; keys must work meanwhile."""


NO_ANSWER = r"timed out: no answer within 1 s.* → the node is slow, or packets are dropped on the way"
TOO_LONG = r"timed out: the answer took too long.* → the node is slow, or packets are dropped on the way"
CLOSED = r"unreachable: the connection was closed before the answer was complete"
PROXY = r"a proxy answers for the node: a web page, “50\d [BGS].*” → check the address and that the node is up"
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
    Case("firewall", "blocked on the way", r"HTTP 403: {\"message\":\"Request blocked by rule .*not the node: ask its"),
    Case("rate-limit", "rate limited", r"HTTP 429: Rate limit exceeded.* → the node asks for fewer requests"),
    Case("module-missing:path=/cdp-task", "CDP not available", r"HTTP 404: no api mapping to /v1/cdp-task"),
    Case("tomcat-404", "not a management node", r"HTTP 404: a web page, “HTTP Status 404 – Not Found”.*check the URL"),
    Case(
        "redirect:location=http://sso.invalid/", "not a management node", r"HTTP 302: redirects to http://sso.invalid/"
    ),
    Case(
        "redirect:location=https://127.0.0.1:8443/,status=301",
        "https required",
        r"HTTP 301: redirects to https://127.0.0.1:8443/.* → use https://127.0.0.1:8443: start again with this URL",
    ),
    Case("invalid-json:path=/cdp-task", "unreadable response", r"→ the response does not have the format of this call"),
    Case("huge-body:path=/cdp-task,bytes=68000000", "unreadable response", r"unreadable response: response too large"),
    Case(
        "endless-body:path=/cdp-task,seconds=0", "(unreadable response|timed out)", r"response too large|took too long"
    ),
)

AT_ONCE = 4

ELSEWHERE = {
    FaultKind.CACHED,
    FaultKind.CAPPED_PAGES,
    FaultKind.CLOCK_SKEW,
    FaultKind.DEEP_NESTING,
    FaultKind.ENDLESS_LIST,
    FaultKind.ERROR_PAGES,
    FaultKind.SESSION_KILL,
    FaultKind.SHIFTING_ROWS,
    FaultKind.UNIQUE_SESSION,
}
"""Faults that do not make a poll fail: tested below, in test_session_faults, and in tests/wire/test_capped_pages."""


@contextmanager
def idle_monitor() -> Iterator[WatchedNode]:
    """Run a monitor without the detail pane, so that it requests only the list."""
    with watched_node() as watched:
        watched.terminal.wait_for("60/60 tasks")
        watched.terminal.send("d")
        watched.wait_until(lambda: watched.requests("/zstack/v1/resources/names"), "the names")
        yield watched


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[Case, Future[None]]]:
    """The outcome of each case. Most of their time is waiting, so several monitors run concurrently."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    cases = [case for item in items if isinstance(case := item.callspec.params.get("case"), Case)]
    waiting: SimpleQueue[tuple[Case, Future[None]]] = SimpleQueue()
    found: dict[Case, Future[None]] = {}
    for case in cases:
        found[case] = Future()
        waiting.put((case, found[case]))

    def run_cases() -> None:
        with idle_monitor() as watched, suppress(Empty):
            while True:
                case, outcome = waiting.get_nowait()
                try:
                    run_case(watched, case)
                except BaseException as error:  # noqa: BLE001 - raised by the test of the case
                    outcome.set_exception(error)
                else:
                    outcome.set_result(None)
                watched.node.faults.clear()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(min(AT_ONCE, len(cases))):
            pool.submit(run_cases)
        yield found


@pytest.fixture(scope="module")
def shared() -> Iterator[WatchedNode]:
    """One monitor for all tests that are not in the table."""
    with idle_monitor() as watched:
        yield watched


@pytest.fixture
def watched(shared: WatchedNode) -> Iterator[WatchedNode]:
    """The shared monitor, live and without faults; faults are removed afterwards."""
    shared.wait_until_live()
    shared.node.journal.clear()
    yield shared
    shared.node.faults.clear()


def test_every_kind_of_fault_has_a_case() -> None:
    assert {parse_fault(case.spec).kind for case in CASES} == set(FaultKind) - ELSEWHERE


def run_case(watched: WatchedNode, case: Case) -> None:
    """Inject a fault, check the messages, that the cause is whole where there is less room, and recover."""
    terminal, fault = watched.terminal, parse_fault(case.spec)
    watched.wait_until_live()
    watched.node.journal.clear()
    # More than one if the first login took longer than the time-out of a second.
    logins = watched.node.sessions.logins
    watched.node.faults.add_fault(fault)
    if case.is_silent:
        watched.wait_until(lambda: watched.node.journal.in_flight, "a request that hangs")
        watched.assert_keys_work()
    terminal.wait_for(rf"▲ retry \d+ (in \d+ s|now): {case.short}")
    terminal.wait_for(lambda screen: re.search(rf"✖ .*{case.sentence}", screen.banner))
    cause = re.search(rf"✖ (?:{case.short}: )?(.*?)(?:, at http\S+)? → ", terminal.banner)
    assert cause is not None, terminal.banner
    for columns in (120, 80):
        # The rest of a frame of the old size would be drawn in the wrong places.
        terminal.wait_for_quiet()
        terminal.resize(columns, 24)
        terminal.wait_for(lambda screen: cause[1] in screen.banner)
    terminal.wait_for_quiet()
    terminal.resize(WIDTH, HEIGHT)
    watched.assert_list_is_kept()
    watched.assert_keys_work()
    watched.assert_list_is_kept()
    watched.clear_faults_and_recover()
    terminal.wait_for_no("✖ unreachable")
    assert watched.most_in_flight <= 2, "at most a poll and a background request"
    assert watched.node.sessions.logins == logins, "one session must suffice"


@pytest.mark.parametrize("case", CASES, ids=[case.spec for case in CASES])
def test_fault_is_reported_retried_and_recovered_from(outcomes: dict[Case, Future[None]], case: Case) -> None:
    outcomes[case].result(120)


def has_timed_out(tries: int, terminal: Terminal) -> bool:
    """Return whether the header counts at least `tries` retries that timed out."""
    found = re.search(r"▲ retry (\d+) (in \d+ s|now): timed out", terminal.text)
    return found is not None and int(found[1]) >= tries


def test_unanswered_requests_are_retried_until_the_node_recovers() -> None:
    with watched_node("--timeout", "0.3") as watched:
        watched.wait_until_live()
        watched.node.faults.add("hang")
        watched.terminal.wait_for("▲ retry 1 ")
        for tries in range(2, 14):
            # Each r starts another attempt, but never two at the same time.
            watched.terminal.send("rrr")
            watched.assert_keys_work()
            # On a busy machine there may be several more retries by now.
            watched.terminal.wait_for(partial(has_timed_out, tries))
        watched.assert_list_is_kept()
        assert watched.age_s >= 3
        watched.clear_faults_and_recover()
        watched.terminal.wait_for(lambda _: watched.age_s <= 2)
        assert watched.most_in_flight <= 2, "at most a poll and a background request"
        watched.quit()


def test_countdown_to_the_next_retry_and_age_are_shown(watched: WatchedNode) -> None:
    watched.node.faults.add("refuse")
    terminal, ages = watched.terminal, set[int]()
    terminal.wait_for("in 2 s: unreachable")
    ages.add(watched.age_s)
    terminal.wait_for("in 1 s: unreachable|now: unreachable")
    ages.add(watched.age_s)
    terminal.wait_for(r"retry [2-9] in 2 s: unreachable")
    ages.add(watched.age_s)
    assert len(ages) > 1
    watched.clear_faults_and_recover()


def test_slow_node_is_polled_less_often_without_failures() -> None:
    # Slower than the interval, and far from the time-out.
    with watched_node("--timeout", "20") as watched:
        watched.wait_until_live()
        watched.node.journal.clear()
        watched.node.faults.add("delay", "/cdp-task", seconds=1.5)
        watched.wait_until(lambda: watched.node.journal.in_flight, "a request in flight")
        watched.assert_keys_work()
        watched.wait_for_polls(3)
        watched.wait_until_live()
        assert b"retry" not in watched.terminal.output
        assert watched.most_in_flight <= 2, "at most a poll and a background request"


def test_server_clock_an_hour_ahead_changes_nothing(watched: WatchedNode) -> None:
    logins = watched.node.sessions.logins
    watched.node.faults.add("clock-skew", seconds=3600.0)
    watched.wait_for_polls(3)
    watched.assert_list_is_kept()
    watched.terminal.wait_for(lambda _: "● live" in watched.header and watched.age_s <= 2)
    assert watched.node.sessions.logins == logins


def test_answer_from_a_cache_is_never_live(watched: WatchedNode) -> None:
    watched.node.faults.add("cached", "/cdp-task", seconds=120.0)
    watched.terminal.wait_for(lambda _: "▲ stale, from a cache" in watched.header and watched.age_s >= 120)
    watched.clear_faults_and_recover()
    watched.terminal.wait_for(lambda _: watched.age_s <= 2)


def test_storages_from_a_cache_are_marked_with_their_age(watched: WatchedNode) -> None:
    watched.node.faults.add("cached", "/backup-storage", seconds=120.0)
    watched.terminal.send("S")
    watched.terminal.wait_for("Storages 3")
    watched.terminal.send("r")
    watched.terminal.wait_for("The storages came from a cache and were 2 min old on arrival", "● live")
    watched.node.faults.clear()
    watched.terminal.send("r")
    watched.terminal.wait_for(lambda screen: "from a cache" not in screen.text)
    watched.terminal.send("\x1b")
    watched.wait_until_live()


def test_error_replaced_by_a_page_is_no_outage(watched: WatchedNode) -> None:
    watched.node.faults.add("error-pages")
    watched.wait_for_polls(2)
    watched.terminal.wait_for("● live")
    logins = watched.node.sessions.logins
    watched.node.sessions.kill_all()
    watched.wait_until(lambda: watched.node.sessions.logins > logins, "a renewed session")
    watched.terminal.wait_for("● live")
    watched.clear_faults_and_recover()


def test_endless_list_is_cut_off_and_shown_as_incomplete(watched: WatchedNode) -> None:
    watched.node.faults.add("endless-list", "/cdp-task")
    watched.terminal.wait_for(r"60/(?!60)\d+ tasks")
    watched.assert_keys_work()
    # The number of requests of a poll is limited.
    watched.terminal.wait_for("● live")
    watched.clear_faults_and_recover()
    watched.terminal.wait_for("60/60 tasks")
    assert watched.most_in_flight <= 2, "at most a poll and a background request"


def test_record_nested_too_deeply_is_listed_as_unreadable(watched: WatchedNode) -> None:
    watched.node.faults.add("deep-nesting", "/cdp-task")
    watched.terminal.wait_for(r"! 1 unreadable[\s\S]+\(unreadable record\)")
    watched.clear_faults_and_recover()
    watched.terminal.wait_for("60/60 tasks")


def test_denied_names_do_not_affect_the_list() -> None:
    with watched_node() as watched:
        watched.node.faults.add("denied", "/resources/names")
        watched.wait_until(lambda: watched.requests("/zstack/v1/resources/names"), "the names")
        watched.wait_until_live()
        watched.wait_for_polls(2)
        watched.assert_list_is_kept()
        watched.terminal.wait_for("no permission|permission denied|denied by default")
        watched.quit()


def test_rows_that_move_between_pages_are_neither_lost_nor_duplicated() -> None:
    with watched_node("--timeout", "20", tasks=2500) as watched:
        watched.node.faults.add("shifting-rows", "/cdp-task")
        watched.terminal.wait_for(r"250[01]/250[01] tasks")
        watched.wait_for_polls(9)
        watched.terminal.wait_for(r"● live .*(2500/2500|2501/2501) tasks")
        watched.assert_keys_work()
        watched.quit()


def test_restarted_node_on_the_same_port_is_reconnected(watched: WatchedNode) -> None:
    watched.server.stop()
    watched.terminal.wait_for(r"▲ retry [23] (in \d+ s|now): unreachable")
    watched.assert_keys_work()
    watched.assert_list_is_kept()
    assert watched.server.start()
    watched.clear_faults_and_recover()
    assert [request.status for request in watched.requests(QUERY)][-1] in {0, 200}
