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
    """A watched node whose requests do not time out on a busy machine: a login that does is sent again."""
    return watched_node("--timeout", "10")


def logins(watched: WatchedNode) -> int:
    return len(watched.requests(LOGIN))


def rests(watched: WatchedNode) -> None:
    """Nothing is tried by itself: longer than any retry takes, in which keys are answered."""
    asked = len(watched.node.journal.requests)
    watched.terminal.read_for(2.6)
    watched.answers_keys()
    assert len(watched.node.journal.requests) == asked


def type_password(watched: WatchedNode, password: str) -> None:
    watched.terminal.send("r")
    watched.terminal.wait_for("Log in again")
    watched.terminal.send(f"{password}\r")


def a_session_that_ends_is_renewed_once_and_silently() -> None:
    with patient_node() as watched:
        watched.is_live()
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.wait_until(lambda: logins(watched) == 2, "another login")
        watched.wait_for_polls(2)
        assert b"retry" not in watched.terminal.output
        assert "✖" not in watched.terminal.lines[2]
        watched.keeps_its_list()
        assert watched.node.sessions.alive() == 1
        watched.leaves()


def logins_of_others_that_end_the_session_are_not_answered_with_more_logins() -> None:
    with patient_node() as watched:
        watched.is_live()
        watched.node.faults.add("unique-session")
        # Ours is ended by theirs; ours again ends theirs; theirs again ends ours, and that is enough.
        watched.node.sessions.open(unique=True)
        watched.wait_until(lambda: watched.node.sessions.logins == 3, "another login of ours")
        watched.node.sessions.open(unique=True)
        watched.terminal.wait_for("✖ session taken over")
        watched.terminal.wait_for("→ another login ends this one: use an access key")
        watched.keeps_its_list()
        rests(watched)
        assert logins(watched) == 2
        watched.node.faults.clear()
        watched.terminal.send("r")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 3


def a_login_that_is_refused_when_a_session_ends_is_tried_once() -> None:
    with patient_node() as watched:
        watched.is_live()
        watched.node.faults.add("error", "/accounts/login", code="ID.1000", details="changed meanwhile")
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for("✖ login refused")
        watched.terminal.wait_for("ID.1000: changed meanwhile.* → press r to type the password again")
        watched.keeps_its_list()
        rests(watched)
        assert logins(watched) == 2
        watched.node.faults.clear()
        watched.node.faults.add("error", "/accounts/login", code="ID.1000", details="not that either")
        type_password(watched, "still wrong")
        watched.terminal.wait_for("ID.1000: not that either")
        assert logins(watched) == 3, "the one try that was asked for"
        watched.node.faults.clear()
        type_password(watched, "password")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 4
        watched.leaves()


def waits_for_a_person(code: str, short: str, advice: str) -> None:
    with patient_node() as watched:
        watched.is_live()
        watched.node.faults.add("error", "/accounts/login", code=code)
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for(f"✖ {short}")
        watched.terminal.wait_for(f"{code}.* → .*{advice}")
        watched.keeps_its_list()
        asked = len(watched.node.journal.requests)
        watched.terminal.read_for(2.6)
        assert len(watched.node.journal.requests) == asked
        watched.node.faults.clear()
        watched.terminal.send("r")
        watched.terminal.wait_for("● live")
        assert logins(watched) == 3


@contextmanager
def a_trap() -> Iterator[tuple[str, list[bytes]]]:
    """Another server, which keeps whatever it gets."""
    caught: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def wait() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    caught.append(b"connected")
                    caught.append(connection.recv(65536))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/zstack/v1", caught
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def no_redirect_carries_anything_away() -> None:
    with a_trap() as (elsewhere, caught), patient_node() as watched:
        watched.is_live()
        for path, status in (("/cdp-task", 302), ("", 308)):
            watched.node.faults.add("redirect", path, location=elsewhere + path, status=status)
            watched.terminal.wait_for(rf"HTTP {status}: redirects to {re.escape(elsewhere)}")
            watched.node.faults.clear()
            watched.is_live()
        # A login that is sent elsewhere would carry the password's hash there.
        watched.node.faults.add("redirect", "/accounts/login", location=f"{elsewhere}/accounts/login", status=307)
        watched.node.faults.add("session-kill", "/cdp-task", times=1)
        watched.terminal.wait_for(rf"redirects to {re.escape(elsewhere)}/accounts/login")
        assert caught == []
        watched.node.faults.clear()
        watched.is_live()
        watched.leaves()


def a_name_that_nobody_knows_is_said_and_tried_again() -> None:
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


def a_given_session_that_ended_is_said_and_nothing_is_tried() -> None:
    with patient_node() as watched:
        with open_monitor(watched.server.url, session="5e5510ab5e5510ab5e5510ab5e5510ab") as terminal:
            terminal.wait_for("✖ session invalid")
            terminal.wait_for("→ start again with a new session ID")
            asked = [request for request in watched.requests(QUERY) if request.status == 503]
            terminal.read_for(2.6)
            assert [request for request in watched.requests(QUERY) if request.status == 503] == asked
            terminal.send("q")
            assert terminal.wait_for_end() == 0
        assert logins(watched) <= 1, "only the other one's"
        watched.leaves()


_NIGHTS = (
    a_session_that_ends_is_renewed_once_and_silently,
    logins_of_others_that_end_the_session_are_not_answered_with_more_logins,
    a_login_that_is_refused_when_a_session_ends_is_tried_once,
    no_redirect_carries_anything_away,
    a_name_that_nobody_knows_is_said_and_tried_again,
    a_given_session_that_ended_is_said_and_nothing_is_tried,
)
SCENARIOS: dict[str, Callable[[], None]] = {
    **{night.__name__.replace("_", " "): night for night in _NIGHTS},
    "too many sessions wait for a person": partial(waits_for_a_person, "ID.1006", "too many sessions", "press r"),
    "a captcha waits for a person": partial(
        waits_for_a_person, "LOGIN_CONTROL.1005", "captcha required", "log in on the web console once"
    ),
}


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """What came of each; mostly they wait, so some are lived through side by side."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    asked = [name for item in items if (name := item.callspec.params.get("scenario")) in SCENARIOS]
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(SCENARIOS[name]) for name in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_session_survives(outcomes: dict[str, Future[None]], scenario: str) -> None:
    outcomes[scenario].result(120)
