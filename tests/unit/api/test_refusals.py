"""Rejected logins and sessions: retries, and messages without secrets."""

from __future__ import annotations

import hashlib
import traceback

import httpx
import pytest

from cdptui.api import errors as e
from cdptui.api.login_requests import password_hash
from cdptui.models.auth import SessionToken
from tests.unit.api.node import LOGIN, PASSWORD, TASKS, MockNode, connect, read, respond, sent_json
from tests.unit.api.wire import FULL_ROW, SESSION_EXPIRED, encoded, error

HASH = hashlib.sha512(PASSWORD.encode()).hexdigest()
EXPIRED = respond(503, SESSION_EXPIRED)


async def test_rejected_login_is_not_repeated_without_another_password() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(503, error("ID.1000", "错误的帐号或密码")))
    for _ in range(3):
        with pytest.raises(e.LoginRefused):
            await read(client)
    assert len(node.asked(LOGIN)) == 1
    client.use_password("another")
    assert len(await read(client)) == 1
    assert sent_json(node.asked(LOGIN)[-1])["logInByAccount"]["password"] == password_hash("another")
    await client.aclose()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ID.2001", e.InteractiveLoginRequired),
        ("LOGIN_CONTROL.1002", e.InteractiveLoginRequired),
        ("ID.1005", e.InteractiveLoginRequired),
        ("ID.1006", e.TooManySessions),
    ],
)
async def test_interactive_login_is_reported_and_not_repeated(code: str, kind: type[e.ApiError]) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(503, error(code, "why")))
    with pytest.raises(kind) as caught:
        await read(client)
    assert caught.value.as_failure().needs_user_action
    assert len(node.asked(LOGIN)) == 1
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(respond(500, b"oops"), id="server error"),
        pytest.param(respond(503, error("SYS.1006", "account is disabled")), id="unknown kind of rejection"),
        pytest.param(respond(503, error("SYS.1006", "login is denied by IP rule")), id="denied"),
        pytest.param(respond(404, b"no api mapping to /v1/accounts/login"), id="unknown API"),
    ],
)
async def test_failed_login_is_tried_once_in_a_poll(answer: httpx.Response) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, answer)
    with pytest.raises(e.ApiError):
        await read(client)
    assert len(node.asked(LOGIN)) == 1
    await client.aclose()


@pytest.mark.parametrize(
    ("code", "is_final"),
    [
        ("SYS.1003", True),
        ("SYS.1006", True),
        ("SYS.1007", True),
        ("ID.1002", True),
        ("SYS.1000", False),
        ("SYS.1010", False),
    ],
)
async def test_unknown_login_rejection_waits_for_the_user(code: str, is_final: bool) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(503, error(code, "the account is disabled")))
    with pytest.raises(e.ApiError) as caught:
        await read(client)
    assert caught.value.as_failure().needs_user_action is is_final
    assert caught.value.detail == "the account is disabled"
    await client.aclose()


async def test_login_with_a_transport_error_is_retried_at_the_next_poll() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, httpx.ConnectError("refused"))
    with pytest.raises(e.Unreachable):
        await read(client)
    assert len(await read(client)) == 1
    await client.aclose()


@pytest.mark.parametrize("body", [b"{}", b'{"inventory":{}}', b'{"inventory":{"uuid":7}}', b'{"inventory":'])
async def test_login_response_without_a_session_is_unreadable(body: bytes) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(200, body))
    with pytest.raises(e.UnreadableAnswer):
        await read(client)
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        respond(503, error("ID.1000", "wrong")),
        respond(503, error("ID.2001", "second factor")),
        respond(500, b"oops"),
        respond(200, b"{}"),
        respond(302, b"", Location="http://elsewhere.example/"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
    ids=lambda answer: type(answer).__name__ if isinstance(answer, Exception) else str(answer.status_code),
)
async def test_login_errors_contain_no_secrets(answer: httpx.Response | Exception) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, answer)
    with pytest.raises(e.ApiError) as caught:
        await read(client)
    current: BaseException | None = caught.value
    while current is not None:
        for shown in (str(current), repr(current), *map(str, current.args)):
            assert PASSWORD not in shown
            assert HASH not in shown
        current = current.__cause__ or current.__context__
    await client.aclose()


@pytest.mark.parametrize("path", [LOGIN, TASKS])
async def test_quoted_secrets_are_removed(path: str) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(path, respond(500, f"cannot handle {PASSWORD} {HASH} of session{1:025}".encode()))
    with pytest.raises(e.ServerError) as caught:
        await read(client)
    for shown in (str(caught.value), repr(caught.value), caught.value.as_failure().detail):
        sent = [PASSWORD, HASH] if path == LOGIN else [f"session{1:025}"]
        assert not [secret for secret in sent if secret in shown]
    assert "cannot handle" in str(caught.value)
    await client.aclose()


async def test_rejected_session_id_is_not_shown() -> None:
    node = MockNode()
    client = connect(node, SessionToken(session_id="very-secret-id"))
    node.next("/management-nodes/platform-timezone", respond(503, encoded({"error": {"code": "ID.1001"}})))
    with pytest.raises(e.SessionInvalid) as caught:
        await read(client)
    assert "very-secret-id" not in str(caught.value) + repr(caught.value) + str(caught.value.as_failure())
    await client.aclose()


@pytest.mark.parametrize(
    "code", ["ID.1000", "ID.1005", "ID.1006", "ID.2001", "LOGIN_CONTROL.1002", "LOGIN_CONTROL.1005"]
)
async def test_background_requests_do_not_log_in_after_a_rejection(code: str) -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    await read(client)
    node.kill_sessions()
    node.next(LOGIN, respond(503, error(code, "why")))
    with pytest.raises(e.ApiError):
        await read(client)
    logins = len(node.asked(LOGIN))
    for _ in range(3):
        with pytest.raises(e.ApiError):
            await client.resources.names(["vm"])
    assert len(node.asked(LOGIN)) == logins
    await client.aclose()


async def test_repeated_rejection_does_not_accumulate_memory() -> None:
    node = MockNode([FULL_ROW])
    client = connect(node)
    node.next(LOGIN, respond(503, error("ID.1000", "wrong")))
    depths = set()
    for _ in range(50):
        with pytest.raises(e.LoginRefused) as caught:
            await read(client)
        depths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(depths) <= 2
    await client.aclose()


@pytest.mark.parametrize("token", ["secret\n", "secret\r\nX-Evil: 1", "财secret", "secret\x00"])
async def test_session_token_invalid_in_a_header_is_an_error_without_the_token(token: str) -> None:
    client = connect(MockNode(), SessionToken(session_id=token))
    with pytest.raises(e.SessionInvalid) as caught:
        await read(client)
    assert "secret" not in str(caught.value)
    await client.aclose()
