"""Sessions under faults of the node, of other logins and of the network."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial

import pytest

from tests.terminal.watched_node import LOGIN, QUERY, WatchedNode, open_monitor, watched_node

pytestmark = pytest.mark.shares_processes


def patient_node() -> AbstractContextManager[WatchedNode]:
    """Run a node whose requests do not time out on a busy machine; a login that times out would be sent again."""
    return watched_node("--timeout", "10")


def logins(watched: WatchedNode) -> int:
    return len(watched.requests(LOGIN))


def assert_no_requests(watched: WatchedNode) -> None:
    """Check that there is no retry, for longer than any retry takes; keys must work meanwhile."""
    requests_before = len(watched.node.journal.requests)
    watched.terminal.read_for(2.6)
    watched.assert_keys_work()
    assert len(watched.node.journal.requests) == requests_before


def type_password(watched: WatchedNode, password: str) -> None:
    watched.terminal.send("r")
    watched.terminal.wait_for("Log in again")
    watched.terminal.send(f"{password}\r")


def ended_session_is_renewed_once_without_a_message() -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.wait_until(lambda: logins(watched) == 2, "another login")
        watched.wait_for_polls(2)
        assert b"retry" not in watched.terminal.output
        assert "✖" not in watched.terminal.lines[2]
        watched.assert_list_is_kept()
        assert watched.node.sessions.alive() == 1
        watched.quit()


def session_taken_over_twice_waits_for_the_user() -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.faults.add("unique-session")
        # The other login ends our session, ours ends theirs, theirs ends ours: then the monitor stops.
        watched.node.sessions.open(unique=True)
        watched.wait_until(lambda: watched.node.sessions.logins == 3, "the second login of the monitor")
        watched.node.sessions.open(unique=True)
        watched.terminal.wait_for("✖ session ended twice")
        watched.terminal.wait_for("→ after a restart press r; if another login ends it")
        watched.assert_list_is_kept()
        assert_no_requests(watched)
        assert logins(watched) == 2
        watched.node.faults.clear()
        watched.terminal.send("r")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 3


def two_restarts_without_a_failed_request_are_not_called_another_login() -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.sessions.kill_all()
        watched.wait_until(lambda: logins(watched) == 2, "another login")
        watched.wait_for_polls(1)
        watched.node.sessions.kill_all()
        watched.terminal.wait_for("✖ session ended twice", "→ after a restart press r; if another login ends it")
        watched.assert_list_is_kept()
        watched.terminal.send("r")
        watched.terminal.wait_for("● live")
        watched.quit()


def refused_login_after_an_ended_session_is_not_repeated() -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.faults.add("error", "/accounts/login", code="ID.1000", details="changed meanwhile")
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for("✖ login refused")
        watched.terminal.wait_for("ID.1000: changed meanwhile.* → press r to type the password again")
        watched.assert_list_is_kept()
        assert_no_requests(watched)
        assert logins(watched) == 2
        watched.node.faults.clear()
        watched.node.faults.add("error", "/accounts/login", code="ID.1000", details="not that either")
        type_password(watched, "still wrong")
        watched.terminal.wait_for("ID.1000: not that either")
        assert logins(watched) == 3, "one attempt for each password typed"
        watched.node.faults.clear()
        type_password(watched, "password")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 4
        watched.quit()


def login_refused_behind_error_pages_is_not_repeated() -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.faults.add("error-pages")
        before = logins(watched)
        with open_monitor(watched.server.url, "--timeout", "10", password="wrong") as terminal:
            terminal.wait_for("✖ login failed")
            terminal.wait_for("HTTP 503: a page of a proxy in place of the node's answer.* → the node is up: press r")
            terminal.read_for(2.6)
            assert logins(watched) == before + 1
            terminal.send("r")
            terminal.wait_for("Log in again")
            terminal.send("password\r")
            terminal.wait_for("● live")
            assert logins(watched) == before + 2
            terminal.send("q")
            assert terminal.wait_for_end() == 0
        watched.quit()


def login_failure_waits(code: str, short: str, advice: str) -> None:
    with patient_node() as watched:
        watched.wait_until_live()
        watched.node.faults.add("error", "/accounts/login", code=code)
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for(f"✖ {short}")
        watched.terminal.wait_for(f"{code}.* → .*{advice}")
        watched.assert_list_is_kept()
        requests_before = len(watched.node.journal.requests)
        watched.terminal.read_for(2.6)
        assert len(watched.node.journal.requests) == requests_before
        watched.node.faults.clear()
        watched.terminal.send("r")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 3


@contextmanager
def recording_server() -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that records what it receives."""
    received: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def wait() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    received.append(b"connected")
                    received.append(connection.recv(65536))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/zstack/v1", received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def redirects_are_not_followed() -> None:
    with recording_server() as (elsewhere, received), patient_node() as watched:
        watched.wait_until_live()
        for path, status in (("/cdp-task", 302), ("", 308)):
            watched.node.faults.add("redirect", path, location=elsewhere + path, status=status)
            watched.terminal.wait_for(rf"HTTP {status}: redirects to {re.escape(elsewhere)}")
            watched.node.faults.clear()
            watched.wait_until_live()
        # A redirected login would send the hash of the password.
        watched.node.faults.add("redirect", "/accounts/login", location=f"{elsewhere}/accounts/login", status=307)
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for(rf"redirects to {re.escape(elsewhere)}/accounts/login")
        assert received == []
        watched.node.faults.clear()
        watched.wait_until_live()
        watched.quit()


def unknown_host_name_is_reported_and_retried() -> None:
    with open_monitor("http://cdptui-no-such-node.invalid:8080") as terminal:
        terminal.wait_for(r"▲ retry [2-9] (in \d s|now): unreachable")
        terminal.wait_for(r"unreachable: name not found: .* → check the address and that the node is up")
        terminal.send("?")
        terminal.wait_for("Navigation")
        terminal.send("\x1b")
        terminal.wait_for_no("Navigation")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored


def invalid_session_id_is_reported_and_not_retried() -> None:
    with patient_node() as watched:
        with open_monitor(watched.server.url, session="5e5510ab5e5510ab5e5510ab5e5510ab") as terminal:
            terminal.wait_for("✖ session invalid")
            terminal.wait_for("→ start again with a new session ID")
            requests_before = [request for request in watched.requests(QUERY) if request.status == 503]
            terminal.read_for(2.6)
            assert [request for request in watched.requests(QUERY) if request.status == 503] == requests_before
            terminal.send("q")
            assert terminal.wait_for_end() == 0
        assert logins(watched) <= 1, "at most the login of the other monitor"
        watched.quit()


_SCENARIOS = (
    ended_session_is_renewed_once_without_a_message,
    session_taken_over_twice_waits_for_the_user,
    two_restarts_without_a_failed_request_are_not_called_another_login,
    refused_login_after_an_ended_session_is_not_repeated,
    login_refused_behind_error_pages_is_not_repeated,
    redirects_are_not_followed,
    unknown_host_name_is_reported_and_retried,
    invalid_session_id_is_reported_and_not_retried,
)
SCENARIOS: dict[str, Callable[[], None]] = {
    **{scenario.__name__.replace("_", " "): scenario for scenario in _SCENARIOS},
    "too many sessions wait for the user": partial(login_failure_waits, "ID.1006", "too many sessions", "press r"),
    "captcha waits for the user": partial(
        login_failure_waits, "LOGIN_CONTROL.1005", "captcha required", "log in on the web console once"
    ),
}


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """The outcome of each scenario. Most of their time is waiting, so several run concurrently."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    requests_before = [name for item in items if (name := item.callspec.params.get("scenario")) in SCENARIOS]
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(SCENARIOS[name]) for name in requests_before}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_session_fault(outcomes: dict[str, Future[None]], scenario: str) -> None:
    outcomes[scenario].result(120)
