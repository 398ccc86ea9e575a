"""Session life cycle, tested through the client."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.client import Client
from cdptui.api.http import Timeouts
from cdptui.models.auth import LoginType, PasswordLogin, SessionToken
from tests.doubles import FakeClock
from tests.unit.api.node import (
    BASE,
    LOGIN,
    NAMES,
    PASSWORD,
    TASKS,
    MockNode,
    connect,
    read,
    respond,
    sent_json,
    token_of,
)
from tests.unit.api.wire import FULL_ROW, SESSION_EXPIRED, error

HASH = hashlib.sha512(PASSWORD.encode()).hexdigest()
EXPIRED = respond(503, SESSION_EXPIRED)


async def test_one_login_serves_all_requests() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    for _ in range(3):
        await read(client)
    await client.resources.names(["a"])
    (login,) = node.asked(LOGIN)
    assert login.method == "PUT"
    assert sent_json(login) == {"logInByAccount": {"accountName": "admin", "password": HASH}}
    assert login.headers["content-type"] == "application/json;charset=UTF-8"
    assert "authorization" not in login.headers
    await client.aclose()


async def test_every_request_has_the_session_and_the_cookie_of_the_login() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    after_login = [request for request in node.requests if request not in node.asked(LOGIN)]
    assert after_login
    assert {token_of(request) for request in after_login} == {f"session{1:025}"}
    assert {request.headers["cookie"] for request in after_login} == {"JSESSIONID=cookie1"}
    await client.aclose()


async def test_expired_session_is_renewed_once_and_the_request_repeated() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    node.kill_sessions()
    assert [task.name for task in await read(client)] == ["cdp-erp-db"]
    assert len(node.asked(LOGIN)) == 2
    assert [token_of(request)[-1] for request in node.asked(TASKS)] == ["1", "1", "2"]
    await client.aclose()


async def test_end_of_a_session_is_reported_once_when_another_login_follows() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    ended: list[int] = []
    client.on_session_ended(lambda: ended.append(len(node.asked(LOGIN))))
    await read(client)
    node.kill_sessions()
    await asyncio.gather(read(client), client.resources.names(["a"]))
    assert ended == [1]
    await client.aclose()


async def test_sessions_that_end_hours_apart_are_renewed_each_time() -> None:
    node, clock = MockNode([FULL_ROW]), FakeClock()
    client = connect(node, clock=clock)
    for _ in range(4):
        node.kill_sessions()
        clock.seconds += 7200
        await read(client)
    assert len(node.asked(LOGIN)) == 4
    await client.aclose()


@pytest.mark.parametrize(("pause_s", "is_contended"), [(59.0, True), (60.0, False)])
async def test_two_invalidations_within_a_minute_are_session_contention(pause_s: float, is_contended: bool) -> None:
    node, clock = MockNode([FULL_ROW]), FakeClock()
    client = connect(node, clock=clock)
    await read(client)
    node.kill_sessions()
    await read(client)
    clock.seconds += pause_s
    node.kill_sessions()
    if is_contended:
        with pytest.raises(e.SessionContended):
            await read(client)
    else:
        await read(client)
    assert len(node.asked(LOGIN)) == (2 if is_contended else 3)
    await client.aclose()


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(httpx.ConnectError("refused"), id="connection refused"),
        pytest.param(httpx.ReadTimeout("late"), id="no answer"),
        pytest.param(respond(502, b"<html>Bad Gateway</html>"), id="page of a proxy"),
        pytest.param(respond(404, b"<html>Tomcat</html>"), id="server without the application"),
        pytest.param(respond(200, b"<html>starting</html>"), id="page of a start"),
    ],
)
@pytest.mark.parametrize("path", [pytest.param(TASKS, id="poll"), pytest.param(LOGIN, id="login")])
async def test_sessions_lost_by_two_restarts_within_a_minute_are_no_contention(
    outage: httpx.Response | Exception, path: str
) -> None:
    node, clock = MockNode([FULL_ROW]), FakeClock()
    client = connect(node, clock=clock)
    await read(client)
    for _ in range(3):
        clock.seconds += 10
        node.kill_sessions()
        # An idempotent request is sent a second time on a new connection.
        node.next(path, outage, outage)
        for _ in range(2):
            with contextlib.suppress(e.ApiError):
                await read(client)
        assert len(await read(client)) == 1
    await client.aclose()


async def test_session_that_ends_again_at_once_is_session_contention() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(TASKS, EXPIRED, EXPIRED)
    with pytest.raises(e.SessionContended):
        await read(client)
    assert len(node.asked(LOGIN)) == 2
    await client.aclose()


@pytest.mark.parametrize("refusals", [pytest.param(2, id="same poll"), pytest.param(1, id="next poll")])
async def test_refresh_after_session_contention_logs_in_again(refusals: int) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(TASKS, *[EXPIRED] * refusals)
    if refusals == 1:
        await read(client)
        node.kill_sessions()
    with pytest.raises(e.SessionContended):
        await read(client)
    node.kill_sessions()
    # The user refreshes.
    assert len(await read(client)) == 1
    await client.aclose()


async def test_two_requests_rejected_by_one_expired_session_are_not_contention() -> None:
    node = MockNode([FULL_ROW], names={"vm": "erp-db-01"})
    client = connect(node)
    await read(client)
    both_are_out = asyncio.Barrier(2)

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await node.handle_async_request(request)
            if answer.status_code == 503:
                await both_are_out.wait()
            return answer

    slow = connect(Slow())
    await read(slow)
    node.kill_sessions()
    tasks, fetched = await asyncio.gather(read(slow), slow.resources.names(["vm"]))
    assert len(tasks) == 1
    assert fetched.value == {"vm": "erp-db-01"}
    await slow.aclose()
    await client.aclose()


class SlowLogin(httpx.AsyncBaseTransport):
    """Delays the node's responses to logins until `is_answered` is set."""

    def __init__(self, node: MockNode) -> None:
        self._node = node
        self.is_answered = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._node.handle_async_request(request)
        if request.url.path.endswith(LOGIN):
            await self.is_answered.wait()
        return answer

    def client(self) -> Client:
        """Create a client with a short time-out."""
        return Client(
            BASE, PasswordLogin(name="admin", password=PASSWORD), timeout_s=0.02, clock=FakeClock(), transport=self
        )


async def answered_late(node: MockNode, polls: int = 1) -> Client:
    """Return a client whose login was answered after some polls had timed out, with a longer time-out from then on."""
    slow = SlowLogin(node)
    client = slow.client()
    for _ in range(polls):
        with pytest.raises(e.TimedOut, match=r"no answer to the login within 0\.04 s"):
            await read(client)
    login = client._access._login  # type: ignore[attr-defined]  # with a password
    assert login is not None
    slow.is_answered.set()
    await asyncio.wait([login])
    client._http.timeouts = Timeouts.of(15.0)  # type: ignore[misc]  # constant in the product
    return client


async def test_slow_login_is_not_restarted_but_used_later() -> None:
    node = MockNode([FULL_ROW])
    client = await answered_late(node, polls=3)
    assert len(await read(client)) == 1
    assert len(node.asked(LOGIN)) == 1
    await client.aclose()
    assert node.sessions == set()


@pytest.mark.parametrize(
    ("code", "kind", "logins"), [("ID.1000", e.LoginRefused, 1), ("ID.2001", e.InteractiveLoginRequired, 2)]
)
async def test_late_login_rejection_is_reported_by_the_next_poll(
    code: str, kind: type[e.ApiError], logins: int
) -> None:
    node = MockNode([FULL_ROW])
    node.next(LOGIN, respond(503, error(code, "why")))
    client = await answered_late(node)
    with pytest.raises(kind):
        await read(client)
    assert len(node.asked(LOGIN)) == 1
    # The user refreshes.
    with contextlib.suppress(e.LoginRefused):
        await read(client)
    assert len(node.asked(LOGIN)) == logins
    await client.aclose()


async def test_late_login_failure_is_not_reported() -> None:
    node = MockNode([FULL_ROW])
    node.next(LOGIN, respond(500, b"oops"))
    client = await answered_late(node)
    assert len(await read(client)) == 1
    await client.aclose()
    assert node.sessions == set()


async def test_concurrent_first_requests_share_one_login() -> None:
    node = MockNode([FULL_ROW], names={"vm": "erp-db-01"})
    client = connect(node)
    await asyncio.gather(read(client), client.resources.names(["vm"]), client.resources.names(["vm"]))
    assert len(node.asked(LOGIN)) == 1
    await client.aclose()


async def test_session_token_is_used_unchanged_and_not_logged_out() -> None:
    node = MockNode([FULL_ROW])
    node.sessions.add("given")
    client = connect(node, SessionToken(session_id="given"))
    await read(client)
    await client.aclose()
    assert {token_of(request) for request in node.requests} == {"given"}
    assert node.asked(LOGIN) == node.asked("/accounts/sessions/") == []
    assert node.sessions == {"given"}


async def test_expired_session_token_is_not_renewed() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node, SessionToken(session_id="ended"))
    with pytest.raises(e.SessionInvalid) as caught:
        await read(client)
    assert type(caught.value) is e.SessionInvalid
    assert node.asked(LOGIN) == []
    await client.aclose()


async def test_password_does_not_affect_a_session_token() -> None:
    node = MockNode([FULL_ROW])
    node.sessions.add("given")
    client = connect(node, SessionToken(session_id="given"))
    client.use_password("another")
    assert len(await read(client)) == 1
    assert node.asked(LOGIN) == []
    await client.aclose()


async def test_close_logs_out() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    await client.aclose()
    (logout,) = node.asked("/accounts/sessions/")
    assert (logout.method, logout.url.path) == ("DELETE", f"/zstack/v1/accounts/sessions/session{1:025}")
    assert node.sessions == set()


async def test_close_without_a_session_sends_nothing() -> None:
    node = MockNode()
    await connect(node).aclose()
    assert node.requests == []


async def test_close_returns_whether_a_session_may_be_open() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    assert await client.aclose()
    client = connect(node)
    await read(client)
    node.next(f"/accounts/sessions/session{2:025}", httpx.ConnectError("refused"))
    assert not await client.aclose()
    assert len(node.sessions) == 1


async def test_login_without_response_counts_as_possibly_open_session() -> None:
    client = SlowLogin(MockNode()).client()
    with pytest.raises(e.TimedOut):
        await read(client)
    assert not await client.aclose()


async def test_login_without_response_is_reported_for_the_session_lifetime() -> None:
    class Lossy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await node.handle_async_request(request)
            if request.url.path.endswith(LOGIN) and is_lossy:
                raise httpx.ReadTimeout("late")
            return answer

    for hours, is_clean in ((1.9, False), (2.0, True)):
        node, clock, is_lossy = MockNode([FULL_ROW]), FakeClock(), True
        client = connect(Lossy(), clock=clock)
        with pytest.raises(e.TimedOut):
            await read(client)
        is_lossy = False
        await read(client)
        assert len(node.sessions) == 2
        clock.seconds += hours * 3600
        assert await client.aclose() is is_clean


async def test_open_sessions_are_closed_while_a_login_hangs() -> None:
    node, asked = MockNode([FULL_ROW]), asyncio.Event()

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/iam2/projects/login"):
                asked.set()
                await asyncio.Event().wait()
            return await node.handle_async_request(request)

    client = connect(Hanging(), PasswordLogin(name="eve", password=PASSWORD, type=LoginType.IAM2, project="production"))
    poll = asyncio.create_task(read(client))
    await asked.wait()
    assert len(node.sessions) == 1
    poll.cancel()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.75):
            await client.aclose()
    assert node.sessions == set()


async def test_late_rejection_of_an_old_session_keeps_the_new_one() -> None:
    node, clock, may_answer = MockNode([FULL_ROW], names={"vm": "erp-db-01"}), FakeClock(), asyncio.Event()
    asked = 0

    class SlowNames(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal asked
            answer = await node.handle_async_request(request)
            if request.url.path.endswith(NAMES):
                asked += 1
                if asked == 2:
                    await may_answer.wait()
            return answer

    client = connect(SlowNames(), clock=clock)
    await read(client)
    node.next(NAMES, EXPIRED, EXPIRED)
    side = asyncio.create_task(names(client))
    while asked < 2:  # noqa: ASYNC110 - the client has no event for it
        await asyncio.sleep(0)
    clock.seconds += 100
    node.kill_sessions()
    await read(client)
    logins = len(node.asked(LOGIN))
    may_answer.set()
    assert await side == {"vm": "erp-db-01"}
    assert len(await read(client)) == 1
    assert len(node.asked(LOGIN)) == logins
    await client.aclose()


async def test_closing_twice_logs_out_once() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    await client.aclose()
    await client.aclose()
    assert len(node.asked("/accounts/sessions/")) == 1


async def test_renewed_session_is_logged_out() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    node.kill_sessions()
    await read(client)
    await client.aclose()
    assert node.sessions == set()


async def test_login_of_a_cancelled_request_leaks_no_session() -> None:
    node = MockNode([FULL_ROW])
    asked, may_answer = asyncio.Event(), asyncio.Event()

    class SlowLogin(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await node.handle_async_request(request)
            if request.url.path.endswith(LOGIN):
                asked.set()
                await may_answer.wait()
            return answer

    client = connect(SlowLogin())
    poll = asyncio.create_task(client.resources.names(["vm"]))
    await asked.wait()
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    may_answer.set()
    await client.aclose()
    assert node.issued == 1
    assert node.sessions == set()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.ConnectError("refused"), id="unreachable"),
        pytest.param(respond(500, b"oops"), id="server error"),
        pytest.param(respond(404, b"no api mapping to /v1/accounts/sessions"), id="unknown API"),
    ],
)
async def test_failed_logout_does_not_raise_or_log_secrets(
    answer: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    node.next(f"/accounts/sessions/session{1:025}", answer)
    with caplog.at_level(logging.INFO, logger="cdptui"):
        await client.aclose()
    text = [record.getMessage() for record in caplog.records if record.name.startswith("cdptui")]
    assert any("not logged out" in line for line in text)
    assert not any(f"session{1:025}" in line for line in text)


async def names(client: Client) -> object:
    """Send a background request, as scrolling does."""
    return (await client.resources.names(["vm"])).value


async def test_background_requests_do_not_log_in_after_session_contention() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(TASKS, EXPIRED, EXPIRED)
    with pytest.raises(e.SessionContended):
        await read(client)
    for _ in range(3):
        with pytest.raises(e.SessionContended):
            await names(client)
    assert len(node.asked(LOGIN)) == 2
    assert node.asked(NAMES) == []
    await client.aclose()


async def test_session_contention_of_a_background_request_is_reported_by_the_next_poll() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    node.next(NAMES, EXPIRED, EXPIRED)
    with pytest.raises(e.SessionContended):
        await names(client)
    with pytest.raises(e.SessionContended):
        await names(client)
    with pytest.raises(e.SessionContended):
        await read(client)
    assert len(node.asked(LOGIN)) == 2
    # The user refreshes.
    assert await read(client)
    assert len(node.asked(LOGIN)) == 3
    await client.aclose()


async def test_expired_session_token_sends_no_more_requests() -> None:
    node = MockNode([FULL_ROW])
    node.sessions.add("given")
    client = connect(node, SessionToken(session_id="given"))
    await read(client)
    node.kill_sessions()
    with pytest.raises(e.SessionInvalid):
        await read(client)
    asked = len(node.requests)
    for _ in range(3):
        with pytest.raises(e.SessionInvalid):
            await names(client)
    assert len(node.requests) == asked
    await client.aclose()


@pytest.mark.parametrize("answers_in_s", [0.0, 0.05, 0.5])
async def test_close_during_login_leaks_no_session(answers_in_s: float) -> None:
    node = MockNode([FULL_ROW])
    asked = asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            answer = await node.handle_async_request(request)
            await asyncio.sleep(answers_in_s)
            return answer

    login = PasswordLogin(name="eve", password=PASSWORD, type=LoginType.IAM2, project="production")
    client = connect(Slow(), login)
    poll = asyncio.create_task(read(client))
    await asked.wait()
    poll.cancel()
    await client.aclose()
    await asyncio.gather(poll, return_exceptions=True)
    assert node.issued > 0
    assert node.sessions == set()


async def test_no_login_after_close() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    await client.aclose()
    with pytest.raises(e.Unreachable):
        await names(client)
    assert (node.issued, node.sessions) == (1, set())


async def test_names_rejected_by_an_expired_session_are_requested_again() -> None:
    node = MockNode([FULL_ROW], names={"vm": "erp-db-01"})
    client = connect(node)
    node.next(NAMES, EXPIRED)
    assert (await client.resources.names(["vm"])).value == {"vm": "erp-db-01"}
    await client.aclose()


@pytest.mark.parametrize(
    "uuid", ["", "\xe9", "a b", "a\r\nX-Header: b", "a\n", "../../cdp-task/enable/1", "a?b", "a" * 100_000, "\ud800"]
)
async def test_session_id_invalid_in_a_header_is_an_unreadable_response(uuid: str) -> None:
    node = MockNode([FULL_ROW])
    node.next(LOGIN, respond(200, json.dumps({"inventory": {"uuid": uuid}}).encode()))
    client = connect(node)
    with pytest.raises(e.UnreadableAnswer, match="without a session"):
        await read(client)
    await client.aclose()
    assert [request.method for request in node.requests] == ["PUT"]


async def test_session_contention_that_a_poll_reported_is_not_reported_again_because_of_a_background_request() -> None:
    node = MockNode([FULL_ROW])
    asked, may_answer = asyncio.Event(), asyncio.Event()

    class SlowNames(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await node.handle_async_request(request)
            if NAMES in request.url.path:
                asked.set()
                await may_answer.wait()
            return answer

    client = connect(SlowNames())
    await read(client)
    node.kill_sessions()
    await read(client)
    node.kill_sessions()
    background = asyncio.create_task(names(client))
    await asked.wait()
    with pytest.raises(e.SessionContended):
        await read(client)
    may_answer.set()
    with pytest.raises(e.SessionContended):
        await background
    # The user refreshes, once.
    assert await read(client)
    assert len(node.asked(LOGIN)) == 3
    await client.aclose()
